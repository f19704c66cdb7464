//! How a kind of terminal behaves: what it sells, how fast, and what it does when things go wrong.
//!
//! One [`Firmware`] is shared by every terminal of the kind, so that a terminal stays small.

use tillgate_codec::link::channel::{StaticPublic, Suite};

use crate::rng::Rng;
use crate::time::Span;

/// The behaviour shared by all terminals of a kind.
#[derive(Clone, Debug)]
pub struct Firmware {
    /// Handshake pattern.
    pub suite: Suite,
    /// The gateway's public key; needed for [`Suite::NkPsk0`].
    pub gateway: Option<StaticPublic>,
    /// Name and version sent at logon, at most 24 bytes.
    pub version: String,
    /// What is sold.
    pub mix: Mix,
    /// When it is sold.
    pub custom: LoadModel,
    /// Of 1000 sales approved, how many are confirmed.
    pub confirm_permille: u16,
    /// Of 1000 sales answered, how many are sent once more as if the answer had been lost.
    pub retry_permille: u16,
    /// What goes on beside selling.
    pub habits: Habits,
    /// What the terminal does while it is blocked.
    pub when_blocked: WhenBlocked,
    /// Pauses between connection attempts.
    pub reconnect: Reconnect,
    /// From the connection attempt to the connection.
    pub connect: Span,
    /// From the connection to the welcome.
    pub logon: Span,
    /// Idle time after which a ping is sent; `None` takes two thirds of what the gateway allows.
    pub ping: Option<Span>,
}

/// What a terminal does beside selling and confirming; shares of 1000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Habits {
    /// Of sales approved, how many the customer takes back before the receipt is confirmed.
    pub cancel_permille: u16,
    /// Of sales in doubt, how many are taken back instead of asked about.
    pub give_back_permille: u16,
    /// Of sales in doubt and not taken back, how many are asked about by a repeat; the others are
    /// sent again.
    pub repeat_permille: u16,
    /// Of sales answered, how many are followed by other content under the same STAN, as a broken
    /// counter would send it.
    pub clash_permille: u16,
    /// Of sales taken back, how many are sent once more all the same, as if the message had been on
    /// its way for long: they must be refused.
    pub late_permille: u16,
    /// Of accounts looked up, how many are not just paid as they were found: late, twice, another
    /// amount, another account, without the token or with one that nobody was given.
    pub misuse_permille: u16,
    /// Whether it compares its totals with the gateway's before it logs off for good.
    pub settles: bool,
}

/// Where customers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadModel {
    /// The next customer comes this long after the last one left: closed load.
    Think(Delay),
    /// Customers are sent by the driver, with the moment they meant to come: open load.
    Sent,
    /// Nobody ever comes; the terminal stays logged on.
    None,
}

/// A distribution of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// Always the same.
    Fixed(Span),
    /// Evenly between two bounds.
    Uniform(Span, Span),
    /// Exponential with this mean.
    Exponential(Span),
    /// Log-normal: median, and sigma of the logarithm in thousandths.
    LogNormal(Span, u16),
}

impl Delay {
    /// One span of the distribution.
    pub fn draw(&self, rng: &mut Rng) -> Span {
        match *self {
            Self::Fixed(span) => span,
            Self::Uniform(low, high) => rng.between(low, high),
            Self::Exponential(mean) => rng.exponential(mean),
            Self::LogNormal(median, sigma) => rng.log_normal(median, f64::from(sigma) / 1000.0),
        }
    }
}

/// What a terminal does while it is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenBlocked {
    /// It sells nothing, as it should.
    Obey,
    /// It tries on; every sale must be refused. For testing the gateway.
    Try,
}

/// How long a terminal waits before it connects again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconnect {
    /// Always this long: the fleet comes back in step.
    Fixed(Span),
    /// `base` doubled at each failure up to `cap`.
    Exponential {
        /// First pause.
        base: Span,
        /// Longest pause.
        cap: Span,
    },
    /// Evenly between zero and the exponential pause: the fleet comes back spread out.
    FullJitter {
        /// First upper bound.
        base: Span,
        /// Longest upper bound.
        cap: Span,
    },
}

