//! Conversions between whole numbers and fractions, for rates and shares only.

/// A number as a fraction; above 2^53 it is rounded.
#[must_use]
#[expect(clippy::as_conversions, reason = "std has no other way; rates are far below 2^53")]
pub fn float(value: u64) -> f64 {
    value as f64
}

/// The whole part; 0 for what is negative or no number, and saturating.
#[must_use]
#[expect(clippy::as_conversions, reason = "std has no other way; `as` saturates")]
pub fn whole(value: f64) -> u64 {
    value as u64
}
