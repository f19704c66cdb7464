//! What a service is made of: a record of properties, none of them a kind of its own. A new service
//! is a new combination of these, and no new code.

use super::wire::{Flaw, Reader, put_string, put_text, put_u32, put_u64};
use crate::ids::Text;
use crate::limits::{REFERENCE_BYTES_MAX, SUBSCRIBER_BYTES_MAX};
use tillgate_types::{BusinessDate, DistributorId};

/// An enumeration whose values have a byte in records and a word in files and answers.
macro_rules! coded {
    ($(#[$doc:meta])* $name:ident, $what:literal:
     $($(#[$value_doc:meta])* $value:ident = $code:literal $label:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$value_doc])* $value,)*
        }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$value),*];

            /// The byte that stands for it in records.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$value => $code,)*
                }
            }

            /// The word that stands for it in files and answers.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$value => $label,)*
                }
            }

            pub(super) fn read(from: &mut Reader<'_>) -> Result<Self, Flaw> {
                match from.u8()? {
                    $($code => Ok(Self::$value),)*
                    _ => Err(Flaw(concat!("unknown ", $what))),
                }
            }
        }
    };
}

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

/// What a terminal asks the customer for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountField {
    /// Its name on the screen.
    pub label: String,
    /// What kind of number it is.
    pub form: AccountForm,
    /// Fewest characters.
    pub length_min: u8,
    /// Most characters, at most [`SUBSCRIBER_BYTES_MAX`].
    pub length_max: u8,
    /// A picture of it: `9` is a digit, `A` a letter, `X` either, `*` at the end whatever follows;
    /// another character stands for itself. Empty: letters, digits and `+-*#._/`.
    pub picture: String,
    /// Its check digits.
    pub check: AccountCheck,
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
}

impl AccountField {
    /// A field of a form that any number fits.
    #[must_use]
    pub fn of(form: AccountForm) -> Self {
        let label = match form {
            AccountForm::Phone => "Phone",
            AccountForm::Meter => "Meter",
            AccountForm::Contract => "Contract",
            AccountForm::Bill => "Bill",
        };
        let length_max = u8::try_from(SUBSCRIBER_BYTES_MAX).expect("a short text");
        Self {
            label: label.to_owned(),
            form,
            length_min: 1,
            length_max,
            picture: String::new(),
            check: AccountCheck::None,
        }
    }

