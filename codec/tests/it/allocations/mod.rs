//! Nothing is allocated for a message in the steady state: counted, not believed.
mod iso8583;
mod link;
use crate::common as link_common;
mod smpp;
