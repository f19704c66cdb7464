//! The texts of menus, each by its name, and what may be filled in.

use tillgate_codec::ussd::Alphabet;
use tillgate_store_core::Language;
use tillgate_types::{BusinessDate, Currency, ResponseCode};

use super::screens::plain;
use crate::iso8583::template::{Template, sources};

sources! {
    /// The service's name.
    Service = "service",
    /// The product's name.
    Product = "product",
    /// The name of the account, as the service has it.
    Label = "label",
    /// The account.
    Account = "account",
    /// Amount, in major units.
    Amount = "amount",
    /// Fee and tax together, in major units.
    Fee = "fee",
    /// Amount, fee and tax together, in major units.
    Total = "total",
    /// Least amount, in major units.
    Min = "min",
    /// Greatest amount, in major units.
    Max = "max",
    /// Three letters.
    Currency = "currency",
    /// The seller's float afterwards, in major units.
    Balance = "balance",
    /// A voucher's PIN.
    Pin = "pin",
    /// A voucher's serial number.
    Serial = "serial",
    /// A voucher's last day.
    Expiry = "expiry",
    /// The provider's reference.
    Reference = "reference",
    /// The gateway's reference.
    Rrn = "rrn",
    /// The gateway's reference, else the number of the request.
    Number = "number",
    /// A response code.
    Code = "code",
    /// Minutes since the same was ordered.
    Minutes = "minutes",
}

/// Declares the texts: name in the code, name in files, what may be filled in.
macro_rules! texts {
    ($($Name:ident = $name:literal $(($($source:ident),+))?;)+) => {
        /// A text by its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Key {
            $($Name,)+
        }

        impl Key {
            pub(super) const ALL: &'static [Self] = &[$(Self::$Name),+];

            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$Name => $name,)+
                }
            }

            pub(super) const fn sources(self) -> &'static [Source] {
                match self {
                    $(Self::$Name => &[$($(Source::$source),+)?],)+
                }
            }
        }
    };
}

texts! {
    Title = "title";
    EnterPin = "enter_pin";
    ConfirmPin = "confirm_pin";
    PinForm = "pin_form";
    WrongPin = "wrong_pin";
    Locked = "locked";
    Inactive = "inactive" (Code);
    Unavailable = "unavailable" (Code);
    NoAnswer = "no_answer";
    Sell = "sell";
    Balance = "balance";
    Last = "last";
    Repeat = "repeat";
    ChangePin = "change_pin";
    Language = "language";
    LanguageName = "language_name";
    Back = "back";
    Home = "home";
    More = "more";
    Confirm = "confirm";
    Cancel = "cancel";
    OtherAmount = "other_amount";
    NoService = "no_service";
    ProductLine = "product_line" (Product, Amount, Currency);
    EnterAccount = "enter_account" (Service, Label);
    EnterAmount = "enter_amount" (Service, Min, Max, Currency);
    FoundAmount = "found_amount" (Amount, Currency);
    AccountLine = "account_line" (Label, Account);
    AmountLine = "amount_line" (Amount, Currency);
    FeeLine = "fee_line" (Fee, Total, Currency);
    AgainLine = "again_line" (Minutes);
    Sold = "sold" (Service);
    PinLine = "pin_line" (Pin);
    SerialLine = "serial_line" (Serial);
    ExpiryLine = "expiry_line" (Expiry);
    ReferenceLine = "reference_line" (Reference);
    RrnLine = "rrn_line" (Rrn);
    BalanceLine = "balance_line" (Balance, Currency);
    Late = "late" (Number);
    NoSales = "no_sales";
    Declined = "declined" (Code);
    WrongChoice = "wrong_choice";
    WrongAccount = "wrong_account" (Label);
    WrongAmount = "wrong_amount";
    TooOften = "too_often";
    WrongShortcut = "wrong_shortcut";
    OldPin = "old_pin";
    NewPin = "new_pin";
    AgainPin = "again_pin";
    WeakPin = "weak_pin";
    UnequalPin = "unequal_pin";
    PinChanged = "pin_changed";
    MustChange = "must_change_pin";
    Busy = "busy";
    UnknownHandset = "unknown_handset";
    WrongCode = "wrong_code";
    Expired = "expired";
    Thanks = "thanks";
    Code05 = "code_05";
    Code13 = "code_13";
    Code14 = "code_14";
    Code51 = "code_51";
    Code57 = "code_57";
    Code61 = "code_61";
    Code65 = "code_65";
    Code91 = "code_91";
    Code94 = "code_94";
    CodeB1 = "code_B1";
    CodeH1 = "code_H1";
    CodeS1 = "code_S1";
    CodeL2 = "code_L2";
    CodeR1 = "code_R1";
}

