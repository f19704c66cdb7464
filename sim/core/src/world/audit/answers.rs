//! Promises 1, 2, 4 and 5: what an answer says is durable at the moment it leaves, and is what
//! was said before.

use rustc_hash::FxHashMap;
use tillgate_codec::link::message::{Answer, AnswerKind, GatewayMessage, Settled, Totals};
use tillgate_core::transaction::{Content, Origin, Reply};
use tillgate_store_core::{FollowUp, Fulfilment, Key, Kind, ResponseCode, State, Transaction};

use super::Checker;
use super::rows::is_unknown;
use crate::time::Moment;
use crate::world::network::VoucherName;

const IN_PROGRESS: ResponseCode = ResponseCode(*b"09");
const REVERSED: ResponseCode = ResponseCode(*b"R1");
const DUPLICATE: ResponseCode = ResponseCode(*b"94");
const UNABLE_TO_LOCATE: ResponseCode = ResponseCode(*b"25");
const NOT_LOGGED_ON: ResponseCode = ResponseCode(*b"L1");

impl Checker {
    /// The transaction manager gives an answer to the pool. Who asks for a sale that is in flight
    /// waits with the first: it is answered so only when its time is up, or nothing is to be waited
    /// for.
    pub(in super::super) fn said(&mut self, now: Moment, reply: &Reply) {
        self.read(now, reply);
        self.found(now, reply);
        let Content::InProgress(row) = &reply.content else { return };
        let received = reply.origin.received;
        let is_early = now < received.after(self.requests.answer);
        if self.is_datagram(reply.origin.session) && self.has_rival(reply.origin.session) {
            return;
        }
        let waits_for_nobody = row.owes() == Some(FollowUp::Operator) || row.reversed_by.is_some();
        if is_early && row.kind.is_sale() && !waits_for_nobody && !self.room.was_crowded(received) {
            self.violate(now, 2, format!("{}: in flight, and whoever asks is sent away", row.key));
        }
    }

    /// An answer, encoded, on its way to its session manager; the writer gave it to the pool when
    /// it was
    /// `said`.
    pub(in super::super) fn left(
        &mut self,
        now: Moment,
        said: Moment,
        origin: Origin,
        body: &[u8],
        pins: &FxHashMap<VoucherName, String>,
    ) {
        self.answered(origin);
        let answer = match GatewayMessage::decode(body) {
            Ok(GatewayMessage::Answer(answer)) => answer,
            Ok(GatewayMessage::Settled(settled)) => {
                return self.settled(now, origin, &settled, body);
            }
            Ok(GatewayMessage::Welcome(welcome)) => {
                return self.welcomed(now, origin, welcome.date.0);
            }
            Ok(GatewayMessage::Found(found)) => return self.found_answer(now, origin, &found),
            _ => return,
        };
        if answer.voucher.is_some() {
            self.shown(now, &answer);
        }
        let date = answer.date;
        let key = Key { date, terminal: origin.terminal, stan: answer.stan };
        let wrong = match answer.kind {
            AnswerKind::Sale => self.sale_answer((&key, origin.received), &answer, said, pins),
            AnswerKind::Reversal => self.reversal_answer(&key, &answer),
            AnswerKind::Confirm if self.is_record(origin.session) => None,
            AnswerKind::Confirm => self.confirm_answer(&key, &answer),
            AnswerKind::Balance => self.balance_answer(origin, &answer),
        };
        let wrong = wrong.or_else(|| self.refers(&key, answer.rrn));
        let wrong = wrong.or_else(|| self.compare(&key, &answer, said, body));
        if let Some((promise, text)) = wrong {
            self.violate(now, promise, format!("{key}: answered {}, {text}", answer.code));
        }
    }

    /// Totals, encoded, on their way to their session manager.
    fn settled(&mut self, now: Moment, origin: Origin, settled: &Settled<'_>, body: &[u8]) {
        if settled.rrn.is_empty() {
            return;
        }
        let date = settled.date;
        let key = Key { date, terminal: origin.terminal, stan: settled.stan };
        let wrong = self.settled_otherwise(&key, settled);
        let wrong = wrong.or_else(|| self.refers(&key, settled.rrn));
        let first = self.answers.entry((key, 2)).or_insert_with(|| body.to_vec());
        if first != body {
            self.violate(now, 2, format!("{key}: settled otherwise than before"));
        }
        if let Some((promise, text)) = wrong {
            self.violate(now, promise, format!("{key}: settled, {text}"));
        }
    }

