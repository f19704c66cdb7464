//! `verify` names every way in which rows can break a promise. Each test takes a sound store and
//! changes rows behind the ledger's back, with checksums that match.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod damage;
mod journal;
mod lab;
mod life;
mod money;
mod vouchers;