impl Key {
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.name() == name)
    }

    /// What a code means, where there is a text for it.
    pub(super) fn of_code(code: ResponseCode) -> Option<Self> {
        let code = code.to_string();
        Self::ALL.iter().copied().find(|key| key.name().strip_prefix("code_") == Some(&code))
    }

    /// The source that the text makes no sense without.
    pub(super) fn required(self) -> Option<Source> {
        match self {
            Self::AccountLine => Some(Source::Account),
            Self::AmountLine | Self::FoundAmount => Some(Source::Amount),
            Self::FeeLine => Some(Source::Fee),
            Self::PinLine => Some(Source::Pin),
            Self::SerialLine => Some(Source::Serial),
            Self::BalanceLine => Some(Source::Balance),
            Self::Late => Some(Source::Number),
            Self::RrnLine => Some(Source::Rrn),
            Self::ReferenceLine => Some(Source::Reference),
            Self::ProductLine => Some(Source::Product),
            _ => None,
        }
    }
}

/// All texts in one language.
#[derive(Debug)]
pub(super) struct Tongue {
    pub(super) language: Language,
    /// In the order of [`Key::ALL`].
    pub(super) texts: Vec<Template<Source>>,
    /// Whether all of it is in the GSM alphabet.
    pub(super) is_gsm: bool,
}

/// What is filled in.
#[derive(Clone, Copy, Default)]
pub(super) struct Values<'a> {
    pub(super) service: &'a str,
    pub(super) product: &'a str,
    pub(super) label: &'a str,
    pub(super) account: &'a str,
    pub(super) amount: u64,
    pub(super) charged: u64,
    pub(super) bounds: (u64, u64),
    pub(super) currency: Option<Currency>,
    pub(super) balance: i64,
    pub(super) pin: &'a str,
    pub(super) serial: &'a str,
    pub(super) expiry: BusinessDate,
    pub(super) reference: &'a str,
    pub(super) rrn: &'a str,
    pub(super) stan: u32,
    pub(super) code: Option<ResponseCode>,
    pub(super) minutes: u64,
}

impl Tongue {
    /// Appends a text.
    pub(super) fn put(&self, key: Key, values: &Values<'_>, out: &mut String) {
        let at = Key::ALL.iter().position(|known| *known == key);
        if let Some(template) = at.and_then(|at| self.texts.get(at)) {
            template.fill(out, |source, out| self.value(source, values, out));
        }
    }

    /// Appends a text as a line of its own.
    pub(super) fn line(&self, key: Key, values: &Values<'_>, out: &mut String) {
        if !out.is_empty() {
            out.push('\n');
        }
        self.put(key, values, out);
    }

    /// Appends what somebody else wrote: no control characters, and nothing that would make a
    /// screen of the GSM alphabet one of UCS-2, which has less than half the room.
    pub(super) fn foreign(&self, text: &str, out: &mut String) {
        out.extend(text.chars().map(|c| match c {
            c if c.is_control() => ' ',
            c if self.is_gsm && Alphabet::Gsm7.length(c.encode_utf8(&mut [0; 4])).is_none() => '?',
            c => c,
        }));
    }

    /// As [`Self::foreign`], lines of their own.
    pub(super) fn foreign_lines(&self, lines: &str, out: &mut String) {
        for line in lines.lines() {
            if !out.is_empty() {
                out.push('\n');
            }
            self.foreign(line, out);
        }
    }

    fn value(&self, source: Source, values: &Values<'_>, out: &mut String) {
        let money = |minor: i128, out: &mut String| match values.currency {
            Some(currency) => out.push_str(&currency.major(minor)),
            None => out.push_str(&minor.to_string()),
        };
        match source {
            Source::Service => plain(values.service, out),
            Source::Product => plain(values.product, out),
            Source::Label => plain(values.label, out),
            Source::Account => plain(values.account, out),
            Source::Amount => money(values.amount.into(), out),
            Source::Fee => money(values.charged.into(), out),
            Source::Total => money(i128::from(values.amount) + i128::from(values.charged), out),
            Source::Min => money(values.bounds.0.into(), out),
            Source::Max => money(values.bounds.1.into(), out),
            Source::Currency => {
                out.push_str(values.currency.map_or("", |currency| currency.alpha));
            }
            Source::Balance => money(values.balance.into(), out),
            Source::Pin => plain(values.pin, out),
            Source::Serial => plain(values.serial, out),
            Source::Expiry => out.push_str(&values.expiry.to_string()),
            Source::Reference => self.foreign(values.reference, out),
            Source::Rrn => plain(values.rrn, out),
            Source::Number if values.rrn.is_empty() => out.push_str(&values.stan.to_string()),
            Source::Number => plain(values.rrn, out),
            Source::Code => {
                out.push_str(&values.code.map(|code| code.to_string()).unwrap_or_default());
            }
            Source::Minutes => out.push_str(&values.minutes.to_string()),
        }
    }
}

impl Source {
    /// As it is written in a text.
    pub(super) fn placeholder(self) -> String {
        use crate::iso8583::template::Source as _;
        let word = Self::SOURCES.iter().find(|(_, source)| *source == self);
        format!("{{{}}}", word.map_or("", |(word, _)| word))
    }
}