    /// A retrieval reference is one transaction's.
    fn refers(&mut self, key: &Key, rrn: &str) -> Option<(u8, String)> {
        if rrn.is_empty() {
            return None;
        }
        let whose = *self.references.entry(rrn.to_owned()).or_insert(*key);
        (whose != *key).then(|| (1, format!("with {rrn}, which is the reference of {whose}")))
    }

    fn settled_otherwise(&self, key: &Key, settled: &Settled<'_>) -> Option<(u8, String)> {
        let Some(row) = self.journal.get(key) else {
            return Some((5, "and it is not durable".to_owned()));
        };
        let Some(settlement) = &row.settlement else {
            return Some((1, format!("and the journal has it {:?}", row.kind)));
        };
        let Totals { sales_count, sales_minor, reversals_count, reversals_minor } = settled.totals;
        let told = (sales_count, sales_minor, reversals_count, reversals_minor);
        let counted = &settlement.counted;
        let counted = (
            counted.sales_count,
            counted.sales_minor,
            counted.reversals_count,
            counted.reversals_minor,
        );
        let same = told == counted
            && settled.open_count == settlement.open_count
            && settled.settled_date.0 == settlement.date.0
            && settled.code.0 == row.code.0
            && settled.rrn == &row.rrn()[..];
        (!same).then(|| (1, format!("with {told:?}, and the journal has {counted:?}")))
    }

    fn sale_answer(
        &self,
        (key, received): (&Key, Moment),
        answer: &Answer<'_>,
        said: Moment,
        pins: &FxHashMap<VoucherName, String>,
    ) -> Option<(u8, String)> {
        let code = ResponseCode(answer.code.0);
        let Some(row) = self.journal.get(key) else {
            if !answer.rrn.is_empty() || answer.code.is_approved() {
                return Some((5, "and there is no durable row".to_owned()));
            }
            return self.dated_wrongly(key, code);
        };
        if answer.rrn.is_empty() {
            return self.refusal(row, code, received);
        }
        let before = code.is_approved() && self.is_older(key, said);
        let fits = match row.state {
            // While a reversal of it is under way, nobody can say how it ends.
            State::Approved if row.reversed_by.is_some() => before,
            State::Approved => code.is_approved(),
            State::Intent | State::Unknown => false,
            State::Reversed => before || code == REVERSED,
            State::Declined => code == row.code,
        };
        // The outcome may have come while this was on its way through the pool.
        let fits = fits || code == IN_PROGRESS;
        if !fits {
            return Some((5, format!("and what is durable is {:?}, {}", row.state, row.code)));
        }
        if answer.rrn != &row.rrn()[..] || answer.amount_minor != row.amount_minor {
            return Some((1, "with another reference or amount than the journal's".to_owned()));
        }
        let tells = code != IN_PROGRESS && (row.state != State::Reversed || code.is_approved());
        if answer.balance_minor != row.balance_minor.filter(|_| tells) {
            return Some((3, format!("with {:?} left", answer.balance_minor)));
        }
        if !code.is_approved() {
            let slip = answer.voucher.is_some();
            return slip.then(|| (4, "with a voucher".to_owned()));
        }
        let printed = self.receipts.print(row, answer.voucher.as_ref());
        let charged = (answer.fee_minor, answer.tax_minor);
        if printed.as_deref() != Some(answer.lines)
            || charged != (row.terms.fee_minor, row.terms.tax_minor)
        {
            return Some((1, format!("and {printed:?} was to be printed")));
        }
        if answer.reference != &row.provider_reference[..] {
            return Some((1, "with another provider's reference".to_owned()));
        }
        self.slip(row, answer, pins)
    }

    /// What was in the pool before the reversal was durable says what was so then.
    fn is_older(&self, key: &Key, said: Moment) -> bool {
        self.named.get(key).is_some_and(|named| said <= *named)
    }

    fn slip(
        &self,
        row: &Transaction,
        answer: &Answer<'_>,
        pins: &FxHashMap<VoucherName, String>,
    ) -> Option<(u8, String)> {
        let dispensed = match (&row.voucher, row.kind) {
            (Some(dispensed), Kind::Sale(Fulfilment::Stock)) => dispensed,
            _ => return answer.voucher.map(|_| (4, "with a voucher".to_owned())),
        };
        let Some(slip) = answer.voucher else {
            return Some((4, "without its voucher".to_owned()));
        };
        let name = (row.service.0, row.product.0, dispensed.serial);
        let right = slip.serial == &dispensed.serial[..]
            && pins.get(&name).is_some_and(|pin| pin == slip.pin)
            && self.sold.get(&name) == Some(&row.key);
        (!right).then(|| (4, "with a voucher that is not its own".to_owned()))
    }

