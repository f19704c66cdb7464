//! The book of one terminal: what its merchant asked for and what the merchant saw.
//!
//! Entries are only ever added, in the order of their STANs, and settled once. Texts that are only
//! compared later (serials, PINs, references) are kept as 64-bit digests, so an entry stays small
//! and a book holds no PIN.

use std::hash::Hasher;

use rustc_hash::FxHasher;
use tillgate_codec::link::message::{Answer, BusinessDate, ResponseCode};

use crate::limits::ENTRY_BYTES_MAX;
use crate::time::{Moment, Span};

/// A digest of `bytes` for comparing them within one process; never 0.
#[must_use]
pub fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.write_usize(bytes.len());
    hasher.finish().max(1)
}

/// A sale as the merchant asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// STAN of the request, unique within its date.
    pub stan: u32,
    /// Business date of the request.
    pub date: BusinessDate,
    /// Service number.
    pub service: u16,
    /// Denomination or plan; 0 for an open amount.
    pub product: u16,
    /// Amount in minor units.
    pub amount_minor: u64,
    /// Digits of the subscriber's number; 0 when the sale names none.
    pub subscriber: u64,
}

/// What the merchant knows of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Sent, and no final answer has come.
    InDoubt,
    /// Approved: the customer has the goods.
    Approved,
    /// Declined with this code: the customer has his money.
    Declined(ResponseCode),
    /// Taken back: the customer has his money again.
    Reversed,
}

/// What a merchant noticed to be wrong by himself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wrong {
    /// A later answer to the same request differed from the first.
    pub answer_changed: bool,
    /// Approved for another amount than asked for.
    pub other_amount: bool,
    /// Approved although the sale began after the terminal had been blocked.
    pub while_blocked: bool,
    /// A confirm was not accepted.
    pub confirm_refused: bool,
    /// Other content under the same STAN was not refused.
    pub other_content_taken: bool,
    /// Approved again after it was taken back.
    pub sold_late: bool,
    /// A reversal was answered neither "taken back" nor "stands".
    pub reversal_lost: bool,
}

/// One sale.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What was asked for.
    pub asked: Asked,
    /// What the merchant saw.
    pub state: State,
    /// What the merchant noticed to be wrong.
    pub wrong: Wrong,
    /// Whether the terminal was blocked when the sale began.
    pub blocked: bool,
    /// Whether the gateway accepted the confirm.
    pub confirmed: bool,
    /// Whether a reversal was sent that has no answer yet.
    pub reversing: bool,
    /// How often the request was sent.
    pub attempts: u8,
    /// When the customer meant to be served.
    pub intended: Moment,
    /// When the request was first sent.
    pub started: Moment,
    /// When the final answer came; the start of time while in doubt.
    pub finished: Moment,
    /// Retrieval reference number; zeros when none came.
    pub rrn: [u8; 12],
    /// Digest of the voucher's serial; 0 without a voucher.
    pub serial: u64,
    /// Digest of the voucher's PIN; 0 without a voucher.
    pub pin: u64,
    /// Digest of the provider's reference; 0 without one.
    pub reference: u64,
    /// Digest of the whole first final answer.
    pub answer: u64,
}

const _: () = assert!(size_of::<Entry>() <= ENTRY_BYTES_MAX);

impl Entry {
    /// From the moment the customer meant to be served to the final answer.
    #[must_use]
    pub fn response(&self) -> Span {
        self.finished.since(self.intended)
    }

    /// From the first byte sent to the final answer.
    #[must_use]
    pub fn service(&self) -> Span {
        self.finished.since(self.started)
    }

    fn settle(&mut self, now: Moment, answer: &Answer<'_>, body: &[u8]) {
        self.finished = now;
        self.answer = digest(body);
        if let Ok(rrn) = <[u8; 12]>::try_from(answer.rrn.as_bytes()) {
            self.rrn = rrn;
        }
        if !answer.code.is_approved() {
            self.state = State::Declined(answer.code);
            return;
        }
        self.state = State::Approved;
        self.wrong.other_amount = answer.amount_minor != self.asked.amount_minor;
        self.wrong.while_blocked = self.blocked;
        if !answer.reference.is_empty() {
            self.reference = digest(answer.reference.as_bytes());
        }
        if let Some(slip) = &answer.voucher {
            self.serial = digest(slip.serial.as_bytes());
            self.pin = digest(slip.pin.as_bytes());
        }
    }
}

