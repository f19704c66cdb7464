//! Tillgate's wires: bytes to messages and back.
//!
//! This crate is pure: it has no clock, socket, thread, file, environment or randomness of its own.
//! Bytes, time and entropy arrive as arguments, so that one seeded test can drive everything here.
//!
//! * [`link`]: the terminals' own protocol over TCP, specified byte by byte in `docs/wire.md`.
//! * [`limits`]: every bound of it, with its reason.
//! * [`iso8583`]: messages of other vendors' terminals and hosts, described by dialect tables
//!   (`docs/codec.md`).
//! * [`smpp`]: the connection to an operator's USSD centre; [`ussd`]: the texts that it carries
//!   (`docs/smpp.md`).

#![forbid(unsafe_code)]

mod bytes;
mod document;
pub mod iso8583;
pub mod limits;
mod lines;
pub mod link;
pub mod smpp;
pub mod ussd;
