//! Settled: the gateway's totals of a business date.

use tillgate_types::Totals;

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{CODE, DATE, OPEN_COUNT, RRN, SETTLED_DATE, STAN, TIME};
use super::totals;
use super::writer::Writer;
use tillgate_types::BusinessDate;
use tillgate_types::ResponseCode;

/// Answers a [`super::Settle`] with the gateway's own totals, whatever the terminal's were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled<'a> {
    /// The request's STAN.
    pub stan: u32,
    /// The request's business date.
    pub date: BusinessDate,
    /// The business date that was settled.
    pub settled_date: BusinessDate,
    /// 00: both count the same; 95: they do not; another: not compared.
    pub code: ResponseCode,
    /// Retrieval reference number, 12 characters; empty when it was refused at the door.
    pub rrn: &'a str,
    /// What the gateway counted.
    pub totals: Totals,
    /// Requests of that date that would be answered 09 now; they are in no total yet.
    pub open_count: u32,
    /// When the gateway counted: Unix time in seconds.
    pub time_s: u64,
}

impl<'a> Settled<'a> {
    pub(super) const TYPE: u8 = 0x89;
    pub(super) const NAME: &'static str = "settled";

    pub(super) fn decode(fields: &Fields<'a>) -> Result<Self, BodyError> {
        let date = fields.date(DATE)?;
        Ok(Self {
            stan: fields.unsigned(STAN)?,
            date,
            settled_date: fields.date_if_any(SETTLED_DATE)?.unwrap_or(date),
            code: fields.code(CODE)?,
            rrn: fields.text_or_empty(RRN)?,
            totals: totals::decode(fields)?,
            open_count: fields.unsigned_or_zero(OPEN_COUNT)?,
            time_s: fields.unsigned(TIME)?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.text_unless_empty(RRN, self.rrn);
        totals::encode(&self.totals, &mut writer);
        writer.unsigned_unless_zero(OPEN_COUNT, self.open_count);
        if self.settled_date != self.date {
            writer.date(SETTLED_DATE, self.settled_date);
        }
        writer.unsigned(STAN, self.stan);
        writer.date(DATE, self.date);
        writer.code(CODE, self.code);
        writer.unsigned(TIME, self.time_s);
    }
}
