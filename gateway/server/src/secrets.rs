//! The keys that the configuration names.

use tillgate_store_core::Vault;

use crate::config::Config;
use crate::exit::Failure;
use crate::keyfile;

/// What seals and opens terminal keys and voucher PINs.
///
/// # Errors
/// A key file is missing, readable by others or not a key.
pub(crate) fn vault(config: &Config) -> Result<Vault, Failure> {
    let kek = keyfile::read(&config.store.kek).map_err(Failure::config)?;
    let mut vault = Vault::new(config.store.kek_id, *kek);
    for (kek_id, file) in &config.store.keks_old {
        let old = keyfile::read(file).map_err(Failure::config)?;
        vault = vault.with_old(*kek_id, *old);
    }
    Ok(vault)
}