/// What a final answer did to the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It settled the sale.
    First,
    /// The sale had been settled by the same answer.
    Same,
    /// The sale had been settled by another answer: the gateway broke its promise.
    Changed,
}

/// The book of one terminal.
#[derive(Clone, Debug)]
pub struct SalesLog {
    terminal: u32,
    entries: Vec<Entry>,
    opening: Option<(BusinessDate, u32)>,
    in_doubt: u32,
    settlement: Settlement,
    uploads: Vec<Upload>,
}

/// A record of a batch, as it was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Of its sale.
    pub stan: u32,
    /// Of its sale.
    pub date: BusinessDate,
    /// What the record says that was sold, in minor units.
    pub amount_minor: u64,
    /// What it was answered.
    pub code: ResponseCode,
}

/// The outcome of comparing totals with the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Settlement {
    /// It was not asked for, or not compared.
    #[default]
    None,
    /// Both count the same.
    Agreed,
    /// They do not, and the book has reason to: rows of the date from before it began, or doubts.
    Excused,
    /// They do not.
    Differed,
}

impl SalesLog {
    /// An empty book.
    #[must_use]
    pub fn new(terminal: u32) -> Self {
        let settlement = Settlement::None;
        let (entries, uploads) = (Vec::new(), Vec::new());
        Self { terminal, entries, opening: None, in_doubt: 0, settlement, uploads }
    }

    /// Whose book it is.
    #[must_use]
    pub fn terminal(&self) -> u32 {
        self.terminal
    }

    /// The sales, in the order in which they were begun: dates may go back.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Date and highest STAN that the gateway knew of this terminal before the book began; rows of
    /// its journal up to there belong to an earlier run. `None` if the terminal never logged on.
    #[must_use]
    pub fn opening(&self) -> Option<(BusinessDate, u32)> {
        self.opening
    }

    /// The outcome of the last comparison of totals; once they differed it stays so.
    #[must_use]
    pub fn settlement(&self) -> Settlement {
        self.settlement
    }

    /// What was uploaded after a settlement, record by record.
    #[must_use]
    pub fn uploads(&self) -> &[Upload] {
        &self.uploads
    }

    /// Takes the answer to a record of a batch that is about the sale at `index`.
    pub fn uploaded(&mut self, index: usize, amount_minor: u64, code: ResponseCode) {
        let Asked { stan, date, .. } = self.entries[index].asked;
        self.uploads.push(Upload { stan, date, amount_minor, code });
    }

    /// Takes the outcome of comparing the totals of `date`. One that differed without a reason is wrong
    /// even if a later one agrees: nothing that was sold in between explains it.
    pub fn compared(&mut self, date: BusinessDate, agreed: bool) {
        if self.settlement == Settlement::Differed {
            return;
        }
        let from_before = self.opening.is_some_and(|(opened, stan)| opened == date && stan > 0);
        self.settlement = match (agreed, from_before || self.in_doubt > 0) {
            (true, _) => Settlement::Agreed,
            (false, true) => Settlement::Excused,
            (false, false) => Settlement::Differed,
        };
    }

    /// How many sales are in doubt.
    #[must_use]
    pub fn in_doubt(&self) -> u32 {
        self.in_doubt
    }

    /// Notes the position of the gateway's journal at the first logon; later ones change nothing.
    pub fn open(&mut self, date: BusinessDate, stan_last: u32) {
        self.opening.get_or_insert((date, stan_last));
    }

