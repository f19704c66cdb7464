//! Terminals and their keys.

use arrayvec::ArrayVec;

use super::declare::{record, stored};
use super::wire::{Flaw, Reader, Sink, Stored};
use super::{KeyBytes, Language, Record, Status};
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
    keys: Keys,
    /// What it may sell.
    pub services: Services,
    /// In which language its receipts are printed.
    pub language: Language,
    /// The ISO 8583 listener that it uses; empty: it uses the sealed link. Never both, so that a key
    /// of the one opens nothing of the other.
    pub listener: String,
}

/// A terminal's keys; see [`Terminal::keys`].
#[derive(Clone, Debug, PartialEq, Eq)]
struct Keys {
    /// The highest generation ever given to a key of this terminal.
    generation_last: u32,
    /// By rising generation.
    list: Vec<TerminalKey>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It has a key of this id already.
    #[error("the terminal has a key of this id; retire it first")]
    Taken,
    /// It has [`TERMINAL_KEYS_MAX`] keys.
    #[error("a terminal has at most {TERMINAL_KEYS_MAX} keys; retire one first")]
    Full,
    /// It has no key of this id.
    #[error("the terminal has no key of this id")]
    Missing,
    /// It has no other key.
    #[error("it is the terminal's only key; add another one first")]
    Last,
    /// The numbers of its generations are used up.
    #[error("the terminal has had too many keys")]
    Exhausted,
}

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
    /// Its keys, each with its number.
    pub fn sealed_keys(&self) -> impl Iterator<Item = (u8, &Sealed)> {
        self.keys.list.iter().map(|key| (key.id, &key.sealed))
    }

    /// Its keys, to be sealed again.
    pub(crate) fn sealed_keys_mut(&mut self) -> impl Iterator<Item = &mut Sealed> {
        self.keys.list.iter_mut().map(|key| &mut key.sealed)
    }

    /// A terminal with one key, the first it ever had.
    pub fn new(id: TerminalId, seller: SellerId, services: Services, key: (u8, Sealed)) -> Self {
        let (status, reason) = (Status::Active, String::new());
        let keys = Keys::of(key.0, key.1);
        let (language, listener) = (Language::default(), String::new());
        Self { id, seller, status, reason, keys, services, language, listener }
    }

    /// Its keys, oldest first. All of them open a session until a later one has proved itself.
    pub fn keys(&self) -> &[TerminalKey] {
        &self.keys.list
    }

    /// The newest key.
    pub fn newest_key(&self) -> &TerminalKey {
        self.keys.list.last().expect("a terminal has a key")
    }

    /// The key that a hello names.
    pub fn key_named(&self, id: u8) -> Option<&TerminalKey> {
        self.keys.list.iter().find(|key| key.id == id)
    }

    /// Whether a key that opened a session is still among its keys.
    pub fn has_generation(&self, generation: u32) -> bool {
        self.keys.list.iter().any(|key| key.generation == generation)
    }

    /// The generations of its keys.
    pub fn generations(&self) -> Generations {
        self.keys.list.iter().map(|key| key.generation).collect()
    }

    /// Adds a key beside the others.
    ///
    /// # Errors
    /// [`KeyError::Taken`], [`KeyError::Full`] and [`KeyError::Exhausted`].
    pub fn add_key(&mut self, id: u8, sealed: Sealed) -> Result<(), KeyError> {
        if self.key_named(id).is_some() {
            return Err(KeyError::Taken);
        }
        if self.keys.list.len() >= TERMINAL_KEYS_MAX {
            return Err(KeyError::Full);
        }
        let generation = self.keys.next_generation()?;
        self.keys.list.push(TerminalKey { id, generation, sealed });
        Ok(())
    }

    /// Puts one key in the place of all of them.
    ///
    /// # Errors
    /// [`KeyError::Exhausted`].
    pub fn replace_keys(&mut self, id: u8, sealed: Sealed) -> Result<(), KeyError> {
        let generation = self.keys.next_generation()?;
        self.keys.list = vec![TerminalKey { id, generation, sealed }];
        Ok(())
    }

    /// Removes a key.
    ///
    /// # Errors
    /// [`KeyError::Missing`] and [`KeyError::Last`].
    pub fn retire_key(&mut self, id: u8) -> Result<(), KeyError> {
        let at = self.keys.list.iter().position(|key| key.id == id).ok_or(KeyError::Missing)?;
        if self.keys.list.len() == 1 {
            return Err(KeyError::Last);
        }
        self.keys.list.remove(at);
        Ok(())
    }

    /// Gives every key a new generation: their handshake counters begin again at 0, and the
    /// sessions that they opened end.
    ///
    /// # Errors
    /// [`KeyError::Exhausted`].
    pub fn reset_counters(&mut self) -> Result<(), KeyError> {
        for at in 0..self.keys.list.len() {
            self.keys.list[at].generation = self.keys.next_generation()?;
        }
        Ok(())
    }

    /// Takes every key away, and what tells how many there were.
    pub(super) fn forget_keys(&mut self) {
        self.keys.list.clear();
        self.keys.generation_last = 0;
    }
}

impl Keys {
    /// One key, of generation 0.
    fn of(id: u8, sealed: Sealed) -> Self {
        Self { generation_last: 0, list: vec![TerminalKey { id, generation: 0, sealed }] }
    }

    fn next_generation(&mut self) -> Result<u32, KeyError> {
        let next = self.generation_last.checked_add(1).ok_or(KeyError::Exhausted)?;
        self.generation_last = next;
        Ok(next)
    }
}

record! { Terminal in Registry, version 4;
    letter b't', id: TerminalId;
    body { seller, status, reason, keys, services }
    since 3 { language = Language::default() }
    since 4 { listener = String::new() }
}

stored! { TerminalKey { id, generation, sealed } }

impl Stored for Keys {
    fn put(&self, out: &mut impl Sink) {
        self.generation_last.put(out);
        u8::try_from(self.list.len()).expect("bounded by TERMINAL_KEYS_MAX").put(out);
        self.list.iter().for_each(|key| key.put(out));
    }

    /// Version 1 had one key, which is of generation 0. One without a key is in the history only.
    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        if from.version == 1 {
            let (id, sealed) = from.get()?;
            return Ok(Self::of(id, sealed));
        }
        let (generation_last, count) = (from.get()?, usize::from(from.get::<u8>()?));
        if count > TERMINAL_KEYS_MAX {
            return Err(Flaw("a terminal with too many keys"));
        }
        let mut list: Vec<TerminalKey> = Vec::with_capacity(count);
        for _ in 0..count {
            let read: TerminalKey = from.get()?;
            let rises = list.last().is_none_or(|last| last.generation < read.generation);
            let is_known = read.generation <= generation_last;
            if !rises || !is_known || list.iter().any(|key| key.id == read.id) {
                return Err(Flaw("keys of a terminal out of order"));
            }
            list.push(read);
        }
        Ok(Self { generation_last, list })
    }
}

impl Stored for Services {
    fn put(&self, out: &mut impl Sink) {
        match self {
            Self::All => false.put(out),
            Self::Only(services) => {
                true.put(out);
                services.put(out);
            }
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        Ok(from.get::<Option<_>>()?.map_or(Self::All, Self::Only))
    }
}
