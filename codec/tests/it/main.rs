//! The tests of this crate from outside, in one program.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod allocations;
mod common;
mod counting;
mod effort;
mod iso8583;
mod link_channel;
mod link_datagram;
mod link_golden;
mod link_handshake;
mod link_messages;
mod link_records;
mod link_render;
mod link_round_trip;
mod link_vectors;
mod link_versions;
mod smpp_common;
mod smpp_frames;
mod smpp_golden;
mod smpp_liberal;
mod smpp_oracle;
mod smpp_render;
mod smpp_round_trip;
mod ussd_armour;
mod ussd_pages;
mod ussd_text;
mod vectors;
mod wire_page;
mod wire_tables;
