//! Wrong passwords and the waits that they cost. They are counted per name *and* address, so that a
//! stranger who guesses locks nobody out who comes from elsewhere; and per address, so that
//! guessing many names is no way around. A wait has an end, and the right password ends the count
//! of its name and address.

use core::net::IpAddr;
use std::collections::BTreeMap;

use tillgate_types::network;

use super::limits::{
    LOGIN_WAIT, LOGIN_WAIT_MAX, WRONG_PASSWORDS_FREE, WRONG_PASSWORDS_LIFE, WRONG_PASSWORDS_MAX,
    WRONG_PASSWORDS_PER_ADDRESS_FREE,
};
use crate::time::{Moment, Span};

/// Who is counted: an address with a name, or an address with all of them.
type Who = (Option<IpAddr>, Option<String>);

/// The wrong passwords of late. An address is `None` for this machine's own users.
#[derive(Debug, Default)]
pub struct WrongPasswords {
    counted: BTreeMap<Who, Wrong>,
}

#[derive(Debug)]
struct Wrong {
    count: u32,
    last: Moment,
    until: Moment,
}

impl WrongPasswords {
    /// How long this name has to wait at this address before its next try.
    #[must_use]
    pub fn wait(&self, from: Option<IpAddr>, name: &str, now: Moment) -> Option<Span> {
        let address = from.map(network);
        let until = |who: Who| self.counted.get(&who).map(|wrong| wrong.until);
        let until = until((address, Some(name.to_owned()))).max(until((address, None)))?;
        (until > now).then(|| until.since(now))
    }

    /// A password was wrong.
    pub fn note(&mut self, from: Option<IpAddr>, name: &str, now: Moment) {
        let address = from.map(network);
        self.count((address, Some(name.to_owned())), WRONG_PASSWORDS_FREE, now);
        self.count((address, None), WRONG_PASSWORDS_PER_ADDRESS_FREE, now);
    }

    /// A password was right.
    pub fn forget(&mut self, from: Option<IpAddr>, name: &str) {
        self.counted.remove(&(from.map(network), Some(name.to_owned())));
    }

    fn count(&mut self, who: Who, free: u32, now: Moment) {
        if !self.counted.contains_key(&who) && self.counted.len() >= WRONG_PASSWORDS_MAX {
            let quietest = self.counted.iter().min_by_key(|(_, wrong)| wrong.last);
            if let Some(quietest) = quietest.map(|(who, _)| who.clone()) {
                self.counted.remove(&quietest);
            }
        }
        let wrong = self.counted.entry(who).or_insert(Wrong { count: 0, last: now, until: now });
        if now.since(wrong.last) > WRONG_PASSWORDS_LIFE {
            wrong.count = 0;
        }
        wrong.count = wrong.count.saturating_add(1);
        wrong.last = now;
        if wrong.count > free {
            let doublings = (wrong.count - free - 1).min(16);
            let wait = Span(LOGIN_WAIT.0.saturating_mul(1 << doublings)).min(LOGIN_WAIT_MAX);
            wrong.until = now.after(wait);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_000_000_000_000);

    fn from(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    fn guessed(times: u32) -> WrongPasswords {
        let mut wrong = WrongPasswords::default();
        for _ in 0..times {
            wrong.note(from(1), "admin", NOW);
        }
        wrong
    }

    #[test]
    fn guessing_costs_waits_that_double_to_a_bound() {
        let wait = |times| guessed(times).wait(from(1), "admin", NOW);
        assert_eq!(wait(WRONG_PASSWORDS_FREE), None);
        assert_eq!(wait(WRONG_PASSWORDS_FREE + 1), Some(Span::s(1)));
        assert_eq!(wait(WRONG_PASSWORDS_FREE + 3), Some(Span::s(4)));
        assert_eq!(wait(4_000), Some(LOGIN_WAIT_MAX));
    }

    #[test]
    fn a_stranger_who_guesses_locks_out_nobody_at_another_address() {
        let wrong = guessed(4_000);
        assert_eq!(wrong.wait(from(2), "admin", NOW), None);
        assert_eq!(wrong.wait(None, "admin", NOW), None);
    }

    #[test]
    fn many_names_from_one_address_are_one_guesser() {
        let mut wrong = WrongPasswords::default();
        for number in 0..=WRONG_PASSWORDS_PER_ADDRESS_FREE {
            wrong.note(from(1), &format!("user{number}"), NOW);
        }
        assert!(wrong.wait(from(1), "somebody else", NOW).is_some());
    }

    #[test]
    fn the_right_password_ends_the_count_and_time_forgets_it() {
        let mut wrong = guessed(WRONG_PASSWORDS_FREE);
        wrong.forget(from(1), "admin");
        wrong.note(from(1), "admin", NOW);
        assert_eq!(wrong.wait(from(1), "admin", NOW), None);
        let mut wrong = guessed(WRONG_PASSWORDS_FREE);
        let later = NOW.after(Span(WRONG_PASSWORDS_LIFE.0 + 1));
        wrong.note(from(1), "admin", later);
        assert_eq!(wrong.wait(from(1), "admin", later), None);
    }

    #[test]
    fn what_is_remembered_of_strangers_is_bounded() {
        let mut wrong = WrongPasswords::default();
        for number in 0..WRONG_PASSWORDS_MAX {
            wrong.note(from(1), &number.to_string(), NOW);
        }
        assert!(wrong.counted.len() <= WRONG_PASSWORDS_MAX);
    }
}
