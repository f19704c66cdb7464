//! Messages of terminals into requests, as the sealed link has them.

use tillgate_codec::iso8583::View;
use tillgate_codec::link::message::{
    Confirm, Logon, Ping, Reversal, Sale, Settle, TerminalMessage, Totals,
};
use tillgate_store_core::{BusinessDate, ProductId, ServiceId, TerminalId};
use tillgate_types::Currency;
use zeroize::Zeroizing;

use super::carry::card_of;
use super::limits::REVERSAL_STAN;
use super::profile::{Kind, MessagePlan, Place, Profile};
use crate::processing::verify::Now;
use crate::time::Calendar;
use crate::transaction::Answered;

/// The highest STAN: six digits.
const STAN_MAX: u32 = 999_999;
/// Days whose late requests have numbers of their own.
const DAYS_APART: u32 = 1_000;

/// Type and key of a request that was read as far as that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) kind: Answered,
    pub(crate) stan: u32,
    pub(crate) date: BusinessDate,
}

/// Why a message is not a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// The profile has no message of this type.
    Unknown,
    /// A field is missing or says nothing that it can say.
    Malformed(Named),
}

/// A request, with what a [`TerminalMessage`] borrows.
pub(crate) enum Request {
    Logon,
    Echo {
        nonce: u32,
    },
    Sale {
        stan: u32,
        date: BusinessDate,
        of: (ServiceId, ProductId),
        amount_minor: u64,
        currency: u16,
        account: Zeroizing<String>,
    },
    Reversal(Reversal),
    /// Which sale, and what it says that was sold.
    Advice(Confirm, u64),
    /// A record of a batch: STAN and date of its sale, and the amount.
    Upload((u32, BusinessDate), u64),
    Settle(Settle),
}

impl Request {
    /// Of an advice: what it says that was sold.
    pub(crate) fn advised_minor(&self) -> Option<u64> {
        match self {
            Self::Advice(_, amount_minor) => Some(*amount_minor),
            _ => None,
        }
    }

    /// The message of the sealed link that asks for the same; that has none for a record of a batch.
    pub(crate) fn message(&self) -> Option<TerminalMessage<'_>> {
        Some(match self {
            Self::Logon => {
                TerminalMessage::Logon(Logon { firmware: "", catalogue: 0, versions: 1 })
            }
            Self::Echo { nonce } => TerminalMessage::Ping(Ping { nonce: *nonce }),
            Self::Sale { stan, date, of: (service, product), amount_minor, currency, account } => {
                TerminalMessage::Sale(Sale {
                    stan: *stan,
                    date: *date,
                    service: service.0,
                    product: product.0,
                    amount_minor: *amount_minor,
                    currency: *currency,
                    subscriber: account,
                    token: 0,
                    fee_minor: 0,
                })
            }
            Self::Reversal(reversal) => TerminalMessage::Reversal(*reversal),
            Self::Advice(confirm, _) => TerminalMessage::Confirm(*confirm),
            Self::Upload(..) => return None,
            Self::Settle(settle) => TerminalMessage::Settle(*settle),
        })
    }
}

impl Profile {
    /// Which terminal a message says that it is from.
    pub(super) fn terminal(&self, message: &View<'_>) -> Option<TerminalId> {
        let number = self.places.terminal.number(message)?;
        u32::try_from(number).ok().filter(|number| *number > 0).map(TerminalId)
    }

