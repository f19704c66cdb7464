//! Dialogs that carry the frames of terminals: which these are, and what their outputs are.

use super::{Clocks, DialogLink, Dialogs, Output};
use crate::processing::{Datagram, DatagramRefusal};
use crate::ussd::frames::Outgoing;
use crate::ussd::{DialogAddress, EndReason, Say};

impl DialogLink {
    /// Whether dialogs with a service code, as dialled, carry frames.
    pub(super) fn is_for_terminals(&self, code: &str) -> bool {
        let digits = |code: &str| code.trim_matches(['*', '#']).to_owned();
        self.terminals.iter().any(|known| digits(known) == digits(code))
    }
}

impl Dialogs {
    /// A terminal dials.
    pub(super) fn on_terminal(
        &mut self,
        at: Clocks,
        (link, address): (u16, &DialogAddress),
        dialled: &str,
    ) {
        if self.frames.is_redelivery(at.now, (link, address), dialled) {
            self.stats.redelivered += 1;
            return;
        }
        if let Some(id) = self.live.get(&address.msisdn).copied() {
            self.leave(at, id, EndReason::Replaced);
        }
        let is_free = !self.draining && self.may_begin(at.now, address);
        let refusal = (!is_free).then_some(DatagramRefusal::Busy);
        let of = &self.links[usize::from(link)].0;
        self.frames.begin(at.now, (link, of), address, dialled, refusal);
    }

    /// The next thing that frames want done.
    pub(super) fn poll_frames(&mut self) -> Option<Output<'_>> {
        Some(match self.outgoing.insert(self.frames.poll()?) {
            Outgoing::Say { ticket, link, at, kind, text, by } => {
                let (ticket, kind, by) = (*ticket, *kind, *by);
                Output::Say { link: *link, say: Say { ticket, at, kind, text, by } }
            }
            Outgoing::Open { session, received, frame } => {
                self.stats.requests += 1;
                let (session, received) = (*session, *received);
                Output::Datagram(Datagram { session, received, frame })
            }
            Outgoing::Over(record) => {
                self.stats.count_end(record.why);
                Output::Over(record.clone())
            }
        })
    }

    /// Dialogs now.
    pub(super) fn open(&self) -> usize {
        self.slots.len() + self.frames.len()
    }
}
