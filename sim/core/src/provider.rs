//! A simulated top-up provider: what it decides, and its own book. Its HTTP, without the sockets,
//! is [`HttpProvider`]; [`iso8583`] is a host that speaks ISO 8583, [`shapes`] has providers in the
//! shapes of public HTTP APIs, and [`script`] says whom they mistreat and how.
//!
//! Every decision is a pure function of (seed, reference), so a request that is sent again meets
//! the same provider, and a run can be repeated. The book holds what was really done; what was
//! *said* about it may be late, or nothing at all.

mod http_json;
pub mod iso8583;
mod lies;
pub mod script;
pub mod shapes;

use std::collections::hash_map::Entry as MapEntry;

use rustc_hash::FxHashMap;

use crate::firmware::Delay;
use crate::limits::DEALS_MAX;
use crate::rng::Rng;
use crate::sales_log::digest;
use crate::time::{Moment, Span};

pub use self::http_json::{Answer, HttpProvider};
pub use self::lies::{Honesty, Lies};

/// How a provider behaves. The shares are of 1000 requests; what is left is answered in time.
#[derive(Clone, Debug)]
pub struct ProviderBehaviour {
    /// For every decision.
    pub seed: u64,
    /// From the request to its answer.
    pub latency: Delay,
    /// Declined: the subscriber is unknown.
    pub declined_permille: u16,
    /// Done, but never answered.
    pub silent_permille: u16,
    /// Not done and never answered: the request got lost.
    pub deaf_permille: u16,
    /// Accepted, done later; asking tells when.
    pub pending_permille: u16,
    /// How long what is pending takes.
    pub pending: Span,
    /// Cannot be taken back any more: the subscriber has used it.
    pub irreversible_permille: u16,
    /// Whether the same reference is done once. `false` is for showing that an audit finds it.
    pub idempotent: bool,
}

/// What is asked of a provider.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The gateway's reference, the key of idempotency.
    pub reference: &'a str,
    /// Service number.
    pub service: u16,
    /// Amount in minor units.
    pub amount_minor: u64,
    /// Whom it is for.
    pub subscriber: &'a str,
    /// What it pays, if it was looked up: [`FoundBill::reference`].
    pub lookup: &'a str,
    /// 1 for the first time.
    pub attempt: u32,
}

/// What a provider is asked to take back.
#[derive(Clone, Copy, Debug)]
pub struct Reversal<'a> {
    /// The reference of the request that is taken back.
    pub reference: &'a str,
    /// Service number.
    pub service: u16,
    /// Amount in minor units.
    pub amount_minor: u64,
    /// 1 for the first time.
    pub attempt: u32,
}

/// What a provider says, after a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    /// Done; its own reference.
    Approved(String),
    /// Not done, and why.
    Declined(&'static str),
    /// Not yet.
    Pending,
    /// Taken back; or never done, and it never will be.
    Reversed,
    /// It cannot be taken back.
    Refused,
    /// A confirmation was noted.
    Noted,
    /// What is to be paid on an account.
    Found(FoundBill),
    /// It has no trace of it.
    Unknown,
    /// Nothing at all.
    Nothing,
}

/// A bill of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundBill {
    /// What a payment of it names.
    pub reference: String,
    /// What is to be paid, minor units.
    pub amount_minor: u64,
    /// Least and most that may be paid; zeros where that may not be chosen.
    pub range_minor: (u64, u64),
    /// The account's holder.
    pub name: String,
}

/// The state of a deal in the provider's book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DealStatus {
    /// Done.
    Approved,
    /// Not done.
    Declined,
    /// Done at this moment.
    Pending(Moment),
    /// Taken back, perhaps before it came.
    Reversed,
}

/// One deal of the provider's book.
#[derive(Clone, Debug)]
pub struct ProviderTransaction {
    /// Service number.
    pub service: u16,
    /// Amount in minor units.
    pub amount_minor: u64,
    /// Whom it was for.
    pub subscriber: Box<str>,
    /// What it paid, if that was looked up.
    pub lookup: Box<str>,
    pub standing: DealStatus,
    /// How often it was done; more than once only without idempotency.
    pub times: u32,
    /// Whether the gateway said that the customer has it.
    pub confirmed: bool,
}

pub struct Provider {
    behaviour: ProviderBehaviour,
    deals: FxHashMap<Box<str>, ProviderTransaction>,
}

