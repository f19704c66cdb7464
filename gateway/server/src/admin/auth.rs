//! Who is asking: a user of this machine, the installation's token, or a person who logged in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, StatusCode, header};
use ring::digest::{SHA256, digest};
use tillgate_core::time::{Moment, Span};
use tillgate_edge::Peer;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::error::{Answer, ApiError};
use super::limits::{LOGIN_IDLE, LOGIN_LIFE, LOGINS_MAX, PASSWORD_CHECKS_MAX, PASSWORD_QUEUE_MAX};
use super::wrong::WrongPasswords;
use crate::config::Config;
use crate::exit::Failure;
use crate::password::{PasswordVerdict, Role, Users};
use crate::{entropy, keyfile};

/// What somebody must be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody may: health, metrics, this API's description, logging in.
    Open,
    /// Looking.
    Read,
    /// Changing.
    Write,
}

/// Who asked, as the audit log names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// "token", "user NAME", "local NAME" for a user of this machine, or "anybody".
    pub(super) name: String,
    /// Where from.
    pub(super) peer: Peer,
    /// The hash of what they showed, for logging out.
    shown: Option<Hash>,
}

impl Caller {
    /// Where from, for the audit log. It is no part of the name: the same person from another place
    /// is no second one.
    pub(super) fn origin(&self) -> String {
        match &self.peer {
            Peer::Remote(ip) => format!("from {}", ip.to_canonical()),
            Peer::Local { uid, .. } => format!("from this machine, uid {uid}"),
        }
    }

    /// Whether this is one person, by a password of its own: two steps that take two people cannot
    /// be taken by one who holds the machine and the token.
    pub(super) fn is_person(&self) -> bool {
        self.name.starts_with("user ")
    }
}

type Hash = [u8; 32];

/// A person who logged in.
struct Login {
    name: String,
    role: Role,
    since: Moment,
    last: Moment,
}

/// Everything that tells callers apart. Tokens are kept as SHA-256 only.
pub(super) struct Auth {
    token: Hash,
    /// Read at every login, so that `tillgate user` is in force at once.
    users: PathBuf,
    logins: Mutex<BTreeMap<Hash, Login>>,
    /// Bounds the memory and the cores that strangers can make us spend on passwords.
    pub(super) checks: Semaphore,
    /// Logins that check a password or wait for that.
    pub(super) queue: Semaphore,
    /// Wrong passwords, and who has to wait because of them.
    wrong: Mutex<WrongPasswords>,
}

impl Auth {
    /// Reads the token's hash and the people.
    ///
    /// # Errors
    /// A file is missing or wrong.
    pub(super) fn new(config: &Config) -> Result<Self, Failure> {
        Users::load(&config.admin.users).map_err(Failure::config)?;
        Ok(Self {
            token: keyfile::read_public(&config.admin.token_sha256).map_err(Failure::config)?,
            users: config.admin.users.clone(),
            logins: Mutex::default(),
            checks: Semaphore::new(PASSWORD_CHECKS_MAX),
            queue: Semaphore::new(PASSWORD_CHECKS_MAX + PASSWORD_QUEUE_MAX),
            wrong: Mutex::default(),
        })
    }

    /// Lets somebody through, or not.
    ///
    /// # Errors
    /// 401 for an unknown token or none, 403 for somebody who may only look.
    pub(super) fn admit(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
        access: Access,
        now: Moment,
    ) -> Answer<Caller> {
        let caller = |name: String, shown| Caller { name, peer: peer.clone(), shown };
        if access == Access::Open {
            return Ok(caller("anybody".to_owned(), None));
        }
        // The kernel has said who it is, and the socket lets nobody else in. Who shows a login
        // there is the person that logged in.
        if let Peer::Local { name, .. } = peer
            && !headers.contains_key(header::AUTHORIZATION)
        {
            return Ok(caller(format!("local {name}"), None));
        }
        let unknown = |message| ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", message);
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let shown = shown.and_then(|value| value.strip_prefix("Bearer "));
        let shown = shown.ok_or_else(|| {
            unknown("show the installation's token: Authorization: Bearer TOKEN (admin.token)")
        })?;
        let shown = hash(shown.trim());
        if same(&shown, &self.token) {
            return Ok(caller("token".to_owned(), None));
        }
        let mut logins = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        logins.retain(|_, login| login.is_good(now));
        let login = logins
            .get_mut(&shown)
            .ok_or_else(|| unknown("this token is not known, or its login has ended"))?;
        login.last = now;
        if access == Access::Write && login.role != Role::Operator {
            let text = format!("{} may look but not change anything", login.name);
            return Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", text));
        }
        Ok(caller(format!("user {}", login.name), Some(shown)))
    }

    /// The role of somebody who knows the password, and whether the name is one of ours; takes
    /// about 30 ms.
    ///
    /// # Errors
    /// The file of people is gone or broken.
    pub(super) fn verify(&self, name: &str, password: &str) -> Answer<PasswordVerdict> {
        let users = Users::load(&self.users).map_err(ApiError::internal)?;
        Ok(users.verify(name, password))
    }

    /// Who has to wait.
    pub(super) fn wrong(&self) -> MutexGuard<'_, WrongPasswords> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new token for somebody whose password was right.
    ///
    /// # Errors
    /// Too many are logged in.
    pub(super) fn log_in(&self, name: &str, role: Role, now: Moment) -> Answer<Zeroizing<String>> {
        let token = Zeroizing::new(hex::encode(Zeroizing::new(entropy::bytes::<32>()).as_slice()));
        let mut logins = self.logins.lock().unwrap_or_else(PoisonError::into_inner);
        logins.retain(|_, login| login.is_good(now));
        if logins.len() >= LOGINS_MAX {
            return Err(ApiError::busy(format!("{LOGINS_MAX} people are logged in; try later")));
        }
        let login = Login { name: name.to_owned(), role, since: now, last: now };
        logins.insert(hash(&token), login);
        Ok(token)
    }

    /// Ends the caller's login; the installation's token has none.
    pub(super) fn log_out(&self, caller: &Caller) {
        if let Some(shown) = &caller.shown {
            self.logins.lock().unwrap_or_else(PoisonError::into_inner).remove(shown);
        }
    }
}

impl Login {
    fn is_good(&self, now: Moment) -> bool {
        let within =
            |since: Moment, most: std::time::Duration| now.since(since) <= Span::s(most.as_secs());
        within(self.last, LOGIN_IDLE) && within(self.since, LOGIN_LIFE)
    }
}

fn hash(token: &str) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

/// Takes as long for a difference at the beginning as for one at the end.
fn same(a: &Hash, b: &Hash) -> bool {
    a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
