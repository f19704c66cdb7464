//! `verify` names every way in which rows can break a promise. Each test takes a sound store and
//! changes rows behind the ledger's back, with checksums that match.

mod damage;
mod journal;
pub(crate) mod lab;
mod life;
mod money;
mod vouchers;
