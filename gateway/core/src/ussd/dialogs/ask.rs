//! What a dialog asks of the gateway, and what it is answered.

use tillgate_codec::link::message::{
    Answer, AnswerKind, Confirm, GatewayMessage, Sale, TerminalMessage,
};
use tillgate_store_core::{ProductId, ResponseCode, ServiceId};
use zeroize::Zeroizing;

use super::slot::{Asked, Id, Ordered, Phase};
use super::{Clocks, Dialogs, Queued, QueuedAsk, session};
use crate::directory::Directory;
use crate::menu::{Ask, SaleContent, Step};
use crate::processing::{Effect, HandsetOrigin};
use crate::transaction::Origin;
use crate::ussd::limits::SAID_WAIT;
use crate::ussd::{EndReason, SayKind, SayResult};

impl Dialogs {
    /// Carries out what a dialog wants; `text` is its screen.
    pub(super) fn carry_out(&mut self, at: Clocks, id: Id, step: Step, text: &str) {
        match step {
            Step::Continue => {
                self.say(at, id, SayKind::Continue, text);
                self.set_phase(id, Phase::Showing);
                self.set_due(id, at.now.after(self.limits.idle));
            }
            Step::End => self.say_last(at, id, text, EndReason::Done),
            Step::Ask(ask) => self.ask(at, id, ask),
            Step::Nothing => {}
        }
    }

    fn set_phase(&mut self, id: Id, phase: Phase) {
        if let Some(open) = self.slots.get_mut(id) {
            open.phase = phase;
        }
    }

    /// Says the last text; its subscriber may dial anew from now on.
    pub(super) fn say_last(&mut self, at: Clocks, id: Id, text: &str, why: EndReason) {
        self.say(at, id, SayKind::End, text);
        self.report(at, id, why);
        self.set_phase(id, Phase::Ending(why));
        self.set_due(id, at.now.after(SAID_WAIT));
    }

    fn say(&mut self, at: Clocks, id: Id, kind: SayKind, text: &str) {
        let text = self.keep(text.as_bytes());
        let Some(open) = self.slots.get_mut(id) else { return };
        open.screens = open.screens.wrapping_add(1);
        open.is_shown = false;
        let (link, ticket) = (open.link, id.ticket(open.screens));
        let (address, received) = (Box::new(open.at.clone()), open.received);
        let by = received.max(at.now).after(self.link(link).answer);
        self.queue.push_back(Queued::Say { link, ticket, at: address, kind, text, by });
    }

    fn ask(&mut self, at: Clocks, id: Id, ask: Ask) {
        let (asked, ask) = match ask {
            Ask::LogOn { pin } => {
                (Asked::LogOn, QueuedAsk::LogOn(self.keep(pin.digits().as_bytes())))
            }
            Ask::ChangePin { old, new } => {
                let old = self.keep(old.digits().as_bytes());
                let new = self.keep(new.digits().as_bytes());
                (Asked::ChangePin, QueuedAsk::ChangePin(old, new))
            }
            Ask::Request(body) => {
                let asked = self.note_sale(at, id, &body);
                (asked, QueuedAsk::Message(self.keep(&body)))
            }
        };
        self.set_phase(id, Phase::Asking(asked));
        self.request(id, ask);
        if let Some(open) = self.slots.get(id) {
            let due = open.received.after(self.link(open.link).answer);
            self.set_due(id, due);
        }
    }

    /// Remembers a sale that is ordered.
    fn note_sale(&mut self, at: Clocks, id: Id, body: &[u8]) -> Asked {
        let Ok(TerminalMessage::Sale(sale)) = TerminalMessage::decode(body) else {
            return Asked::Other;
        };
        let Some(open) = self.slots.get_mut(id) else { return Asked::Other };
        let again = self.menus[usize::from(open.menu)].again();
        let order = self.memory.note(at.now, again, open.terminal, &content_of(&sale));
        let (date, stan) = (sale.date, sale.stan);
        open.sale = Some(Ordered { date, stan, order, decided: false, approved: false });
        Asked::Sale
    }

    /// Hands a request to the pool.
    pub(super) fn request(&mut self, id: Id, ask: QueuedAsk) {
        let Some(open) = self.slots.get(id) else { return };
        self.stats.requests += 1;
        let origin = Origin {
            session: session(self.reactor, id),
            terminal: open.terminal,
            received: open.received,
            generation: open.revision,
            logged_on: open.logged_on,
        };
        let from = HandsetOrigin { msisdn: open.at.msisdn, dialog: open.nonce };
        self.queue.push_back(Queued::Request { origin, from, ask });
    }

