//! Values that wire, store, gateway and simulator share: one definition of each.
//!
//! No arithmetic of money and no I/O here: only what a value is, how it is ordered, read and shown.

#![forbid(unsafe_code)]

mod code;
mod currency;
mod date;
mod ids;
mod msisdn;
mod network;
mod time;
mod totals;

pub use code::ResponseCode;
pub use currency::{Currency, decimal};
pub use date::BusinessDate;
pub use ids::{DistributorId, ProductId, SellerId, ServiceId, TerminalId};
pub use msisdn::Msisdn;
pub use network::{Subnet, network};
pub use time::{Moment, Span, UnixMillis};
pub use totals::Totals;
