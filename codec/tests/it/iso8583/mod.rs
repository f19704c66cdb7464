//! The ISO 8583 codec as its users see it: samples, hostile bytes, round trips, tables, print.
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
