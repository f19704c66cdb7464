//! Reject: a body that was not understood and has no answer of its own.

use super::error::BodyError;
use super::reader::Fields;
use super::tag::{CODE, DATE, MESSAGE, STAN, TIME};
use super::writer::Writer;
use tillgate_types::BusinessDate;
use tillgate_types::ResponseCode;

/// Says that a body of an unknown type, a ping, an acknowledge or nothing at all was not
/// understood. A malformed request is answered by its own answer instead, with code 30.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reject {
    /// The type byte of the body that was not understood; 0 if it had none.
    pub message: u8,
    /// 30: malformed; 40: no message of that type.
    pub code: ResponseCode,
    /// The STAN in the body, if one could be read.
    pub stan: Option<u32>,
    /// The business date in the body, if one could be read.
    pub date: Option<BusinessDate>,
    /// The gateway's clock: Unix time in seconds.
    pub time_s: u64,
}

impl Reject {
    pub(super) const TYPE: u8 = 0x8A;
    pub(super) const NAME: &'static str = "reject";

    pub(super) fn decode(fields: &Fields<'_>) -> Result<Self, BodyError> {
        Ok(Self {
            message: fields.unsigned_or_zero(MESSAGE)?,
            code: fields.code(CODE)?,
            stan: fields.unsigned_if_any(STAN)?,
            date: fields.date_if_any(DATE)?,
            time_s: fields.unsigned(TIME)?,
        })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::start(Self::TYPE, out);
        writer.unsigned_unless_zero(MESSAGE, self.message);
        if let Some(stan) = self.stan {
            writer.unsigned(STAN, stan);
        }
        if let Some(date) = self.date {
            writer.date(DATE, date);
        }
        writer.code(CODE, self.code);
        writer.unsigned(TIME, self.time_s);
    }
}
