//! People's passwords: argon2id, the parameters of OWASP's minimum (19 MiB, 2 passes, 1 lane).

use std::io::{self, BufRead, Read};
use std::path::Path;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use serde::{Deserialize, Serialize};
use tillgate_core::access::{self, People, Role, TokenHash};
use zeroize::Zeroizing;

use crate::entropy;
use crate::files::{self, Trust};

/// People beside the console are few.
const USERS_MAX: usize = 1_000;
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// A longer password is no password, and hashing it is work for a stranger.
pub(crate) const PASSWORD_BYTES_MAX: usize = 256;

pub(crate) fn one_time() -> Zeroizing<String> {
    access::one_time(&Zeroizing::new(entropy::bytes()))
}

/// The PHC string of a password under a new salt.
fn hash(password: &str) -> Result<String, String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|e| format!("argon2: {e}"))
}

/// A password typed at the terminal, which does not show it, or a line of standard input.
///
/// # Errors
/// There is no line to read.
pub(crate) fn ask(user: &str) -> io::Result<Zeroizing<String>> {
    let input = io::stdin();
    // `None`: no terminal.
    let shown = tcgetattr(&input).ok();
    if let Some(shown) = &shown {
        let mut hidden = shown.clone();
        hidden.local_flags.remove(LocalFlags::ECHO);
        eprint!("password of {user}: ");
        tcsetattr(&input, SetArg::TCSAFLUSH, &hidden)?;
    }
    let mut line = Zeroizing::new(String::with_capacity(PASSWORD_BYTES_MAX + 2));
    let most = u64::try_from(PASSWORD_BYTES_MAX + 1).unwrap_or(u64::MAX);
    let read = input.lock().take(most).read_line(&mut line);
    if let Some(shown) = &shown {
        tcsetattr(&input, SetArg::TCSAFLUSH, shown)?;
        eprintln!();
    }
    if read? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordVerdict {
    /// The second is what the login depends on.
    Right(Role, TokenHash),
    Wrong,
    NoSuchUser,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) role: Role,
    argon2id: String,
}

impl User {
    /// Another one when role or password change.
    fn proof(&self) -> TokenHash {
        TokenHash::of(&format!("{} {} {}", self.name, self.role.name(), self.argon2id))
    }
}

/// The people in `users.toml`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Users {
    #[serde(default)]
    user: Vec<User>,
}

impl Users {
    /// One person with a new password.
    ///
    /// # Errors
    /// The password cannot be hashed.
    pub(crate) fn of_one(name: &str, role: Role, password: &str) -> Result<Self, String> {
        let mut users = Self { user: Vec::new() };
        users.put(name, role, password)?;
        Ok(users)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it, with its name.
    pub(crate) fn load(file: &Path) -> Result<Self, String> {
        let name = file.display();
        let text = files::read_text(file, FILE_BYTES_MAX, Trust::Secret)
            .map_err(|e| format!("{name}: {e}"))?;
        let users = toml::from_str::<Self>(&text)
            .map_err(|e| format!("{name}: {}", e.message().replace('\n', "; ")))?;
        if users.user.len() > USERS_MAX {
            return Err(format!("{name}: {} users; at most {USERS_MAX}", users.user.len()));
        }
        for user in &users.user {
            if PasswordHash::new(&user.argon2id).is_err() {
                return Err(format!("{name}: the hash of {:?} is no PHC string", user.name));
            }
        }
        Ok(users)
    }

    /// The file's text.
    ///
    /// # Errors
    /// A defect of the TOML writer.
    pub(crate) fn text(&self) -> Result<String, String> {
        let people = toml::to_string(self).map_err(|e| e.to_string())?;
        Ok(format!("# People who may log in; `tillgate user` changes this file.\n\n{people}"))
    }

    /// What the logins of each depend on.
    pub(crate) fn people(&self) -> People {
        self.user.iter().map(|user| (user.name.clone(), user.proof())).collect()
    }

    pub(crate) fn all(&self) -> &[User] {
        &self.user
    }

    pub(crate) fn find(&self, name: &str) -> Option<&User> {
        self.user.iter().find(|user| user.name == name)
    }

    /// Adds a person, or gives them another role and password.
    ///
    /// # Errors
    /// The password cannot be hashed.
    pub(crate) fn put(&mut self, name: &str, role: Role, password: &str) -> Result<(), String> {
        let argon2id = hash(password)?;
        self.remove(name);
        self.user.push(User { name: name.to_owned(), role, argon2id });
        Ok(())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.user.retain(|user| user.name != name);
    }

    /// Whether the password is that of `name`; 19 MiB and about 30 ms of work for a name that
    /// is there, and the same for one that is not.
    pub(crate) fn verify(&self, name: &str, password: &str) -> PasswordVerdict {
        let Some(user) = self.find(name) else {
            // Nobody's password: only the time it takes counts.
            drop(hash(password));
            return PasswordVerdict::NoSuchUser;
        };
        let hash = PasswordHash::new(&user.argon2id);
        let right = hash.is_ok_and(|hash| {
            Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
        });
        if right { PasswordVerdict::Right(user.role, user.proof()) } else { PasswordVerdict::Wrong }
    }
}
