//! What a service is made of: a record of properties, none of them a kind of its own. A new service
//! is a new combination of these, and no new code.

use super::declare::coded;
use super::wire::{Flaw, Reader, Sink, Stored};
use crate::ids::Text;
use crate::limits::REFERENCE_BYTES_MAX;
use tillgate_types::{BusinessDate, DistributorId};

coded! {
    /// Where the goods of a service come from.
    Fulfilment, "fulfilment":
    /// Vouchers from the store's stock.
    Stock = 1 "stock",
    /// A provider, over the bridge that the service is routed to.
    Provider = 2 "provider",
}

coded! {
    /// What kind of number an account is. It decides which numbers may be card numbers, and must
    /// not be journalled in clear.
    AccountForm, "form of account":
    /// A telephone number: at most 15 digits (ITU-T E.164).
    Phone = 0 "phone",
    /// A meter; any digits.
    Meter = 1 "meter",
    /// A contract or customer number; any digits.
    Contract = 2 "contract",
    /// The number of a bill; any digits.
    Bill = 3 "bill",
    /// A payment card: 13 to 19 digits (ISO/IEC 7812-1). Its provider receives it once, with the
    /// sale's first order; everywhere else it is [`masked`](super::masked_card).
    Card = 4 "card",
}

coded! {
    /// How the check digits of an account are computed.
    AccountCheck, "check of an account":
    /// It has none.
    None = 0 "none",
    /// The last digit: ISO/IEC 7812-1, annex B.
    Luhn = 1 "luhn",
    /// The last two digits: ISO/IEC 7064, MOD 97-10; letters count from 10 on.
    Mod97 = 2 "mod97",
}

coded! {
    /// Which amounts are sold.
    AmountSource, "source of amounts":
    /// Those of the products.
    Products = 0 "products",
    /// Those of the products, and any other within the bounds as product 0.
    Open = 1 "open",
    /// What the provider found: every sale needs a lookup.
    Lookup = 2 "lookup",
}

coded! {
    /// Whether the provider is asked about an account before anything is paid.
    Lookup, "rule of lookups":
    /// It is not.
    None = 0 "none",
    /// It may be: the holder's name, the amount of a bill.
    Offered = 1 "offered",
    /// It has to be.
    Required = 2 "required",
}

coded! {
    /// Which way the money of a sale flows.
    MoneyFlow, "flow of money":
    /// The customer pays the seller: the seller's float is debited.
    Debit = 0 "debit",
    /// The customer pays by card: the seller's settlement account is credited.
    Credit = 1 "credit",
}

coded! {
    /// Which way a fraction of a minor unit goes.
    Rounding, "rounding":
    /// It is dropped.
    Down = 0 "down",
    /// From a half on, up.
    HalfUp = 1 "half_up",
    /// Up.
    Up = 2 "up",
}

coded! {
    /// What a charge is for.
    ChargeKind, "kind of charge":
    /// The operator's fee.
    Fee = 0 "fee",
    /// A tax that the operator passes on.
    Tax = 1 "tax",
}

coded! {
    /// What the percentage of a charge is of.
    ChargeBase, "base of a charge":
    /// The amount of the sale.
    Amount = 0 "amount",
    /// The fee; of a tax only.
    Fee = 1 "fee",
}

/// What is charged from a date on, until a later rule of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChargeRule {
    /// A fee or a tax.
    pub kind: ChargeKind,
    /// Minor units, whatever the amount is.
    pub fixed_minor: u64,
    /// Hundredths of a percent of the base, on top.
    pub basis_points: u32,
    /// What the percentage is of.
    pub base: ChargeBase,
    /// Of the percentage.
    pub rounding: Rounding,
    /// First business date.
    pub from: BusinessDate,
}

/// Who may take a sale back that was approved, and until when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReversalRule {
    /// Nobody.
    Never,
    /// Two operators, as a refund.
    ByOperator,
    /// Its terminal, until it has confirmed the receipt; and operators.
    #[default]
    UntilConfirmed,
    /// As before, and the terminal no later than this many seconds after it asked for the sale.
    Within(u32),
}

/// Which template a receipt is printed by: a hash of its text, so that an answer is the same
/// whatever the service's receipt has become since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptTag(pub u32);

/// A language: two letters (ISO 639-1); zeros where nobody has said one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(pub [u8; 2]);

/// What the service and the seller of a sale were when it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SaleTerms {
    /// Whom the seller hung below; 0 in rows of builds that did not note it.
    pub distributor: DistributorId,
    /// The fee beside the amount, minor units.
    pub fee_minor: u64,
    /// The tax beside the amount, minor units.
    pub tax_minor: u64,
    /// Who may take it back.
    pub reversal: ReversalRule,
    /// How its receipt is printed.
    pub receipt: ReceiptTag,
    /// What the provider calls what it found in the lookup; empty without one.
    pub lookup: Text<REFERENCE_BYTES_MAX>,
    /// Whether the account in the row is masked, so that its order cannot be sent again.
    pub masked: bool,
}

impl ReversalRule {
    /// What holds where a service does not say.
    #[must_use]
    pub const fn usual(fulfilment: Fulfilment) -> Self {
        match fulfilment {
            // Its PIN may have been seen.
            Fulfilment::Stock => Self::ByOperator,
            Fulfilment::Provider => Self::UntilConfirmed,
        }
    }

