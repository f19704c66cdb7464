//! What is said to a terminal: in time, and the answer to what it has asked.

use tillgate_codec::link::datagram::GatewayFrame;
use tillgate_codec::link::message::{Answer, BusinessDate, GatewayMessage, TerminalMessage};
use tillgate_codec::ussd::armour;
use tillgate_core::ussd::SayKind;

use super::Checker;
use crate::time::Moment;

/// What a gateway says to a terminal that has dialled the service code alone.
const READY: &str = "OK";

impl Checker {
    /// The gateway says something in a dialog with frames.
    pub(in crate::world) fn frame_said(
        &mut self,
        now: Moment,
        subscriber: u64,
        kind: SayKind,
        text: &str,
    ) {
        let is_late = self.datagrams.waiting.remove(&subscriber);
        let is_late = is_late.is_some_and(|since| now >= since.after(self.datagrams.answer));
        if let Some((promise, wrong)) = self.said_otherwise(subscriber, kind, text, is_late) {
            self.violate(now, promise, format!("a terminal at {subscriber}: {wrong}: {text:?}"));
        }
    }

    fn said_otherwise(
        &mut self,
        subscriber: u64,
        kind: SayKind,
        text: &str,
        is_late: bool,
    ) -> Option<(u8, &'static str)> {
        let session = self.datagrams.last.get(&subscriber).copied();
        if text == READY {
            return session.map(|_| (1, "a request is answered as a begin"));
        }
        let mut frame = Vec::new();
        if armour::decode(text.as_bytes(), &mut frame).is_err() {
            return Some((9, "no armour"));
        }
        let (index, last, chunk) = match GatewayFrame::decode(&frame) {
            Ok(GatewayFrame::Part { index, last, chunk }) => (index, last, chunk),
            Ok(GatewayFrame::Refusal(_)) => {
                return (kind != SayKind::End).then_some((9, "refused, and the dialog goes on"));
            }
            Err(_) => return Some((9, "no frame")),
        };
        let Some(asked) = session.and_then(|session| self.datagrams.asked.get_mut(&session)) else {
            return Some((1, "a reply, and nothing was asked"));
        };
        if !asked.is_opened {
            return Some((1, "a reply to what was not opened"));
        }
        if asked.parts.is_empty() {
            asked.is_late = is_late && asked.answer.is_none();
        }
        let before = asked.parts.entry(index).or_insert_with(|| chunk.to_vec());
        if before != chunk {
            return Some((1, "a part that was another one before"));
        }
        if asked.parts.len() <= usize::from(last) || asked.is_replied {
            return None;
        }
        asked.is_replied = true;
        let reply = asked.parts.values().flatten().copied().collect::<Vec<u8>>();
        let Some((body, exchange)) = &asked.sealed else { return None };
        let mut said = Vec::new();
        if exchange.open(&reply, &mut said).is_err() {
            return Some((1, "a reply that does not open for its request"));
        }
        let answer = asked.answer.as_deref().filter(|_| !asked.is_late);
        is_no_answer(body, &said, answer, asked.is_late).then_some((1, "not its answer"))
    }
}

/// Whether a reply is not what the pool has answered this request, nor, where it has not, the only thing to be
/// said instead.
fn is_no_answer(body: &[u8], said: &[u8], answer: Option<&[u8]>, is_late: bool) -> bool {
    let Ok(asked) = TerminalMessage::decode(body) else {
        return answer != Some(said);
    };
    let is_instead = match GatewayMessage::decode(said) {
        Err(_) => said.is_empty() && matches!(asked, TerminalMessage::Acknowledge(_)),
        Ok(GatewayMessage::Answer(Answer { code, stan, date, .. })) => {
            code.0 == *b"09" && named(&asked) == Some((stan, date))
        }
        Ok(GatewayMessage::Settled(settled)) => {
            settled.code.0 == *b"09" && named(&asked) == Some((settled.stan, settled.date))
        }
        Ok(GatewayMessage::Found(found)) => {
            found.code.0 == *b"09" && named(&asked) == Some((found.stan, found.date))
        }
        Ok(_) => false,
    };
    match answer {
        Some([]) => !is_instead,
        Some(answer) => {
            let is_its = match GatewayMessage::decode(said) {
                Ok(GatewayMessage::Answer(found)) => is_named(&asked, (found.stan, found.date)),
                _ => true,
            };
            answer != said || !is_its
        }
        None => !(is_late && is_instead),
    }
}

/// Whether an answer is about what was asked; a repeat of the last sale names none.
fn is_named(asked: &TerminalMessage<'_>, found: (u32, BusinessDate)) -> bool {
    named(asked).is_none_or(|(stan, date)| stan == 0 || (stan, date) == found)
}

/// STAN and date of a request.
fn named(asked: &TerminalMessage<'_>) -> Option<(u32, BusinessDate)> {
    Some(match asked {
        TerminalMessage::Sale(it) => (it.stan, it.date),
        TerminalMessage::Repeat(it) => (it.stan, it.date),
        TerminalMessage::Confirm(it) => (it.stan, it.date),
        TerminalMessage::Reversal(it) => (it.stan, it.date),
        TerminalMessage::Balance(it) => (it.stan, it.date),
        TerminalMessage::Settle(it) => (it.stan, it.date),
        TerminalMessage::Lookup(it) => (it.stan, it.date),
        TerminalMessage::Recent(it) => (it.stan, it.date),
        TerminalMessage::Logon(_) | TerminalMessage::Ping(_) | TerminalMessage::Acknowledge(_) => {
            return None;
        }
    })
}
