//! A handset in a subscriber's hand: a link, the dialogs, the pool and the ledger behind it.

use std::sync::Arc;

use arrayvec::ArrayString;
use tillgate_codec::ussd::Room;
use tillgate_core::claims::Claims;
use tillgate_core::id::SessionId;
use tillgate_core::limits::ClaimLimits;
use tillgate_core::menu::Menu;
use tillgate_core::processing::{
    self, Datagram, HandsetAsk, HandsetOrigin, PIN_ENTROPY_BYTES, Processed, decode_handset,
};
use tillgate_core::time::{Calendar, Moment, Span};
use tillgate_core::transaction::{Input as Asked, Origin};
use tillgate_core::ussd::dialogs::{
    Clocks, DialogLimits, DialogLink, DialogRecord, DialogStats, Dialogs, Input, Output,
};
use tillgate_core::ussd::{DialogAddress, DialogEvent, EndReason, SayKind, SayResult, SessionKey};
use tillgate_store_core::limits::HANDSET_STANS_FROM;
use tillgate_store_core::{Change, Handset, Msisdn, PinHash, RegistryRecord, Status, TerminalId};

use crate::support::{Rig, keys};

pub(super) const PIN: &str = "2580";
/// What a link of the tests answers within.
pub(super) const ANSWER: Span = Span::s(12);

/// The number of a terminal's nth sale by handsets.
pub(super) const fn nth(n: u32) -> u32 {
    HANDSET_STANS_FROM + n - 1
}

/// Dialogs of the tests.
pub(super) const LIMITS: DialogLimits = DialogLimits { dialogs_max: 100_000, idle: Span::s(180) };

/// What a subscriber was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) link: u16,
    pub(super) kind: SayKind,
    pub(super) text: String,
    ticket: u64,
    pub(super) at: DialogAddress,
}

/// A request that the pool has not carried out yet.
pub(super) struct Request {
    origin: Origin,
    from: HandsetOrigin,
    ask: Kept,
}

enum Kept {
    LogOn(Vec<u8>),
    ChangePin(Vec<u8>, Vec<u8>),
    Message(Vec<u8>),
}

pub(super) struct Phone {
    pub(super) rig: Rig,
    pub(super) dialogs: Dialogs,
    pub(super) shown: Vec<Shown>,
    pub(super) over: Vec<DialogRecord>,
    /// Requests wait here while the pool stands still.
    pub(super) held: Vec<Request>,
    pub(super) holds: bool,
    /// What the centre says to every text.
    pub(super) result: SayResult,
    pub(super) session: u8,
    /// Whether the centre answers a text only when the test says so.
    pub(super) answers_late: bool,
    late: Vec<u64>,
    /// Datagrams that the pool has not opened yet.
    pub(super) datagrams: Vec<(SessionId, Moment, Vec<u8>)>,
    pub(super) claims: Claims,
    salts: u64,
}

pub(super) fn msisdn(last: u64) -> Msisdn {
    Msisdn::of_number(254_712_345_670 + last).unwrap()
}

pub(super) fn handset(last: u64, revision: u32) -> Handset {
    let pin = PinHash::of(&keys().vault, msisdn(last), PIN.as_bytes(), &[5; 32], [5; 12]).ok();
    let (terminal, status) = (TerminalId(100), Status::Active);
    Handset { msisdn: msisdn(last), terminal, status, revision, initial: false, pin }
}

pub(super) fn link(name: &str, notifies: bool) -> DialogLink {
    DialogLink {
        name: name.to_owned(),
        network: "net".to_owned(),
        room: Room::FULL,
        notifies,
        answer: ANSWER,
        terminals: vec!["124".to_owned()],
    }
}

impl Phone {
    pub(super) fn new() -> Self {
        Self::with(Rig::new(), vec![link("a", true), link("b", true)], LIMITS)
    }

