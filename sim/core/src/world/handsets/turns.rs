//! What subscribers do once they have thought.

use super::super::World;
use super::person::{Act, Phase, Typed};
use crate::ussdc::centre::Input;

impl World {
    /// A subscriber has thought.
    pub(super) fn handset_turn(&mut self, place: usize, turn: u32) {
        let Some(handsets) = &mut self.handsets else { return };
        let person = &mut handsets.people[place];
        if person.turn != turn {
            return;
        }
        match person.phase {
            Phase::Waiting => {}
            Phase::Pausing if self.calm => {}
            Phase::Pausing => self.handset_dials(place),
            Phase::Reading => self.handset_acts(place),
        }
    }

    fn handset_dials(&mut self, place: usize) {
        let services = u16::try_from(self.config.bridges.len()).unwrap_or(0);
        let Some(handsets) = &mut self.handsets else { return };
        let person = &mut handsets.people[place];
        person.phase = Phase::Waiting;
        let (dialled, ordered) = person.dial(&self.config.handsets, services);
        let (msisdn, handset) = (person.msisdn, u32::try_from(place).unwrap_or(u32::MAX));
        self.witness.dials(msisdn, &dialled, ordered);
        self.say(|| format!("handset {place} dials {dialled}"));
        self.tell_centre(Input::Dial { handset, dialled: &dialled });
    }

    fn handset_acts(&mut self, place: usize) {
        let Some(handsets) = &mut self.handsets else { return };
        let person = &mut handsets.people[place];
        person.phase = Phase::Waiting;
        let act = person.acts(&self.config.handsets, self.calm);
        let (msisdn, pages) = (person.msisdn, person.pages().to_owned());
        self.say(|| format!("handset {place}: {act:?}"));
        let handset = u32::try_from(place).unwrap_or(u32::MAX);
        match act {
            Act::HangUp => self.tell_centre(Input::HangUp { handset }),
            Act::Lose => self.tell_centre(Input::Drop { handset }),
            Act::Type { text, how } => {
                let confirms = matches!(how, Typed::Confirms | Typed::Pin { confirms: true });
                self.witness.types(msisdn, confirms.then_some(pages));
                if let Typed::Pin { .. } = how {
                    self.witness.types_pin(&text);
                }
                self.tell_centre(Input::Answer { handset, text: &text });
                self.may_be_lost(place, handset);
            }
        }
    }

    /// The network may lose a handset right after it has sent something.
    fn may_be_lost(&mut self, place: usize, handset: u32) {
        let share = if self.calm { 0 } else { self.config.handsets.drop_permille };
        let Some(handsets) = &mut self.handsets else { return };
        if handsets.people[place].rng().chance(share) {
            self.tell_centre(Input::Drop { handset });
        }
    }
}
