//! The ISO 8583 codec as its users see it: samples, hostile bytes, round trips, tables, print.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod dialects;
mod frames;
mod golden;
mod guessing;
mod hostile;
mod mac;
mod parts;
mod printing;
mod round_trip;
pub(crate) mod samples;
mod tables;
