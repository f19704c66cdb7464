//! USSD text: alphabets, lengths, pages, sealed frames as text, and the HTTP way's bodies.
//!
//! * [`Alphabet`] turns characters into octets and back; [`gsm7`] is the usual one, [`septets`]
//!   packs it as the radio side does.
//! * [`Room`] says how much text a USSD string holds, [`Pager`] cuts a menu to fit.
//! * [`armour`] carries the sealed frames of a USSD terminal as text or as digits.
//! * [`http`] has the `CON`/`END` bodies.

mod alphabet;
pub mod armour;
pub mod gsm7;
pub mod http;
mod page;
pub mod septets;
mod ucs2;

pub use alphabet::{Alphabet, Room, TextError};
pub use page::{Page, Pager, RoomError};
