//! Promises 1 and 5 about what has no row: an advice confirms the sale that it names, for its amount,
//! and nothing else does; what a batch has otherwise than the journal is in the audit log, and nowhere
//! else.

use tillgate_codec::iso8583::View;
use tillgate_codec::link::message::{AnswerKind, GatewayMessage};
use tillgate_core::id::SessionId;
use tillgate_core::transaction::Origin;
use tillgate_store_core::{Key, ResponseCode, State, TerminalId, Transaction};

use super::Listener;
use crate::sales_log::Upload;
use crate::time::Moment;
use crate::world::audit::Checker;
use crate::world::audit::rows::{Violations, Write};

const IN_PROGRESS: ResponseCode = ResponseCode(*b"09");
const UNABLE_TO_LOCATE: ResponseCode = ResponseCode(*b"25");

/// A message about a sale: which one, and for how much.
#[derive(Clone)]
pub(super) enum Aside {
    Advice(Key, u64),
    /// With what the journal had otherwise when it came.
    Record(Key, u64, Option<String>),
}

impl Listener {
    /// The sale that an advice or a record of a batch names.
    fn names(&self, terminal: TerminalId, view: &View<'_>, today: u16) -> Option<(Key, u64)> {
        let stan = match view.mti().as_str() {
            "0220" | "0221" => view.number(11)?.try_into().ok()?,
            "0320" | "0321" => view.text(60)?.get(4..10)?.parse().ok()?,
            _ => return None,
        };
        Some((Key { date: self.date(view, today)?, terminal, stan }, view.number(4)?))
    }
}

impl Checker {
    /// Reads a proved message that has no row of its own.
    pub(super) fn read_aside(
        &mut self,
        terminal: TerminalId,
        view: &View<'_>,
        today: u16,
    ) -> Option<Aside> {
        let (key, amount_minor) = self.listener.names(terminal, view, today)?;
        if view.mti().class() == b'2' {
            self.listener.advices.insert((key, amount_minor));
            return Some(Aside::Advice(key, amount_minor));
        }
        let begins = format!("a batch has {key} sold for {amount_minor}");
        self.listener.uploads.insert(begins, (key, amount_minor));
        Some(Aside::Record(key, amount_minor, difference(self.journal.get(&key), amount_minor)))
    }

    /// Whether what is answered is a record of a batch: that confirms nothing.
    pub(in super::super) fn is_record(&self, session: SessionId) -> bool {
        let asked = self.listener.asked.get(&session);
        asked.is_some_and(|asked| matches!(asked.aside, Some(Aside::Record(..))))
    }

    /// What is wrong with an answer to what has no row of its own; that what it confirms is durable is
    /// seen where all answers are.
    pub(super) fn aside_otherwise(&self, origin: Origin, body: &[u8]) -> Option<(u8, String)> {
        let aside = self.listener.asked.get(&origin.session)?.aside.as_ref()?;
        let Ok(GatewayMessage::Answer(answer)) = GatewayMessage::decode(body) else { return None };
        let (Aside::Advice(key, amount_minor) | Aside::Record(key, amount_minor, _)) = *aside;
        let code = ResponseCode(answer.code.0);
        if (answer.kind, answer.date, answer.stan) != (AnswerKind::Confirm, key.date, key.stan) {
            return Some((1, format!("{key}: answered as if it were {}", answer.stan)));
        }
        let row = self.journal.get(&key);
        let differs = difference(row, amount_minor);
        let wrong = match aside {
            Aside::Record(_, _, differed) => {
                let is_said = self.listener.differences.contains(&(key, amount_minor));
                let is_silent = differs.is_some() && differs == *differed && !is_said;
                if !code.is_approved() {
                    Some((1, "a record of a batch is refused"))
                } else {
                    is_silent.then_some((5, "its difference is not in the audit log"))
                }
            }
            Aside::Advice(..) if code.is_approved() => {
                let same = row.is_some_and(|row| row.amount_minor == amount_minor);
                (!same).then_some((1, "confirmed for another amount"))
            }
            Aside::Advice(..) => {
                let stands = differs.is_none() && row.is_some_and(|row| row.reversed_by.is_none());
                let may = match code {
                    IN_PROGRESS => true,
                    UNABLE_TO_LOCATE => {
                        self.is_handsets(&key) || !self.reads.was_there(&key, origin.received)
                    }
                    _ => false,
                };
                (stands && !may).then_some((1, "it is sold, and is not confirmed"))
            }
        };
        wrong.map(|(promise, text)| (promise, format!("{key}: answered {code}, {text}")))
    }