    /// A refusal of a request whose key the journal has.
    fn refusal(
        &self,
        row: &Transaction,
        code: ResponseCode,
        received: Moment,
    ) -> Option<(u8, String)> {
        let contents = self.requests.sales.get(&row.key).map_or(0, Vec::len);
        let fits = match code {
            DUPLICATE => contents > 1 || !row.kind.is_sale(),
            REVERSED => row.state == State::Reversed,
            // Of a repeat: whether it was there when that came is asked in `reads`.
            UNABLE_TO_LOCATE => true,
            // Whoever logs on and asks again hears what the journal has.
            NOT_LOGGED_ON => true,
            // A PIN that its terminal is not told while it may not trade.
            IN_PROGRESS if row.voucher.is_some() => true,
            // Whatever its date, and whoever may not trade any more: what has a row is answered
            // with it. The row of a request that overtook this one in the pool may be newer.
            _ => contents > 1 || !self.reads.was_there(&row.key, received),
        };
        (!fits).then(|| (2, format!("and the journal has it {:?}, {}", row.state, row.code)))
    }

    fn reversal_answer(&self, key: &Key, answer: &Answer<'_>) -> Option<(u8, String)> {
        let row = self.journal.get(key).filter(|row| row.kind == Kind::Reversal);
        let Some(row) = row else {
            let said = answer.code.is_approved();
            return said.then(|| (5, "and the reversal is not durable".to_owned()));
        };
        let code = ResponseCode(answer.code.0);
        let known = !is_unknown(row) && code == row.code;
        if !answer.rrn.is_empty() && !known && code != IN_PROGRESS {
            return Some((5, format!("and what is durable is {:?}, {}", row.state, row.code)));
        }
        if answer.balance_minor != row.balance_minor.filter(|_| code != IN_PROGRESS) {
            return Some((3, format!("with {:?} left", answer.balance_minor)));
        }
        if !code.is_approved() {
            return None;
        }
        let original = row.original.and_then(|original| self.journal.get(&original));
        let taken_back = original
            .is_some_and(|original| matches!(original.state, State::Reversed | State::Declined));
        let text = "and the original is not taken back".to_owned();
        (!taken_back || row.state != State::Approved).then_some((3, text))
    }

    fn confirm_answer(&self, key: &Key, answer: &Answer<'_>) -> Option<(u8, String)> {
        let row = self.journal.get(key);
        let unconfirmed = answer.code.is_approved() && row.is_none_or(|row| row.confirmed_ms == 0);
        unconfirmed.then(|| (5, "and the confirmation is not durable".to_owned()))
    }

    /// Promise 2: the first final answer is every answer, until the sale is taken back.
    fn compare(
        &mut self,
        key: &Key,
        answer: &Answer<'_>,
        said: Moment,
        body: &[u8],
    ) -> Option<(u8, String)> {
        let code = ResponseCode(answer.code.0);
        let kind = match answer.kind {
            AnswerKind::Sale => 0,
            AnswerKind::Reversal => 1,
            AnswerKind::Confirm | AnswerKind::Balance => return None,
        };
        if answer.rrn.is_empty() || code == IN_PROGRESS {
            return None;
        }
        if kind == 0 && code == REVERSED && self.requests.reversals.contains_key(key) {
            self.told_reversed.insert(*key);
            return None;
        }
        if kind == 0 && self.told_reversed.contains(key) && !self.is_older(key, said) {
            return Some((2, "after it was said to be reversed".to_owned()));
        }
        let first = self.answers.entry((*key, kind)).or_insert_with(|| body.to_vec());
        (first != body).then(|| (2, "and before it was answered otherwise".to_owned()))
    }

    /// Sales that the journal has and that are not final.
    pub(super) fn open_rows(&self) -> Vec<Key> {
        let mut keys: Vec<Key> =
            self.journal.values().filter(|row| is_unknown(row)).map(|row| row.key).collect();
        keys.sort_unstable();
        keys
    }
}