    pub(super) fn on_replied(
        &mut self,
        at: Clocks,
        id: Id,
        (body, effect): (&[u8], Effect),
        directory: &Directory,
    ) {
        if body.is_empty() && effect != Effect::End {
            // Another dialog of its terminal waits for the answer now: the deadline decides.
            return;
        }
        let Some(open) = self.slots.get_mut(id) else { return };
        let asked = match open.phase {
            Phase::Asking(asked) => asked,
            Phase::Unseen(unseen) => return self.answered_unseen(at, id, unseen, body, directory),
            Phase::Showing | Phase::Ending(_) => return,
        };
        match effect {
            Effect::LoggedOn => open.logged_on = true,
            Effect::LoggedOff | Effect::End | Effect::None => {}
        }
        let Ok(message) = GatewayMessage::decode(body) else {
            // Something about the handset has changed: nothing was ordered.
            self.decide(at, id, false);
            return self.expire(at, id, directory);
        };
        match (asked, &message) {
            (Asked::ChangePin, GatewayMessage::Welcome(welcome)) if welcome.code.is_approved() => {
                open.revision = open.revision.saturating_add(1);
            }
            (Asked::Sale, GatewayMessage::Answer(answer)) if is_of_sale(answer) => {
                if is_open(answer.code) {
                    return self.on_late(at, id, directory);
                }
                self.decide(at, id, answer.code.is_approved());
            }
            _ => {}
        }
        let mut out = Zeroizing::new(String::new());
        let step = self.step(at, id, directory, |dialog, menu, view| {
            dialog.answer(menu, view, &message, &mut out)
        });
        if asked == Asked::Sale
            && let Some(open) = self.slots.get_mut(id)
        {
            open.receipt = Some(Zeroizing::new(out.to_string()));
        }
        match step {
            // It waits for another answer, which will not come.
            Step::Nothing => self.on_late(at, id, directory),
            step => self.carry_out(at, id, step, &out),
        }
    }

    /// The outcome of the sale is known.
    pub(super) fn decide(&mut self, at: Clocks, id: Id, approved: bool) {
        let Some(open) = self.slots.get_mut(id) else { return };
        if let Some(sale) = &mut open.sale {
            (sale.decided, sale.approved) = (true, approved);
            if !approved {
                self.memory.forget(at.now, sale.order);
            }
        }
    }

    /// The subscriber has waited for as long as the centre waits.
    pub(super) fn on_late(&mut self, at: Clocks, id: Id, directory: &Directory) {
        let mut out = Zeroizing::new(String::new());
        let step =
            self.step(at, id, directory, |dialog, menu, view| dialog.late(menu, view, &mut out));
        let goes_on = self.slots.get(id).is_some_and(|open| open.undecided().is_some());
        if let Step::End = step {
            self.say_last(at, id, &out, EndReason::ApplicationTimeout);
        } else if goes_on {
            self.report(at, id, EndReason::ApplicationTimeout);
        } else {
            // Nothing is left to be said or found out.
            return self.close(at, id, EndReason::ApplicationTimeout);
        }
        if goes_on {
            self.unsee(at, id);
        }
    }

    pub(super) fn on_said(&mut self, at: Clocks, ticket: u64, result: SayResult) {
        let (id, text) = Id::of_ticket(ticket);
        let Some(open) = self.slots.get_mut(id).filter(|open| Id::is_text(open.screens, text))
        else {
            return;
        };
        let is_there = result == SayResult::Accepted;
        match open.phase {
            Phase::Showing if is_there => {
                open.is_shown = true;
                self.confirm(id);
            }
            Phase::Showing => self.leave(at, id, EndReason::Refused),
            Phase::Ending(why) if is_there || open.receipt.is_none() => {
                self.confirm(id);
                self.close(at, id, why);
            }
            Phase::Ending(_) => self.unsee(at, id),
            Phase::Unseen(unseen) => self.told(at, id, unseen, is_there),
            Phase::Asking(_) => {}
        }
    }
}

impl Dialogs {
    /// The subscriber has the receipt of an approved sale: it counts as printed. Nobody waits for the
    /// answer.
    pub(super) fn confirm(&mut self, id: Id) {
        let Some(open) = self.slots.get_mut(id) else { return };
        let sale = open.sale.filter(|sale| sale.approved);
        let (Some(_), Some(sale)) = (open.receipt.take(), sale) else { return };
        let mut body = Vec::new();
        let (stan, date) = (sale.stan, sale.date);
        TerminalMessage::Confirm(Confirm { stan, date }).encode(&mut body);
        let body = self.keep(&body);
        self.request(id, QueuedAsk::Message(body));
    }
}

/// Whether the sale may still be made: it is asked about again.
pub(super) fn is_open(code: ResponseCode) -> bool {
    [ResponseCode::IN_PROGRESS, ResponseCode::LATE_RESPONSE, ResponseCode::MALFUNCTION]
        .contains(&code)
}

pub(super) fn is_of_sale(answer: &Answer<'_>) -> bool {
    answer.kind == AnswerKind::Sale
}

fn content_of<'a>(sale: &Sale<'a>) -> SaleContent<'a> {
    SaleContent {
        service: ServiceId(sale.service),
        product: ProductId(sale.product),
        amount_minor: sale.amount_minor,
        account: sale.subscriber,
    }
}
