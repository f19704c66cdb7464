mod dialogs;
mod liberal;
mod outgoing;
mod session;
mod walk;

use std::collections::VecDeque;
use std::sync::Arc;

use arrayvec::ArrayString;
use tillgate_codec::smpp::{
    Address, Body, CommandId, CommandStatus, DataCoding, DataSm, Header, MessageResp, Pdu,
    ShortMessage, Tag, Text, Tlv, Tlvs, deframe,
};
use tillgate_types::Msisdn;

use super::*;
use crate::ussd::profile::SmppProfile;
use crate::ussd::{DialogEvent, Say, SayKind, SessionKey};

pub(super) const SUBSCRIBER: &str = "255712345678";

/// What a link has reported, with its texts copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Report {
    Begin(DialogAddress, String),
    Input(DialogAddress, String),
    Ended(DialogAddress, EndReason),
    Said(u64, SayResult),
    Lost,
    Ready,
}

/// A link with a wire that ends in the test.
pub(super) struct Rig {
    pub(super) link: SmppLink,
    pub(super) now: Moment,
    pub(super) reports: VecDeque<Report>,
    /// Octets that were sent and not looked at, by connection.
    pub(super) sent: [Vec<u8>; 2],
    pub(super) open: [Option<Connection>; 2],
    pub(super) wanted: Vec<Connection>,
    pub(super) closed: Vec<Connection>,
    /// How each read is cut.
    pub(super) split: usize,
    ticket: u64,
    sequence: u32,
}

/// A PDU that the link has sent.
pub(super) struct Sent(Vec<u8>);

impl Sent {
    pub(super) fn pdu(&self) -> Pdu<'_> {
        Pdu::decode(&self.0).unwrap()
    }

    pub(super) fn submit(&self) -> ShortMessage<'_> {
        let Body::SubmitSm(message) = self.pdu().body else { panic!("{:?}", self.pdu()) };
        message
    }

    pub(super) fn tlv(&self, tag: Tag) -> Option<Vec<u8>> {
        self.pdu().tlvs.find(tag).map(|tlv| tlv.value.to_vec())
    }
}

pub(super) fn profile(name: &str) -> Arc<SmppProfile> {
    Arc::new(SmppProfile::parse(SmppProfile::builtin(name).unwrap()).unwrap())
}

pub(super) fn config(name: &str) -> SmppConfig {
    SmppConfig { sender: "100".to_owned(), ..SmppConfig::new(profile(name), "till", "secret99") }
}

impl Rig {
    pub(super) fn unbound(config: SmppConfig) -> Self {
        config.check().unwrap();
        let now = Moment(Span::s(1).0);
        let mut rig = Self {
            link: SmppLink::new(config, 7, now),
            now,
            reports: VecDeque::new(),
            sent: [Vec::new(), Vec::new()],
            open: [None; 2],
            wanted: Vec::new(),
            closed: Vec::new(),
            split: usize::MAX,
            ticket: 0,
            sequence: 0,
        };
        rig.tick();
        rig
    }

    /// Bound, with nothing left to look at.
    pub(super) fn new(config: SmppConfig) -> Self {
        let mut rig = Self::unbound(config);
        rig.bind();
        assert_eq!(rig.reports.pop_front(), Some(Report::Ready));
        rig
    }

    /// Accepts every connection that is wanted and every bind.
    pub(super) fn bind(&mut self) {
        while let Some(connection) = self.wanted.pop() {
            self.connect(connection);
            let bind = self.take(connection.index).pop().unwrap();
            let sequence = bind.pdu().sequence;
            let command = bind.pdu().body.command().response();
            self.answer(connection.index, command, CommandStatus::OK, sequence);
        }
    }

    pub(super) fn connect(&mut self, connection: Connection) {
        self.open[connection.index] = Some(connection);
        self.handle(Input::Connected(connection));
    }

    pub(super) fn handle(&mut self, input: Input<'_>) {
        self.link.handle(self.now, input);
        while let Some(output) = self.link.poll() {
            match output {
                Output::Connect(connection) => self.wanted.push(connection),
                Output::Send(connection, octets) => {
                    self.sent[connection.index].extend_from_slice(octets);
                }
                Output::Close(connection) => {
                    self.closed.push(connection);
                    self.wanted.retain(|wanted| *wanted != connection);
                    self.open[connection.index] = None;
                }
                Output::Event(event) => self.reports.push_back(match event {
                    DialogEvent::Begin { at, dialled } => {
                        Report::Begin(at.clone(), dialled.to_owned())
                    }
                    DialogEvent::Input { at, text } => Report::Input(at.clone(), text.to_owned()),
                    DialogEvent::Ended { at, why } => Report::Ended(at.clone(), why),
                    DialogEvent::Said { ticket, result } => Report::Said(ticket, result),
                    DialogEvent::Lost => Report::Lost,
                    DialogEvent::Ready => Report::Ready,
                }),
            }
        }
    }

    pub(super) fn tick(&mut self) {
        self.handle(Input::Deadline);
    }

