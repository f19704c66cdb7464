//! The tests of this crate from outside, in one program.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod allocations;
mod cards;
mod content;
#[path = "../../../../codec/tests/it/counting/mod.rs"]
mod counting;
mod crowds;
mod dates;
#[path = "../../../../codec/tests/it/effort.rs"]
mod effort;
mod fail_over;
mod flood;
mod handsets;
mod host;
mod keys;
mod life;
mod link;
mod listener;
mod lookup;
mod operator;
mod orders;
mod reconcile;
mod references;
mod report;
mod routes;
mod secrets;
mod session;
mod settlement;
mod support;
mod suspend;
mod transaction;
mod unproven;
mod ussd;
mod ussd_link;
mod verify;
mod walk;
mod wire_vectors;
