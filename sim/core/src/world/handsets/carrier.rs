//! Who carries the frames of terminals: copies them, withholds them and delivers them later, changes them, and
//! does so in dialogs of another subscriber (wire.md, LINK-16.4-2 and LINK-16.5-3). Without a key.

use tillgate_codec::link::datagram::TerminalFrame;
use tillgate_codec::ussd::armour::{self, Form};

use super::super::World;
use super::super::config::{Frames, number};
use super::Event;
use super::terminals::DIALLED;
use crate::rng::Rng;
use crate::time::Span;
use crate::ussdc::centre::Input;

/// Frames that are kept at most.
const KEPT_MAX: usize = 48;

/// Mean time between two deliveries.
const EVERY: Span = Span::s(3);

pub(super) struct Carrier {
    pub(super) rng: Rng,
    /// Its number among the subscribers, if there are terminals.
    subscriber: Option<u32>,
    kept: Vec<Vec<u8>>,
    phase: Phase,
}

enum Phase {
    Free,
    /// It has dialled; this is entered once it is asked to.
    Dialled(String),
    Asked(String),
    Entered,
    Answered,
}

impl Carrier {
    pub(super) fn new(rng: Rng, subscriber: Option<u32>) -> Self {
        Self { rng, subscriber, kept: Vec::new(), phase: Phase::Free }
    }

    pub(super) fn is(&self, subscriber: usize) -> bool {
        self.subscriber.and_then(|number| usize::try_from(number).ok()) == Some(subscriber)
    }

    /// Nothing is kept, and nothing on its way.
    pub(super) fn is_done(&self) -> bool {
        self.kept.is_empty() && matches!(self.phase, Phase::Free)
    }

    fn keep(&mut self, frame: &[u8]) {
        if self.kept.len() >= KEPT_MAX {
            self.kept.remove(0);
        }
        self.kept.push(frame.to_vec());
    }

    /// A frame to deliver: once more later on, or changed, while there is chaos.
    fn choose(&mut self, frames: &Frames, calm: bool) -> Option<Vec<u8>> {
        let count = u64::try_from(self.kept.len()).unwrap_or(0);
        if count == 0 {
            return None;
        }
        let place = usize::try_from(self.rng.below(count)).unwrap_or(0);
        if calm || self.rng.chance(400) {
            return Some(self.kept.remove(place));
        }
        let mut frame = self.kept[place].clone();
        if self.rng.chance(frames.forge_permille) {
            self.change(&mut frame);
        }
        Some(frame)
    }

    /// Another counter, another key, or a bit.
    fn change(&mut self, frame: &mut [u8]) {
        let raise = 1 + u8::try_from(self.rng.below(90)).unwrap_or(0);
        match number(&mut self.rng, 4) {
            0 => frame[10] = frame[10].wrapping_add(raise),
            1 => frame[9] = frame[9].wrapping_add(raise),
            2 => frame[1] = frame[1].wrapping_add(1),
            _ => {
                let length = u64::try_from(frame.len()).unwrap_or(1);
                let place = usize::try_from(self.rng.below(length)).unwrap_or(0);
                frame[place] ^= 1 << self.rng.below(8);
            }
        }
    }
}

/// What is dialled behind the service code.
pub(super) fn form_of_dial(dialled: &str) -> Option<&str> {
    dialled.strip_prefix(DIALLED)?.strip_prefix('*')?.strip_suffix('#')
}

/// The request in a text, if there is one.
pub(super) fn carried(text: &str) -> Option<Vec<u8>> {
    let mut frame = Vec::new();
    armour::decode(text.as_bytes(), &mut frame).ok()?;
    let is_request = matches!(TerminalFrame::decode(&frame), Ok(TerminalFrame::Request(_)));
    is_request.then_some(frame)
}

impl World {
    pub(super) fn begin_carrier(&mut self) {
        let Some(handsets) = &mut self.handsets else { return };
        if handsets.carrier.subscriber.is_some() {
            self.plan_carrier(EVERY);
        }
    }

    /// Whether a frame does not arrive; it may be copied.
    pub(super) fn is_withheld(&mut self, frame: &[u8]) -> bool {
        let of = &self.config.handsets.frames;
        let Some(handsets) = self.handsets.as_mut().filter(|_| !self.calm) else { return false };
        let carrier = &mut handsets.carrier;
        let withheld = carrier.rng.chance(of.withhold_permille);
        if withheld || carrier.rng.chance(of.copy_permille) {
            carrier.keep(frame);
        }
        withheld
    }

    /// The carrier goes on.
    pub(super) fn carrier_turn(&mut self) {
        let calm = self.calm;
        let Some(handsets) = &mut self.handsets else { return };
        let carrier = &mut handsets.carrier;
        let Some(handset) = carrier.subscriber else { return };
        match std::mem::replace(&mut carrier.phase, Phase::Free) {
            Phase::Free => {
                let Some(frame) = carrier.choose(&self.config.handsets.frames, calm) else {
                    if !calm {
                        self.plan_carrier(EVERY);
                    }
                    return;
                };
                let mut text = Vec::new();
                armour::encode(Form::Text, &frame, &mut text).unwrap_or_default();
                let text = String::from_utf8(text).unwrap_or_default();
                carrier.phase = Phase::Dialled(text);
                self.say(|| "the carrier dials".to_owned());
                let dialled = format!("{DIALLED}#");
                self.tell_centre(Input::Dial { handset, dialled: &dialled });
            }
            Phase::Asked(text) => {
                carrier.phase = Phase::Entered;
                self.trace.note(self.now, b'c', text.as_bytes());
                self.say(|| format!("the carrier enters {text}"));
                self.tell_centre(Input::Answer { handset, text: &text });
            }
            Phase::Answered => {
                carrier.phase = Phase::Answered;
                self.tell_centre(Input::HangUp { handset });
            }
            phase @ (Phase::Dialled(_) | Phase::Entered) => carrier.phase = phase,
        }
    }

    /// A text that the carrier is to answer.
    pub(super) fn carrier_shown(&mut self, text: &str) {
        self.say(|| format!("the carrier receives {text:?}"));
        let Some(handsets) = &mut self.handsets else { return };
        let carrier = &mut handsets.carrier;
        carrier.phase = match std::mem::replace(&mut carrier.phase, Phase::Free) {
            Phase::Dialled(frame) if text == "OK" => Phase::Asked(frame),
            _ => Phase::Answered,
        };
        self.plan_carrier(Span::ms(700));
    }

    /// The carrier's dialog is over.
    pub(super) fn carrier_over(&mut self) {
        let Some(handsets) = &mut self.handsets else { return };
        handsets.carrier.phase = Phase::Free;
        self.plan_carrier(EVERY);
    }

    fn plan_carrier(&mut self, pause: Span) {
        let Some(handsets) = &mut self.handsets else { return };
        let at = self.now.after(handsets.carrier.rng.exponential(pause)).after(Span(1));
        self.plan(at, Event::Carrier);
    }
}
