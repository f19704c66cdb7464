//! What the pool says of requests, and what is said to terminals.

use tillgate_codec::link::datagram::{GatewayFrame, Parts};
use tillgate_codec::ussd::armour::{self, Form};
use tillgate_types::Moment;

use super::talk::Phase;
use super::{FRAMES, FRAMES_TICKET, Frames, Outgoing};
use crate::id::SessionId;
use crate::processing::{DatagramRefusal, Effect, NoAnswer, Opening};
use crate::ussd::dialogs::slot::Id;
use crate::ussd::dialogs::{DialogLink, NO_TICKET};
use crate::ussd::{DialogAddress, EndReason, SayKind};

impl Frames {
    /// The pool has opened a request, or refused it.
    pub(in crate::ussd) fn opened(
        &mut self,
        now: Moment,
        session: SessionId,
        result: Result<Box<Opening>, DatagramRefusal>,
    ) {
        let Some(id) = self.asking(session) else { return };
        match result {
            Ok(opening) => {
                self.stats.opened += 1;
                if let Some(talk) = self.slots.get_mut(id) {
                    talk.terminal = Some(opening.terminal);
                    talk.phase = Phase::Asking(opening);
                }
            }
            Err(refusal) => self.refuse(now, id, refusal),
        }
    }

    /// The answer to a request that was opened.
    pub(in crate::ussd) fn replied(
        &mut self,
        now: Moment,
        session: SessionId,
        body: &[u8],
        effect: Effect,
    ) {
        let Some(id) = self.asking(session) else { return };
        if effect == Effect::End {
            return self.refuse(now, id, DatagramRefusal::UnknownKey);
        }
        match body {
            [] => self.answer_nothing(now, id),
            _ => self.answer(now, id, body),
        }
    }

    /// Nobody answers the request any more, or not in time.
    pub(super) fn answer_nothing(&mut self, now: Moment, id: Id) {
        let Some(talk) = self.slots.get_mut(id) else { return };
        let no_answer = match &mut talk.phase {
            Phase::Asking(opening) => std::mem::replace(&mut opening.no_answer, NoAnswer::Refused),
            Phase::Opening | Phase::Listening => NoAnswer::Refused,
        };
        match no_answer {
            NoAnswer::InProgress(body) => {
                self.stats.late += 1;
                self.answer(now, id, &body);
            }
            NoAnswer::Empty => self.answer(now, id, &[]),
            NoAnswer::Refused => self.refuse(now, id, DatagramRefusal::Busy),
        }
    }

    fn answer(&mut self, now: Moment, id: Id, body: &[u8]) {
        let Some(talk) = self.slots.get_mut(id) else { return };
        let Phase::Asking(opening) = std::mem::replace(&mut talk.phase, Phase::Listening) else {
            return;
        };
        let mut sealed = Vec::new();
        let fits = opening.exchange.seal(opening.salt, body, &mut sealed);
        let parts = fits.and_then(|()| Parts::new(sealed, talk.frame_bytes));
        let Ok(parts) = parts else {
            // No answer of today is so long on a link that may have terminals.
            return self.refuse(now, id, DatagramRefusal::Busy);
        };
        talk.held = Some(parts);
        self.say_part(now, id, 0);
    }

    /// Says a part of the reply that is held; the last one may end the dialog.
    pub(super) fn say_part(&mut self, now: Moment, id: Id, index: u8) {
        let Some(talk) = self.slots.get(id) else { return };
        let Some(parts) = &talk.held else { return };
        let mut frame = Vec::new();
        parts.frame(index, &mut frame);
        let is_over = talk.is_last && index == parts.last();
        self.stats.parts += 1;
        let kind = if is_over { SayKind::End } else { SayKind::Continue };
        self.say(now, id, kind, armoured(&frame));
        if is_over {
            return self.close(now, id, EndReason::Done);
        }
        self.wait(id, now.after(self.idle));
    }

    /// Answers in clear, and ends the dialog.
    pub(super) fn refuse(&mut self, now: Moment, id: Id, refusal: DatagramRefusal) {
        let place = DatagramRefusal::ALL.iter().position(|known| *known == refusal);
        self.stats.refused[place.expect("ALL lists every reason")] += 1;
        self.say(now, id, SayKind::End, armoured(&GatewayFrame::refusal(refusal.code())));
        let is_full = refusal == DatagramRefusal::Busy;
        self.close(now, id, if is_full { EndReason::Overload } else { EndReason::Denied });
    }

    /// A link has brought a text to its centre, or could not.
    pub(in crate::ussd) fn on_said(&mut self, ticket: u64) {
        let (id, text) = Id::of_ticket(ticket & !FRAMES_TICKET);
        let talk = self.slots.get_mut(id).filter(|talk| Id::is_text(talk.texts, text));
        if let Some(talk) = talk {
            talk.is_taken = true;
        }
    }

    /// A text in a dialog that is over, or was begun before the gateway: its terminal begins another one.
    pub(in crate::ussd) fn refuse_stray(
        &mut self,
        now: Moment,
        (link, of): (u16, &DialogLink),
        address: &DialogAddress,
    ) {
        let text = armoured(&GatewayFrame::refusal(DatagramRefusal::Busy.code()));
        let (at, by) = (Box::new(address.clone()), now.after(of.answer));
        let (ticket, kind) = (NO_TICKET, SayKind::End);
        self.queue.push_back(Outgoing::Say { ticket, link, at, kind, text, by });
    }

    pub(super) fn say(&mut self, now: Moment, id: Id, kind: SayKind, text: String) {
        let Some(talk) = self.slots.get_mut(id) else { return };
        (talk.texts, talk.is_taken) = (talk.texts.saturating_add(1), false);
        let ticket = FRAMES_TICKET | id.ticket(talk.texts);
        let (link, at) = (talk.link, Box::new(talk.at.clone()));
        let by = talk.received.max(now).after(talk.answer);
        self.queue.push_back(Outgoing::Say { ticket, link, at, kind, text, by });
    }

    /// The dialog that waits for what was asked so.
    fn asking(&self, session: SessionId) -> Option<Id> {
        let id = self.slots.at(session.slot & !FRAMES)?;
        let talk = self.slots.get(id)?;
        (talk.turn == session.generation && talk.phase.is_asking()).then_some(id)
    }
}

fn armoured(frame: &[u8]) -> String {
    let mut text = Vec::new();
    armour::encode(Form::Text, frame, &mut text).expect("cut to what the link carries");
    String::from_utf8(text).expect("armour is ASCII")
}
