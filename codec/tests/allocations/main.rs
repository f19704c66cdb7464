//! Nothing is allocated for a message in the steady state: counted, not believed.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[path = "../counting/mod.rs"]
mod counting;
mod iso8583;
mod link;
#[path = "../common/mod.rs"]
mod link_common;
mod smpp;
#[path = "../smpp_common/mod.rs"]
mod smpp_common;