    /// A row of a terminal of the listener took another's place: its terminal confirmed it so.
    pub(in super::super) fn read_confirmed(
        &self,
        old: &Transaction,
        new: &Transaction,
        found: &mut Violations,
    ) {
        let key = new.key;
        let is_its = self.listener.terminals.contains(&key.terminal);
        let is_its = is_its && !self.is_handsets(&key);
        let is_new = old.confirmed_ms == 0 && new.confirmed_ms > 0;
        if is_its && is_new && !self.listener.advices.contains(&(key, new.amount_minor)) {
            found.push((1, format!("{key}: confirmed, and no terminal advised it")));
        }
    }

    /// What the audit log says of a batch is what a terminal uploaded, and what the journal has
    /// otherwise.
    pub(in super::super) fn read_batch_note(
        &mut self,
        note: &str,
        write: &Write,
        found: &mut Violations,
    ) {
        let Some((begins, says)) = note.split_once("; the journal has ") else { return };
        let Some((key, amount_minor)) = self.listener.uploads.get(begins).copied() else {
            return found.push((1, format!("{note:?}: no terminal uploaded that")));
        };
        // Before the same write, or after it.
        let old = write.rows.iter().find(|(_, row)| row.key == key).map(|(old, _)| old.as_ref());
        let versions = [self.journal.get(&key)].into_iter().chain(old);
        if !versions.into_iter().any(|row| difference(row, amount_minor).as_deref() == Some(says)) {
            found.push((1, format!("{note:?}, which it has not")));
        }
        self.listener.differences.insert((key, amount_minor));
    }

    /// How many differences of batches were said, and how many answers had something for a chip.
    pub(in super::super::super) fn asides(&self) -> (usize, u64) {
        (self.listener.differences.len(), self.listener.chips)
    }

    /// The gateway warns of a batch.
    pub(in super::super::super) fn batch_differs(&mut self, now: Moment, sale: Key) {
        if !self.listener.differences.iter().any(|(key, _)| *key == sale) {
            self.violate(now, 5, format!("{sale}: a warning that is not in the audit log"));
        }
    }

    /// What a terminal's log says that it uploaded, when all is over.
    pub(in super::super) fn close_upload(
        &self,
        terminal: TerminalId,
        upload: &Upload,
    ) -> Option<(u8, String)> {
        let Upload { stan, date, amount_minor, code } = *upload;
        let key = Key { date, terminal, stan };
        let row = self.journal.get(&key);
        // It was sold once.
        let is_reversed =
            row.is_some_and(|row| row.state == State::Reversed && row.amount_minor == amount_minor);
        let is_said = self.listener.differences.contains(&(key, amount_minor));
        let is_silent = difference(row, amount_minor).is_some() && !is_reversed && !is_said;
        let text = if !code.is_approved() {
            "a record of its batch was refused"
        } else if is_silent {
            "its batch had it otherwise, and nothing was said"
        } else {
            return None;
        };
        Some((1, format!("{key}: {text}")))
    }
}

/// What the journal has otherwise than a record of a batch, as the audit log says it.
fn difference(row: Option<&Transaction>, amount_minor: u64) -> Option<String> {
    let Some(row) = row.filter(|row| row.kind.is_sale()) else {
        return Some("no such sale".to_owned());
    };
    if (row.state, row.amount_minor) == (State::Approved, amount_minor) {
        return None;
    }
    Some(format!("it as {}, for {}", row.state.label(), row.amount_minor))
}
