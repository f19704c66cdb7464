//! Response codes: the outcome of a request, in two characters.

use std::fmt;

/// Two characters as in ISO 8583:1987 field 39; those of our own start with a letter.
///
/// Unknown codes stay visible: whoever reads one decides what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResponseCode(pub [u8; 2]);

impl ResponseCode {
    /// Approved.
    pub const APPROVED: Self = Self(*b"00");
    /// The seller is not active.
    pub const SELLER_INACTIVE: Self = Self(*b"03");
    /// The provider declined without a reason that we know.
    pub const NOT_HONOURED: Self = Self(*b"05");
    /// The same request is still being worked on; ask again with a repeat.
    pub const IN_PROGRESS: Self = Self(*b"09");
    /// The service is unknown.
    pub const INVALID_TRANSACTION: Self = Self(*b"12");
    /// The amount does not fit the product, or the currency is another.
    pub const INVALID_AMOUNT: Self = Self(*b"13");
    /// The provider knows no such subscriber.
    pub const NO_SUCH_SUBSCRIBER: Self = Self(*b"14");
    /// The transaction cannot be reversed: its receipt was confirmed, or its provider refuses.
    pub const NOT_REVERSIBLE: Self = Self(*b"21");
    /// There is no such transaction.
    pub const UNABLE_TO_LOCATE: Self = Self(*b"25");
    /// The request could not be understood.
    pub const FORMAT_ERROR: Self = Self(*b"30");
    /// There is no message of that type in the version agreed upon.
    pub const NOT_SUPPORTED: Self = Self(*b"40");
    /// The seller's float does not cover the amount.
    pub const INSUFFICIENT_FLOAT: Self = Self(*b"51");
    /// The service is not open to this terminal.
    pub const SERVICE_NOT_PERMITTED: Self = Self(*b"57");
    /// The terminal is not active.
    pub const TERMINAL_INACTIVE: Self = Self(*b"58");
    /// Above or below the amount allowed.
    pub const AMOUNT_LIMIT: Self = Self(*b"61");
    /// Too many transactions, or too much, in too short a time.
    pub const VELOCITY_LIMIT: Self = Self(*b"65");
    /// The provider's answer came too late; the outcome is being found out.
    pub const LATE_RESPONSE: Self = Self(*b"68");
    /// The provider cannot be reached and nothing was sent to it.
    pub const PROVIDER_UNAVAILABLE: Self = Self(*b"91");
    /// The same STAN and business date were used before with other content.
    pub const DUPLICATE: Self = Self(*b"94");
    /// The totals of a settlement differ.
    pub const TOTALS_DIFFER: Self = Self(*b"95");
    /// The gateway cannot serve for a reason of its own.
    pub const MALFUNCTION: Self = Self(*b"96");
    /// A distributor above the seller is not active.
    pub const DISTRIBUTOR_INACTIVE: Self = Self(*b"D1");
    /// Outside the hours in which this terminal may sell.
    pub const OUTSIDE_HOURS: Self = Self(*b"H1");
    /// No voucher of this denomination is left.
    pub const OUT_OF_STOCK: Self = Self(*b"S1");
    /// The account looks like a payment card number, which the service does not say it is not.
    /// Nothing of the request was kept.
    pub const CARD_NUMBER: Self = Self(*b"C1");
    /// The sale needs a lookup, or what it found is not good any more: look it up again.
    pub const LOOK_UP_AGAIN: Self = Self(*b"L2");
    /// The business date is too far from the gateway's; log on again.
    pub const WRONG_DATE: Self = Self(*b"B1");
    /// Reversed: by the terminal, perhaps before it came, or because its outcome could not be
    /// determined.
    pub const REVERSED: Self = Self(*b"R1");

    /// Not served before the terminal has logged on: log on, then send the same request again.
    pub const NOT_LOGGED_ON: Self = Self(*b"L1");

    /// Whether it says that the terminal or somebody above it may not trade.
    #[must_use]
    pub fn is_inactive(self) -> bool {
        [Self::TERMINAL_INACTIVE, Self::SELLER_INACTIVE, Self::DISTRIBUTOR_INACTIVE].contains(&self)
    }

    /// Whether the request was approved.
    #[must_use]
    pub fn is_approved(self) -> bool {
        self == Self::APPROVED
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.0;
        write!(f, "{}{}", first.escape_ascii(), second.escape_ascii())
    }
}
