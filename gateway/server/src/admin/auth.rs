//! Who is asking: a user of this machine, the installation's token, or a person who logged in.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, StatusCode, header};
use tillgate_core::access::limits::LOGINS_MAX;
use tillgate_core::access::{Access, Denied, Logins, Role, TokenHash, WrongPasswords};
use tillgate_core::time::Moment;
use tillgate_edge::Peer;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::error::{Answer, ApiError};
use super::limits::{PASSWORD_CHECKS_MAX, PASSWORD_QUEUE_MAX};
use crate::config::Config;
use crate::exit::Failure;
use crate::password::{PasswordVerdict, Users};
use crate::{entropy, keyfile};

/// Who asked, as the audit log names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// "token", "user NAME", "local NAME" for a user of this machine, or "anybody".
    pub(super) name: String,
    /// Where from.
    pub(super) peer: Peer,
    /// The hash of what they showed, for logging out.
    shown: Option<TokenHash>,
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

    /// Its address; a user of this machine has none.
    pub(super) fn address(&self) -> Option<IpAddr> {
        match self.peer {
            Peer::Remote(ip) => Some(ip),
            Peer::Local { .. } => None,
        }
    }

    /// Whether this is one person, by a password of its own: two steps that take two people cannot
    /// be taken by one who holds the machine and the token.
    pub(super) fn is_person(&self) -> bool {
        self.name.starts_with("user ")
    }
}

/// Everything that tells callers apart. Tokens are kept as SHA-256 only.
pub(super) struct Auth {
    token: TokenHash,
    /// Read at every login, so that `tillgate user` is in force at once.
    users: PathBuf,
    logins: Mutex<Logins>,
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
            token: keyfile::read_public(&config.admin.token_sha256)
                .map(TokenHash::new)
                .map_err(Failure::config)?,
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
        let shown = TokenHash::of(shown.trim());
        if shown.is(&self.token) {
            return Ok(caller("token".to_owned(), None));
        }
        match self.logins().admit(&shown, access, now) {
            Ok(name) => Ok(caller(format!("user {name}"), Some(shown))),
            Err(Denied::Unknown) => Err(unknown("this token is not known, or its login has ended")),
            Err(Denied::MayOnlyLook(name)) => {
                let text = format!("{name} may look but not change anything");
                Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", text))
            }
        }
    }

    fn logins(&self) -> MutexGuard<'_, Logins> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
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
        if self.logins().log_in(TokenHash::of(&token), name, role, now) {
            return Ok(token);
        }
        Err(ApiError::busy(format!("{LOGINS_MAX} people are logged in; try later")))
    }

    /// Ends the caller's login; the installation's token has none.
    pub(super) fn log_out(&self, caller: &Caller) {
        if let Some(shown) = &caller.shown {
            self.logins().log_out(shown);
        }
    }
}
