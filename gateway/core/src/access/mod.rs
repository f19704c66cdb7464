//! Who may do what through the admin API: logins and their ends, and what wrong passwords cost.
//! The shell checks passwords and makes tokens; this counts and decides.

mod caller;
pub mod limits;
mod wrong;

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use self::limits::{LOGIN_IDLE, LOGIN_LIFE, LOGINS_MAX, USER_NAME_BYTES_MAX};
use crate::time::Moment;

pub use caller::{Caller, Callers, Refused};
pub use wrong::WrongPasswords;

/// What somebody must be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody may: health, metrics, the API's description, logging in.
    Open,
    /// Looking.
    Read,
    /// Changing.
    Write,
}

/// Who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Operator,
    /// Looks, changes nothing.
    Auditor,
}

impl Role {
    /// As files and answers name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }
}

/// Whether somebody may be called this: the name is in the audit log.
///
/// # Errors
/// What a name is.
pub fn check_name(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_alphanumeric() || "._-@".contains(c);
    if (1..=USER_NAME_BYTES_MAX).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(format!("a name is 1 to {USER_NAME_BYTES_MAX} letters, digits and . _ - @"))
}

/// Without letters and digits that look like one another.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789L";

/// A one-time password of 100 random bits.
#[must_use]
pub fn one_time(random: &[u8; 20]) -> Zeroizing<String> {
    let letters = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    Zeroizing::new(letters.collect())
}

/// A token as it is kept: its SHA-256 only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// As a file has it.
    #[must_use]
    pub const fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// Of a token that somebody shows.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(hash)
    }

    /// Takes as long for a difference at the beginning as for one at the end.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

/// Why a token does not let its bearer through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// Nobody has it, or its login has ended.
    Unknown,
    /// This person may only look.
    MayOnlyLook(String),
}

/// The people who may log in, each with what a login depends on: it ends when that changes.
pub type People = BTreeMap<String, TokenHash>;

/// The people who are logged in.
#[derive(Debug, Default)]
pub struct Logins {
    people: People,
    of: BTreeMap<TokenHash, Login>,
}

#[derive(Debug)]
struct Login {
    name: String,
    role: Role,
    depends_on: TokenHash,
    since: Moment,
    last: Moment,
}

impl Logins {
    /// These may log in from now on; logins of others are over, and of who has changed.
    pub fn set_people(&mut self, people: People) {
        self.people = people;
    }

