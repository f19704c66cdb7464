//! Terminals and their keys.

use std::fmt;

use arrayvec::ArrayVec;

use super::registry::expect_letter;
use super::wire::{Flaw, Reader, put_sealed, put_string, put_u16, put_u32};
use super::{KeyBytes, Language, Record, Status, key_of};
use crate::limits::TERMINAL_KEYS_MAX;
use crate::rows::Family;
use crate::vault::Sealed;
use tillgate_types::{SellerId, ServiceId, TerminalId};

/// A terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Its id.
    pub id: TerminalId,
    /// Whose it is.
    pub seller: SellerId,
    /// Blocked: it does not sell.
    pub status: Status,
    /// Why it is blocked, as its screen shows it.
    pub reason: String,
    /// Its keys, by rising generation; see [`Terminal::keys`].
    keys: Vec<TerminalKey>,
    /// The highest generation ever given to a key of this terminal.
    generation_last: u32,
    /// What it may sell.
    pub services: Services,
    /// In which language its receipts are printed.
    pub language: Language,
}

/// One of a terminal's pre-shared keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalKey {
    /// What the terminal says in its hello.
    pub id: u8,
    /// Tells this key from every other that the terminal ever had, also under the same id. Counters
    /// and sessions belong to it.
    pub generation: u32,
    /// The key itself.
    pub sealed: Sealed,
}

/// The generations of a terminal's keys, rising.
pub type Generations = ArrayVec<u32, TERMINAL_KEYS_MAX>;

/// Why a terminal's keys stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// It has a key of this id already.
    Taken,
    /// It has [`TERMINAL_KEYS_MAX`] keys.
    Full,
    /// It has no key of this id.
    Missing,
    /// It has no other key.
    Last,
    /// The numbers of its generations are used up.
    Exhausted,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("the terminal has a key of this id; retire it first"),
            Self::Full => {
                write!(f, "a terminal has at most {TERMINAL_KEYS_MAX} keys; retire one first")
            }
            Self::Missing => f.write_str("the terminal has no key of this id"),
            Self::Last => f.write_str("it is the terminal's only key; add another one first"),
            Self::Exhausted => f.write_str("the terminal has had too many keys"),
        }
    }
}

impl std::error::Error for KeyError {}

/// What a terminal may sell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Services {
    /// Everything.
    All,
    /// These.
    Only(Vec<ServiceId>),
}

impl Services {
    /// Whether `service` is among them.
    pub fn allow(&self, service: ServiceId) -> bool {
        match self {
            Self::All => true,
            Self::Only(services) => services.contains(&service),
        }
    }
}

impl Terminal {
    pub(crate) const LETTER: u8 = b't';

    /// Its keys, each with its number.
    pub fn sealed_keys(&self) -> impl Iterator<Item = (u8, &Sealed)> {
        self.keys.iter().map(|key| (key.id, &key.sealed))
    }

    /// Its keys, to be sealed again.
    pub(crate) fn sealed_keys_mut(&mut self) -> impl Iterator<Item = &mut Sealed> {
        self.keys.iter_mut().map(|key| &mut key.sealed)
    }

    /// A terminal with one key, the first it ever had.
    pub fn new(id: TerminalId, seller: SellerId, services: Services, key: (u8, Sealed)) -> Self {
        let (status, reason) = (Status::Active, String::new());
        let keys = vec![TerminalKey { id: key.0, generation: 0, sealed: key.1 }];
        Self {
            id,
            seller,
            status,
            reason,
            keys,
            generation_last: 0,
            services,
            language: Language::default(),
        }
    }

    /// Its keys, oldest first. All of them open a session until a later one has proved itself.
    pub fn keys(&self) -> &[TerminalKey] {
        &self.keys
    }

    /// The newest key.
    pub fn newest_key(&self) -> &TerminalKey {
        self.keys.last().expect("a terminal has a key")
    }

    /// The key that a hello names.
    pub fn key_named(&self, id: u8) -> Option<&TerminalKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// Whether a key that opened a session is still among its keys.
    pub fn has_generation(&self, generation: u32) -> bool {
        self.keys.iter().any(|key| key.generation == generation)
    }

    /// The generations of its keys.
    pub fn generations(&self) -> Generations {
        self.keys.iter().map(|key| key.generation).collect()
    }

    /// Adds a key beside the others.
    ///
    /// # Errors
    /// [`KeyError::Taken`], [`KeyError::Full`] and [`KeyError::Exhausted`].
    pub fn add_key(&mut self, id: u8, sealed: Sealed) -> Result<(), KeyError> {
        if self.key_named(id).is_some() {
            return Err(KeyError::Taken);
        }
        if self.keys.len() >= TERMINAL_KEYS_MAX {
            return Err(KeyError::Full);
        }
        let generation = self.next_generation()?;
        self.keys.push(TerminalKey { id, generation, sealed });
        Ok(())
    }

