//! Identifiers of what the registry knows.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $format:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, $format, self.0)
            }
        }
    };
}

id!(
    /// A terminal; shown as eight digits, as in ISO 8583 field 41.
    TerminalId, u32, "{:08}"
);
id!(
    /// A seller: who owns terminals and float.
    SellerId, u32, "{}"
);
id!(
    /// A distributor: a node of the tree above the sellers.
    DistributorId, u32, "{}"
);
id!(
    /// A service: what is sold and by which bridge.
    ServiceId, u16, "{}"
);
id!(
    /// A product of a service: a denomination or plan; 0 is an open amount.
    ProductId, u16, "{}"
);

impl TerminalId {
    /// Whose keys the rows of refunds have. It is beyond the eight digits of a terminal's number,
    /// so that no refund takes a trace number that a terminal needs.
    pub const OPERATOR: Self = Self(100_000_000);
}