/// Declined because the subscriber is unknown (ISO 8583:1987, 14).
const NO_SUCH_SUBSCRIBER: &str = "14";
/// Declined because it was taken back before it came (the gateway's own R1).
const TAKEN_BACK: &str = "R1";
/// Separates the outcome of a reversal from the outcome of its request.
const REVERSAL_STREAM: u64 = 0x5245_5645_5253_414C;
/// Declined because the provider's book is full: a malfunction (96).
const MALFUNCTION: &str = "96";

impl Provider {
    /// A provider with an empty book.
    #[must_use]
    pub fn new(behaviour: ProviderBehaviour) -> Self {
        Self { behaviour, deals: FxHashMap::default() }
    }

    /// Takes a request; gives what to say and how long to wait before.
    pub fn request(&mut self, now: Moment, request: &Request<'_>) -> (Span, Say) {
        let mut rng = Rng::new(self.behaviour.seed, digest(request.reference.as_bytes()));
        let share = u16::try_from(rng.below(1_000)).unwrap_or(0);
        let treatment = self.behaviour.treatment(share);
        // A request that is sent again was not heard the first time; now somebody listens.
        let first = request.attempt <= 1;
        let latency = self.behaviour.latency.draw(&mut rng);
        if treatment == Treatment::Deaf && first {
            return (latency, Say::Nothing);
        }
        if self.deals.len() >= DEALS_MAX && !self.deals.contains_key(request.reference) {
            return (latency, Say::Declined(MALFUNCTION));
        }
        match self.deals.entry(request.reference.into()) {
            MapEntry::Occupied(mut deal) => {
                if !self.behaviour.idempotent && deal.get().standing != DealStatus::Reversed {
                    deal.get_mut().times += 1;
                }
            }
            MapEntry::Vacant(place) => {
                let standing = match treatment {
                    Treatment::Declined => DealStatus::Declined,
                    Treatment::Pending => DealStatus::Pending(now.after(self.behaviour.pending)),
                    Treatment::Prompt | Treatment::Silent | Treatment::Deaf => DealStatus::Approved,
                };
                place.insert(ProviderTransaction {
                    service: request.service,
                    amount_minor: request.amount_minor,
                    subscriber: request.subscriber.into(),
                    lookup: request.lookup.into(),
                    standing,
                    times: 1,
                    confirmed: false,
                });
            }
        }
        if treatment == Treatment::Silent && first {
            return (latency, Say::Nothing);
        }
        (latency, self.inquiry(now, request.reference))
    }

    /// Takes a request back. One that never came is remembered, so that it is declined when it
    /// comes late.
    pub fn reverse(&mut self, now: Moment, reversal: &Reversal<'_>) -> (Span, Say) {
        let stream = digest(reversal.reference.as_bytes()) ^ REVERSAL_STREAM;
        let mut rng = Rng::new(self.behaviour.seed, stream);
        let share = u16::try_from(rng.below(1_000)).unwrap_or(0);
        let first = reversal.attempt <= 1;
        let latency = self.behaviour.latency.draw(&mut rng);
        let treatment = self.behaviour.treatment(share);
        if treatment == Treatment::Deaf && first {
            return (latency, Say::Nothing);
        }
        if self.deals.len() >= DEALS_MAX && !self.deals.contains_key(reversal.reference) {
            return (latency, Say::Nothing);
        }
        let used = rng.below(1_000) < u64::from(self.behaviour.irreversible_permille);
        let deal =
            self.deals.entry(reversal.reference.into()).or_insert_with(|| ProviderTransaction {
                service: reversal.service,
                amount_minor: reversal.amount_minor,
                subscriber: "".into(),
                lookup: "".into(),
                standing: DealStatus::Reversed,
                times: 1,
                confirmed: false,
            });
        if deal.at(now) == DealStatus::Approved && used {
            return (latency, Say::Refused);
        }
        if deal.standing != DealStatus::Declined {
            deal.standing = DealStatus::Reversed;
        }
        let silent = treatment == Treatment::Silent && first;
        (latency, if silent { Say::Nothing } else { Say::Reversed })
    }

    /// The bill of an account: the same one whenever it is asked for.
    #[must_use]
    pub fn bill(&self, service: u16, account: &str) -> FoundBill {
        bill(service, account)
    }

    /// Looks an account up.
    pub fn lookup(&mut self, request: &Request<'_>) -> (Span, Say) {
        let mut rng = Rng::new(self.behaviour.seed, digest(request.reference.as_bytes()));
        let treatment = self.behaviour.treatment(u16::try_from(rng.below(1_000)).unwrap_or(0));
        let say = match treatment {
            Treatment::Deaf | Treatment::Silent => Say::Nothing,
            Treatment::Declined => Say::Declined(NO_SUCH_SUBSCRIBER),
            Treatment::Prompt | Treatment::Pending => {
                Say::Found(self.bill(request.service, request.subscriber))
            }
        };
        (self.behaviour.latency.draw(&mut rng), say)
    }

