//! ISO 8583 by dialect tables: bytes to checked field ranges to values, and back.
//!
//! A [`Dialect`] is compiled once from a TOML table to a flat plan. [`Dialect::decode`] walks a
//! message by it without copying; [`View`] reads values out of the bytes, [`Message`] owns them;
//! [`Dialect::encode`] is the inverse. [`decode_json`] and [`listing()`] print, with card data
//! hidden unless [`Reveal::Clear`] is asked for; [`guess()`] ranks dialects for bytes of unknown
//! origin. `docs/codec.md` explains how to write a table.
//!
//! ```
//! use tillgate_codec::iso8583::{Dialect, Fields, Message, Mti};
//!
//! let dialect = Dialect::builtin("iso87b").expect("it is built in");
//! let mut echo = Message::new(Mti::NETWORK_REQUEST);
//! echo.set_number(11, 7).set(70, "301");
//! let mut bytes = Vec::new();
//! dialect.encode(&echo, &mut bytes)?;
//!
//! let mut fields = Fields::new();
//! let view = dialect.view(&bytes, &mut fields)?;
//! assert_eq!((view.mti(), view.number(11)), (Mti::NETWORK_REQUEST, Some(7)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod constant;
mod decode;
mod dialect;
mod ebcdic;
mod emv;
mod encode;
mod error;
mod error_json;
mod framing;
mod guess;
pub(crate) mod hex;
mod json;
pub mod limits;
mod listing;
mod mac;
mod mask;
mod message;
mod mti;
mod plan;
mod schema;
mod session_key;
mod table;
mod tpdu;
mod tree;
mod value;
mod view;

pub use constant::Constant;
pub use decode::fields::{Fields, Span};
pub use dialect::{Dialect, FieldInfo};
pub use encode::error::EncodeError;
pub use error::{DecodeError, Problem};
pub use error_json::ErrorJson;
pub use framing::{Around, Frame, Framing};
pub use guess::{Guess, guess};
pub use json::{check_mac, decode_json, encode_json, encode_json_with_mac};
pub use listing::table as listing;
pub use mac::{MAC_BYTES, MacKey, MacPadding, MacVerdict};
pub use mask::Reveal;
pub use message::Message;
pub use mti::Mti;
pub use schema::FrameCoding;
pub use session_key::{CHECK_VALUE_BYTES, KeyEncryptionKey, SessionKeyError};
pub use table::TableError;
pub use tpdu::{TPDU_BYTES, Tpdu};
pub use tree::Tree;
pub use view::View;
