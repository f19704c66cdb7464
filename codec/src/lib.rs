//! Tillgate's wires: bytes to messages and back.
//!
//! This crate is pure: it has no clock, socket, thread, file, environment or randomness of its own.
//! Bytes, time and entropy arrive as arguments, so that one seeded test can drive everything here.
//!
//! [`link`] is the terminals' own protocol over TCP, specified byte by byte in `docs/wire.md`.
//! [`limits`] names every bound of it, with its reason.
//! [`iso8583`] speaks to terminals and hosts of other makers, by dialect tables.
//! [`smpp`] is the way to an operator's USSD centre, [`ussd`] the texts that travel there;
//! `docs/smpp.md` says what is accepted and what is sent.

#![forbid(unsafe_code)]

mod bytes;
pub mod iso8583;
pub mod limits;
mod lines;
pub mod link;
pub mod smpp;
pub mod ussd;
