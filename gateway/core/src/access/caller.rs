//! Who is asking: a user of this machine, the installation's token, or a person who logged in.

use super::{Access, Denied, Logins, TokenHash};
use crate::time::Moment;

/// Who asked, as the audit log names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Somebody who has shown nothing, where nothing is needed.
    Anybody,
    /// A user of this machine, as the kernel says.
    Local(String),
    /// Whoever holds the installation's token.
    Token,
    /// A person who logged in.
    Person {
        /// As what.
        name: String,
        /// Of the login that was shown, for logging out.
        login: TokenHash,
    },
}

/// Why somebody is not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nothing was shown that could be a token.
    NothingShown,
    /// Nobody has this token, or its login has ended.
    Unknown,
    /// This person may look and not change anything.
    MayOnlyLook(String),
}

impl Caller {
    /// Its name in the audit log. Where the caller came from is no part of it: the same person from
    /// another place is no second one.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Anybody => "anybody".to_owned(),
            Self::Local(name) => format!("local {name}"),
            Self::Token => "token".to_owned(),
            Self::Person { name, .. } => format!("user {name}"),
        }
    }

    /// Whether this is one person, by a password of its own: two steps that take two people cannot
    /// be taken by one who holds the machine and the token.
    #[must_use]
    pub fn is_person(&self) -> bool {
        matches!(self, Self::Person { .. })
    }
}

/// Everything that tells callers apart. Tokens are kept as SHA-256 only.
#[derive(Debug)]
pub struct Callers {
    token: TokenHash,
    /// Who is logged in.
    pub logins: Logins,
}

impl Callers {
    /// Of an installation with this token; nobody is logged in.
    #[must_use]
    pub fn new(token: TokenHash) -> Self {
        Self { token, logins: Logins::default() }
    }

    /// Lets somebody through, or not: `local` is the user of this machine at the other end, if it
    /// is one, `shown` the value of the request's Authorization header. The socket of this machine
    /// lets nobody else in; who shows a login there is the person that logged in.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn admit(
        &mut self,
        local: Option<&str>,
        shown: Option<&str>,
        access: Access,
        now: Moment,
    ) -> Result<Caller, Refused> {
        if access == Access::Open {
            return Ok(Caller::Anybody);
        }
        if let (Some(name), None) = (local, shown) {
            return Ok(Caller::Local(name.to_owned()));
        }
        let shown = shown.and_then(|shown| shown.strip_prefix("Bearer "));
        let shown = TokenHash::of(shown.ok_or(Refused::NothingShown)?.trim());
        if shown.is(&self.token) {
            return Ok(Caller::Token);
        }
        match self.logins.admit(&shown, access, now) {
            Ok(name) => Ok(Caller::Person { name: name.to_owned(), login: shown }),
            Err(Denied::Unknown) => Err(Refused::Unknown),
            Err(Denied::MayOnlyLook(name)) => Err(Refused::MayOnlyLook(name)),
        }
    }

    /// Ends the caller's login; the installation's token has none.
    pub fn log_out(&mut self, caller: &Caller) {
        if let Caller::Person { login, .. } = caller {
            self.logins.log_out(login);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;

    const NOW: Moment = Moment(1_000_000_000_000);

    fn callers() -> Callers {
        let mut callers = Callers::new(TokenHash::of("installation"));
        let proof = TokenHash::of("proof");
        let people = ["ann", "eve"].map(|name| (name.to_owned(), proof));
        callers.logins.set_people(people.into());
        for (name, role) in [("ann", Role::Operator), ("eve", Role::Auditor)] {
            assert!(callers.logins.log_in(TokenHash::of(name), name, (role, proof), NOW));
        }
        callers
    }

    #[test]
    fn each_way_of_showing_who_one_is_gives_its_own_name() {
        let mut callers = callers();
        let mut name = |local, shown, access| {
            callers.admit(local, shown, access, NOW).map(|caller| caller.name())
        };
        let write = Access::Write;
        assert_eq!(name(None, None, Access::Open).unwrap(), "anybody");
        assert_eq!(name(Some("root"), None, write).unwrap(), "local root");
        assert_eq!(name(None, Some("Bearer installation"), write).unwrap(), "token");
        assert_eq!(name(None, Some("Bearer  ann "), write).unwrap(), "user ann");
        assert_eq!(name(Some("root"), Some("Bearer ann"), write).unwrap(), "user ann");
    }

    #[test]
    fn who_shows_nothing_another_token_or_only_looks_is_refused() {
        let mut callers = callers();
        let mut admit = |local, shown, access| callers.admit(local, shown, access, NOW);
        for shown in [None, Some(""), Some("installation"), Some("Basic installation")] {
            assert_eq!(admit(None, shown, Access::Read), Err(Refused::NothingShown), "{shown:?}");
        }
        let wrong = Some("Bearer wrong");
        assert_eq!(admit(None, wrong, Access::Read), Err(Refused::Unknown));
        assert_eq!(admit(Some("root"), wrong, Access::Read), Err(Refused::Unknown), "locally too");
        let only_looks = Err(Refused::MayOnlyLook("eve".to_owned()));
        assert_eq!(admit(None, Some("Bearer eve"), Access::Write), only_looks);
        assert!(admit(None, Some("Bearer eve"), Access::Read).is_ok());
    }

    #[test]
    fn one_person_needs_a_login_of_its_own_and_loses_it_by_logging_out() {
        let mut callers = callers();
        let root = callers.admit(Some("root"), None, Access::Write, NOW).unwrap();
        let token = callers.admit(None, Some("Bearer installation"), Access::Write, NOW).unwrap();
        assert!(!root.is_person() && !token.is_person() && !Caller::Anybody.is_person());
        callers.log_out(&token);
        let ann = callers.admit(None, Some("Bearer ann"), Access::Write, NOW).unwrap();
        assert!(ann.is_person());
        callers.log_out(&ann);
        let again = callers.admit(None, Some("Bearer ann"), Access::Write, NOW);
        assert_eq!(again, Err(Refused::Unknown));
        assert!(callers.admit(None, Some("Bearer installation"), Access::Write, NOW).is_ok());
    }
}