impl Reconnect {
    /// The pause before attempt number `failures + 1`.
    pub fn pause(&self, failures: u8, rng: &mut Rng) -> Span {
        let doubled = |base: Span, cap: Span| {
            let factor = 1_u64.checked_shl(u32::from(failures)).unwrap_or(u64::MAX);
            Span(base.0.saturating_mul(factor).min(cap.0))
        };
        match *self {
            Self::Fixed(span) => span,
            Self::Exponential { base, cap } => doubled(base, cap),
            Self::FullJitter { base, cap } => rng.between(Span::ZERO, doubled(base, cap)),
        }
    }
}

/// One thing that is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Service number of the catalogue.
    pub service: u16,
    /// Denomination or plan; 0 for an open amount.
    pub product: u16,
    /// Lowest amount in minor units; the amount when both are equal.
    pub amount_min_minor: u64,
    /// Highest amount in minor units.
    pub amount_max_minor: u64,
    /// ISO 4217 numeric code.
    pub currency: u16,
    /// What the customer is asked for, and whether it is looked up first.
    pub kind: OfferKind,
    /// How often, relative to the other offers.
    pub weight: u32,
}

/// What kind of thing is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferKind {
    /// A PIN from the gateway's stock.
    Voucher,
    /// A payment forwarded to a provider for a subscriber.
    TopUp,
    /// The same, of what a lookup found.
    Bill,
    /// What is paid by card, or paid into one: the account is its number.
    Card,
}

/// Offers by weight.
#[derive(Clone, Debug, Default)]
pub struct Mix {
    offers: Vec<Offer>,
    weight: u64,
}

impl Mix {
    /// A mix of these offers; `None` when nothing in it has any weight.
    #[must_use]
    pub fn new(offers: Vec<Offer>) -> Option<Self> {
        let weight: u64 = offers.iter().map(|offer| u64::from(offer.weight)).sum();
        (weight > 0).then_some(Self { offers, weight })
    }

    #[must_use]
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// One offer by weight, and an amount; `None` from an empty mix.
    pub fn draw(&self, rng: &mut Rng) -> Option<(Offer, u64)> {
        let mut left = rng.below(self.weight);
        let offer = self.offers.iter().find(|offer| {
            let here = left < u64::from(offer.weight);
            left = left.saturating_sub(u64::from(offer.weight));
            here
        })?;
        let range = offer.amount_max_minor.saturating_sub(offer.amount_min_minor);
        Some((*offer, offer.amount_min_minor + rng.below(range.saturating_add(1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(service: u16, weight: u32) -> Offer {
        let kind = OfferKind::Voucher;
        let (amount_min_minor, amount_max_minor) = (100, 200);
        Offer {
            service,
            product: 1,
            amount_min_minor,
            amount_max_minor,
            currency: 840,
            kind,
            weight,
        }
    }

    #[test]
    fn offers_are_drawn_by_their_weight_and_amounts_within_their_bounds() {
        let mix = Mix::new(vec![offer(1, 3), offer(2, 0), offer(3, 1)]).unwrap();
        let mut rng = Rng::new(1, 1);
        let mut counts = [0; 4];
        for _ in 0..4_000 {
            let (offer, amount) = mix.draw(&mut rng).unwrap();
            counts[usize::from(offer.service)] += 1;
            assert!((100..=200).contains(&amount));
        }
        assert!(counts[1] > 2_800 && counts[2] == 0 && counts[3] > 800, "{counts:?}");
        assert!(Mix::new(vec![offer(1, 0)]).is_none());
    }

    #[test]
    fn pauses_grow_to_their_cap_and_jitter_stays_below_them() {
        let (base, cap) = (Span::s(1), Span::s(60));
        let mut rng = Rng::new(1, 1);
        assert_eq!(Reconnect::Exponential { base, cap }.pause(3, &mut rng), Span::s(8));
        assert_eq!(Reconnect::Exponential { base, cap }.pause(200, &mut rng), cap);
        for failures in 0..70 {
            let pause = Reconnect::FullJitter { base, cap }.pause(failures, &mut rng);
            assert!(pause <= cap);
        }
    }
}
