//! A host driven by messages that the tests write themselves.

mod effects;
mod gateway;
mod money;
mod protocol;

use tillgate_codec::iso8583::{Dialect, Fields, MacKey, Message, Mti, Tpdu};

use super::{DealKey, HostSettings, IsoHost, MacAlgorithm, MacSettings, Output};
use crate::provider::script::{Effect, Rule, Script};
use crate::time::{Moment, Span};

/// A host and whoever connects to it.
pub(super) struct Peer {
    pub(super) host: IsoHost,
    pub(super) dialect: Dialect,
    pub(super) now: Moment,
    pub(super) mac: Option<MacKey>,
}

/// An answer that arrived.
pub(super) struct Got {
    pub(super) message: Message,
    pub(super) bytes: Vec<u8>,
    pub(super) after: Span,
}

impl Got {
    pub(super) fn code(&self) -> &str {
        self.message.text(39).unwrap_or("")
    }
}

pub(super) const TRANSMITTED: &str = "1127183000";
pub(super) const REFERENCE: &str = "000102030405060708090a0b0c0d0e0f";

impl Peer {
    pub(super) fn with(name: &str, script: Script, change: impl Fn(&mut HostSettings)) -> Self {
        let dialect = Dialect::builtin(name).unwrap();
        let mut settings = HostSettings::new(dialect.clone());
        settings.sign_on = false;
        change(&mut settings);
        let now = Moment(0).after(Span::s(1));
        let mut host = IsoHost::new(settings, script, now).unwrap();
        host.connected(now, 1);
        Self { host, dialect, now, mac: None }
    }

    pub(super) fn new(script: Script) -> Self {
        Self::with("iso87a", script, |_| {})
    }

    /// A host that does this to every request's first time.
    pub(super) fn doing(effect: Effect) -> Self {
        let rules = vec![Rule { effect, ..Rule::default() }];
        Self::new(Script { rules, ..Script::default() })
    }

    pub(super) fn frame(&self, message: &mut Message) -> Vec<u8> {
        let (mut bytes, mut frame) = (Vec::new(), Vec::new());
        match &self.mac {
            Some(key) => self.dialect.encode_with_mac(message, key, &mut bytes).unwrap(),
            None => self.dialect.encode(message, &mut bytes).unwrap(),
        }
        self.dialect.framing().append_frame(&bytes, &mut frame).unwrap();
        frame
    }

    /// Everything that the host does until it has nothing more to do.
    pub(super) fn drain(&mut self) -> Vec<Output> {
        let mut outputs = Vec::new();
        loop {
            while let Some(output) = self.host.poll(self.now) {
                outputs.push(output);
            }
            match self.host.deadline(self.now) {
                Some(at) if outputs.len() < 1_000 => self.now = self.now.max(at),
                _ => return outputs,
            }
        }
    }

    /// Sends on connection 1; gives the answers until the host is done.
    pub(super) fn send(&mut self, mut message: Message) -> Vec<Got> {
        let (frame, begun) = (self.frame(&mut message), self.now);
        self.host.receive(begun, 1, &frame);
        let mut got = Vec::new();
        loop {
            while let Some(output) = self.host.poll(self.now) {
                if let Output::Send { bytes, .. } = output {
                    got.push(self.read(&bytes, begun));
                }
            }
            match self.host.deadline(self.now) {
                Some(at) => self.now = self.now.max(at),
                None => return got,
            }
        }
    }

    pub(super) fn read(&self, bytes: &[u8], begun: Moment) -> Got {
        let frame = self.dialect.framing().deframe(bytes).unwrap().unwrap();
        assert_eq!(frame.end, bytes.len());
        let mut fields = Fields::new();
        let view = self.dialect.view(&bytes[frame.message], &mut fields).unwrap();
        let message = Message::from_view(&view);
        Got { message, bytes: bytes.to_vec(), after: self.now.since(begun) }
    }

    /// The one answer.
    pub(super) fn ask(&mut self, message: Message) -> Got {
        let mut got = self.send(message);
        assert_eq!(got.len(), 1);
        got.remove(0)
    }

    /// Status and number of times in the book.
    pub(super) fn deal(&self, stan: u32) -> Option<(&'static str, u32)> {
        let deal = self.host.book().deal(&key(stan))?;
        Some((deal.status_at(self.now).word(), deal.times))
    }
}

pub(super) fn key(stan: u32) -> DealKey {
    DealKey { terminal: "00070001".into(), stan, transmitted: TRANSMITTED.into() }
}

fn common(mti: Mti, stan: u32) -> Message {
    let mut message = Message::new(mti);
    message.set(7, TRANSMITTED).set_number(11, u64::from(stan)).set(41, "00070001");
    message.tpdu = Some(Tpdu([0x60, 0, 9, 0x80, 1]));
    message
}

pub(super) fn sale(stan: u32, amount_minor: u64) -> Message {
    let mut message = common(Mti::FINANCIAL_REQUEST, stan);
    message.set(3, "000000").set(4, &format!("{amount_minor:012}")).set(37, "633118000012");
    message.set(49, "936").set(62, REFERENCE).set(102, "233200000001");
    message
}

pub(super) fn reversal(stan: u32, of: u32, amount_minor: u64) -> Message {
    let mut message = sale(stan, amount_minor);
    message.mti = Mti::REVERSAL_ADVICE;
    message.set(90, &format!("0200{of:06}{TRANSMITTED}{:022}", 0));
    message
}

pub(super) fn network(stan: u32, code: &str) -> Message {
    let mut message = common(Mti::NETWORK_REQUEST, stan);
    message.set(70, code);
    message
}

pub(super) fn mac_settings() -> MacSettings {
    MacSettings {
        algorithm: MacAlgorithm::AesCmac,
        key: vec![7; 16],
        key_encryption_key: Some(vec![9; 16]),
        key_field: 48,
        refusal: "A0".to_owned(),
    }
}
