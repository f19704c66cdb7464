//! Sales whose subscribers are gone: their outcome is found out, and sent after.

use tillgate_codec::link::message::{GatewayMessage, Repeat, TerminalMessage};
use zeroize::Zeroizing;

use super::ask::{is_of_sale, is_open};
use super::slot::{Does, Id, Phase, Unseen};
use super::{Clocks, Dialogs, Queued, QueuedAsk};
use crate::directory::Directory;
use crate::ussd::limits::{BEGINS_REMEMBERED_MAX, NOTIFY_BY, REPEAT_AFTER, TELL_AFTER};
use crate::ussd::{EndReason, SayKind};

impl Dialogs {
    /// Nobody sees the dialog any more, and its sale is not over for its subscriber.
    pub(super) fn unsee(&mut self, at: Clocks, id: Id) {
        let Some(open) = self.slots.get(id) else { return };
        let does = if open.undecided().is_some() { Does::Asks } else { Does::WaitsToTell };
        self.wait(at, id, Unseen { does, tries: 0 });
    }

    /// What it does next, and when. What was tried often enough is given up.
    fn wait(&mut self, at: Clocks, id: Id, unseen: Unseen) {
        let after = match unseen.does {
            Does::Asks => REPEAT_AFTER.get(usize::from(unseen.tries)).copied(),
            Does::WaitsToTell => TELL_AFTER.get(usize::from(unseen.tries)).copied(),
            Does::Tells => Some(NOTIFY_BY),
        };
        let Some(after) = after else {
            self.stats.not_notified += 1;
            return self.close(at, id, EndReason::Done);
        };
        if let Some(open) = self.slots.get_mut(id) {
            open.phase = Phase::Unseen(unseen);
        }
        self.set_due(id, at.now.after(after));
    }

    pub(super) fn go_on_unseen(&mut self, at: Clocks, id: Id, unseen: Unseen) {
        match unseen.does {
            // An answer that does not come is asked for again.
            Does::Asks => {
                let Some(open) = self.slots.get_mut(id) else { return };
                let Some(sale) = open.sale else { return };
                open.received = at.now;
                let mut body = Vec::new();
                let (stan, date) = (sale.stan, sale.date);
                TerminalMessage::Repeat(Repeat { stan, date }).encode(&mut body);
                let body = self.keep(&body);
                self.request(id, QueuedAsk::Message(body));
                self.wait(at, id, Unseen { does: Does::Asks, tries: unseen.tries + 1 });
            }
            Does::WaitsToTell => self.tell(at, id, unseen),
            // Its link owes a result, and has given none.
            Does::Tells => self.told(at, id, unseen, false),
        }
    }

    pub(super) fn answered_unseen(
        &mut self,
        at: Clocks,
        id: Id,
        unseen: Unseen,
        body: &[u8],
        directory: &Directory,
    ) {
        if unseen.does != Does::Asks {
            return;
        }
        let message = match GatewayMessage::decode(body) {
            Ok(message) => message,
            // Its handset has changed: the receipt is for nobody.
            Err(_) => return self.close(at, id, EndReason::Done),
        };
        let code = match &message {
            GatewayMessage::Answer(answer) if is_of_sale(answer) => answer.code,
            _ => return,
        };
        if is_open(code) {
            // It is asked again when it is due.
            return;
        }
        self.decide(at, id, code.is_approved());
        let mut out = Zeroizing::new(String::new());
        self.step(at, id, directory, |dialog, menu, view| {
            // Whoever has left reads no further pages.
            dialog.late(menu, view, &mut String::new());
            dialog.answer(menu, view, &message, &mut out)
        });
        if let Some(open) = self.slots.get_mut(id) {
            open.receipt = Some(out).filter(|text| !text.is_empty());
        }
        self.tell(at, id, Unseen { does: Does::WaitsToTell, tries: 0 });
    }

    /// Sends the receipt, over its own link if that can, else over another of the same network. Whoever is
    /// in another dialog cannot be reached: there it would be a screen, which the next entry answers.
    fn tell(&mut self, at: Clocks, id: Id, unseen: Unseen) {
        let Some(open) = self.slots.get(id) else { return };
        let msisdn = open.msisdn();
        if self.live.contains_key(&msisdn) || self.frames.has(msisdn) {
            return self.wait(at, id, Unseen { does: Does::WaitsToTell, ..unseen });
        }
        let network = &self.link(open.link).network;
        let own = usize::from(open.link);
        let can = |place: &usize| {
            self.links.get(*place).is_some_and(|(link, is_ready)| {
                *is_ready && link.notifies && (*place == own || link.network == *network)
            })
        };
        let exists = self.links.iter().any(|(link, _)| link.notifies && link.network == *network);
        let link = Some(own).filter(can).or_else(|| (0..self.links.len()).find(can));
        let (Some(link), Some(text)) = (link, open.receipt.clone()) else {
            if exists && open.receipt.is_some() {
                let tries = unseen.tries + 1;
                return self.wait(at, id, Unseen { does: Does::WaitsToTell, tries });
            }
            self.stats.not_notified += 1;
            return self.close(at, id, EndReason::Done);
        };
        let link = u16::try_from(link).unwrap_or(u16::MAX);
        let text = self.keep(text.as_bytes());
        let Some(open) = self.slots.get_mut(id) else { return };
        open.screens = open.screens.wrapping_add(1);
        let (ticket, address) = (id.ticket(open.screens), Box::new(open.at.clone()));
        let (kind, by) = (SayKind::Notify, at.now.after(NOTIFY_BY));
        self.queue.push_back(Queued::Say { link, ticket, at: address, kind, text, by });
        self.wait(at, id, Unseen { does: Does::Tells, tries: unseen.tries + 1 });
    }

    /// How it went with a receipt that was sent after.
    pub(super) fn told(&mut self, at: Clocks, id: Id, unseen: Unseen, is_there: bool) {
        if unseen.does != Does::Tells {
            return;
        }
        if is_there {
            self.stats.notified += 1;
            if let Some(open) = self.slots.get(id) {
                let (msisdn, until) = (open.msisdn(), at.now.after(self.limits.idle));
                self.told.keep(at.now, BEGINS_REMEMBERED_MAX, msisdn, until);
            }
            self.confirm(id);
            return self.close(at, id, EndReason::Done);
        }
        self.wait(at, id, Unseen { does: Does::WaitsToTell, ..unseen });
    }
}
