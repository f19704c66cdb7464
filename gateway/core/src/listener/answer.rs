//! Answers: the body that a terminal of the sealed link would receive, as a message of the profile.
//!
//! Nothing is in an answer but the body, which is a pure function of the journal's row, and fields
//! of the request.

use std::fmt::Write as _;

use tillgate_codec::iso8583::{Dialect, Fields, MacKey, Message, View};
use tillgate_codec::link::message::{Answer, GatewayMessage, ResponseCode, Totals};
use tillgate_types::BusinessDate;
use zeroize::Zeroizing;

use super::limits::FRAME_BYTES_MAX;
use super::profile::{Kind, MessagePlan, Profile};
use crate::card::reserve;
use crate::iso8583::template::{self, sources};
use crate::time::{Calendar, UnixMillis, utc};

/// The response code (ISO 8583:1987 field 39).
pub(super) const CODE: u8 = 39;

/// The template of a field of an answer.
pub(super) type Template = template::Template<Source>;

sources! {
    /// The journal's retrieval reference, 12 letters and digits.
    Rrn = "rrn",
    /// The provider's reference.
    Reference = "reference",
    /// The amount in minor units.
    Amount = "amount",
    /// What was charged beside it.
    Fee = "fee",
    /// The tax.
    Tax = "tax",
    /// The seller's float afterwards; nothing where it is below zero.
    Balance = "balance",
    /// The voucher's serial number.
    Serial = "serial",
    /// The voucher's PIN.
    Pin = "pin",
    /// The voucher's last day, YYMMDD.
    Expiry = "expiry",
    /// What the host of a card answered for its chip: bytes of a field of their own.
    Chip = "chip",
    /// The receipt; what does not fit its field is cut off.
    Receipt = "receipt",
    /// Of a settlement: how many sales the gateway counted.
    SalesCount = "sales_count",
    /// Of a settlement: their sum in minor units.
    SalesAmount = "sales_amount",
    /// Of a settlement: how many reversals the gateway counted.
    ReversalsCount = "reversals_count",
    /// Of a settlement: their sum in minor units.
    ReversalsAmount = "reversals_amount",
    /// hhmmss when the gateway decided, in the operator's time.
    LocalTime = "local_time",
    /// MMDD when the gateway decided.
    LocalDate = "local_date",
    /// YYYY when the gateway decided.
    LocalYear = "local_year",
}

/// What an answer says.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) code: ResponseCode,
    pub(super) rrn: &'a str,
    pub(super) reference: &'a str,
    pub(super) amount_minor: u64,
    pub(super) fee_minor: u64,
    pub(super) tax_minor: u64,
    pub(super) balance_minor: Option<i64>,
    pub(super) serial: &'a str,
    pub(super) pin: &'a str,
    pub(super) expiry: Option<BusinessDate>,
    pub(super) lines: &'a str,
    pub(super) chip: &'a [u8],
    pub(super) totals: Option<Totals>,
    /// Unix seconds; 0 where nothing was journalled.
    pub(super) time_s: u64,
}

impl<'a> Values<'a> {
    pub(super) const fn of_code(code: ResponseCode, time_s: u64) -> Self {
        Self {
            code,
            rrn: "",
            reference: "",
            amount_minor: 0,
            fee_minor: 0,
            tax_minor: 0,
            balance_minor: None,
            serial: "",
            pin: "",
            expiry: None,
            lines: "",
            chip: &[],
            totals: None,
            time_s,
        }
    }

    /// Of a body for the sealed link; `None` if it answers nothing that a listener asks for.
    fn of(body: &'a [u8]) -> Option<Self> {
        match GatewayMessage::decode(body).ok()? {
            GatewayMessage::Answer(answer) => Some(Self::of_answer(&answer)),
            GatewayMessage::Welcome(welcome) => Some(Self::of_code(welcome.code, welcome.time_s)),
            GatewayMessage::Pong(pong) => Some(Self::of_code(ResponseCode::APPROVED, pong.time_s)),
            GatewayMessage::Settled(settled) => Some(Self {
                rrn: settled.rrn,
                // What was not understood was not counted.
                totals: [ResponseCode::APPROVED, ResponseCode::TOTALS_DIFFER]
                    .contains(&settled.code)
                    .then_some(settled.totals),
                ..Self::of_code(settled.code, settled.time_s)
            }),
            GatewayMessage::Reject(reject) => Some(Self::of_code(reject.code, 0)),
            _ => None,
        }
    }

