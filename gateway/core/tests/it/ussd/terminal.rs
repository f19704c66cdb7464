//! A terminal that has USSD and no TCP: it seals, dials, gathers parts and opens.

use arrayvec::ArrayString;
use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::datagram::{
    Exchange, GatewayFrame, Gathered, Header, Keys, TerminalFrame,
};
use tillgate_codec::link::message::TerminalMessage;
use tillgate_codec::ussd::Room;
use tillgate_codec::ussd::armour::{self, Form};
use tillgate_core::processing::DatagramRefusal;
use tillgate_core::ussd::dialogs::DialogLink;
use tillgate_core::ussd::{DialogAddress, DialogEvent, SayKind};

use super::phone::{LIMITS, Phone, link};
use crate::support::{Rig, top_up_sale, voucher_sale};

pub(super) struct Terminal {
    pub(super) id: u32,
    pub(super) key: (u8, [u8; 32]),
    pub(super) counter: u64,
    /// The last digit of its number.
    pub(super) number: u64,
    pub(super) session: u8,
}

/// A request that was sealed.
pub(super) struct Sealed {
    pub(super) frame: Vec<u8>,
    pub(super) exchange: Exchange,
}

impl Sealed {
    pub(super) fn text(&self) -> String {
        text(&self.frame)
    }
}

pub(super) fn text(frame: &[u8]) -> String {
    armoured(Form::Text, frame)
}

fn armoured(form: Form, frame: &[u8]) -> String {
    let mut text = Vec::new();
    armour::encode(form, frame, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

pub(super) fn body_of(message: &TerminalMessage<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    message.encode(&mut body);
    body
}

/// Whether the last text refuses, and with which code.
pub(super) fn refusal(phone: &Phone) -> Option<u8> {
    let mut frame = Vec::new();
    armour::decode(phone.last().text.as_bytes(), &mut frame).ok()?;
    match GatewayFrame::decode(&frame).unwrap() {
        GatewayFrame::Refusal(code) => Some(code.0),
        GatewayFrame::Part { .. } => None,
    }
}

impl Terminal {
    /// Terminal 100 with its first key, behind number 9, which is no handset.
    pub(super) fn new() -> Self {
        Self { id: 100, key: (1, [7; 32]), counter: 0, number: 9, session: 1 }
    }

    pub(super) fn address(&self, phone: &Phone) -> DialogAddress {
        let service_code = ArrayString::from("*124#").unwrap();
        let key = [self.session].into_iter().collect();
        DialogAddress { service_code, key, ..phone.address(self.number) }
    }

    pub(super) fn seal(&mut self, body: &[u8], is_last: bool) -> Sealed {
        self.counter += 1;
        let (key_id, psk) = self.key;
        let header = Header { key_id, terminal: self.id, counter: self.counter, is_last };
        let mut frame = Vec::new();
        let exchange = Keys::new(&Psk::new(psk)).seal(&header, body, &mut frame).unwrap();
        Sealed { frame, exchange }
    }

    pub(super) fn request(&mut self, message: &TerminalMessage<'_>) -> Sealed {
        self.seal(&body_of(message), true)
    }

    pub(super) fn dial(&self, phone: &mut Phone, dialled: &str) {
        let at = self.address(phone);
        phone.event(0, DialogEvent::Begin { at: &at, dialled });
    }

    pub(super) fn enter(&self, phone: &mut Phone, text: &str) {
        let at = self.address(phone);
        phone.event(0, DialogEvent::Input { at: &at, text });
    }

    /// Dials a request in digits.
    pub(super) fn dial_request(&self, phone: &mut Phone, sealed: &Sealed) {
        let digits = armoured(Form::Digits, &sealed.frame);
        self.dial(phone, &format!("*124*{digits}#"));
    }

    /// Dials, sends a request as text, and says nothing more.
    pub(super) fn send(&mut self, phone: &mut Phone, sealed: &Sealed) {
        self.session = self.session.wrapping_add(1);
        self.dial(phone, "*124#");
        assert_eq!((phone.last().text.as_str(), phone.last().kind), ("OK", SayKind::Continue));
        self.enter(phone, &sealed.text());
    }

    /// Gathers the reply that has begun to come; `None`: refused, or it does not open.
    pub(super) fn gather(&self, phone: &mut Phone, exchange: &Exchange) -> Option<Vec<u8>> {
        let mut gathered = Gathered::default();
        loop {
            let mut frame = Vec::new();
            armour::decode(phone.last().text.as_bytes(), &mut frame).ok()?;
            let GatewayFrame::Part { index, last, chunk } = GatewayFrame::decode(&frame).ok()?
            else {
                return None;
            };
            if let Some(whole) = gathered.take(index, last, chunk).unwrap() {
                let mut body = Vec::new();
                exchange.open(whole, &mut body).ok()?;
                return Some(body);
            }
            assert_eq!(phone.last().kind, SayKind::Continue, "there is more");
            self.enter(phone, &text(&TerminalFrame::next(gathered.due())));
        }
    }

    /// One dialog for one request; the body of the reply.
    pub(super) fn asks(&mut self, phone: &mut Phone, message: &TerminalMessage<'_>) -> Vec<u8> {
        let sealed = self.request(message);
        self.send(phone, &sealed);
        let body = self.gather(phone, &sealed.exchange).expect("a reply");
        assert_eq!(phone.last().kind, SayKind::End, "the last of its dialog");
        body
    }
}

pub(super) fn sale(stan: u32) -> TerminalMessage<'static> {
    TerminalMessage::Sale(voucher_sale(stan))
}

pub(super) fn top_up(stan: u32) -> TerminalMessage<'static> {
    TerminalMessage::Sale(top_up_sale(stan))
}

/// On a link so narrow that the answer to a sale has two parts.
pub(super) fn narrow() -> Phone {
    let room = Room { septets: 90, units: 40 };
    let links = vec![DialogLink { room, ..link("a", true) }, link("b", true)];
    Phone::with(Rig::new(), links, LIMITS)
}

/// Refusals that were counted under this label.
pub(super) fn refused(phone: &Phone, label: &str) -> u64 {
    let place = DatagramRefusal::ALL.iter().position(|reason| reason.label() == label).unwrap();
    phone.stats().frames.refused[place]
}
