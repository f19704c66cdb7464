//! Amounts as these APIs write them: in major units, as JSON numbers.

use serde_json::{Number, Value};

/// A number (or its text) with at most that many decimals, in minor units; `None` for another value.
pub(super) fn minor(value: &Value, decimals: u8) -> Option<u64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let places = usize::from(decimals);
    let part = part.trim_end_matches('0');
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > places || !is_digits(whole) || !is_digits(part) {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

/// Minor units as a number in major units.
pub(super) fn major(minor: u64, decimals: u8) -> Value {
    let unit = 10_u64.saturating_pow(u32::from(decimals));
    let places = usize::from(decimals);
    let text = match places {
        0 => minor.to_string(),
        _ => format!("{}.{:0places$}", minor / unit, minor % unit),
    };
    // The text of a number is a number.
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_survive_the_way_to_major_units_and_back() {
        for decimals in [0, 2, 3] {
            for amount in [0, 1, 9, 10, 99, 100, 105, 123_456, 9_007_199_254_740] {
                assert_eq!(minor(&major(amount, decimals), decimals), Some(amount));
            }
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for wrong in [json!("x"), json!(1.234), json!(-1), json!(1e30), json!(null), json!("")] {
            assert_eq!(minor(&wrong, 2), None, "{wrong}");
        }
        assert_eq!((minor(&json!("5.5"), 2), minor(&json!(7), 2)), (Some(550), Some(700)));
    }
}