    const fn of_answer(answer: &Answer<'a>) -> Self {
        let mut values = Self {
            rrn: answer.rrn,
            reference: answer.reference,
            amount_minor: answer.amount_minor,
            fee_minor: answer.fee_minor,
            tax_minor: answer.tax_minor,
            balance_minor: answer.balance_minor,
            lines: answer.lines,
            ..Self::of_code(answer.code, answer.time_s)
        };
        if let Some(slip) = &answer.voucher {
            values.serial = slip.serial;
            values.pin = slip.pin;
            values.expiry = Some(slip.expiry);
        }
        values
    }
}

impl Source {
    /// Of settlements that were counted.
    const TOTALS: [Self; 4] =
        [Self::SalesCount, Self::SalesAmount, Self::ReversalsCount, Self::ReversalsAmount];

    /// Appends its value; nothing where there is none.
    fn write(self, values: &Values<'_>, calendar: &Calendar, out: &mut String) {
        let number = |minor: u64, out: &mut String| {
            if minor > 0 {
                // Writing to a text cannot fail.
                _ = write!(out, "{minor}");
            }
        };
        let total = |of: &dyn Fn(&Totals) -> u64, out: &mut String| {
            _ = values.totals.as_ref().map(|totals| write!(out, "{}", of(totals)));
        };
        match self {
            Self::Rrn => out.push_str(values.rrn),
            Self::Reference => out.push_str(values.reference),
            Self::Amount => number(values.amount_minor, out),
            Self::Fee => number(values.fee_minor, out),
            Self::Tax => number(values.tax_minor, out),
            Self::Balance => {
                let balance = values.balance_minor.and_then(|minor| u64::try_from(minor).ok());
                _ = balance.map(|minor| write!(out, "{minor}"));
            }
            Self::Serial => out.push_str(values.serial),
            Self::Pin => out.push_str(values.pin),
            Self::Expiry => {
                if let Some((year, month, day)) = values.expiry.map(BusinessDate::ymd) {
                    _ = write!(out, "{:02}{month:02}{day:02}", year % 100);
                }
            }
            // Bytes of a field of their own.
            Self::Chip => {}
            Self::Receipt => out.push_str(values.lines),
            Self::SalesCount => total(&|totals| totals.sales_count.into(), out),
            Self::SalesAmount => total(&|totals| totals.sales_minor, out),
            Self::ReversalsCount => total(&|totals| totals.reversals_count.into(), out),
            Self::ReversalsAmount => total(&|totals| totals.reversals_minor, out),
            Self::LocalTime => clock(values.time_s, calendar, 11..19, out),
            Self::LocalDate => clock(values.time_s, calendar, 5..10, out),
            Self::LocalYear => clock(values.time_s, calendar, 0..4, out),
        }
    }
}

/// A part of `2026-11-23T23:30:00Z`, its digits.
fn clock(time_s: u64, calendar: &Calendar, part: std::ops::Range<usize>, out: &mut String) {
    if time_s > 0 {
        let text = utc(calendar.local(UnixMillis(time_s.saturating_mul(1_000))));
        let digits = text.get(part).unwrap_or_default().chars();
        out.extend(digits.filter(char::is_ascii_digit));
    }
}

/// What a field is filled with: text that any encoding of the dialect has, and of a receipt as much
/// as there is room for.
pub(super) fn filled(
    dialect: &Dialect,
    (field, template): &(u8, Template),
    values: &Values<'_>,
    calendar: &Calendar,
) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(1_024));
    if values.totals.is_none() && Source::TOTALS.iter().any(|total| template.has(*total)) {
        return text;
    }
    template.fill(&mut text, |source, out| source.write(values, calendar, out));
    if !template.has(Source::Receipt) {
        return text;
    }
    let info = dialect.field(*field);
    let has_lines = info.is_some_and(|info| info.kind == "text");
    let room = info.map_or(0, |info| info.units_max);
    let plain = |c: char| match c {
        '\n' if has_lines => c,
        '\n' => ' ',
        c if c.is_ascii() && !c.is_ascii_control() => c,
        _ => '?',
    };
    Zeroizing::new(text.chars().map(plain).take(room).collect())
}