    /// What a message asks for.
    ///
    /// # Errors
    /// It is none of the profile's, or one of its fields cannot be read.
    pub(crate) fn read(
        &self,
        message: &View<'_>,
        calendar: &Calendar,
        now: Now,
    ) -> Result<Request, Unread> {
        let plan = self.plan(message).ok_or(Unread::Unknown)?;
        let stan = self.places.stan.number(message).and_then(|stan| u32::try_from(stan).ok());
        let stan = stan.filter(|stan| (1..=STAN_MAX).contains(stan));
        let dates = Dates { message, calendar, today: now.date };
        let date = dates.read(&self.places.date, self.places.time.as_ref());
        let kind = match plan.kind {
            Kind::Logon => return Ok(Request::Logon),
            Kind::Echo => return Ok(Request::Echo { nonce: stan.unwrap_or_default() }),
            Kind::Sale => Answered::Sale,
            Kind::Reversal => Answered::Reversal,
            Kind::Advice | Kind::Upload => Answered::Confirm,
            Kind::Settlement => Answered::Settlement,
        };
        let named = Named { kind, stan: stan.unwrap_or_default(), date: date.unwrap_or(now.date) };
        let request = stan.zip(date).and_then(|(stan, date)| match plan.kind {
            Kind::Reversal => self.reversal(plan, &dates, (stan, date), now),
            Kind::Advice => self.advice(plan, &dates),
            Kind::Upload => self.upload(plan, &dates),
            Kind::Settlement => self.settlement(plan, message, (stan, date), now),
            _ => self.sale(message, (stan, date)),
        });
        request.ok_or(Unread::Malformed(named))
    }

    fn sale(&self, message: &View<'_>, (stan, date): (u32, BusinessDate)) -> Option<Request> {
        let places = &self.places;
        let processing = places.processing.text(message)?;
        let product = places.product.as_ref().and_then(|place| place.text(message));
        let product = product.as_ref().map_or("", |product| product.as_str());
        // What is not listed is nobody's service: the journal has it as refused with 12.
        let of = self.product(&processing, product).unwrap_or_default();
        let currency = self.currency(message)?;
        let amount_minor = places.amount.number(message)?;
        let account = places.account.iter().find_map(|place| account(place, message));
        let account = account.unwrap_or_default();
        Some(Request::Sale { stan, date, of, amount_minor, currency, account })
    }

    fn currency(&self, message: &View<'_>) -> Option<u16> {
        let currency = self.places.currency.as_ref().and_then(|place| place.text(message));
        match currency {
            Some(text) => currency_of(&text),
            None => self.places.default_currency,
        }
    }

    /// The totals of the date that the terminal has; the settlement itself is of a day that is open.
    fn settlement(
        &self,
        plan: &MessagePlan,
        message: &View<'_>,
        (stan, date): (u32, BusinessDate),
        now: Now,
    ) -> Option<Request> {
        let [sales_count, sales, reversals_count, reversals] = plan.totals.as_ref()?;
        let count = |place: &Place| place.number(message).and_then(|n| u32::try_from(n).ok());
        let totals = Totals {
            sales_count: count(sales_count)?,
            sales_minor: sales.number(message)?,
            reversals_count: count(reversals_count)?,
            reversals_minor: reversals.number(message)?,
        };
        let currency = self.currency(message)?;
        let (stan, own_date) = booked((stan, date), Number::Own, now);
        Some(Request::Settle(Settle { stan, date: own_date, totals, settled_date: date, currency }))
    }

    /// A confirmation is about its sale, of whatever date, and has no row of its own.
    fn advice(&self, plan: &MessagePlan, dates: &Dates<'_>) -> Option<Request> {
        let (stan, date) = original(plan, dates)?;
        let amount_minor = self.places.amount.number(dates.message)?;
        Some(Request::Advice(Confirm { stan, date }, amount_minor))
    }

    /// A record of a batch names its sale, of whatever date.
    fn upload(&self, plan: &MessagePlan, dates: &Dates<'_>) -> Option<Request> {
        Some(Request::Upload(original(plan, dates)?, self.places.amount.number(dates.message)?))
    }

    /// A reversal is booked on a day that is open whatever its terminal's clock says, so that it is
    /// acknowledged. What it names stays what it names.
    fn reversal(
        &self,
        plan: &MessagePlan,
        dates: &Dates<'_>,
        (stan, date): (u32, BusinessDate),
        now: Now,
    ) -> Option<Request> {
        let (original_stan, original_date) = original(plan, dates)?;
        // Many terminals give it the sale's number, whatever else names the sale.
        let number = if stan == original_stan { Number::OfTheSale } else { Number::Own };
        let (stan, date) = booked((stan, date), number, now);
        Some(Request::Reversal(Reversal {
            stan,
            date,
            original_stan,
            original_date,
            amount_minor: self.places.amount.number(dates.message)?,
            reason: Reversal::TIMEOUT,
        }))
    }
}

