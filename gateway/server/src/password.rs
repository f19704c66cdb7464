//! People's passwords: argon2id, the parameters of OWASP's minimum (19 MiB, 2 passes, 1 lane).

use std::fs;
use std::path::Path;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::entropy;

/// Without letters and digits that look like one another.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789L";
/// Characters of a one-time password: 100 bits.
const ONE_TIME_CHARACTERS: usize = 20;
/// People beside the console are few.
const USERS_MAX: usize = 1_000;
/// A longer password is no password, and hashing it is work for a stranger.
pub(crate) const PASSWORD_BYTES_MAX: usize = 256;

/// A new password nobody can guess.
pub(crate) fn one_time() -> Zeroizing<String> {
    let random = Zeroizing::new(entropy::bytes::<ONE_TIME_CHARACTERS>());
    let letters = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    Zeroizing::new(letters.collect())
}

/// The PHC string of a password under a new salt.
pub(crate) fn hash(password: &str) -> Result<String, String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|e| format!("argon2: {e}"))
}

/// Who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Everything.
    Operator,
    /// Looks, changes nothing.
    Auditor,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    user: Vec<User>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    name: String,
    role: Role,
    argon2id: String,
}

/// The people in `users.toml`.
pub(crate) struct Users {
    users: Vec<User>,
    /// What an unknown name is checked against, so that it takes as long as a known one.
    nobody: String,
}

impl Users {
    /// Reads the file.
    ///
    /// # Errors
    /// What is wrong with it, with its name.
    pub(crate) fn load(file: &Path) -> Result<Self, String> {
        let name = file.display();
        let text = fs::read_to_string(file).map_err(|e| format!("{name}: {e}"))?;
        let users = toml::from_str::<File>(&text)
            .map_err(|e| format!("{name}: {}", e.message().replace('\n', "; ")))?
            .user;
        if users.len() > USERS_MAX {
            return Err(format!("{name}: {} users; at most {USERS_MAX}", users.len()));
        }
        for user in &users {
            if PasswordHash::new(&user.argon2id).is_err() {
                return Err(format!("{name}: the hash of {:?} is no PHC string", user.name));
            }
        }
        Ok(Self { users, nobody: hash("nobody")? })
    }

    /// The role of `name` if the password is its; about 30 ms of work and 19 MiB either way.
    pub(crate) fn verify(&self, name: &str, password: &str) -> Option<Role> {
        let user = self.users.iter().find(|user| user.name == name);
        let text = user.map_or(&self.nobody, |user| &user.argon2id);
        let hash = PasswordHash::new(text).ok()?;
        let right = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
        user.filter(|_| right).map(|user| user.role)
    }
}