    /// The name of the person whose token this is, if that person may; the login lasts on.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn admit(
        &mut self,
        shown: &TokenHash,
        access: Access,
        now: Moment,
    ) -> Result<&str, Denied> {
        self.end(now);
        let people = &self.people;
        let is_over = |login: &Login| people.get(&login.name) != Some(&login.depends_on);
        if self.of.get(shown).is_some_and(is_over) {
            self.of.remove(shown);
        }
        let login = self.of.get_mut(shown).ok_or(Denied::Unknown)?;
        login.last = now;
        if access == Access::Write && login.role != Role::Operator {
            return Err(Denied::MayOnlyLook(login.name.clone()));
        }
        Ok(&login.name)
    }

    /// Somebody's password was right; `false` if too many are logged in.
    #[must_use]
    pub fn log_in(
        &mut self,
        token: TokenHash,
        name: &str,
        (role, depends_on): (Role, TokenHash),
        now: Moment,
    ) -> bool {
        self.end(now);
        if self.of.len() >= LOGINS_MAX {
            return false;
        }
        let name = name.to_owned();
        self.of.insert(token, Login { name, role, depends_on, since: now, last: now });
        true
    }

    /// Ends a login.
    pub fn log_out(&mut self, token: &TokenHash) {
        self.of.remove(token);
    }

    fn end(&mut self, now: Moment) {
        self.of.retain(|_, login| {
            now.since(login.last) <= LOGIN_IDLE && now.since(login.since) <= LOGIN_LIFE
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    const NOW: Moment = Moment(1_000_000_000_000);

    const PROOF: TokenHash = TokenHash::new([7; 32]);

    fn logged_in(role: Role) -> (Logins, TokenHash) {
        let (mut logins, token) = (Logins::default(), TokenHash::of("token"));
        logins.set_people(People::from([("ann".to_owned(), PROOF)]));
        assert!(logins.log_in(token, "ann", (role, PROOF), NOW));
        (logins, token)
    }

    #[test]
    fn a_login_is_over_when_its_person_is_gone_or_has_changed() {
        let (mut logins, token) = logged_in(Role::Operator);
        let other = |name: &str| (name.to_owned(), TokenHash::new([8; 32]));
        logins.set_people(People::from([other("bob"), ("ann".to_owned(), PROOF)]));
        assert_eq!(logins.admit(&token, Access::Write, NOW), Ok("ann"), "somebody else is new");
        for people in [People::new(), People::from([other("ann")])] {
            let (mut logins, token) = logged_in(Role::Operator);
            logins.set_people(people);
            assert_eq!(logins.admit(&token, Access::Read, NOW), Err(Denied::Unknown));
            logins.set_people(People::from([("ann".to_owned(), PROOF)]));
            let again = logins.admit(&token, Access::Read, NOW);
            assert_eq!(again, Err(Denied::Unknown), "it does not come back");
        }
    }

    #[test]
    fn a_login_ends_when_it_is_not_used_and_after_its_life_whatever_happens() {
        let (mut logins, token) = logged_in(Role::Operator);
        let mut now = NOW;
        while now.since(NOW) < LOGIN_LIFE {
            assert_eq!(logins.admit(&token, Access::Read, now), Ok("ann"));
            now = now.after(LOGIN_IDLE);
        }
        now = NOW.after(LOGIN_LIFE).after(Span(1));
        assert_eq!(logins.admit(&token, Access::Read, now), Err(Denied::Unknown));
        let (mut logins, token) = logged_in(Role::Operator);
        let later = NOW.after(LOGIN_IDLE).after(Span(1));
        assert_eq!(logins.admit(&token, Access::Read, later), Err(Denied::Unknown));
    }

    #[test]
    fn an_auditor_may_look_and_change_nothing() {
        let (mut logins, token) = logged_in(Role::Auditor);
        assert_eq!(logins.admit(&token, Access::Read, NOW), Ok("ann"));
        let denied = Err(Denied::MayOnlyLook("ann".to_owned()));
        assert_eq!(logins.admit(&token, Access::Write, NOW), denied);
        logins.log_out(&token);
        assert_eq!(logins.admit(&token, Access::Read, NOW), Err(Denied::Unknown));
    }

    #[test]
    fn logins_are_bounded_and_make_room_when_they_end() {
        let mut logins = Logins::default();
        for number in 0..LOGINS_MAX {
            let token = TokenHash::of(&number.to_string());
            assert!(logins.log_in(token, "ann", (Role::Operator, PROOF), NOW));
        }
        assert!(!logins.log_in(TokenHash::of("one more"), "bob", (Role::Operator, PROOF), NOW));
        let later = NOW.after(LOGIN_IDLE).after(Span(1));
        assert!(logins.log_in(TokenHash::of("one more"), "bob", (Role::Operator, PROOF), later));
    }

    #[test]
    fn a_name_has_letters_digits_and_a_few_marks() {
        for good in ["maria", "a.b-c_d@e", "J\u{f6}rg", &"n".repeat(USER_NAME_BYTES_MAX)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", "two words", "a\nb", "a,b", &"n".repeat(USER_NAME_BYTES_MAX + 1)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_flipped_bit_is_another_token() {
        let token = TokenHash::of("token");
        let TokenHash(mut bytes) = token;
        assert!(token.is(&TokenHash::new(bytes)));
        bytes[31] ^= 1;
        assert!(!token.is(&TokenHash::new(bytes)));
    }
}