    /// Writes a sale down, before its first byte is sent, and gives its index.
    ///
    /// # Panics
    /// If (date, STAN) is that of an entry: STANs are never used twice.
    pub fn begin(&mut self, asked: Asked, intended: Moment, now: Moment, blocked: bool) -> usize {
        if let Some(last) = self.entries.last() {
            let before = (last.asked.date, last.asked.stan);
            let new =
                before < (asked.date, asked.stan) || self.find(asked.date, asked.stan).is_none();
            assert!(new, "a STAN is used once");
        }
        self.in_doubt += 1;
        self.entries.push(Entry {
            asked,
            state: State::InDoubt,
            wrong: Wrong::default(),
            blocked,
            confirmed: false,
            reversing: false,
            attempts: 0,
            intended,
            started: now,
            finished: Moment::default(),
            rrn: [0; 12],
            serial: 0,
            pin: 0,
            reference: 0,
            answer: 0,
        });
        self.entries.len() - 1
    }

    /// Counts one more sending of the sale at `index`.
    pub fn sent(&mut self, index: usize) {
        let attempts = &mut self.entries[index].attempts;
        *attempts = attempts.saturating_add(1);
    }

    /// Takes a final answer to the sale at `index`; `body` is the whole answer as it came.
    pub fn settle(
        &mut self,
        index: usize,
        now: Moment,
        answer: &Answer<'_>,
        body: &[u8],
    ) -> Settled {
        let entry = &mut self.entries[index];
        if entry.state == State::InDoubt {
            entry.settle(now, answer, body);
            // In doubt all the same while it is being taken back.
            self.in_doubt -= u32::from(!entry.reversing);
            return Settled::First;
        }
        // Sent before its reversal came: the money has gone back all the same.
        let overtaken = entry.state == State::Reversed && entry.answer == 0;
        if overtaken || entry.answer == digest(body) {
            return Settled::Same;
        }
        // From its reversal on, a sale's answer may only say that it was taken back.
        let taken_back = entry.reversing || entry.state == State::Reversed;
        if taken_back && answer.code == ResponseCode::REVERSED {
            return Settled::Same;
        }
        entry.wrong.answer_changed = true;
        Settled::Changed
    }

    /// Takes the answer to the confirm of the sale at `index`.
    pub fn confirm(&mut self, index: usize, code: ResponseCode) {
        let entry = &mut self.entries[index];
        entry.confirmed = code.is_approved();
        entry.wrong.confirm_refused = !code.is_approved();
    }

    /// Takes the answer to a confirm of another amount, or of a sale that was not approved.
    pub fn advised_falsely(&mut self, index: usize, code: ResponseCode) {
        self.entries[index].wrong.other_content_taken |= code.is_approved();
    }

    /// A reversal of the sale at `index` is on its way.
    pub fn reverse(&mut self, index: usize) {
        let entry = &mut self.entries[index];
        self.in_doubt += u32::from(entry.state != State::InDoubt && !entry.reversing);
        entry.reversing = true;
    }

    /// Takes the final answer to the reversal of the sale at `index`: approved, or the sale stands
    /// (21) and its own answer tells the rest.
    pub fn reversed(&mut self, index: usize, now: Moment, code: ResponseCode) {
        let entry = &mut self.entries[index];
        entry.reversing = false;
        entry.wrong.reversal_lost = !code.is_approved() && code != ResponseCode::NOT_REVERSIBLE;
        if code.is_approved() {
            entry.state = State::Reversed;
            entry.finished = now;
        }
        self.in_doubt -= u32::from(entry.state != State::InDoubt);
    }

    /// Takes the answer to the sale at `index` that was sent once more after it was taken back.
    pub fn came_late(&mut self, index: usize, code: ResponseCode) {
        self.entries[index].wrong.sold_late |= code.is_approved();
    }

    /// Takes the answer to other content under the STAN of the sale at `index`.
    pub fn clashed(&mut self, index: usize, code: ResponseCode) {
        // A sale that was taken back is refused before its content is looked at.
        let refused = [ResponseCode::DUPLICATE, ResponseCode::REVERSED].contains(&code);
        self.entries[index].wrong.other_content_taken |= !refused;
    }