/// The sale that a message names.
fn original(plan: &MessagePlan, dates: &Dates<'_>) -> Option<(u32, BusinessDate)> {
    let original = plan.original.as_ref()?;
    let stan = u32::try_from(original.stan.number(dates.message)?).ok();
    let stan = stan.filter(|stan| *stan <= STAN_MAX)?;
    Some((stan, dates.read(&original.date, original.time.as_ref())?))
}

/// Whose number a request has.
#[derive(PartialEq, Eq)]
enum Number {
    Own,
    OfTheSale,
}

/// The number and the open day that a request is booked under. One whose own day is closed goes to
/// today, above every number that a terminal gives today, and apart for each day that it may come
/// from: a terminal counts each day from 1. The longest is below 2^32.
fn booked((stan, date): (u32, BusinessDate), number: Number, now: Now) -> (u32, BusinessDate) {
    let (days, day) = match now.takes(date) {
        true => (0, date),
        false => (1 + u32::from(now.date.0.abs_diff(date.0)) % DAYS_APART, now.date),
    };
    let apart = 2 * days + u32::from(number == Number::OfTheSale);
    (apart.saturating_mul(REVERSAL_STAN).saturating_add(stan), day)
}

/// An account; of a track, the card's number.
fn account(place: &Place, message: &View<'_>) -> Option<Zeroizing<String>> {
    let text = place.text(message)?;
    let is_track = matches!(place.field, 35 | 36);
    let end = if is_track { card_of(text.as_bytes()).len() } else { text.len() };
    text.get(..end).map(|number| Zeroizing::new(number.to_owned()))
}

/// Three digits, or three letters.
pub(super) fn currency_of(text: &str) -> Option<u16> {
    let currency = match text.parse() {
        Ok(number) => Currency::numbered(number),
        Err(_) => Currency::parse(text),
    };
    currency.map(|currency| currency.number)
}

/// What dates of a message are read against.
struct Dates<'a> {
    message: &'a View<'a>,
    calendar: &'a Calendar,
    today: BusinessDate,
}

impl Dates<'_> {
    /// The business date of a terminal's local date and time. A date without a year is the one that
    /// is nearest to today.
    fn read(&self, date: &Place, time: Option<&Place>) -> Option<BusinessDate> {
        let text = date.text(self.message)?;
        let (day, clock) = match text.len() {
            4 | 6 | 8 => text.split_at(text.len()),
            10 => text.split_at(4),
            12 => text.split_at(6),
            14 => text.split_at(8),
            _ => return None,
        };
        let day = self.day(day)?;
        let time = time.map(|place| place.text(self.message).ok_or(())).transpose().ok()?;
        let clock = time.as_ref().map_or(clock, |time| time.as_str());
        if clock.is_empty() {
            return Some(day);
        }
        let (hour, minute) = (number(clock.get(..2)?)?, number(clock.get(2..4)?)?);
        let is_time = hour < 24 && minute < 60;
        is_time.then(|| self.calendar.business_date(day, hour * 60 + minute))
    }

    /// `MMDD`, `YYMMDD` or `YYYYMMDD`.
    fn day(&self, digits: &str) -> Option<BusinessDate> {
        let (year, rest) = digits.split_at_checked(digits.len().checked_sub(4)?)?;
        let (month, day) = (number(rest.get(..2)?)?, number(rest.get(2..)?)?);
        let of = |year: u16| {
            BusinessDate::from_ymd(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
        };
        match year.len() {
            0 => {
                let (this, _, _) = self.today.ymd();
                let years = [this.saturating_sub(1), this, this.saturating_add(1)];
                let near = |date: &BusinessDate| date.0.abs_diff(self.today.0);
                years.into_iter().filter_map(of).min_by_key(near)
            }
            2 => of(2_000_u16.checked_add(number(year)?)?),
            _ => of(number(year)?),
        }
    }
}

fn number(digits: &str) -> Option<u16> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}
