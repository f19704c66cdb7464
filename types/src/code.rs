//! Response codes: the outcome of a request, in two characters.

use std::fmt;

/// Two characters as in ISO 8583:1987 field 39; those of our own start with a letter.
///
/// Unknown codes stay visible: whoever reads one decides what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResponseCode(pub [u8; 2]);

/// Declares the codes: constant, characters, and what it means in words.
macro_rules! codes {
    ($($(#[$more:meta])* $CODE:ident = $characters:literal, $meaning:literal;)+) => {
        impl ResponseCode {
            /// Every code that has a name.
            pub const ALL: &'static [Self] = &[$(Self::$CODE),+];

            $(
                #[doc = $meaning]
                #[doc = ""]
                $(#[$more])*
                pub const $CODE: Self = Self(*$characters);
            )+

            /// What a code means, for tables; empty for one that is not known.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$CODE => $meaning,)+
                    _ => "",
                }
            }
        }
    };
}

codes! {
    APPROVED = b"00", "approved";
    SELLER_INACTIVE = b"03", "seller not active";
    /// It gave no reason that we know.
    NOT_HONOURED = b"05", "declined by the provider";
    /// Ask again with a repeat.
    IN_PROGRESS = b"09", "still in progress";
    INVALID_TRANSACTION = b"12", "unknown service";
    /// The amount does not fit the product, or the currency is another.
    INVALID_AMOUNT = b"13", "wrong amount or currency";
    NO_SUCH_SUBSCRIBER = b"14", "the provider knows no such subscriber";
    /// Its receipt was confirmed, or its provider refuses.
    NOT_REVERSIBLE = b"21", "cannot be reversed";
    UNABLE_TO_LOCATE = b"25", "no such transaction";
    FORMAT_ERROR = b"30", "request not understood";
    /// In the version agreed upon.
    NOT_SUPPORTED = b"40", "no such message";
    INSUFFICIENT_FLOAT = b"51", "float does not cover the amount";
    INCORRECT_PIN = b"55", "wrong PIN";
    SERVICE_NOT_PERMITTED = b"57", "service not permitted to this terminal";
    TERMINAL_INACTIVE = b"58", "terminal not active";
    AMOUNT_LIMIT = b"61", "amount above or below the limit";
    VELOCITY_LIMIT = b"65", "too many transactions, or too much, in too short a time";
    /// The outcome is being found out.
    LATE_RESPONSE = b"68", "the provider's answer came too late";
    /// Nothing says whether the last one was the right one.
    PIN_TRIES_EXCEEDED = b"75", "too many wrong PINs: wait, or ask the operator";
    /// Nothing was sent to it.
    PROVIDER_UNAVAILABLE = b"91", "provider not reachable";
    DUPLICATE = b"94", "same STAN and date were used with other content";
    TOTALS_DIFFER = b"95", "totals differ";
    MALFUNCTION = b"96", "the gateway cannot serve just now";
    DISTRIBUTOR_INACTIVE = b"D1", "a distributor above the seller is not active";
    OUTSIDE_HOURS = b"H1", "outside the terminal's hours";
    OUT_OF_STOCK = b"S1", "no voucher of this denomination left";
    /// The service does not say that it is none. Nothing of the request was kept.
    CARD_NUMBER = b"C1", "the account is a payment card number";
    /// The sale needs a lookup, or what it found is not good any more: look it up again.
    LOOK_UP_AGAIN = b"L2", "";
    /// Log on again.
    WRONG_DATE = b"B1", "business date too far off";
    /// By the terminal, perhaps before it came, or because its outcome could not be determined.
    REVERSED = b"R1", "was reversed";
    /// Not served before the terminal has logged on: log on, then send the same request again.
    NOT_LOGGED_ON = b"L1", "";
}

impl ResponseCode {
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
