//! Handsets over USSD: a simulated centre, its subscribers, and the connections between it and the
//! gateway.
//!
//! ```text
//!   Person ◀─ screens ─ Centre ◀─ line ─▶ gateway: SmppLink ─▶ Dialogs ─▶ pool
//!          ── types ──▶
//! ```

mod carrier;
mod line;
pub(super) mod orders;
mod person;
mod terminals;
mod turns;

use std::sync::Arc;

use tillgate_core::ussd::profile::{NotifyBy, SmppProfile};

use self::carrier::Carrier;
use self::line::Item;
use self::line::Line;
pub(super) use self::person::{MENU, new_pin};
use self::person::{Person, Phase};
pub(super) use self::terminals::{TERMINALS_CODE, books};
use self::terminals::{Told, UssdPost};
use super::World;
use super::config::{Config, Stream};
use super::event;
use super::network::Network;
use crate::rng::Rng;
use crate::time::{Moment, Span};
use crate::ussdc::centre::{Centre, Input, Output, Settings, Status, Violation};
use crate::ussdc::short::Short;
use crate::ussdc::subscribers::Subscribers;
use crate::ussdc::variant::{KeyKind, Variant};

/// After a dialog that found no application.
const NO_LINK_PAUSE: Span = Span::s(2);

/// What handsets have in the simulated world; there is nothing without them.
pub(super) struct Handsets {
    rng: Rng,
    centre: Centre,
    armed: Option<Moment>,
    people: Vec<Person>,
    posts: Vec<UssdPost>,
    carrier: Carrier,
    lines: Vec<Line>,
    /// Whether sessions have names.
    is_keyed: bool,
    /// Whether a text that comes after a dialog begins one.
    tells_in_dialogs: bool,
    /// Messages that were sent again under another number.
    copied: u32,
}

/// What can happen to handsets, their centre, and the links to it.
pub(super) enum Event {
    /// A subscriber has thought.
    Turn {
        place: usize,
        turn: u32,
    },
    /// The centre's deadline.
    CentreDue,
    /// Something arrives at an end of a connection to the centre.
    Line {
        line: usize,
        item: Item,
    },
    /// A deadline of the gateway's links or dialogs.
    Links {
        life: u32,
    },
    /// A terminal's deadline, and what it receives from its centre.
    PostDue {
        post: usize,
    },
    Told {
        post: usize,
        told: Told,
    },
    /// The carrier goes on.
    Carrier,
    /// A terminal goes over to its other bearer.
    Bearer,
}

/// Everybody who has a handset, and their centre.
pub(super) fn handsets(config: &Config) -> Option<Handsets> {
    let of = &config.handsets;
    if of.count == 0 {
        return None;
    }
    let mut rng = Stream::HandsetsRun.rng(config.seed);
    let posts = terminals::posts(config);
    let terminals = u16::try_from(posts.len()).unwrap_or(0);
    // Behind them the one who carries frames.
    let carrier = (terminals > 0).then(|| u32::from(of.count + terminals));
    let last = of.count + terminals + u16::from(terminals > 0);
    let numbers = (0..last).map(Network::msisdn);
    let people = (0..of.count).map(|place| {
        let pin = Network::handset_pin(config.seed, place);
        let rng = Rng::new(rng.throw(), u64::from(place));
        Person::new(rng, Network::msisdn(place), pin)
    });
    let people = people.collect();
    let subscribers = Subscribers::new(numbers.map(|number| (number, Short::default())));
    let profile = SmppProfile::builtin(of.profile).expect("it is built in");
    let profile = SmppProfile::parse(profile).expect("it is built in");
    let variant = Variant::of(&profile);
    let is_keyed = variant.key != KeyKind::None;
    let tells_in_dialogs = profile.notify == NotifyBy::Ussr;
    let settings = Settings {
        throttle_permille: of.throttle_permille,
        // More than the gateway takes, so that it is the gateway that says when it is late.
        application: Span(of.answer.0 + Span::s(6).0),
        keys: 8,
        terminals: (terminals > 0).then(|| (of.count.into(), format!("{}#", terminals::DIALLED))),
        ..Settings::new(variant, Arc::new(subscribers), person::CODE)
    };
    let centre = Centre::new(settings, rng.throw());
    Some(Handsets {
        rng,
        centre,
        armed: None,
        people,
        posts,
        carrier: Carrier::new(terminals::rng(config), carrier),
        lines: Vec::new(),
        is_keyed,
        tells_in_dialogs,
        copied: 0,
    })
}

