//! Who is asking, as HTTP shows it.

use std::fs::Metadata;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use http::{HeaderMap, StatusCode, header};
use parking_lot::Mutex;
use tillgate_core::access::limits::LOGINS_MAX;
use tillgate_core::access::{self, Access, Callers, Refused, Role, TokenHash, WrongPasswords};
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

#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) who: access::Caller,
    pub(super) peer: Peer,
}

impl Caller {
    /// Where from, for the audit log.
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
}

/// What tells callers apart: [`Callers`] decides, this reads the people and makes tokens.
pub(super) struct Auth {
    callers: Mutex<Callers>,
    /// Read at every login and whenever it has changed, so that `tillgate user` is in force at once.
    users: PathBuf,
    /// The file as it was read last.
    seen: Mutex<Option<Seen>>,
    /// Bounds the memory and the cores that strangers can make us spend on passwords.
    pub(super) checks: Semaphore,
    /// Logins that check a password or wait for that.
    pub(super) queue: Semaphore,
    /// Wrong passwords, and who has to wait because of them.
    pub(super) wrong: Mutex<WrongPasswords>,
}

/// What a file has another one of after every change.
#[derive(PartialEq, Eq)]
struct Seen {
    file: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Seen {
    fn of(file: &Metadata) -> Self {
        Self {
            file: (file.dev(), file.ino()),
            bytes: file.len(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }
}

impl Auth {
    /// Reads the token's hash and the people.
    ///
    /// # Errors
    /// A file is missing or wrong.
    pub(super) fn new(config: &Config) -> Result<Self, Failure> {
        Users::load(&config.admin.users).map_err(Failure::config)?;
        let users = config.admin.users.clone();
        let token = keyfile::read_public(&config.admin.token_sha256).map_err(Failure::config)?;
        Ok(Self {
            callers: Mutex::new(Callers::new(TokenHash::new(token))),
            users,
            seen: Mutex::default(),
            checks: Semaphore::new(PASSWORD_CHECKS_MAX),
            queue: Semaphore::new(PASSWORD_CHECKS_MAX + PASSWORD_QUEUE_MAX),
            wrong: Mutex::default(),
        })
    }

    /// Lets somebody through, or not.
    ///
    /// # Errors
    /// 401 for an unknown token or none, 403 for somebody who may only look, 500 for a person when the
    /// file of people is gone or broken.
    pub(super) fn admit(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
        access: Access,
        now: Moment,
    ) -> Answer<Caller> {
        let local = match peer {
            Peer::Local { name, .. } => Some(&**name),
            Peer::Remote(_) => None,
        };
        let shown = headers.get(header::AUTHORIZATION);
        let shown = shown.map(|value| value.to_str().unwrap_or_default());
        let people = if access == Access::Open { Ok(()) } else { self.renew_people() };
        let unknown = |message| ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", message);
        let who =
            self.callers.lock().admit(local, shown, access, now).map_err(
                |refused| match refused {
                    Refused::NothingShown => unknown(
                        "show the installation's token: Authorization: Bearer TOKEN (admin.token)",
                    ),
                    Refused::Unknown => unknown("this token is not known, or its login has ended"),
                    Refused::MayOnlyLook(name) => {
                        let text = format!("{name} may look but not change anything");
                        ApiError::new(StatusCode::FORBIDDEN, "forbidden", text)
                    }
                },
            )?;
        if who.is_person() {
            people?;
        }
        Ok(Caller { who, peer: peer.clone() })
    }

    /// Reads the people again if their file has changed.
    fn renew_people(&self) -> Answer<()> {
        let mut seen = self.seen.lock();
        let now = std::fs::metadata(&self.users).map(|file| Seen::of(&file)).ok();
        if now.is_none() || *seen != now {
            let people = Users::load(&self.users).map_err(ApiError::internal)?.people();
            self.callers.lock().logins.set_people(people);
            *seen = now;
        }
        Ok(())
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

    /// A new token for somebody whose password was right.
    ///
    /// # Errors
    /// Too many are logged in.
    pub(super) fn log_in(
        &self,
        name: &str,
        (role, proof): (Role, TokenHash),
        now: Moment,
    ) -> Answer<Zeroizing<String>> {
        let token = Zeroizing::new(hex::encode(Zeroizing::new(entropy::bytes::<32>()).as_slice()));
        if self.callers.lock().logins.log_in(TokenHash::of(&token), name, (role, proof), now) {
            return Ok(token);
        }
        Err(ApiError::busy(format!("{LOGINS_MAX} people are logged in; try later")))
    }

    /// Ends the caller's login; the installation's token has none.
    pub(super) fn log_out(&self, caller: &Caller) {
        self.callers.lock().log_out(&caller.who);
    }
}
