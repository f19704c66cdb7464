//! The one place that reads the system's entropy.

use ring::rand::{SecureRandom, SystemRandom};

/// The system's random generator.
#[derive(Clone, Default)]
pub(crate) struct Entropy {
    system: SystemRandom,
}

impl Entropy {
    /// Opens nothing and keeps nothing; the system call is made by [`Entropy::bytes`].
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// `N` fresh bytes.
    ///
    /// # Panics
    /// When the system has no entropy: no key may be made of anything else.
    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.system.fill(&mut bytes).expect("the system gives entropy");
        bytes
    }
}