impl World {
    pub(super) fn happen_to_handsets(&mut self, event: Event) {
        match event {
            Event::Turn { place, turn } => self.handset_turn(place, turn),
            Event::CentreDue => self.centre_due(),
            Event::Line { line, item } => self.on_line(line, item),
            Event::Links { life } if self.lives(life) => self.ussd_due(),
            Event::PostDue { post } => self.ussd_post_due(post),
            Event::Told { post, told } => self.ussd_post_told(post, &told),
            Event::Carrier => self.carrier_turn(),
            Event::Bearer => self.change_bearer(),
            // Of an earlier life.
            Event::Links { .. } => {}
        }
    }

    pub(super) fn plan(&mut self, at: Moment, event: Event) {
        self.queue.push(at, event::Event::Handsets(event));
    }

    /// Subscribers begin within the first seconds.
    pub(super) fn begin_handsets(&mut self) {
        let Some(handsets) = &mut self.handsets else { return };
        for (place, person) in handsets.people.iter_mut().enumerate() {
            let at = self.now.after(person.rng().between(Span::ms(500), Span::s(5)));
            let turn = Event::Turn { place, turn: 0 };
            self.queue.push(at, event::Event::Handsets(turn));
        }
        self.begin_ussd_posts();
        self.begin_carrier();
    }

    /// Whether no subscriber is in a dialog.
    pub(super) fn are_handsets_idle(&self) -> bool {
        self.handsets.as_ref().is_none_or(|handsets| handsets.centre.open_dialogs() == 0)
    }

    /// A subscriber has another PIN of the operator's.
    pub(super) fn tell_pin(&mut self, msisdn: u64, pin: String) {
        let Some(handsets) = &mut self.handsets else { return };
        let holder = handsets.people.iter_mut().find(|person| person.msisdn == msisdn);
        if let Some(person) = holder {
            person.learns(pin);
        }
    }

    /// Something happens at the centre.
    fn tell_centre(&mut self, input: Input<'_>) {
        let Some(handsets) = &mut self.handsets else { return };
        handsets.centre.handle(self.now, input);
        let mut outputs = Vec::new();
        while let Some(output) = handsets.centre.poll() {
            outputs.push(output);
        }
        for output in outputs {
            self.do_for_centre(output);
        }
        self.arm_centre();
    }

    fn arm_centre(&mut self) {
        let Some(handsets) = &mut self.handsets else { return };
        let Some(at) = handsets.centre.deadline() else { return };
        if handsets.armed.is_none_or(|armed| at < armed) {
            let at = at.max(self.now);
            handsets.armed = Some(at);
            self.plan(at, Event::CentreDue);
        }
    }

    /// The centre's deadline, or what is left of one that was put off.
    fn centre_due(&mut self) {
        let Some(handsets) = &mut self.handsets else { return };
        if handsets.armed != Some(self.now) {
            return;
        }
        handsets.armed = None;
        self.tell_centre(Input::Tick);
    }

    fn do_for_centre(&mut self, output: Output) {
        let index = |link: u32| usize::try_from(link).unwrap_or(usize::MAX);
        match output {
            Output::Send { link, bytes } => self.centre_sends(index(link), &bytes),
            Output::Close { link } => self.centre_closes(index(link)),
            Output::Screen { handset, text } => self.is_shown(index(handset), &text),
            Output::Last { handset, text } if self.post_of(handset).is_some() => {
                let Some(post) = self.post_of(handset) else { return };
                self.carry_to_post(post, Told::Text { text, ends: true });
            }
            Output::Last { handset, text } => {
                self.trace.note(self.now, b'l', text.as_bytes());
                self.say(|| format!("handset {handset} has last {text:?}"));
                self.counts.screens += 1;
            }
            Output::Notice { handset, text } => {
                self.say(|| format!("handset {handset} is notified {text:?}"));
                self.counts.notices += 1;
            }
            Output::Over { handset, status, .. } => self.dialog_over(index(handset), status),
            Output::Fault { violation, .. } if self.is_excused(violation) => {}
            Output::Fault { link, violation } => {
                let text = format!("the centre's link {link}: {}", violation.label());
                self.witness.violate(self.now, 9, text);
            }
            Output::Bound { .. } | Output::Unbound { .. } => {}
        }
    }