    /// The index of the sale with this date and STAN.
    #[must_use]
    pub fn find(&self, date: BusinessDate, stan: u32) -> Option<usize> {
        // From the end: it is nearly always the last one. Dates may go back, so nothing is sorted.
        let is_it = |entry: &Entry| (entry.asked.date, entry.asked.stan) == (date, stan);
        self.entries.iter().rposition(is_it)
    }
}

#[cfg(test)]
mod tests {
    use tillgate_codec::link::message::AnswerKind;

    use super::*;

    fn asked(stan: u32) -> Asked {
        let date = BusinessDate(9_000);
        Asked { stan, date, service: 10, product: 1, amount_minor: 500, subscriber: 0 }
    }

    fn answer(stan: u32, code: ResponseCode) -> Answer<'static> {
        Answer {
            kind: AnswerKind::Sale,
            stan,
            date: BusinessDate(9_000),
            code,
            rrn: "632700000001",
            reference: "",
            amount_minor: 500,
            balance_minor: None,
            voucher: None,
            time_s: 1,
            fee_minor: 0,
            tax_minor: 0,
            lines: "",
        }
    }

    #[test]
    fn a_sale_is_in_doubt_until_its_first_final_answer() {
        let mut book = SalesLog::new(7);
        let index = book.begin(asked(1), Moment(5), Moment(10), false);
        assert_eq!((book.in_doubt(), book.entries()[index].state), (1, State::InDoubt));
        let approved = answer(1, ResponseCode::APPROVED);
        assert_eq!(book.settle(index, Moment(30), &approved, b"one"), Settled::First);
        let entry = &book.entries()[index];
        assert_eq!((entry.state, book.in_doubt()), (State::Approved, 0));
        assert_eq!((entry.response(), entry.service()), (Span(25), Span(20)));
        assert_eq!(&entry.rrn, b"632700000001");
    }

    #[test]
    fn an_answer_that_changes_on_a_retry_is_noticed() {
        let mut book = SalesLog::new(7);
        let index = book.begin(asked(1), Moment(0), Moment(0), false);
        let approved = answer(1, ResponseCode::APPROVED);
        book.settle(index, Moment(1), &approved, b"one");
        assert_eq!(book.settle(index, Moment(2), &approved, b"one"), Settled::Same);
        assert!(!book.entries()[index].wrong.answer_changed);
        assert_eq!(book.settle(index, Moment(3), &approved, b"two"), Settled::Changed);
        assert!(book.entries()[index].wrong.answer_changed);
    }

    #[test]
    fn an_approval_of_another_amount_is_noticed() {
        let mut book = SalesLog::new(7);
        let index = book.begin(asked(1), Moment(0), Moment(0), false);
        let other = Answer { amount_minor: 5, ..answer(1, ResponseCode::APPROVED) };
        book.settle(index, Moment(1), &other, b"one");
        assert!(book.entries()[index].wrong.other_amount);
    }

    #[test]
    fn totals_that_differed_once_are_not_excused_by_totals_that_agree_later() {
        let mut book = SalesLog::new(7);
        book.open(BusinessDate(9_000), 0);
        book.compared(BusinessDate(9_000), true);
        assert_eq!(book.settlement(), Settlement::Agreed);
        for agreed in [false, true] {
            book.compared(BusinessDate(9_000), agreed);
            assert_eq!(book.settlement(), Settlement::Differed);
        }
    }

    #[test]
    fn entries_are_found_by_date_and_stan() {
        let mut book = SalesLog::new(7);
        for stan in [3, 4, 9] {
            book.begin(asked(stan), Moment(0), Moment(0), false);
        }
        assert_eq!(book.find(BusinessDate(9_000), 4), Some(1));
        assert_eq!(book.find(BusinessDate(9_000), 5), None);
        assert_eq!(book.find(BusinessDate(9_001), 4), None);
        book.open(BusinessDate(9_000), 2);
        book.open(BusinessDate(9_000), 9);
        assert_eq!(book.opening().unwrap(), (BusinessDate(9_000), 2));
    }
}