    /// Whether a number may be such an account.
    #[must_use]
    pub fn accepts(&self, account: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || "+-*#._/".contains(c);
        let length = usize::from(self.length_min.max(1))..=usize::from(self.length_max);
        length.contains(&account.len())
            && account.chars().all(plain)
            && (self.picture.is_empty() || matches(&self.picture, account))
            && self.check.holds(account)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put_string(out, &self.label);
        out.extend_from_slice(&[self.form.code(), self.length_min, self.length_max]);
        put_string(out, &self.picture);
        out.push(self.check.code());
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Result<Self, Flaw> {
        Ok(Self {
            label: body.string()?,
            form: AccountForm::read(body)?,
            length_min: body.u8()?,
            length_max: body.u8()?,
            picture: body.string()?,
            check: AccountCheck::read(body)?,
        })
    }
}

/// Whether an account looks like its picture.
fn matches(picture: &str, account: &str) -> bool {
    let mut rest = account.bytes();
    let (picture, open) = match picture.strip_suffix('*') {
        Some(head) => (head, true),
        None => (picture, false),
    };
    let fits = picture.bytes().all(|wanted| {
        rest.next().is_some_and(|byte| match wanted {
            b'9' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_alphabetic(),
            b'X' => byte.is_ascii_alphanumeric(),
            other => byte == other,
        })
    });
    fits && (open || rest.next().is_none())
}

impl AccountCheck {
    /// Whether the check digits of an account are right.
    #[must_use]
    pub fn holds(self, account: &str) -> bool {
        match self {
            Self::None => true,
            Self::Luhn => account.bytes().all(|byte| byte.is_ascii_digit()) && luhn(account),
            Self::Mod97 => mod97(account) == Some(1),
        }
    }
}

/// Whether the last of these digits is the check digit of ISO/IEC 7812-1, annex B. Whatever is no
/// digit is passed over.
#[must_use]
pub fn luhn(digits: &str) -> bool {
    let digits = digits.bytes().rev().filter(u8::is_ascii_digit).map(|digit| digit - b'0');
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The remainder by 97 of ISO/IEC 7064; `None` of a text with other characters.
fn mod97(text: &str) -> Option<u32> {
    text.chars().try_fold(0, |rest, c| {
        let value = c.to_digit(36)?;
        let shift = if value < 10 { 10 } else { 100 };
        Some((rest * shift + value) % 97)
    })
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

    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Never => out.push(0),
            Self::ByOperator => out.push(1),
            Self::UntilConfirmed => out.push(2),
            Self::Within(seconds) => {
                out.push(3);
                put_u32(out, seconds);
            }
        }
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Result<Self, Flaw> {
        match body.u8()? {
            0 => Ok(Self::Never),
            1 => Ok(Self::ByOperator),
            2 => Ok(Self::UntilConfirmed),
            3 => Ok(Self::Within(body.u32()?)),
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

    /// What the customer pays beside the amount, minor units.
    #[must_use]
    pub fn charged_minor(&self) -> u64 {
        self.fee_minor.saturating_add(self.tax_minor)
    }

    /// A row has its distributor; what is as usual takes one byte.
    pub(super) fn write(&self, usual: ReversalRule, out: &mut Vec<u8>) {
        put_u32(out, self.distributor.0);
        let flag = |bit, set| if set { bit } else { 0 };
        let charged = flag(Self::CHARGED, self.charged_minor() > 0);
        let ruled = flag(Self::RULED, self.reversal != usual);
        let printed = flag(Self::PRINTED, self.receipt != ReceiptTag::NONE);
        let looked_up = flag(Self::LOOKED_UP, !self.lookup.is_empty());
        out.push(charged | ruled | printed | looked_up);
        if charged > 0 {
            put_u64(out, self.fee_minor);
            put_u64(out, self.tax_minor);
        }
        if ruled > 0 {
            self.reversal.write(out);
        }
        if printed > 0 {
            put_u32(out, self.receipt.0);
        }
        if looked_up > 0 {
            put_text(out, &self.lookup);
        }
    }

    pub(super) fn read(usual: ReversalRule, body: &mut Reader<'_>) -> Result<Self, Flaw> {
        let mut terms = Self { reversal: usual, ..Self::default() };
        terms.distributor = DistributorId(body.u32()?);
        let flags = body.u8()?;
        if flags & !(Self::CHARGED | Self::RULED | Self::PRINTED | Self::LOOKED_UP) != 0 {
            return Err(Flaw("unknown terms of a sale"));
        }
        if flags & Self::CHARGED != 0 {
            (terms.fee_minor, terms.tax_minor) = (body.u64()?, body.u64()?);
        }
        if flags & Self::RULED != 0 {
            terms.reversal = ReversalRule::read(body)?;
        }
        if flags & Self::PRINTED != 0 {
            terms.receipt = ReceiptTag(body.u32()?);
        }
        if flags & Self::LOOKED_UP != 0 {
            terms.lookup = body.text()?;
        }
        Ok(terms)
    }
}

#[cfg(test)]
mod tests {
    use super::{AccountCheck, AccountField, AccountForm, ReversalRule};

    #[test]
    fn an_account_fits_its_length_picture_and_check() {
        let mut field = AccountField::of(AccountForm::Bill);
        assert!(field.accepts("RF18-5390/0754") && field.accepts("7"));
        for wrong in ["", "12 34", "é", "1234567890123456789012345"] {
            assert!(!field.accepts(wrong), "{wrong}");
        }
        field.picture = "AB99X*".to_owned();
        for right in ["KB123", "ab12c".to_uppercase().as_str(), "AB123-any#thing"] {
            assert!(field.accepts(right), "{right}");
        }
        for wrong in ["AB1", "1B123", "AC123", "AB12", "ABx23", "AB12-"] {
            assert!(!field.accepts(wrong), "{wrong}");
        }
        (field.length_min, field.length_max) = (6, 6);
        assert!(field.accepts("AB1234") && !field.accepts("AB12345"));
    }

    #[test]
    fn check_digits_are_those_of_the_standards() {
        assert!(AccountCheck::Luhn.holds("79927398713"));
        assert!(
            !AccountCheck::Luhn.holds("79927398710") && !AccountCheck::Luhn.holds("7992-98713")
        );
        // ISO/IEC 7064: 794 has the check digits 44.
        assert!(AccountCheck::Mod97.holds("79444") && !AccountCheck::Mod97.holds("79445"));
        assert!(!AccountCheck::Mod97.holds("794-44"));
    }

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
