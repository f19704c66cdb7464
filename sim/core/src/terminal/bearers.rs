//! One till over two bearers: where there is no TCP it goes on over USSD, and back. Its requests, dates and
//! STANs do not know the bearer (wire.md, section 16).

use std::mem::swap;

use tillgate_codec::link::channel::Psk;

use super::ussd::UssdTerminal;
use super::{Phase, Terminal};
use crate::time::Moment;

impl Terminal {
    /// The till goes on over USSD; this bearer rests until it is handed back. Drain both afterwards.
    pub(crate) fn hand_over(&mut self, now: Moment, to: &mut UssdTerminal) {
        self.out.clear();
        (self.sent, self.told) = (false, 0);
        self.close = !matches!(self.phase, Phase::Away(_) | Phase::Gone);
        self.connect = false;
        self.leave();
        self.phase = Phase::Gone;
        self.till.notes.clear();
        to.take_over(now, |till| swap(till, &mut self.till));
    }

    /// The till comes back from USSD.
    pub(super) fn take_over(&mut self, now: Moment, give: impl FnOnce(&mut super::SaleFlow)) {
        give(&mut self.till);
        (self.phase, self.failures, self.told) = (Phase::Away(now), 0, 0);
    }
}

impl UssdTerminal {
    /// A bearer that rests until it is handed its till.
    pub(crate) fn resting(mut self) -> Self {
        self.rest();
        self
    }

    /// The till goes on over TCP; this bearer rests until it is handed back. Drain both afterwards.
    pub(crate) fn hand_over(&mut self, now: Moment, to: &mut Terminal) {
        self.leave_till();
        self.rest();
        to.take_over(now, |till| swap(till, self.till_mut()));
    }

    /// A technician enters another pre-shared key, whose counters begin at 1; `logs_on` says whether the
    /// terminal uses it at once.
    pub(crate) fn rekey(&mut self, now: Moment, (key_id, psk): (u8, &Psk), logs_on: bool) {
        self.change_key(key_id, psk);
        if logs_on && !self.is_gone() {
            self.log_on_anew(now);
        }
    }
}
