//! Handsets over USSD: how many, at whose terminals, over which kind of centre, and how their
//! subscribers behave.

use tillgate_codec::link::datagram::SYMBOLS_MIN;
use tillgate_core::ussd::profile::SmppProfile;

use super::{Stream, number};
use crate::time::Span;
use crate::world::fault::{Fault, Faults};

/// Of 1000 worlds, how many have handsets.
const WITH_HANDSETS_PERMILLE: u16 = 250;

/// Terminals that only handsets sell for.
pub(in crate::world) const OWN_TERMINALS: u16 = 2;

/// Of 1000 worlds with handsets, how many have terminals that send frames, too, where a link carries them.
const WITH_TERMINALS_PERMILLE: u16 = 700;

/// A USSD centre, the links to it, and its subscribers; without handsets there is none.
#[derive(Clone, Debug)]
pub(in crate::world) struct Handsets {
    pub(in crate::world) count: u16,
    /// Of 1000 handsets, how many sell for a terminal that sells over another bearer, too.
    pub(in crate::world) shared_permille: u16,
    /// Of 1000 handsets, how many have a PIN that others know, too.
    pub(in crate::world) initial_permille: u16,
    /// The profile of the links, and of the centre.
    pub(in crate::world) profile: &'static str,
    pub(in crate::world) links: u16,
    pub(in crate::world) is_pair: bool,
    /// Texts without an answer on one link.
    pub(in crate::world) window: usize,
    /// Dialogs at once.
    pub(in crate::world) dialogs_max: u32,
    /// Within which a subscriber receives something.
    pub(in crate::world) answer: Span,
    pub(in crate::world) think: Span,
    /// Shares of 1000: dialogs that dial a short-cut, steps at which a subscriber hangs up, is lost,
    /// mistypes, or guesses a PIN.
    pub(in crate::world) short_permille: u16,
    pub(in crate::world) abort_permille: u16,
    pub(in crate::world) drop_permille: u16,
    pub(in crate::world) typo_permille: u16,
    pub(in crate::world) guess_permille: u16,
    /// Of 1000 messages of the centre, how many it delivers twice; of 1000 of the gateway, how many it
    /// holds off.
    pub(in crate::world) twice_permille: u16,
    pub(in crate::world) throttle_permille: u16,
    /// Of 1000 connections, how many end at some byte, and attempts that are refused.
    pub(in crate::world) cut_permille: u16,
    pub(in crate::world) refused_permille: u16,
    pub(in crate::world) frames: Frames,
}

/// Terminals without TCP, and who carries their frames.
#[derive(Clone, Debug, Default)]
pub(in crate::world) struct Frames {
    /// Terminals that have no other bearer.
    pub(in crate::world) terminals: u16,
    /// Whether one of the fleet uses both bearers, and the mean time between its changes.
    pub(in crate::world) both: Option<Span>,
    /// Characters of a text.
    pub(in crate::world) symbols: usize,
    /// Shares of 1000: requests that are the last of their dialog, that the terminal is lost after, whose
    /// reply it loses, and that it sends again after the answer.
    pub(in crate::world) last_permille: u16,
    pub(in crate::world) drop_permille: u16,
    pub(in crate::world) lose_permille: u16,
    pub(in crate::world) replay_permille: u16,
    /// Frames that are withheld and delivered later, and copied; and of what is delivered, how much is
    /// changed.
    pub(in crate::world) withhold_permille: u16,
    pub(in crate::world) copy_permille: u16,
    pub(in crate::world) forge_permille: u16,
}

impl Frames {
    fn draw(seed: u64, faults: Faults, profile: &str) -> Self {
        let mut rng = Stream::Frames.rng(seed);
        let symbols = SmppProfile::builtin(profile).map(SmppProfile::parse);
        let symbols = symbols.and_then(Result::ok).map_or(0, |profile| profile.room.septets);
        let has_any = rng.chance(WITH_TERMINALS_PERMILLE) && symbols >= SYMBOLS_MIN;
        let terminals = number(&mut rng, 3);
        let every = rng.between(Span::s(5), Span::s(40));
        let both = (terminals == 0 || rng.chance(500)).then_some(every);
        let last_permille = number(&mut rng, 1_000);
        let mut trouble = |most: u16| {
            let drawn = number(&mut rng, most);
            if faults.has(Fault::Ussd) { drawn } else { 0 }
        };
        let frames = Self {
            terminals,
            both,
            symbols,
            last_permille,
            drop_permille: trouble(200),
            lose_permille: trouble(200),
            replay_permille: trouble(300),
            withhold_permille: trouble(300),
            copy_permille: trouble(400),
            forge_permille: trouble(600),
        };
        if has_any { frames } else { Self::default() }
    }
}

/// Without the kind of trouble, subscribers are calm and the centre is well.
pub(super) fn draw(seed: u64, faults: Faults) -> Handsets {
    let mut rng = Stream::Handsets.rng(seed);
    let has_any = rng.chance(WITH_HANDSETS_PERMILLE);
    let some = 1 + number(&mut rng, 4);
    let names: Vec<&'static str> = SmppProfile::builtin_names().collect();
    let profile = number(&mut rng, u16::try_from(names.len()).unwrap_or(0));
    let small = faults.has(Fault::Limits);
    let (dialogs_max, window) =
        (2 + u32::from(number(&mut rng, 4)), 1 + usize::from(number(&mut rng, 3)));
    let shared_permille = [0, 500, 1_000][usize::from(number(&mut rng, 3))];
    let initial_permille = [0, 300][usize::from(number(&mut rng, 2))];
    let (links, is_pair) = (1 + number(&mut rng, 2), rng.chance(300));
    let (answer, think) =
        (rng.between(Span::s(4), Span::s(13)), rng.between(Span::ms(300), Span::s(3)));
    let short_permille = number(&mut rng, 400);
    let mut trouble = |most: u16| {
        let drawn = number(&mut rng, most);
        if faults.has(Fault::Ussd) { drawn } else { 0 }
    };
    Handsets {
        count: if has_any { some } else { 0 },
        shared_permille,
        initial_permille,
        profile: names[usize::from(profile)],
        links,
        is_pair,
        window: if small { window } else { 10 },
        dialogs_max: if small { dialogs_max } else { 100 },
        answer,
        think,
        short_permille,
        abort_permille: trouble(100),
        drop_permille: trouble(100),
        typo_permille: trouble(100),
        guess_permille: trouble(200),
        twice_permille: trouble(400),
        throttle_permille: trouble(200),
        cut_permille: trouble(700),
        refused_permille: trouble(300),
        frames: Frames::draw(seed, faults, names[usize::from(profile)]),
    }
}
