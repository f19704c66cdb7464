//! Everything random of a terminal, drawn from its own seed.
//!
//! A terminal's plan depends on (seed, terminal) alone, never on the size of the fleet or on when
//! its answers come.

use rand_core::Rng as _;
use rand_pcg::Pcg64Mcg;

use crate::time::Span;

/// A small seeded source of randomness: 16 bytes of state (PCG XSL 128/64 MCG).
#[derive(Clone, Debug)]
pub struct Rng(Pcg64Mcg);

impl Rng {
    /// The stream `stream` of `seed`; streams of one seed are unrelated.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let high = u128::from(mix(seed ^ 0x9E37_79B9_7F4A_7C15));
        let low = u128::from(mix(stream ^ mix(seed)));
        let mut rng = Self(Pcg64Mcg::new((high << 64) | low));
        // The first output of an MCG still shows its seed.
        rng.throw();
        rng
    }

    /// 64 random bits.
    pub fn throw(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, evenly; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.throw()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(u64::MAX)
    }

    /// True in `permille` of 1000 cases.
    pub fn chance(&mut self, permille: u16) -> bool {
        permille > 0 && self.below(1_000) < u64::from(permille)
    }

    /// A span from `low` to `high`, evenly.
    pub fn between(&mut self, low: Span, high: Span) -> Span {
        Span(low.0 + self.below(high.0.saturating_sub(low.0).saturating_add(1)))
    }

    /// An exponentially distributed span, cut at twenty times its mean.
    pub fn exponential(&mut self, mean: Span) -> Span {
        let stretched = -self.unit().ln() * to_float(mean.0);
        Span(to_whole(stretched).min(mean.0.saturating_mul(20)))
    }

    /// A log-normally distributed span around `median`; `sigma` is that of the logarithm.
    pub fn log_normal(&mut self, median: Span, sigma: f64) -> Span {
        let radius = (-2.0 * self.unit().ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.unit()).cos();
        Span(to_whole(to_float(median.0) * (sigma * normal).exp()))
    }

    /// 32 random bytes: a simulated terminal's ephemeral key, never a real one's.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A number in (0, 1], so that its logarithm is finite.
    fn unit(&mut self) -> f64 {
        to_float((self.throw() >> 11) + 1) / to_float(1 << 53)
    }
}

/// Spreads the bits of `value` over the whole word (the finaliser of `SplitMix64`).
fn mix(value: u64) -> u64 {
    let a = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let b = (a ^ (a >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    b ^ (b >> 31)
}

#[expect(clippy::as_conversions, reason = "std has no other way; rounding does no harm here")]
fn to_float(value: u64) -> f64 {
    value as f64
}

#[expect(clippy::as_conversions, reason = "std has no other way; `as` saturates")]
fn to_whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_stream_give_the_same_throws() {
        let throws = |seed, stream| {
            let mut rng = Rng::new(seed, stream);
            [rng.throw(), rng.below(10), rng.throw()]
        };
        assert_eq!(throws(7, 1), throws(7, 1));
        assert_ne!(throws(7, 1), throws(7, 2));
        assert_ne!(throws(7, 1), throws(8, 1));
    }

    #[test]
    fn the_mean_of_exponential_spans_is_the_mean_asked_for() {
        let mut rng = Rng::new(1, 1);
        let sum: u64 = (0..20_000).map(|_| rng.exponential(Span::ms(10)).0).sum();
        let mean = sum / 20_000;
        assert!((9_700_000..10_300_000).contains(&mean), "{mean}");
    }

    #[test]
    fn half_of_the_log_normal_spans_are_under_the_median() {
        let mut rng = Rng::new(2, 1);
        let under = (0..20_000).filter(|_| rng.log_normal(Span::ms(700), 0.45) < Span::ms(700));
        let under = under.count();
        assert!((9_600..10_400).contains(&under), "{under}");
    }
}