    pub(super) fn with(rig: Rig, links: Vec<DialogLink>, limits: DialogLimits) -> Self {
        let menu = Arc::new(Menu::parse(Menu::builtin()).unwrap());
        let count = links.len();
        let dialogs = Dialogs::new(links, vec![menu], limits, Calendar::default(), (3, 77));
        let mut phone = Self {
            rig,
            dialogs,
            shown: Vec::new(),
            over: Vec::new(),
            held: Vec::new(),
            holds: false,
            result: SayResult::Accepted,
            session: 1,
            answers_late: false,
            late: Vec::new(),
            datagrams: Vec::new(),
            claims: Claims::new(ClaimLimits::default()),
            salts: 0,
        };
        for last in 1..=3 {
            phone.write(handset(last, 1));
        }
        for link in 0..count {
            phone.event(u16::try_from(link).unwrap(), DialogEvent::Ready);
        }
        phone
    }

    pub(super) fn write(&mut self, handset: Handset) {
        let records = vec![RegistryRecord::Handset(handset)];
        self.rig.change(Change { records, ..Change::default() });
    }

    pub(super) fn address(&self, last: u64) -> DialogAddress {
        DialogAddress {
            msisdn: msisdn(last),
            key: SessionKey::from_iter([self.session]),
            service_code: ArrayString::from("*123#").unwrap(),
            numbering: [1, 1, 0, 1],
            echo: arrayvec::ArrayVec::new(),
        }
    }

    pub(super) fn clocks(&self) -> Clocks {
        Clocks { now: self.rig.now, wall: self.rig.wall }
    }

    pub(super) fn event(&mut self, link: u16, event: DialogEvent<'_>) {
        self.handle(Input::Event { link, event });
    }

    pub(super) fn handle(&mut self, input: Input<'_>) {
        self.dialogs.handle(self.clocks(), input, &self.rig.directory);
        self.settle();
    }

    /// Carries out what is to be done until nothing is.
    fn settle(&mut self) {
        loop {
            let mut said = Vec::new();
            while let Some(output) = self.dialogs.poll() {
                match output {
                    Output::Say { link, say } => {
                        said.push(say.ticket);
                        self.shown.push(Shown {
                            link,
                            kind: say.kind,
                            text: say.text.to_owned(),
                            ticket: say.ticket,
                            at: say.at.clone(),
                        });
                    }
                    Output::Request { origin, from, ask } => {
                        let ask = match ask {
                            HandsetAsk::LogOn { pin } => Kept::LogOn(pin.to_vec()),
                            HandsetAsk::ChangePin { old, new } => {
                                Kept::ChangePin(old.to_vec(), new.to_vec())
                            }
                            HandsetAsk::Message(body) => Kept::Message(body.to_vec()),
                        };
                        self.held.push(Request { origin, from, ask });
                    }
                    Output::Datagram(Datagram { session, received, frame }) => {
                        self.datagrams.push((session, received, frame.to_vec()));
                    }
                    Output::Over(record) => self.over.push(record),
                }
            }
            let result = self.result;
            if self.answers_late {
                self.late.append(&mut said);
            }
            for ticket in &said {
                let event = DialogEvent::Said { ticket: *ticket, result };
                self.dialogs.handle(
                    self.clocks(),
                    Input::Event { link: 0, event },
                    &self.rig.directory,
                );
            }
            let worked = !self.holds && self.work();
            if said.is_empty() && !worked {
                return;
            }
        }
    }

    /// The centre answers what it has not answered.
    pub(super) fn take_late(&mut self) {
        for ticket in std::mem::take(&mut self.late) {
            let result = self.result;
            self.event(0, DialogEvent::Said { ticket, result });
        }
    }

    /// The pool works, and the writer; whether there was anything.
    fn work(&mut self) -> bool {
        let requests = std::mem::take(&mut self.held);
        let had = !requests.is_empty();
        for request in requests {
            let ask = match &request.ask {
                Kept::LogOn(pin) => HandsetAsk::LogOn { pin },
                Kept::ChangePin(old, new) => HandsetAsk::ChangePin { old, new },
                Kept::Message(body) => HandsetAsk::Message(body),
            };
            let at = (self.rig.wall, &Calendar::default());
            let keys = keys();
            let with = (&self.rig.directory, &keys);
            let (from, origin) = (request.from, request.origin);
            match decode_handset(&ask, from, origin, at, with, || [9; PIN_ENTROPY_BYTES]) {
                Processed::Ask(ask) => self.rig.input(Asked::Ask(ask)),
                Processed::Reply(reply) => self.rig.replies.push(reply),
            }
        }
        let opened = self.open();
        self.take_replies() || had || opened
    }