    /// Goes on by a span, deadline by deadline.
    pub(super) fn pass(&mut self, span: Span) {
        let end = self.now.after(span);
        while let Some(due) = self.link.deadline().filter(|due| *due <= end) {
            let before = self.now;
            self.now = self.now.max(due);
            self.tick();
            let next = self.link.deadline();
            assert!(next.is_none_or(|next| next > self.now) || self.now > before, "a busy loop");
        }
        self.now = end;
    }

    pub(super) fn receive(&mut self, index: usize, octets: &[u8]) {
        for part in octets.chunks(self.split.min(octets.len().max(1))) {
            if let Some(connection) = self.open[index] {
                self.handle(Input::Received(connection, part));
            }
        }
    }

    pub(super) fn receive_pdu(&mut self, index: usize, pdu: &Pdu<'_>) {
        let mut octets = Vec::new();
        pdu.encode(&mut octets).unwrap();
        self.receive(index, &octets);
    }

    pub(super) fn answer(
        &mut self,
        index: usize,
        command: CommandId,
        status: CommandStatus,
        sequence: u32,
    ) {
        let header = Header { length: 16, command, status, sequence };
        self.receive(index, &header.encode());
    }

    pub(super) fn accept(&mut self, submit: &Sent) {
        let command = submit.pdu().body.command().response();
        self.answer(0, command, CommandStatus::OK, submit.pdu().sequence);
    }

    pub(super) fn refuse(&mut self, submit: &Sent, status: CommandStatus) {
        let command = submit.pdu().body.command().response();
        self.answer(0, command, status, submit.pdu().sequence);
    }

    /// The PDUs that were sent since.
    pub(super) fn take(&mut self, index: usize) -> Vec<Sent> {
        let mut octets = std::mem::take(&mut self.sent[index]);
        let mut found = Vec::new();
        while let Some(frame) = deframe(&octets).unwrap() {
            let rest = octets.split_off(frame.range.end);
            found.push(Sent(std::mem::replace(&mut octets, rest)));
        }
        assert!(octets.is_empty(), "a PDU was cut off");
        found
    }

    /// The one PDU that was sent since.
    pub(super) fn one(&mut self) -> Sent {
        let mut found = self.take(0);
        assert_eq!(found.len(), 1);
        found.pop().unwrap()
    }

    pub(super) fn report(&mut self) -> Report {
        self.reports.pop_front().expect("nothing was reported")
    }

    /// A message of the centre; its answer's status.
    pub(super) fn deliver(&mut self, op: u8, text: &[u8], tlvs: &[Tlv<'_>]) -> CommandStatus {
        let op = [op];
        let mut all = vec![Tlv::new(Tag::USSD_SERVICE_OP, &op)];
        all.extend_from_slice(tlvs);
        self.deliver_message(message(text), &all)
    }

    pub(super) fn deliver_message(
        &mut self,
        message: ShortMessage<'_>,
        tlvs: &[Tlv<'_>],
    ) -> CommandStatus {
        self.sequence += 1;
        let tlvs = Tlvs::list(tlvs);
        let pdu = Pdu { tlvs, ..Pdu::new(self.sequence, Body::DeliverSm(message)) };
        let index = usize::from(self.open[1].is_some());
        self.receive_pdu(index, &pdu);
        let answer = self.take(index).into_iter().next().unwrap();
        assert_eq!(answer.pdu().sequence, self.sequence);
        assert_eq!(answer.pdu().body, Body::DeliverSmResp(MessageResp::default()));
        answer.pdu().status
    }

    /// A dialog that a subscriber has begun.
    pub(super) fn begun(&mut self, session: &[Tlv<'_>]) -> DialogAddress {
        assert_eq!(self.deliver(1, b"*123#", session), CommandStatus::OK);
        let Report::Begin(at, _) = self.report() else { panic!("no begin") };
        at
    }

    pub(super) fn say(&mut self, at: &DialogAddress, kind: SayKind, text: &str) -> u64 {
        self.say_by(at, kind, text, self.now.after(Span::s(13)))
    }

    pub(super) fn say_by(
        &mut self,
        at: &DialogAddress,
        kind: SayKind,
        text: &str,
        by: Moment,
    ) -> u64 {
        self.ticket += 1;
        let ticket = self.ticket;
        self.handle(Input::Say(Say { ticket, at, kind, text, by }));
        ticket
    }
}

pub(super) fn address_of(number: &str) -> Address<'_> {
    Address { ton: 1, npi: 1, number: Text::new(number) }
}

pub(super) fn message(text: &[u8]) -> ShortMessage<'_> {
    ShortMessage {
        service_type: Text::new("USSD"),
        source: address_of(SUBSCRIBER),
        destination: Address { ton: 0, npi: 1, number: Text::new("123") },
        short_message: text,
        ..ShortMessage::default()
    }
}

pub(super) fn anywhere() -> DialogAddress {
    DialogAddress {
        msisdn: Msisdn::of(SUBSCRIBER).unwrap(),
        key: SessionKey::new(),
        service_code: ArrayString::from("123").unwrap(),
        numbering: [1, 1, 0, 1],
        echo: arrayvec::ArrayVec::new(),
    }
}
