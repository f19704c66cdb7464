//! The thread of the USSD links: each link to the centre, the dialogs of all, and the way to the pool
//! and back.

mod links;

use std::collections::VecDeque;
use std::sync::Arc;

use tillgate_core::directory::Directory;
use tillgate_core::menu::Menu;
use tillgate_core::processing::{Datagram, HandsetAsk, HandsetOrigin};
use tillgate_core::transaction::Origin;
use tillgate_core::ussd::dialogs::{self, Clocks, DialogLimits, DialogLink, Dialogs};
use tillgate_core::ussd::profile::{NotifyBy, SmppProfile};
use tillgate_core::ussd::smpp::{BindAs, Connection, Input, Output, SmppConfig, SmppLink};
use tillgate_core::ussd::{DialogAddress, DialogEvent, Say, SayKind};

use super::pool::Job;
use crate::time::{Moment, Span};
use crate::world::config::{Config, Stream};
use crate::world::handsets::{MENU, TERMINALS_CODE};

/// The links of a process and their dialogs.
pub(in crate::world::gateway) struct Ussd {
    links: Vec<SmppLink>,
    dialogs: Dialogs,
    says: VecDeque<HeldSay>,
    armed: Option<Moment>,
    is_draining: bool,
}

/// A text on its way from the dialogs to a link.
struct HeldSay {
    link: u16,
    ticket: u64,
    at: DialogAddress,
    kind: SayKind,
    text: String,
    by: Moment,
}

/// What a handset asks.
pub(in crate::world) enum KeptAsk {
    LogOn(Vec<u8>),
    ChangePin(Vec<u8>, Vec<u8>),
    Message(Vec<u8>),
}

impl KeptAsk {
    pub(in crate::world) fn lent(&self) -> HandsetAsk<'_> {
        match self {
            Self::LogOn(pin) => HandsetAsk::LogOn { pin },
            Self::ChangePin(old, new) => HandsetAsk::ChangePin { old, new },
            Self::Message(body) => HandsetAsk::Message(body),
        }
    }
}

/// What the links and dialogs want done, taken out of their hands.
enum Action {
    Connect(u16, Connection),
    Send(u16, Connection, Vec<u8>),
    Close(u16, Connection),
    Request(Box<Job>),
    Said {
        msisdn: u64,
        kind: SayKind,
        text: String,
        cause: Cause,
    },
    /// To a terminal, in a dialog that carries frames.
    SaidFrame {
        msisdn: u64,
        kind: SayKind,
        text: String,
    },
    Over(u64),
}

/// Why something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::world) enum Cause {
    /// A link has seen something.
    Link,
    /// An answer has come, or time has passed.
    Other,
}

/// What is looked at while links and dialogs work.
struct Turn<'a> {
    at: Clocks,
    directory: &'a Directory,
    actions: Vec<Action>,
    /// Whose dialog the event is about that is looked at.
    subscriber: u64,
}

impl Ussd {
    /// Where the world has handsets.
    pub(in crate::world::gateway) fn new(config: &Config, life: u32, now: Moment) -> Option<Self> {
        let of = &config.handsets;
        if of.count == 0 {
            return None;
        }
        let profile = SmppProfile::builtin(of.profile).expect("it is built in");
        let profile = Arc::new(SmppProfile::parse(profile).expect("it is built in"));
        let mut seed = Stream::Dialogs.rng(config.seed ^ u64::from(life));
        let smpp = SmppConfig {
            bind: if of.is_pair { BindAs::Pair } else { BindAs::Transceiver },
            window: of.window,
            sender: "123".to_owned(),
            ..SmppConfig::new(Arc::clone(&profile), "till", "secret")
        };
        let has_terminals = of.frames.symbols > 0;
        let terminals: Vec<String> =
            has_terminals.then(|| TERMINALS_CODE.to_owned()).into_iter().collect();
        let link = |number: u16| DialogLink {
            name: format!("link {number}"),
            network: "the network".to_owned(),
            room: profile.room,
            notifies: profile.notify != NotifyBy::None,
            answer: of.answer,
            terminals: terminals.clone(),
        };
        let limits = DialogLimits { dialogs_max: of.dialogs_max, idle: Span::s(180) };
        let menu = Arc::new(Menu::parse(MENU).expect("it is a menu"));
        let links = (0..of.links).map(link).collect();
        let (reactor, calendar) = (config.ussd(), config.calendar.clone());
        Some(Self {
            links: (0..of.links).map(|_| SmppLink::new(smpp.clone(), seed.throw(), now)).collect(),
            dialogs: Dialogs::new(links, vec![menu], limits, calendar, (reactor, seed.throw())),
            says: VecDeque::new(),
            armed: None,
            is_draining: false,
        })
    }

    pub(in crate::world::gateway) fn is_drained(&self) -> bool {
        self.dialogs.is_drained() && self.links.iter().all(SmppLink::is_drained)
    }

    fn deadline(&self) -> Option<Moment> {
        let links = self.links.iter().filter_map(SmppLink::deadline);
        links.chain(self.dialogs.deadline()).min()
    }

    fn feed(&mut self, turn: &mut Turn<'_>, index: usize, input: Input<'_>) {
        let Some(link) = self.links.get_mut(index) else { return };
        link.handle(turn.at.now, input);
        self.follow(turn, index);
    }

