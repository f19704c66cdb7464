//! The connection of a terminal: frames, codes, logons and line tests.

use tillgate_codec::iso8583::{Fields, MacVerdict, Message, TPDU_BYTES, View};

use super::clock::Clock;
use super::message::{self, INVALID, Said};
use super::{Firmware, IsoTerminal, Phase, Service, check};
use crate::terminal::{Note, Trouble};
use crate::time::Moment;

/// The highest trace number: six digits.
pub(super) const TRACE_MAX: u32 = 999_999;

impl IsoTerminal {
    pub(super) fn tick(&mut self, now: Moment) {
        match self.phase {
            Phase::Away(at) if at <= now => {
                self.connect = true;
                self.phase = Phase::Connecting { by: now.after(self.firmware.connect) };
            }
            Phase::Connecting { by } if by <= now => {
                self.hang_up(now, Some(Trouble::ConnectTimeout));
            }
            Phase::Linked => match self.service {
                Some(service) if service.by <= now => {
                    self.hang_up(now, Some(Trouble::LogonTimeout));
                }
                Some(_) => {}
                None if self.till.is_overdue(now) => {
                    self.hang_up(now, Some(Trouble::AnswerTimeout));
                }
                None => {
                    let idle = self.heard.after(self.firmware.test_after) <= now;
                    if idle && !self.till.is_waiting() && !self.needs_logon {
                        self.send_service(now, false);
                    }
                }
            },
            _ => {}
        }
    }

    pub(super) fn connected(&mut self, now: Moment) {
        if matches!(self.phase, Phase::Connecting { .. }) {
            self.phase = Phase::Linked;
            self.heard = now;
        }
    }

    pub(super) fn received(&mut self, now: Moment, bytes: &[u8]) {
        if self.phase != Phase::Linked {
            return;
        }
        let mut all = std::mem::take(&mut self.partial);
        all.extend_from_slice(bytes);
        let mut used = 0;
        while self.phase == Phase::Linked {
            let framing = self.firmware.dialect.framing();
            let frame = match framing.deframe(&all[used..]) {
                Ok(Some(frame)) if frame.end > 0 => frame,
                Ok(_) => break,
                Err(_) => return self.hang_up(now, Some(Trouble::BadRecord)),
            };
            let message = &all[used..][frame.message];
            used += frame.end;
            if message.is_empty() {
                continue;
            }
            if let Err(trouble) = self.take(now, message) {
                return self.hang_up(now, Some(trouble));
            }
        }
        all.drain(..used);
        self.partial = all;
    }

    fn take(&mut self, now: Moment, message: &[u8]) -> Result<(), Trouble> {
        let firmware = std::sync::Arc::clone(&self.firmware);
        let mut fields = Fields::new();
        let view = firmware.dialect.view(message, &mut fields).map_err(|_| Trouble::BadMessage)?;
        let keys = [self.key.as_ref(), self.former.as_ref()];
        let is_ours = |key: &_| view.verify_mac(key) == MacVerdict::Valid;
        if firmware.mac.is_some() && !keys.into_iter().flatten().any(is_ours) {
            return Err(Trouble::BadSeal);
        }
        let Some(said) = Said::of(&view, self.till.terminal()) else {
            return Err(Trouble::BadMessage);
        };
        (self.heard, self.failures) = (now, 0);
        let mti = view.mti();
        match mti.as_str() {
            "0810" => self.take_service(now, &view, &said),
            mti => {
                // The code does not cover the TPDU, and depends on the key, which may be another then.
                let start = if view.tpdu().is_some() { TPDU_BYTES } else { 0 };
                let code = [64, 128].map(|number| view.wire(number).map_or(0, <[u8]>::len));
                let end = message.len() - code.into_iter().sum::<usize>();
                let body = message.get(start..end).unwrap_or(message);
                // The date may be another one, which only a logon tells.
                self.needs_logon |= said.code == INVALID;
                self.till.answered((now, mti), &said, body, &mut self.rng);
            }
        }
        Ok(())
    }

    fn take_service(&mut self, now: Moment, view: &View<'_>, said: &Said) {
        let Some(service) = self.service.filter(|service| service.stan == said.stan) else {
            return self.till.notes.push(Note::Trouble(Trouble::Unmatched));
        };
        self.service = None;
        if !service.is_logon {
            return;
        }
        let near = self.clock.map_or(self.firmware.day, |clock| clock.read(now).day);
        let (time, date) = (view.text(12).unwrap_or_default(), view.text(13).unwrap_or_default());
        match Clock::set(now, &time, &date, near) {
            Some(clock) => {
                self.clock = Some(clock);
                self.needs_logon = false;
                self.till.online(clock.read(now));
            }
            None => self.hang_up(now, Some(Trouble::LogonDeclined(said.code))),
        }
    }

    pub(super) fn send_service(&mut self, now: Moment, is_logon: bool) {
        self.trace = self.trace % TRACE_MAX + 1;
        let by = now.after(self.firmware.answer);
        self.service = Some(Service { is_logon, stan: self.trace, by });
        self.send(message::service(is_logon, self.trace, self.till.terminal()));
    }

    /// Puts a message on the wire, with its code.
    pub(super) fn send(&mut self, mut message: Message) {
        let mut bytes = Vec::with_capacity(512);
        let Firmware { dialect, .. } = &*self.firmware;
        check::encode(dialect, &mut message, self.key.as_ref(), &mut bytes)
            .expect("what a terminal writes fits its dialect");
        let framed = dialect.framing().append_frame(&bytes, &mut self.out);
        framed.expect("a message is shorter than a frame may be");
    }

    /// Closes the connection and comes back after a pause.
    pub(super) fn hang_up(&mut self, now: Moment, trouble: Option<Trouble>) {
        self.till.notes.extend(trouble.map(Note::Trouble));
        self.leave();
        self.come_back(now);
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self, now: Moment) {
        if matches!(self.phase, Phase::Connecting { .. } | Phase::Linked) {
            self.leave();
            self.close = false;
            self.come_back(now);
        }
    }

    fn come_back(&mut self, now: Moment) {
        let pause = self.firmware.reconnect.pause(self.failures, &mut self.rng);
        self.failures = self.failures.saturating_add(1);
        self.phase = Phase::Away(now.after(pause));
    }

    /// Forgets the connection; what was under way on it is in doubt.
    pub(super) fn leave(&mut self) {
        self.close = matches!(self.phase, Phase::Connecting { .. } | Phase::Linked);
        self.out.clear();
        self.partial.clear();
        self.service = None;
        self.till.offline(&mut self.rng);
    }
}