    /// Puts one key in the place of all of them.
    ///
    /// # Errors
    /// [`KeyError::Exhausted`].
    pub fn replace_keys(&mut self, id: u8, sealed: Sealed) -> Result<(), KeyError> {
        let generation = self.next_generation()?;
        self.keys = vec![TerminalKey { id, generation, sealed }];
        Ok(())
    }

    /// Removes a key.
    ///
    /// # Errors
    /// [`KeyError::Missing`] and [`KeyError::Last`].
    pub fn retire_key(&mut self, id: u8) -> Result<(), KeyError> {
        let at = self.keys.iter().position(|key| key.id == id).ok_or(KeyError::Missing)?;
        if self.keys.len() == 1 {
            return Err(KeyError::Last);
        }
        self.keys.remove(at);
        Ok(())
    }

    /// Gives every key a new generation: their handshake counters begin again at 0, and the
    /// sessions that they opened end.
    ///
    /// # Errors
    /// [`KeyError::Exhausted`].
    pub fn reset_counters(&mut self) -> Result<(), KeyError> {
        for at in 0..self.keys.len() {
            self.keys[at].generation = self.next_generation()?;
        }
        Ok(())
    }

    /// Takes every key away, and what tells how many there were.
    pub(super) fn forget_keys(&mut self) {
        self.keys.clear();
        self.generation_last = 0;
    }

    fn next_generation(&mut self) -> Result<u32, KeyError> {
        let next = self.generation_last.checked_add(1).ok_or(KeyError::Exhausted)?;
        self.generation_last = next;
        Ok(next)
    }

    /// The row key of an id.
    pub fn key_of(id: TerminalId) -> KeyBytes {
        key_of(&[&[Self::LETTER], &id.0.to_be_bytes()])
    }
}

impl Record for Terminal {
    const FAMILY: Family = Family::Registry;
    const VERSION: u8 = 3;

    fn key(&self) -> KeyBytes {
        Self::key_of(self.id)
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_u32(out, self.seller.0);
        out.push(self.status.code());
        put_string(out, &self.reason);
        put_u32(out, self.generation_last);
        out.push(u8::try_from(self.keys.len()).expect("bounded by TERMINAL_KEYS_MAX"));
        for key in &self.keys {
            out.push(key.id);
            put_u32(out, key.generation);
            put_sealed(out, &key.sealed);
        }
        match &self.services {
            Services::All => out.push(0),
            Services::Only(services) => {
                out.push(1);
                put_u16(out, u16::try_from(services.len()).expect("bounded by SERVICES_MAX"));
                services.iter().for_each(|service| put_u16(out, service.0));
            }
        }
        out.extend_from_slice(&self.language.0);
    }

    /// Version 1 had one key, which is of generation 0. One without a key is in the history only.
    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, version: u8) -> Result<Self, Flaw> {
        expect_letter(key, Self::LETTER)?;
        let id = TerminalId(key.u32()?);
        let (seller, status) = (SellerId(body.u32()?), Status::read(body)?);
        let reason = body.string()?;
        let (generation_last, keys) = if version == 1 {
            let (id, generation) = (body.u8()?, 0);
            (0, vec![TerminalKey { id, generation, sealed: body.sealed()? }])
        } else {
            read_keys(body)?
        };
        let services = if body.flag()? {
            let count = body.u16()?;
            let services = (0..count).map(|_| body.u16().map(ServiceId));
            Services::Only(services.collect::<Result<_, _>>()?)
        } else {
            Services::All
        };
        let language = if version >= 3 { Language(body.array()?) } else { Language::default() };
        Ok(Self { id, seller, status, reason, keys, generation_last, services, language })
    }
}

fn read_keys(body: &mut Reader<'_>) -> Result<(u32, Vec<TerminalKey>), Flaw> {
    let (generation_last, count) = (body.u32()?, usize::from(body.u8()?));
    if count > TERMINAL_KEYS_MAX {
        return Err(Flaw("a terminal with too many keys"));
    }
    let mut keys: Vec<TerminalKey> = Vec::with_capacity(count);
    for _ in 0..count {
        let (id, generation, sealed) = (body.u8()?, body.u32()?, body.sealed()?);
        let rises = keys.last().is_none_or(|last| last.generation < generation);
        if !rises || generation > generation_last || keys.iter().any(|key| key.id == id) {
            return Err(Flaw("keys of a terminal out of order"));
        }
        keys.push(TerminalKey { id, generation, sealed });
    }
    Ok((generation_last, keys))
}
