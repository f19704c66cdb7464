//! Durations, distributions and percentages as people write them.

use tillsim_core::firmware::Delay;
use tillsim_core::time::Span;

use crate::number::{float, whole};

/// Reads `250us`, `5ms`, `2s`, `1.5s`, `3m` or `1h`.
///
/// # Errors
/// What is expected instead.
pub(crate) fn span(text: &str) -> Result<Span, String> {
    let wrong = || format!("{text:?} is not a duration; write it as 250us, 5ms, 2s, 3m or 1h");
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let unit_ns = match unit {
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3_600e9,
        _ => return Err(wrong()),
    };
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    if !(0.0..=1e6).contains(&number) {
        return Err(wrong());
    }
    Ok(Span(whole(number * unit_ns)))
}

/// Reads a distribution of durations: `5ms`, `uniform:1ms-20ms`, `exp:2s` (mean) or
/// `lognormal:700ms,0.45` (median, sigma of the logarithm).
///
/// # Errors
/// What is expected instead.
pub(crate) fn delay(text: &str) -> Result<Delay, String> {
    let wrong = || {
        format!(
            "{text:?} is not a distribution; write it as 5ms, uniform:1ms-20ms, exp:2s or \
             lognormal:700ms,0.45"
        )
    };
    match text.split_once(':') {
        None => Ok(Delay::Fixed(span(text)?)),
        Some(("uniform", bounds)) => {
            let (low, high) = bounds.split_once('-').ok_or_else(wrong)?;
            let (low, high) = (span(low)?, span(high)?);
            if low > high { Err(wrong()) } else { Ok(Delay::Uniform(low, high)) }
        }
        Some(("exp", mean)) => Ok(Delay::Exponential(span(mean)?)),
        Some(("lognormal", parts)) => {
            let (median, sigma) = parts.split_once(',').ok_or_else(wrong)?;
            let sigma: f64 = sigma.trim().parse().map_err(|_| wrong())?;
            if !(0.0..=5.0).contains(&sigma) {
                return Err(wrong());
            }
            let thousandths = u16::try_from(whole(sigma * 1_000.0)).map_err(|_| wrong())?;
            Ok(Delay::LogNormal(span(median)?, thousandths))
        }
        Some(_) => Err(wrong()),
    }
}

/// Reads a percentage with at most one decimal, as thousandths.
///
/// # Errors
/// What is expected instead.
pub(crate) fn permille(text: &str) -> Result<u16, String> {
    let wrong = || format!("{text:?} is not a percentage from 0 to 100, as 2.5");
    let percent: f64 = text.trim().trim_end_matches('%').parse().map_err(|_| wrong())?;
    permille_of(percent).ok_or_else(wrong)
}

/// A percentage from 0 to 100 as thousandths.
pub(crate) fn permille_of(percent: f64) -> Option<u16> {
    let in_range = (0.0..=100.0).contains(&percent);
    u16::try_from(whole((percent * 10.0).round())).ok().filter(|_| in_range)
}

/// A duration in words, with three digits or so.
pub(crate) fn shown(span: Span) -> String {
    let us = span.as_us();
    match us {
        0..1_000 => format!("{us} us"),
        1_000..1_000_000 => format!("{:.1} ms", float(us) / 1e3),
        _ => format!("{:.1} s", float(us) / 1e6),
    }
}

/// A number with its thousands set apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        for (text, ns) in [("250us", 250_000), ("5ms", 5_000_000), ("1.5s", 1_500_000_000)] {
            assert_eq!(span(text), Ok(Span(ns)), "{text}");
        }
        for text in ["", "5", "ms", "-1s", "5 parsecs", "1e99s"] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn distributions_are_read_by_their_name() {
        assert_eq!(delay("5ms"), Ok(Delay::Fixed(Span::ms(5))));
        assert_eq!(delay("uniform:1ms-2ms"), Ok(Delay::Uniform(Span::ms(1), Span::ms(2))));
        assert_eq!(delay("exp:2s"), Ok(Delay::Exponential(Span::s(2))));
        assert_eq!(delay("lognormal:700ms,0.45"), Ok(Delay::LogNormal(Span::ms(700), 450)));
        for text in ["gauss:1s", "uniform:2s-1s", "lognormal:1s", "exp:"] {
            assert!(delay(text).is_err(), "{text}");
        }
    }

    #[test]
    fn percentages_become_thousandths() {
        assert_eq!(permille("2.5"), Ok(25));
        assert_eq!(permille("100%"), Ok(1_000));
        assert!(permille("101").is_err() && permille("-1").is_err() && permille("x").is_err());
    }

    #[test]
    fn numbers_are_shown_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(shown(Span(950_000)), "950 us");
        assert_eq!(shown(Span(12_340_000)), "12.3 ms");
    }
}
