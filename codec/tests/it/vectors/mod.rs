//! The parts of `docs/wire-vectors.json`.

mod channel;
mod datagram;
mod messages;

pub(crate) use channel::{handshakes, hellos_refused, records_refused, replies_refused};
pub(crate) use datagram::{datagram_replies_refused, datagrams, datagrams_refused};
pub(crate) use messages::{bodies_refused, same_request};
