//! Who gives the operator's orders: the machine's own user, the installation's token, or people who
//! log in, one of whom may only look.

use tillgate_core::access::{Access, Caller, Callers as Admission, Refused, Role, TokenHash};

use super::audit::Checker;
use super::config::Stream;
use crate::rng::Rng;
use crate::time::Moment;

const TOKEN: &str = "the token of the installation";

/// Each logs in with its name as its token.
const PEOPLE: [(&str, Role); 3] =
    [("ann", Role::Operator), ("bob", Role::Operator), ("eve", Role::Auditor)];

/// What the logins of all depend on.
const PROOF: TokenHash = TokenHash::new([0; 32]);

pub(super) struct Callers {
    rng: Rng,
    admission: Admission,
}

impl Callers {
    pub(super) fn new(seed: u64) -> Self {
        let mut admission = Admission::new(TokenHash::of(TOKEN));
        admission.logins.set_people(PEOPLE.map(|(name, _)| (name.to_owned(), PROOF)).into());
        Self { rng: Stream::CallersRun.rng(seed), admission }
    }

    /// Whose turn it is to order something; `None` if that one is refused.
    pub(super) fn turn(&mut self, now: Moment, witness: &mut Checker) -> Option<Caller> {
        let who = usize::try_from(self.rng.below(5)).unwrap_or(0);
        let (admitted, may) = match PEOPLE.get(who) {
            Some((name, role)) => (self.person(name, *role, now), *role == Role::Operator),
            None if who == 3 => {
                (self.admission.admit(Some("root"), None, Access::Write, now), true)
            }
            None => {
                let shown = format!("Bearer {TOKEN}");
                (self.admission.admit(None, Some(&shown), Access::Write, now), true)
            }
        };
        if admitted.is_ok() != may {
            witness.violate(now, 7, format!("caller {who} is let through or not: {admitted:?}"));
        }
        admitted.ok()
    }

    /// A person, who logs in if no login lasts.
    fn person(&mut self, name: &str, role: Role, now: Moment) -> Result<Caller, Refused> {
        let shown = format!("Bearer {name}");
        match self.admission.admit(None, Some(&shown), Access::Write, now) {
            Err(Refused::Unknown) => {
                let token = TokenHash::of(name);
                let _full = self.admission.logins.log_in(token, name, (role, PROOF), now);
                self.admission.admit(None, Some(&shown), Access::Write, now)
            }
            admitted => admitted,
        }
    }
}
