//! The terminal link: our own compact protocol for metered 2G links, over TCP.
//!
//! Three layers, each usable by itself, read from the outside in:
//!
//! ```text
//! TCP bytes --record::deframe--> records --channel--> bodies --message--> TerminalMessage,
//!                                                                         GatewayMessage
//! ```
//!
//! * [`record`] cuts the stream into bounded records without copying.
//! * [`channel`] does the handshake (Noise with a pre-shared key) and seals and opens records.
//! * [`datagram`] seals messages one by one, for USSD.
//! * [`message`] is what the two ends say: bodies of one type byte and tagged values.
//! * [`render`] shows records and bodies to people, as JSON and as tables, and reads the JSON back.
//!
//! The bytes are specified in `docs/wire.md`.

pub mod channel;
pub mod datagram;
pub mod message;
pub mod record;
pub mod render;
