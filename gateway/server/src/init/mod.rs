//! Making an installation directory; a failure leaves nothing half-made.

use std::path::Path;

use ring::digest;
use tillgate_codec::link::channel::StaticSecret;
use tillgate_core::access::Role;
use tillgate_store_core::LedgerStore;
use tillgate_store_rocks::{Options, RocksEngine};
use zeroize::Zeroizing;

use crate::config::{Config, InstallOptions, template};
use crate::dirs::{self, io_failure};
use crate::exit::Failure;
use crate::password::{self, Users};
use crate::{clock, entropy, files, keyfile, secrets};

/// What was made, as far as a person needs to know it.
pub(crate) struct Installed {
    /// The gateway's public key, for the terminals; hex.
    pub(crate) public_key: String,
    /// Of the first admin; shown once.
    pub(crate) password: Zeroizing<String>,
}

const FIRST_ADMIN: &str = "admin";

/// Makes an installation in `dir`, which is empty or not there.
///
/// # Errors
/// The directory is not empty, a wish is not allowed, or the file system refuses; nothing is
/// left behind.
pub(crate) fn install(dir: &Path, options: &InstallOptions) -> Result<Installed, Failure> {
    let rule = "an installation is made in a new or empty directory and never over another one";
    dirs::refuse_used(dir, rule)?;
    dirs::whole(dir, "init", |building| build(building, options))
}

fn build(dir: &Path, options: &InstallOptions) -> Result<Installed, Failure> {
    let config = template(options);
    let config_file = dir.join("tillgate.toml");
    let parsed = Config::parse(&config_file, &config).map_err(Failure::config)?;

    let keys = dir.join("keys");
    dirs::make(&keys)?;
    let link_key = Zeroizing::new(entropy::bytes::<32>());
    let public_key = hex::encode(StaticSecret::new(*link_key).public().0);
    write_secret(&keys.join("gateway.key"), &hex_line(&link_key))?;
    write(&keys.join("gateway.pub"), &format!("{public_key}\n"))?;
    write_secret(&keys.join("kek-1.key"), &hex_line(&Zeroizing::new(entropy::bytes::<32>())))?;

    let token = Zeroizing::new(hex::encode(Zeroizing::new(entropy::bytes::<32>()).as_slice()));
    let token_hash = digest::digest(&digest::SHA256, token.as_bytes());
    write_secret(&dir.join("admin.token"), &Zeroizing::new(format!("{}\n", token.as_str())))?;
    write(&keys.join("admin.sha256"), &format!("{}\n", hex::encode(token_hash.as_ref())))?;

    let password = password::one_time();
    let users = Users::of_one(FIRST_ADMIN, Role::Operator, &password).and_then(|u| u.text());
    write_secret(&dir.join("users.toml"), &users.map_err(Failure::internal)?)?;

    let data = dir.join("data");
    dirs::make(&data)?;
    let backend = RocksEngine::open(&data, &Options::creating()).map_err(Failure::store)?;
    let mut book = LedgerStore::open(backend, entropy::bytes()).map_err(Failure::store)?;
    secrets::prove(&mut book, &secrets::vault(&parsed)?, &parsed, clock::unix_ms())?;
    book.backend_mut().tick().map_err(Failure::store)?;
    drop(book);
    write(&config_file, &config)?;
    dirs::sync(&keys)?;
    dirs::sync(dir)?;
    Ok(Installed { public_key, password })
}

/// A line of hex that is wiped when dropped.
fn hex_line(bytes: &[u8; 32]) -> Zeroizing<String> {
    let mut text = hex::encode(bytes);
    text.push('\n');
    Zeroizing::new(text)
}

/// For everybody to read, and for nobody but its owner to change, whatever the umask.
fn write(file: &Path, text: &str) -> Result<(), Failure> {
    files::write_new(file, text, 0o644).map_err(|e| io_failure(file, &e))
}

fn write_secret(file: &Path, text: &str) -> Result<(), Failure> {
    keyfile::write_new(file, text).map_err(|e| io_failure(file, &e))
}

#[cfg(test)]
mod tests;