    /// The gateway says that the customer has it.
    pub fn confirm(&mut self, reference: &str) -> Say {
        match self.deals.get_mut(reference) {
            Some(deal) => {
                deal.confirmed = true;
                Say::Noted
            }
            None => Say::Unknown,
        }
    }

    /// The amount of a deal, which every answer about it repeats; `None` if there is none.
    #[must_use]
    pub fn amount_minor(&self, reference: &str) -> Option<u64> {
        self.deals.get(reference).map(|deal| deal.amount_minor)
    }

    /// Says the state of a deal now.
    #[must_use]
    pub fn inquiry(&self, now: Moment, reference: &str) -> Say {
        match self.deals.get(reference).map(|deal| deal.at(now)) {
            None => Say::Unknown,
            Some(DealStatus::Approved) => {
                Say::Approved(format!("P{:016X}", digest(reference.as_bytes())))
            }
            Some(DealStatus::Declined) => Say::Declined(NO_SUCH_SUBSCRIBER),
            Some(DealStatus::Pending(_)) => Say::Pending,
            Some(DealStatus::Reversed) => Say::Declined(TAKEN_BACK),
        }
    }

    /// The state of a deal in the book now; `None` if there is none of this reference.
    #[must_use]
    pub fn standing(&self, now: Moment, reference: &str) -> Option<DealStatus> {
        self.deals.get(reference).map(|deal| deal.at(now))
    }

    /// The book: references and deals as they are now, in the order of the references.
    #[must_use]
    pub fn book(&self, now: Moment) -> Vec<(&str, ProviderTransaction)> {
        let stand = |deal: &ProviderTransaction| ProviderTransaction {
            standing: deal.at(now),
            ..deal.clone()
        };
        let deals = self.deals.iter().map(|(reference, deal)| (&**reference, stand(deal)));
        let mut deals: Vec<(&str, ProviderTransaction)> = deals.collect();
        deals.sort_unstable_by_key(|(reference, _)| *reference);
        deals
    }
}

/// The bill of an account, the same one whenever it is asked for.
fn bill(service: u16, account: &str) -> FoundBill {
    let number = digest(format!("{service}/{account}").as_bytes());
    let amount_minor = 500 + number % 9_500;
    // Of every fourth a part may be paid.
    let in_parts = (number / 9_500).is_multiple_of(4);
    FoundBill {
        reference: format!("B{number:016X}"),
        amount_minor,
        range_minor: if in_parts { (amount_minor / 2, amount_minor) } else { (0, 0) },
        name: format!("Customer {:04}", number % 10_000),
    }
}

impl DealStatus {
    /// Its name in books and logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Pending(_) => "pending",
            Self::Reversed => "reversed",
        }
    }
}

