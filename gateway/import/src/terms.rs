//! The properties of a service beside its amounts: account, lookup, money and reversal.

use tillgate_store_core::limits::{LABEL_BYTES_MAX, SUBSCRIBER_BYTES_MAX};
use tillgate_store_core::{
    AccountField, AccountForm, AmountSource, Fulfilment, Lookup, MoneyFlow, ReversalRule, Service,
};

use crate::row::Row;
use crate::source::service;

/// What they are.
pub(crate) struct Terms {
    pub(crate) account: Option<AccountField>,
    pub(crate) lookup: Lookup,
    pub(crate) money: MoneyFlow,
    pub(crate) reversal: ReversalRule,
}

/// The properties of a row, if they go together.
pub(crate) fn terms(
    row: &Row<'_>,
    (kind, amount): (Fulfilment, AmountSource),
    kept: Option<&Service>,
) -> Option<Terms> {
    let account = account(row, kind, kept);
    let usual = kept.map_or(Lookup::None, |kept| kept.lookup);
    let lookup = row.label(service::LOOKUP, Some(usual));
    let usual = kept.map_or(MoneyFlow::Debit, |kept| kept.money);
    let money = row.label(service::MONEY, Some(usual));
    let reversal = reversal(row, kind, kept);
    let (account, lookup) = (account?, lookup?);
    let is_stock = kind == Fulfilment::Stock;
    let expected = match (lookup, &account) {
        (Lookup::Offered | Lookup::Required, _) if is_stock => "none: a lookup needs a provider",
        (Lookup::Offered | Lookup::Required, None) => "none: there is no account to look up",
        (Lookup::None | Lookup::Offered, _) if amount == AmountSource::Lookup => {
            "required: the amount comes from the lookup"
        }
        _ => "",
    };
    if !expected.is_empty() {
        return row.refuse(service::LOOKUP, expected);
    }
    if is_stock && money == Some(MoneyFlow::Credit) {
        return row.refuse(service::MONEY, "debit: a card sale needs a provider");
    }
    Some(Terms { account, lookup, money: money?, reversal: reversal? })
}

/// What the terminal asks the customer for.
fn account(
    row: &Row<'_>,
    kind: Fulfilment,
    kept: Option<&Service>,
) -> Option<Option<AccountField>> {
    let stored = kept.and_then(|kept| kept.account.as_ref());
    let form = match row.text(service::ACCOUNT) {
        "" if kept.is_some() => stored.map(|field| field.form),
        "" => (kind == Fulfilment::Provider).then_some(AccountForm::Phone),
        "none" => None,
        "card" if kind == Fulfilment::Stock => {
            return row.refuse(service::ACCOUNT, "none: no provider takes the card");
        }
        _ => {
            let of = AccountForm::ALL.iter().map(|form| (form.label(), Some(*form)));
            let of: Vec<_> = of.chain([("none", None)]).collect();
            row.choice(service::ACCOUNT, &of)?
        }
    };
    match form {
        None => no_account(row).then_some(None),
        Some(form) => account_field(row, form, stored).map(Some),
    }
}

/// Whether nothing is said about an account that is not asked for.
fn no_account(row: &Row<'_>) -> bool {
    let parts = [
        service::ACCOUNT_LABEL,
        service::ACCOUNT_LENGTH,
        service::ACCOUNT_PICTURE,
        service::ACCOUNT_CHECK,
    ];
    let said = parts.into_iter().find(|part| !matches!(row.text(*part), "" | "none"));
    if let Some(part) = said {
        row.expected(part, "nothing: the service has no account");
    }
    said.is_none()
}

fn account_field(
    row: &Row<'_>,
    form: AccountForm,
    stored: Option<&AccountField>,
) -> Option<AccountField> {
    let usual = AccountField::of(form);
    // Nothing of another kind of number fits a card, nor the other way round.
    let card = AccountForm::Card;
    let stored = stored.filter(|stored| (stored.form == card) == (form == card));
    let stored = stored.map_or_else(
        || usual.clone(),
        |stored| match stored.label == AccountField::of(stored.form).label {
            true => AccountField { form, label: usual.label.clone(), ..stored.clone() },
            false => AccountField { form, ..stored.clone() },
        },
    );
    let label = match row.text(service::ACCOUNT_LABEL) {
        "" => Some(stored.label),
        _ => row.words(service::ACCOUNT_LABEL, LABEL_BYTES_MAX),
    };
    let length = match row.text(service::ACCOUNT_LENGTH) {
        "" => Some((stored.length_min, stored.length_max)),
        text => length(text),
    };
    if length.is_none() {
        let text = format!("a length as 11, or 8-12; from 1 to {SUBSCRIBER_BYTES_MAX}");
        row.expected(service::ACCOUNT_LENGTH, text);
    }
    let check = row.label(service::ACCOUNT_CHECK, Some(stored.check));
    let picture = match row.text(service::ACCOUNT_PICTURE) {
        "" => stored.picture,
        "none" => String::new(),
        text => text.to_owned(),
    };
    let (length_min, length_max) = length?;
    if !is_picture(&picture, length_min, length_max) {
        let text = format!(
            "a picture of {length_min} to {length_max} characters: 9 a digit, A a letter, X either, \
             other letters, digits and +-*#._/ as they are, * at the end for whatever follows"
        );
        return row.refuse(service::ACCOUNT_PICTURE, text);
    }
    Some(AccountField { label: label?, form, length_min, length_max, picture, check: check? })
}

/// `8-12`, or `11` for both.
fn length(text: &str) -> Option<(u8, u8)> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let number = |part: &str| {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|length| digits && (1..=SUBSCRIBER_BYTES_MAX).contains(length))
    };
    let (low, high) = (number(low)?, number(high)?);
    (low <= high).then_some((u8::try_from(low).ok()?, u8::try_from(high).ok()?))
}

/// Whether an account can look like this.
fn is_picture(picture: &str, length_min: u8, length_max: u8) -> bool {
    let (head, open) = match picture.strip_suffix('*') {
        Some(head) => (head, true),
        None => (picture, picture.is_empty()),
    };
    let fits = head.len() <= usize::from(length_max);
    let fills = open || head.len() >= usize::from(length_min);
    fits && fills && head.chars().all(|c| c.is_ascii_alphanumeric() || "+-*#._/".contains(c))
}

/// Who may take a sale back, and until when.
fn reversal(row: &Row<'_>, kind: Fulfilment, kept: Option<&Service>) -> Option<ReversalRule> {
    let rule = match row.text(service::REVERSAL) {
        "" => Some(kept.map_or(ReversalRule::usual(kind), |kept| kept.reversal)),
        "never" => Some(ReversalRule::Never),
        "operator" => Some(ReversalRule::ByOperator),
        "until_confirmed" => Some(ReversalRule::UntilConfirmed),
        text => {
            let seconds = text.strip_prefix("within ").map(str::trim_start);
            let seconds = seconds.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            let seconds = seconds.and_then(|text| text.parse().ok()).filter(|seconds| *seconds > 0);
            seconds.map(ReversalRule::Within)
        }
    };
    let by_terminal = !matches!(rule, Some(ReversalRule::Never | ReversalRule::ByOperator));
    if kind == Fulfilment::Stock && by_terminal {
        let text = "never or operator: a PIN that has left is not taken back by its terminal";
        return row.refuse(service::REVERSAL, text);
    }
    if rule.is_none() {
        let text = "never, operator, until_confirmed, or seconds as within 3600";
        row.expected(service::REVERSAL, text);
    }
    rule
}
