//! What answers do to a sale, a reversal and the totals.

use tillgate_codec::link::message::{AnswerKind, ResponseCode};

use super::settle::FALSE_SHARE;
use super::{Kind, Request, SaleFlow, Stage, Task};
use crate::iso_terminal::message::{INVALID, Said};
use crate::issuer;
use crate::limits::{ASK_AGAIN_FIRST, ASK_AGAIN_LONGEST};
use crate::rng::Rng;
use crate::sales_log::{Entry, Settled, State};
use crate::terminal::{Finished, Note, Trouble};
use crate::time::{Moment, Span};

impl SaleFlow {
    /// An answer; `body` is the whole of it without its code.
    pub(in crate::iso_terminal) fn answered(
        &mut self,
        (now, mti): (Moment, &str),
        said: &Said,
        body: &[u8],
        rng: &mut Rng,
    ) {
        let Task::Waiting(request) = self.task else { return self.unasked(now, mti, said, body) };
        // Another answer under the number may come twice, or late: the amount tells them apart.
        let (stan, amount_minor) = match (request.kind, &self.closing, self.batch.record()) {
            (Kind::Settlement, Some(closing), _) => (closing.stan, 0),
            (Kind::Upload, _, Some(record)) => (record.stan, record.amount_minor),
            (kind, ..) => {
                let asked = self.asked(kind, request.entry);
                (asked.stan, asked.amount_minor)
            }
        };
        let awaited: &[&str] = match request.kind {
            Kind::Settlement => &["0510"],
            Kind::Upload => &["0330"],
            Kind::Advice | Kind::FalseAdvice => &["0230"],
            Kind::Reversal => &["0410", "0430"],
            _ => &["0210"],
        };
        if (stan, amount_minor) != (said.stan, said.amount_minor) || !awaited.contains(&mti) {
            return self.unasked(now, mti, said, body);
        }
        if said.code == ResponseCode::IN_PROGRESS {
            return self.ask_again(now, request);
        }
        let entry = request.entry;
        match request.kind {
            Kind::Sale => {
                self.settle(now, entry, said, body);
                if said.code == INVALID {
                    // Of another date, perhaps: then the journal has nothing of it.
                    return self.free(now, rng);
                }
                if rng.chance(self.firmware.retry_permille) {
                    return self.ask(Kind::Retry, entry);
                }
                self.after_retry(now, entry, rng);
            }
            Kind::Retry => {
                self.settle(now, entry, said, body);
                self.after_retry(now, entry, rng);
            }
            Kind::Clash => {
                self.book.clashed(entry, taken_back(said.code));
                self.after_clash(now, entry, rng);
            }
            Kind::Late => {
                self.book.came_late(entry, said.code);
                self.free(now, rng);
            }
            Kind::Reversal => self.reversed(now, entry, said, rng),
            Kind::Advice => self.advised(now, entry, said, rng),
            Kind::FalseAdvice => {
                self.book.advised_falsely(entry, said.code);
                self.advise(now, entry, rng);
            }
            Kind::Settlement => self.closed(now, said, rng),
            Kind::Upload => self.uploaded(said),
        }
    }

    fn after_retry(&mut self, now: Moment, entry: usize, rng: &mut Rng) {
        if rng.chance(self.firmware.habits.clash_permille) {
            return self.ask(Kind::Clash, entry);
        }
        self.after_clash(now, entry, rng);
    }

    fn after_clash(&mut self, now: Moment, entry: usize, rng: &mut Rng) {
        let is_sold = self.book.entries()[entry].state == State::Approved;
        if is_sold && rng.chance(self.firmware.habits.cancel_permille) {
            return self.take_back(entry, false);
        }
        if self.aside.chance(self.firmware.habits.misuse_permille / FALSE_SHARE) {
            return self.ask(Kind::FalseAdvice, entry);
        }
        self.advise(now, entry, rng);
    }

    fn advise(&mut self, now: Moment, entry: usize, rng: &mut Rng) {
        let is_sold = self.book.entries()[entry].state == State::Approved;
        if is_sold && self.aside.chance(self.firmware.confirm_permille) {
            return self.ask(Kind::Advice, entry);
        }
        self.free(now, rng);
    }

    /// An advice was answered; now and then the customer comes back too late.
    fn advised(&mut self, now: Moment, entry: usize, said: &Said, rng: &mut Rng) {
        self.book.confirm(entry, said.code);
        if said.code.is_approved() {
            self.notes.push(Note::Confirmed);
            if self.aside.chance(self.firmware.habits.cancel_permille) {
                return self.take_back(entry, false);
            }
        }
        self.free(now, rng);
    }

    fn reversed(&mut self, now: Moment, entry: usize, said: &Said, rng: &mut Rng) {
        self.book.reversed(entry, now, said.code);
        if said.code.is_approved() {
            self.notes.push(Note::Reversed);
            if rng.chance(self.firmware.habits.late_permille) {
                return self.ask(Kind::Late, entry);
            }
            return self.free(now, rng);
        }
        self.notes.push(Note::Stands);
        if self.book.entries()[entry].state == State::InDoubt {
            self.ask(Kind::Sale, entry);
            if let Task::Waiting(request) = &mut self.task {
                request.was_sent = true;
            }
            return;
        }
        self.free(now, rng);
    }

    fn ask_again(&mut self, now: Moment, request: Request) {
        let factor = 1_u64.checked_shl(u32::from(request.rounds)).unwrap_or(u64::MAX);
        let pause = Span(ASK_AGAIN_FIRST.0.saturating_mul(factor).min(ASK_AGAIN_LONGEST.0));
        let rounds = request.rounds.saturating_add(1);
        let stage = Stage::Pause(now.after(pause));
        self.task = Task::Waiting(Request { stage, rounds, ..request });
        self.notes.push(Note::AskedAgain);
    }

    fn settle(&mut self, now: Moment, index: usize, said: &Said, body: &[u8]) {
        let entry = &self.book.entries()[index];
        let was_taken_back = entry.reversing || entry.state == State::Reversed;
        let code = if was_taken_back { taken_back(said.code) } else { said.code };
        let expected =
            issuer::passed_on(self.sold[index].chip().as_deref().and_then(issuer::answer));
        if self.firmware.knows_issuer && said.chip.is_some() && said.chip != expected {
            self.notes.push(Note::Trouble(Trouble::ChipAnswer));
        }
        let answer = said.answer(AnswerKind::Sale, &entry.asked, code);
        match self.book.settle(index, now, &answer, body) {
            Settled::First => {
                let entry: &Entry = &self.book.entries()[index];
                let (response, service) = (entry.response(), entry.service());
                self.notes.push(Note::Finished(Finished { code, response, service }));
            }
            Settled::Same => {}
            Settled::Changed => self.notes.push(Note::Trouble(Trouble::AnswerChanged)),
        }
    }

    /// An answer to nothing that is under way: it came twice, or late.
    fn unasked(&mut self, now: Moment, mti: &str, said: &Said, body: &[u8]) {
        let is_late_sale = |entry: &Entry| {
            (mti, entry.asked.stan) == ("0210", said.stan) && entry.state == State::InDoubt
        };
        let known = self.book.entries().iter().rposition(is_late_sale);
        match known {
            Some(entry) if said.code != ResponseCode::IN_PROGRESS => {
                self.settle(now, entry, said, body);
            }
            _ => self.notes.push(Note::Trouble(Trouble::Unmatched)),
        }
    }
}

/// What was taken back is answered as any other invalid request.
fn taken_back(code: ResponseCode) -> ResponseCode {
    if code == INVALID { ResponseCode::REVERSED } else { code }
}
