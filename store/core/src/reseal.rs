//! Sealing the store's secrets again under the current key-encryption key (KEK), so that an old
//! one can be retired; and what is sealed under which.
//!
//! [`plan`] reads on from a [`Cursor`] and seals a bounded number of secrets; the ledger exchanges
//! each of them only if it still is what was read. Any crash in between leaves every secret sealed
//! under one KEK or the other, and a later run goes on with what is left.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::error::{Result, StoreError};
use crate::ids::Key;
use crate::ids::StoreId;
use crate::limits::{RESEAL_ROWS_MAX, RESEALED_MAX};
use crate::record::{
    Canary, Handset, KeyBytes, Record, RegistryRecord, Terminal, Transaction, Voucher,
};
use crate::rows::{Family, ReadRows};
use crate::vault::{
    Context, Sealed, Vault, VaultError, canary_context, handset_context, terminal_context,
    voucher_context,
};
use tillgate_types::{Msisdn, TerminalId};

/// Secrets to exchange, in one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reseal {
    /// Unix milliseconds.
    pub at_ms: u64,
    /// Who and why, for the audit log; without them, no row is written there.
    pub audit: Option<(String, String)>,
    /// The secrets.
    pub secrets: Vec<Resealed>,
    /// Canaries of KEKs that seal from now on.
    pub canaries: Vec<Canary>,
    /// KEKs that seal nothing any more; their canaries are removed.
    pub retired: Vec<u32>,
}

/// One secret, before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resealed {
    /// Where it is.
    pub place: SealedPlace,
    /// As it was read; if it is another by now, it stays.
    pub from: Sealed,
    /// What takes its place.
    pub to: Sealed,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealedPlace {
    /// A terminal's key.
    Terminal(TerminalId),
    /// The key of a handset's PIN.
    Handset(Msisdn),
    /// The PIN of a voucher for sale, by its row key.
    Stock(KeyBytes),
    /// The PIN of a voucher that was sold.
    Sold(Key),
}

/// Why secrets cannot be sealed again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResealError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// This one does not open.
    #[error("{what}: {error}")]
    Vault {
        /// Which.
        what: String,
        /// Why not.
        error: VaultError,
    },
}

/// How far a run has come; by default, not begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    families: usize,
    after: Vec<u8>,
}

/// The families with secrets.
const FAMILIES: [Family; 3] = [Family::Registry, Family::Stock, Family::Journal];

/// Seals again, under the vault's current KEK, secrets behind `cursor` that are sealed under
/// another, at most [`RESEALED_MAX`] from at most [`RESEAL_ROWS_MAX`] rows. `None`: all were read.
///
/// # Errors
/// A row cannot be read, or a secret does not open.
pub fn plan(
    rows: &dyn ReadRows,
    vault: &Vault,
    cursor: &mut Cursor,
    nonce: &mut dyn FnMut() -> [u8; 12],
) -> Result<Option<Vec<Resealed>>, ResealError> {
    let Some(family) = FAMILIES.get(cursor.families) else { return Ok(None) };
    let (mut resealed, mut left, mut more) = (Vec::new(), RESEAL_ROWS_MAX, false);
    let mut from = cursor.after.clone();
    if !from.is_empty() {
        from.push(0);
    }
    rows.try_scan(*family, &from, |key, value| {
        if left == 0 || resealed.len() >= RESEALED_MAX {
            more = true;
            return Ok(ControlFlow::Break(()));
        }
        left -= 1;
        cursor.after.clear();
        cursor.after.extend_from_slice(key);
        let found = secrets_of(*family, key, value)?;
        for secret in found.into_iter().filter(|s| s.sealed.kek_id != vault.current_kek()) {
            let to = vault.rewrap(&secret.context, &secret.sealed, nonce());
            let to = to.map_err(|error| ResealError::Vault { what: secret.name(), error })?;
            resealed.push(Resealed { place: secret.place, from: secret.sealed, to });
        }
        Ok::<_, ResealError>(ControlFlow::Continue(()))
    })?;
    if !more {
        *cursor = Cursor { families: cursor.families + 1, after: Vec::new() };
    }
    Ok(Some(resealed))
}

/// How many secrets, by where they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretCounts {
    /// Keys of terminals.
    pub terminals: u64,
    /// PINs of handsets.
    pub handsets: u64,
    /// PINs of vouchers for sale.
    pub stock: u64,
    /// PINs of vouchers that were sold.
    pub sold: u64,
}

impl SecretCounts {
    pub(crate) fn add(&mut self, place: &SealedPlace) {
        match place {
            SealedPlace::Terminal(_) => self.terminals += 1,
            SealedPlace::Handset(_) => self.handsets += 1,
            SealedPlace::Stock(_) => self.stock += 1,
            SealedPlace::Sold(_) => self.sold += 1,
        }
    }
}

/// What is sealed under one KEK.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many.
    pub counts: SecretCounts,
    /// One of these, to try a key on.
    sample: Option<Secret>,
}

