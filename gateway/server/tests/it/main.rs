//! The tests of this crate from outside, in one program.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod admin;
mod architecture;
mod backup;
mod codec;
mod commands;
mod docs;
mod edge;
mod history;
mod installation;
mod memory;
mod menu;
mod refund;
mod secrets;
mod serve;
mod stock;
mod words;