    fn tell(&mut self, turn: &mut Turn<'_>, input: dialogs::Input<'_>) {
        self.dialogs.handle(turn.at, input, turn.directory);
        self.carry_out(turn);
        self.say_held(turn);
    }

    /// Time has passed.
    fn tick(&mut self, turn: &mut Turn<'_>) {
        for index in 0..self.links.len() {
            if self.links[index].deadline().is_some_and(|at| at <= turn.at.now) {
                self.feed(turn, index, Input::Deadline);
            }
        }
        if self.dialogs.deadline().is_some_and(|at| at <= turn.at.now) {
            self.tell(turn, dialogs::Input::Deadline);
        }
    }

    /// Links go down once nobody waits for an answer.
    fn go_down(&mut self, turn: &mut Turn<'_>) {
        if self.is_draining && self.dialogs.is_drained() {
            for index in 0..self.links.len() {
                self.feed(turn, index, Input::Drain);
            }
        }
    }

    fn follow(&mut self, turn: &mut Turn<'_>, index: usize) {
        self.poll_link(turn, index);
        self.say_held(turn);
    }

    fn say_held(&mut self, turn: &mut Turn<'_>) {
        while let Some(HeldSay { link, ticket, at, kind, text, by }) = self.says.pop_front() {
            let say = Say { ticket, at: &at, kind, text: &text, by };
            let index = usize::from(link);
            self.links[index].handle(turn.at.now, Input::Say(say));
            self.poll_link(turn, index);
        }
    }

    fn poll_link(&mut self, turn: &mut Turn<'_>, index: usize) {
        let number = u16::try_from(index).unwrap_or(u16::MAX);
        let Self { links, dialogs, .. } = self;
        let mut told = Vec::new();
        while let Some(output) = links[index].poll() {
            match output {
                Output::Connect(connection) => {
                    turn.actions.push(Action::Connect(number, connection));
                }
                Output::Send(connection, bytes) => {
                    turn.actions.push(Action::Send(number, connection, bytes.to_vec()));
                }
                Output::Close(connection) => turn.actions.push(Action::Close(number, connection)),
                Output::Event(event) => {
                    turn.subscriber = subscriber(&event);
                    let input = dialogs::Input::Event { link: number, event };
                    dialogs.handle(turn.at, input, turn.directory);
                    take_out(dialogs, &mut told, turn, Cause::Link);
                }
            }
        }
        self.says.extend(told);
    }

    fn carry_out(&mut self, turn: &mut Turn<'_>) {
        let mut told = Vec::new();
        take_out(&mut self.dialogs, &mut told, turn, Cause::Other);
        self.says.extend(told);
    }
}

/// Takes out what the dialogs want.
fn take_out(dialogs: &mut Dialogs, says: &mut Vec<HeldSay>, turn: &mut Turn<'_>, cause: Cause) {
    while let Some(output) = dialogs.poll() {
        match output {
            dialogs::Output::Say { link, say } => {
                let (kind, text) = (say.kind, say.text.to_owned());
                let msisdn = say.at.msisdn.number();
                turn.actions.push(match is_for_terminals(&say.at.service_code) {
                    true => Action::SaidFrame { msisdn, kind, text: text.clone() },
                    false => Action::Said { msisdn, kind, text: text.clone(), cause },
                });
                let (ticket, at, by) = (say.ticket, say.at.clone(), say.by);
                says.push(HeldSay { link, ticket, at, kind, text, by });
            }
            dialogs::Output::Request { origin, from, ask } => {
                let ask = match ask {
                    HandsetAsk::LogOn { pin } => KeptAsk::LogOn(pin.to_vec()),
                    HandsetAsk::ChangePin { old, new } => {
                        KeptAsk::ChangePin(old.to_vec(), new.to_vec())
                    }
                    HandsetAsk::Message(body) => KeptAsk::Message(body.to_vec()),
                };
                let job = Job::handset(origin, from, ask);
                turn.actions.push(Action::Request(Box::new(job)));
            }
            dialogs::Output::Datagram(Datagram { session, received, frame }) => {
                let (subscriber, frame) = (turn.subscriber, frame.to_vec());
                let job = Job::Datagram { session, received, frame, subscriber, acknowledged: 0 };
                turn.actions.push(Action::Request(Box::new(job)));
            }
            dialogs::Output::Over(record) => {
                turn.actions.push(Action::Over(record.msisdn.number()))
            }
        }
    }
}

/// Whose dialog it is about; 0: of nobody.
fn subscriber(event: &DialogEvent<'_>) -> u64 {
    match event {
        DialogEvent::Begin { at, .. }
        | DialogEvent::Input { at, .. }
        | DialogEvent::Ended { at, .. } => at.msisdn.number(),
        DialogEvent::Said { .. } | DialogEvent::Lost | DialogEvent::Ready => 0,
    }
}

fn is_for_terminals(service_code: &str) -> bool {
    service_code.trim_matches(['*', '#']) == TERMINALS_CODE
}

impl Job {
    fn handset(origin: Origin, from: HandsetOrigin, ask: KeptAsk) -> Self {
        Self::Handset { origin, from, ask, acknowledged: 0 }
    }
}