impl Profile {
    /// Appends the framed answer to a request; `None` if there is nothing to say, or no way to say it.
    /// Where a value has no place in its field, the answer is a malfunction: the row stands.
    pub(super) fn answer(
        &self,
        asked: &[u8],
        (body, chip): (&[u8], &[u8]),
        (calendar, mac): (&Calendar, Option<&MacKey>),
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let mut fields = Fields::new();
        let asked = self.dialect.view(asked, &mut fields).ok()?;
        let mut values = Values { chip, ..Values::of(body)? };
        let plan = self.plan(&asked);
        // A sale of so old a date that its tombstone is not kept is not there and is never sold: its
        // terminal would repeat the reversal for ever.
        if plan.is_some_and(|plan| plan.kind == Kind::Reversal)
            && values.code == ResponseCode::WRONG_DATE
        {
            values.code = ResponseCode::APPROVED;
        }
        let written = self.written(&asked, plan, &values, (calendar, mac));
        let message = written.or_else(|| {
            let failed = Values::of_code(ResponseCode::MALFUNCTION, 0);
            self.written(&asked, None, &failed, (calendar, mac))
        })?;
        // PINs are in it: what a buffer leaves when it grows is wiped.
        reserve(out, message.len().saturating_add(FRAME_BYTES_MAX));
        self.dialect.framing().append_frame(&message, out).ok()
    }

    fn written(
        &self,
        asked: &View<'_>,
        plan: Option<&MessagePlan>,
        values: &Values<'_>,
        (calendar, mac): (&Calendar, Option<&MacKey>),
    ) -> Option<Zeroizing<Vec<u8>>> {
        let mut answer = Message::new(asked.mti().answer()?).with_header(asked.header());
        answer.tpdu = asked.tpdu().map(tillgate_codec::iso8583::Tpdu::swapped);
        let base = [self.places.terminal.field, self.places.stan.field];
        for number in plan.map_or(base.as_slice(), |plan| &plan.echo) {
            if let Some(value) = asked.value(*number) {
                answer.set_bytes(*number, &Zeroizing::new(value));
            }
        }
        for field in plan.into_iter().flat_map(|plan| &plan.fields) {
            if field.1.is_only(Source::Chip) {
                if !values.chip.is_empty() {
                    answer.set_bytes(field.0, values.chip);
                }
                continue;
            }
            let text = filled(&self.dialect, field, values, calendar);
            if !text.is_empty() {
                answer.set(field.0, &text);
            }
        }
        answer.set(CODE, &self.code(values.code));
        let mac = mac.filter(|_| self.needs_mac(asked));
        if mac.is_none() && self.needs_mac(asked) {
            // The key has gone since: an answer that proves nothing is none.
            return None;
        }
        let mut out = Zeroizing::new(Vec::with_capacity(4_096));
        let done = match mac {
            Some(key) => self.dialect.encode_with_mac(&mut answer, key, &mut out),
            None => self.dialect.encode(&answer, &mut out),
        };
        done.ok().map(|()| out)
    }
}

/// The longest values that there can be, the shortest, and usual ones: what a profile is checked with.
pub(super) fn samples() -> [Values<'static>; 3] {
    const MOST: Totals = Totals {
        sales_count: 9_999,
        sales_minor: 999_999_999_999,
        reversals_count: 9_999,
        reversals_minor: 999_999_999_999,
    };
    const LETTERS: &str = "A1B2C3D4E5F6G7H8J9K0M1N2P3Q4R5S6";
    let usual = Values {
        rrn: "6327000004J2",
        reference: "P-0001",
        amount_minor: 2_500,
        fee_minor: 50,
        tax_minor: 8,
        balance_minor: Some(120_045),
        serial: "8944501200017",
        pin: "4711-0815-2342-9001",
        expiry: Some(BusinessDate(10_592)),
        lines: "MOBILE ONE 50.00 EUR\nDial *104*PIN#\n",
        totals: Some(Totals { sales_count: 2, sales_minor: 7_500, ..Totals::default() }),
        ..Values::of_code(ResponseCode::APPROVED, 1_795_429_802)
    };
    let longest = Values {
        reference: LETTERS,
        amount_minor: 999_999_999_999,
        fee_minor: 999_999_999,
        tax_minor: 999_999_999,
        balance_minor: Some(9_999_999_999_999_999),
        serial: LETTERS.split_at(24).0,
        pin: LETTERS,
        totals: Some(MOST),
        ..usual
    };
    [Values::of_code(ResponseCode::APPROVED, 0), usual, longest]
}