    /// Opens datagrams as the pool does; whether there were any.
    fn open(&mut self) -> bool {
        let datagrams = std::mem::take(&mut self.datagrams);
        for (session, received, frame) in &datagrams {
            let (session, received) = (*session, *received);
            let datagram = Datagram { session, received, frame };
            let at = (self.rig.wall, &Calendar::default());
            let (keys, claims, now) = (keys(), &mut self.claims, self.rig.now);
            let claim = |terminal, age| claims.claim_datagram(now, terminal, age);
            self.salts += 1;
            let salt = self.salts.to_be_bytes();
            let with = (&self.rig.directory, &keys);
            let found = processing::open_datagram(datagram, at, with, claim, salt);
            let (result, processed) = match found {
                Ok((opening, processed)) => (Ok(Box::new(opening)), Some(processed)),
                Err(refusal) => (Err(refusal), None),
            };
            let input = Input::Opened { session, result };
            self.dialogs.handle(self.clocks(), input, &self.rig.directory);
            match processed {
                Some(Processed::Ask(ask)) => self.rig.input(Asked::Ask(ask)),
                Some(Processed::Reply(reply)) => self.rig.replies.push(reply),
                None => {}
            }
        }
        !datagrams.is_empty()
    }

    /// The gateway is killed and starts again: what was in memory is gone, dialogs as well.
    pub(super) fn restart(self) -> Self {
        Self::with(self.rig.restart(), vec![link("a", true), link("b", true)], LIMITS)
    }

    /// Takes what the transaction manager has answered back to the dialogs.
    fn take_replies(&mut self) -> bool {
        let replies = std::mem::take(&mut self.rig.replies);
        for reply in &replies {
            let body = self.rig.body_of(reply);
            let effect = processing::effect(&reply.content);
            let session = reply.origin.session;
            let input = Input::Replied { session, body: &body, effect };
            self.dialogs.handle(self.clocks(), input, &self.rig.directory);
        }
        !replies.is_empty()
    }

    /// The pool works on what it has held.
    pub(super) fn release(&mut self) {
        self.holds = false;
        self.work();
        self.settle();
    }

    /// What the rig has answered since.
    pub(super) fn answered(&mut self) {
        self.take_replies();
        self.settle();
    }

    pub(super) fn pass(&mut self, span: Span) {
        let until = self.rig.now.after(span);
        while let Some(due) = self.dialogs.deadline().filter(|due| *due <= until) {
            let step = due.since(self.rig.now);
            self.rig.pass(step.max(Span::ms(1)));
            self.take_replies();
            self.handle(Input::Deadline);
        }
        let rest = until.since(self.rig.now);
        self.rig.pass(rest);
        self.take_replies();
        self.handle(Input::Deadline);
    }

    pub(super) fn dial_as(&mut self, last: u64, dialled: &str) -> String {
        let at = self.address(last);
        self.event(0, DialogEvent::Begin { at: &at, dialled });
        self.shown.last().map(|shown| shown.text.clone()).unwrap_or_default()
    }

    pub(super) fn dial(&mut self, dialled: &str) -> String {
        self.dial_as(1, dialled)
    }

    pub(super) fn say(&mut self, text: &str) -> String {
        let at = self.address(1);
        self.event(0, DialogEvent::Input { at: &at, text });
        self.last().text
    }

    /// Picks the line that has these words.
    pub(super) fn pick(&mut self, words: &str) -> String {
        let shown = self.last().text;
        let line = shown.lines().find(|line| line.contains(words));
        let line = line.unwrap_or_else(|| panic!("{words:?} is not in {shown:?}"));
        let digits: String = line.chars().take_while(char::is_ascii_digit).collect();
        self.say(&digits)
    }

    pub(super) fn end(&mut self, why: EndReason) {
        let at = self.address(1);
        self.event(0, DialogEvent::Ended { at: &at, why });
    }

    pub(super) fn last(&self) -> Shown {
        self.shown.last().cloned().expect("something was shown")
    }

    pub(super) fn stats(&self) -> DialogStats {
        self.dialogs.stats()
    }

    /// Logged on, at the main menu.
    pub(super) fn home(&mut self) -> String {
        self.dial("*123#");
        self.say(PIN)
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        self.dialogs.deadline()
    }
}