    /// Whether the terminal may take back at `at_ms` what it asked for at `sold_ms`.
    #[must_use]
    pub fn allows_terminal(self, sold_ms: u64, at_ms: u64) -> bool {
        match self {
            Self::Never | Self::ByOperator => false,
            Self::UntilConfirmed => true,
            Self::Within(seconds) => at_ms.saturating_sub(sold_ms) <= u64::from(seconds) * 1_000,
        }
    }
}

impl Stored for ReversalRule {
    fn put(&self, out: &mut impl Sink) {
        let (code, seconds) = match self {
            Self::Never => (0, None),
            Self::ByOperator => (1, None),
            Self::UntilConfirmed => (2, None),
            Self::Within(seconds) => (3_u8, Some(seconds)),
        };
        code.put(out);
        seconds.into_iter().for_each(|seconds| seconds.put(out));
    }

    fn take(body: &mut Reader<'_>) -> Result<Self, Flaw> {
        match body.get()? {
            0_u8 => Ok(Self::Never),
            1 => Ok(Self::ByOperator),
            2 => Ok(Self::UntilConfirmed),
            3 => body.get().map(Self::Within),
            _ => Err(Flaw("unknown rule of reversals")),
        }
    }
}

impl std::fmt::Display for ReversalRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::ByOperator => f.write_str("operator"),
            Self::UntilConfirmed => f.write_str("until_confirmed"),
            Self::Within(seconds) => write!(f, "within {seconds}"),
        }
    }
}

impl ReceiptTag {
    /// No receipt of its own.
    pub const NONE: Self = Self(0);

    /// The tag of a template: its CRC-32C.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(crc32c::crc32c(text.as_bytes()).max(1))
    }
}

impl Language {
    /// Two letters; `None` of anything else.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_lowercase).then_some(Self(letters))
    }

    /// Its letters; empty where nobody has said one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default().trim_end_matches('\0')
    }
}

impl SaleTerms {
    const CHARGED: u8 = 1;
    const RULED: u8 = 2;
    const PRINTED: u8 = 4;
    const LOOKED_UP: u8 = 8;
    /// Since version 6 of a transaction.
    const MASKED: u8 = 16;
    const ALL: u8 = Self::CHARGED | Self::RULED | Self::PRINTED | Self::LOOKED_UP | Self::MASKED;

    /// What the customer pays beside the amount, minor units.
    #[must_use]
    pub fn charged_minor(&self) -> u64 {
        self.fee_minor.saturating_add(self.tax_minor)
    }

    /// A row has its distributor; what is as usual takes one byte.
    pub(super) fn put(&self, usual: ReversalRule, out: &mut impl Sink) {
        self.distributor.put(out);
        let flags = [
            (Self::CHARGED, self.charged_minor() > 0),
            (Self::RULED, self.reversal != usual),
            (Self::PRINTED, self.receipt != ReceiptTag::NONE),
            (Self::LOOKED_UP, !self.lookup.is_empty()),
            (Self::MASKED, self.masked),
        ];
        let flags = flags.into_iter().filter(|(_, set)| *set).fold(0, |all, (bit, _)| all | bit);
        flags.put(out);
        if flags & Self::CHARGED != 0 {
            self.fee_minor.put(out);
            self.tax_minor.put(out);
        }
        if flags & Self::RULED != 0 {
            self.reversal.put(out);
        }
        if flags & Self::PRINTED != 0 {
            self.receipt.put(out);
        }
        if flags & Self::LOOKED_UP != 0 {
            self.lookup.put(out);
        }
    }

    pub(super) fn take(usual: ReversalRule, body: &mut Reader<'_>) -> Result<Self, Flaw> {
        let mut terms = Self { distributor: body.get()?, reversal: usual, ..Self::default() };
        let flags: u8 = body.get()?;
        if flags & !Self::ALL != 0 {
            return Err(Flaw("unknown terms of a sale"));
        }
        terms.masked = flags & Self::MASKED != 0;
        if flags & Self::CHARGED != 0 {
            (terms.fee_minor, terms.tax_minor) = body.get()?;
        }
        if flags & Self::RULED != 0 {
            terms.reversal = body.get()?;
        }
        if flags & Self::PRINTED != 0 {
            terms.receipt = body.get()?;
        }
        if flags & Self::LOOKED_UP != 0 {
            terms.lookup = body.get()?;
        }
        Ok(terms)
    }
}

#[cfg(test)]
mod tests {
    use super::ReversalRule;

    #[test]
    fn a_terminal_may_take_back_as_the_rule_says() {
        let allowed = |rule: ReversalRule, after_ms| rule.allows_terminal(5_000, 5_000 + after_ms);
        assert!(!allowed(ReversalRule::Never, 0) && !allowed(ReversalRule::ByOperator, 0));
        assert!(allowed(ReversalRule::UntilConfirmed, u64::MAX - 5_000));
        assert!(allowed(ReversalRule::Within(60), 60_000));
        assert!(!allowed(ReversalRule::Within(60), 60_001));
        assert!(ReversalRule::Within(60).allows_terminal(5_000, 0), "a clock that was set back");
    }
}