    /// Whether the centre finds fault with what nobody can know at the gateway's end.
    fn is_excused(&self, violation: Violation) -> bool {
        let late = [Violation::AfterRelease, Violation::NoDialog, Violation::Key];
        if late.contains(&violation) && self.config.handsets.twice_permille > 0 {
            // A begin that is refused has no dialog: what comes again is refused again.
            return true;
        }
        let Some(handsets) = &self.handsets else { return false };
        if violation == Violation::Key && handsets.tells_in_dialogs {
            // It has crossed what its subscriber dialled.
            return true;
        }
        let in_another = [Violation::Turn, Violation::AfterRelease];
        if in_another.contains(&violation) && !handsets.is_keyed {
            // A text of the dialog before is taken for one of this: nothing names them.
            return true;
        }
        if violation == Violation::AfterRelease && self.config.handsets.is_pair {
            // The text and the end of its dialog were on the way over two connections.
            return true;
        }
        // A connection is dead, and the centre has not learned it.
        let waits = [Violation::DeliverUnanswered, Violation::EnquireUnanswered];
        waits.contains(&violation) && handsets.lines.iter().any(Line::is_silent)
    }

    /// The terminal that a subscriber is.
    fn post_of(&self, handset: u32) -> Option<usize> {
        self.handsets.as_ref()?.post_of(usize::try_from(handset).ok()?)
    }

    fn is_carrier(&self, place: usize) -> bool {
        self.handsets.as_ref().is_some_and(|handsets| handsets.carrier.is(place))
    }

    /// A subscriber has a screen that wants an answer.
    fn is_shown(&mut self, place: usize, text: &str) {
        if let Some(post) = self.handsets.as_ref().and_then(|handsets| handsets.post_of(place)) {
            let text = text.to_owned();
            return self.carry_to_post(post, Told::Text { text, ends: false });
        }
        if self.is_carrier(place) {
            return self.carrier_shown(text);
        }
        self.trace.note(self.now, b'h', text.as_bytes());
        self.say(|| format!("handset {place} is shown {text:?}"));
        self.counts.screens += 1;
        let think = self.config.handsets.think;
        let Some(handsets) = &mut self.handsets else { return };
        let person = &mut handsets.people[place];
        person.reads(text);
        person.phase = Phase::Reading;
        person.turn += 1;
        let after = person.rng().exponential(think);
        let turn = person.turn;
        self.plan(self.now.after(after).after(Span(1)), Event::Turn { place, turn });
    }

    fn dialog_over(&mut self, place: usize, status: Status) {
        self.say(|| format!("handset {place}: its dialog is over, {}", status.label()));
        if let Status::Bad(violation) = status
            && !self.is_excused(violation)
        {
            let text = format!("handset {place}: a bad session, {}", violation.label());
            self.witness.violate(self.now, 9, text);
        }
        self.counts.dialogs += u64::from(status == Status::Success);
        if let Some(post) = self.handsets.as_ref().and_then(|handsets| handsets.post_of(place)) {
            return self.carry_to_post(post, Told::Over);
        }
        if self.is_carrier(place) {
            return self.carrier_over();
        }
        let think = self.config.handsets.think;
        let Some(handsets) = &mut self.handsets else { return };
        let person = &mut handsets.people[place];
        person.phase = Phase::Pausing;
        person.turn += 1;
        let pause = if status == Status::NoLink { NO_LINK_PAUSE } else { think };
        let after = person.rng().exponential(pause);
        let turn = person.turn;
        self.plan(self.now.after(after).after(Span(1)), Event::Turn { place, turn });
    }
}
