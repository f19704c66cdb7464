//! Welcome: the answer to a logon, with all that a terminal needs to start.

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{ANSWER, CATALOGUE, CODE, DATE, IDLE, STAN_LAST, TIME};
use super::writer::Writer;
use tillgate_types::BusinessDate;
use tillgate_types::ResponseCode;

/// Answers [`super::Logon`]. Only with [`ResponseCode::APPROVED`] may the terminal go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Welcome {
    /// Whether the terminal may work.
    pub code: ResponseCode,
    /// The business date to put into requests.
    pub date: BusinessDate,
    /// The gateway's clock: Unix time in seconds.
    pub time_s: u64,
    /// Version of the catalogue in force; 0 if there is none.
    pub catalogue: u32,
    /// Seconds of silence after which the gateway drops the link: ping before.
    pub idle_s: u16,
    /// Seconds within which the gateway answers every request.
    pub answer_s: u16,
    /// Highest STAN journalled for this terminal on `date`; 0 if none.
    pub stan_last: u32,
}

impl Welcome {
    pub(super) const TYPE: u8 = 0x81;
    pub(super) const NAME: &'static str = "welcome";

    pub(super) fn decode(fields: &Fields<'_>) -> Result<Self, BodyError> {
        Ok(Self {
            code: fields.code(CODE)?,
            date: fields.date(DATE)?,
            time_s: fields.unsigned(TIME)?,
            catalogue: fields.unsigned_or_zero(CATALOGUE)?,
            idle_s: fields.unsigned(IDLE)?,
            answer_s: fields.unsigned(ANSWER)?,
            stan_last: fields.unsigned_or_zero(STAN_LAST)?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.unsigned_unless_zero(CATALOGUE, self.catalogue);
        writer.unsigned_unless_zero(STAN_LAST, self.stan_last);
        writer.code(CODE, self.code);
        writer.date(DATE, self.date);
        writer.unsigned(TIME, self.time_s);
        writer.unsigned(IDLE, self.idle_s);
        writer.unsigned(ANSWER, self.answer_s);
    }
}
