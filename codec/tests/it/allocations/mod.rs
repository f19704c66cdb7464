//! Nothing is allocated for a message in the steady state: counted, not believed.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod iso8583;
mod link;
use crate::common as link_common;
mod smpp;