impl ProviderTransaction {
    fn at(&self, now: Moment) -> DealStatus {
        match self.standing {
            DealStatus::Pending(until) if until <= now => DealStatus::Approved,
            standing => standing,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Treatment {
    Prompt,
    Declined,
    Silent,
    Deaf,
    Pending,
}

impl ProviderBehaviour {
    fn treatment(&self, share: u16) -> Treatment {
        let treatments = [
            (self.declined_permille, Treatment::Declined),
            (self.silent_permille, Treatment::Silent),
            (self.deaf_permille, Treatment::Deaf),
            (self.pending_permille, Treatment::Pending),
        ];
        let mut upto = 0_u16;
        for (permille, treatment) in treatments {
            upto = upto.saturating_add(permille);
            if share < upto {
                return treatment;
            }
        }
        Treatment::Prompt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behaviour() -> ProviderBehaviour {
        ProviderBehaviour {
            seed: 1,
            latency: Delay::Fixed(Span::ms(5)),
            declined_permille: 0,
            silent_permille: 0,
            deaf_permille: 0,
            pending_permille: 0,
            pending: Span::s(2),
            irreversible_permille: 0,
            idempotent: true,
        }
    }

    fn reversal(reference: &str, attempt: u32) -> Reversal<'_> {
        Reversal { reference, service: 20, amount_minor: 700, attempt }
    }

    fn request(reference: &str, attempt: u32) -> Request<'_> {
        let (subscriber, lookup) = ("233200000001", "");
        Request { reference, service: 20, amount_minor: 700, subscriber, lookup, attempt }
    }

    #[test]
    fn the_same_reference_is_done_once_and_answered_alike() {
        let mut provider = Provider::new(behaviour());
        let first = provider.request(Moment(0), &request("a", 1));
        let again = provider.request(Moment(9), &request("a", 2));
        assert_eq!(first, again);
        assert!(matches!(first.1, Say::Approved(_)));
        let book = provider.book(Moment(9));
        assert_eq!((book.len(), book[0].1.times, book[0].1.amount_minor), (1, 1, 700));
    }

    #[test]
    fn a_silent_provider_has_done_it_and_says_so_when_asked() {
        let mut provider =
            Provider::new(ProviderBehaviour { silent_permille: 1_000, ..behaviour() });
        assert_eq!(provider.request(Moment(0), &request("a", 1)).1, Say::Nothing);
        assert!(matches!(provider.inquiry(Moment(1), "a"), Say::Approved(_)));
        assert!(matches!(provider.request(Moment(2), &request("a", 2)).1, Say::Approved(_)));
    }

    #[test]
    fn a_deaf_provider_never_heard_of_it_until_it_is_sent_again() {
        let mut provider = Provider::new(ProviderBehaviour { deaf_permille: 1_000, ..behaviour() });
        assert_eq!(provider.request(Moment(0), &request("a", 1)).1, Say::Nothing);
        assert_eq!(provider.inquiry(Moment(1), "a"), Say::Unknown);
        assert!(matches!(provider.request(Moment(2), &request("a", 2)).1, Say::Approved(_)));
    }

    #[test]
    fn what_is_pending_is_done_after_a_while() {
        let mut provider =
            Provider::new(ProviderBehaviour { pending_permille: 1_000, ..behaviour() });
        assert_eq!(provider.request(Moment(0), &request("a", 1)).1, Say::Pending);
        assert_eq!(provider.inquiry(Moment(Span::s(1).0), "a"), Say::Pending);
        let later = Moment(Span::s(2).0);
        assert!(matches!(provider.inquiry(later, "a"), Say::Approved(_)));
        assert_eq!(provider.book(later)[0].1.standing, DealStatus::Approved);
    }

    #[test]
    fn what_was_taken_back_before_it_came_is_declined_when_it_comes() {
        let mut provider = Provider::new(behaviour());
        assert_eq!(provider.reverse(Moment(0), &reversal("a", 1)).1, Say::Reversed);
        assert_eq!(provider.request(Moment(1), &request("a", 1)).1, Say::Declined(TAKEN_BACK));
        let book = provider.book(Moment(2));
        assert_eq!((book[0].1.standing, book[0].1.times), (DealStatus::Reversed, 1));
    }

    #[test]
    fn what_was_used_cannot_be_taken_back_and_a_reversal_may_be_repeated() {
        let mut stubborn =
            Provider::new(ProviderBehaviour { irreversible_permille: 1_000, ..behaviour() });
        stubborn.request(Moment(0), &request("a", 1));
        assert_eq!(stubborn.reverse(Moment(1), &reversal("a", 1)).1, Say::Refused);
        assert_eq!(stubborn.book(Moment(2))[0].1.standing, DealStatus::Approved);
        let mut silent = Provider::new(ProviderBehaviour { silent_permille: 1_000, ..behaviour() });
        silent.request(Moment(0), &request("a", 2));
        assert_eq!(silent.reverse(Moment(1), &reversal("a", 1)).1, Say::Nothing);
        assert_eq!(silent.reverse(Moment(2), &reversal("a", 2)).1, Say::Reversed);
        assert_eq!(silent.book(Moment(2))[0].1.standing, DealStatus::Reversed);
    }

    #[test]
    fn a_confirmation_is_noted_in_the_book() {
        let mut provider = Provider::new(behaviour());
        assert_eq!(provider.confirm("a"), Say::Unknown);
        provider.request(Moment(0), &request("a", 1));
        assert_eq!(provider.confirm("a"), Say::Noted);
        assert!(provider.book(Moment(1))[0].1.confirmed);
    }

    #[test]
    fn shares_of_treatments_are_what_was_asked_for() {
        let rude =
            ProviderBehaviour { declined_permille: 100, silent_permille: 200, ..behaviour() };
        let mut provider = Provider::new(rude);
        let (mut declined, mut silent) = (0, 0);
        for number in 0..5_000 {
            match provider.request(Moment(0), &request(&format!("r{number}"), 1)).1 {
                Say::Declined(_) => declined += 1,
                Say::Nothing => silent += 1,
                _ => {}
            }
        }
        assert!((420..580).contains(&declined), "{declined}");
        assert!((880..1_120).contains(&silent), "{silent}");
    }
}