impl Usage {
    /// Whether the vault opens what is sealed under this KEK, as far as one of them can tell.
    ///
    /// # Errors
    /// Which secret does not open, and why.
    pub fn prove(&self, vault: &Vault) -> Result<(), ResealError> {
        let Some(secret) = &self.sample else { return Ok(()) };
        let opened = vault.open(&secret.context, &secret.sealed, &mut crate::vault::Secret::new());
        opened.map_err(|error| ResealError::Vault { what: secret.name(), error })
    }
}

/// What is sealed under which KEK; reads every row with a secret.
///
/// # Errors
/// A row cannot be read.
pub fn usage(rows: &dyn ReadRows) -> Result<BTreeMap<u32, Usage>> {
    let mut all = BTreeMap::<u32, Usage>::new();
    for family in FAMILIES {
        rows.try_scan(family, &[], |key, value| {
            for secret in secrets_of(family, key, value)? {
                let usage = all.entry(secret.sealed.kek_id).or_default();
                usage.counts.add(&secret.place);
                usage.sample.get_or_insert(secret);
            }
            Ok::<_, StoreError>(ControlFlow::Continue(()))
        })?;
    }
    Ok(all)
}

/// Every canary, by its KEK.
///
/// # Errors
/// A row cannot be read.
pub fn canaries(rows: &dyn ReadRows) -> Result<Vec<Canary>> {
    let mut all = Vec::new();
    rows.try_scan(Family::Meta, Canary::PREFIX, |key, value| {
        if !key.starts_with(Canary::PREFIX) {
            return Ok(ControlFlow::Break(()));
        }
        all.push(Canary::decode(key, value)?);
        Ok(ControlFlow::Continue(()))
    })
    .map(|()| all)
}

/// A new canary of one of the vault's KEKs.
///
/// # Errors
/// [`VaultError::UnknownKek`].
pub fn canary(
    vault: &Vault,
    kek_id: u32,
    store: StoreId,
    nonce: [u8; 12],
) -> Result<Canary, VaultError> {
    let sealed = vault.seal_under(kek_id, &canary_context(store), nonce, Canary::TEXT);
    sealed.map(|sealed| Canary { sealed })
}

/// Whether the vault has the KEK of a canary.
///
/// # Errors
/// It has none of that number, or another one.
pub fn prove(vault: &Vault, store: StoreId, canary: &Canary) -> Result<(), VaultError> {
    let mut text = crate::vault::Secret::new();
    vault.open(&canary_context(store), &canary.sealed, &mut text)?;
    let same = text.as_bytes() == Canary::TEXT;
    same.then_some(()).ok_or(VaultError::DoesNotOpen { kek_id: canary.sealed.kek_id })
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Secret {
    place: SealedPlace,
    context: Context,
    sealed: Sealed,
}

impl Secret {
    fn name(&self) -> String {
        match &self.place {
            SealedPlace::Terminal(id) => format!("the key of terminal {id}"),
            SealedPlace::Handset(msisdn) => format!("the PIN of handset {msisdn}"),
            SealedPlace::Stock(key) => {
                format!("the PIN of a voucher for sale, row {}", crate::record::hex_of(key))
            }
            SealedPlace::Sold(key) => format!("the PIN of sale {key}"),
        }
    }
}

fn secrets_of(family: Family, key: &[u8], value: &[u8]) -> Result<Vec<Secret>> {
    Ok(match family {
        Family::Registry if key.first() == Some(&Terminal::LETTER) => {
            of_terminal(RegistryRecord::decode(key, value)?)
        }
        Family::Registry if key.first() == Some(&Handset::LETTER) => {
            of_handset(Handset::decode(key, value)?)
        }
        Family::Stock => {
            let row = Voucher::decode(key, value)?;
            let context = voucher_context(row.service, row.product, &row.serial);
            vec![Secret { place: SealedPlace::Stock(row.key()), context, sealed: row.pin }]
        }
        Family::Journal => of_sale(Transaction::decode(key, value)?),
        _ => Vec::new(),
    })
}

fn of_terminal(record: RegistryRecord) -> Vec<Secret> {
    let RegistryRecord::Terminal(terminal) = record else { return Vec::new() };
    let place = SealedPlace::Terminal(terminal.id);
    let secret = |(key_id, sealed): (u8, &Sealed)| Secret {
        place: place.clone(),
        context: terminal_context(terminal.id, key_id),
        sealed: sealed.clone(),
    };
    terminal.sealed_keys().map(secret).collect()
}

fn of_handset(handset: Handset) -> Vec<Secret> {
    let Some(pin) = handset.pin else { return Vec::new() };
    let context = handset_context(handset.msisdn);
    vec![Secret { place: SealedPlace::Handset(handset.msisdn), context, sealed: pin.key }]
}

fn of_sale(row: Transaction) -> Vec<Secret> {
    let Some(voucher) = row.voucher else { return Vec::new() };
    let context = voucher_context(row.service, row.product, &voucher.serial);
    vec![Secret { place: SealedPlace::Sold(row.key), context, sealed: voucher.pin }]
}
