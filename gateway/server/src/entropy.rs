//! Random bytes of the operating system.

use ring::rand::{SecureRandom, SystemRandom};

/// `N` bytes nobody can foresee.
///
/// # Panics
/// The operating system has none: no key, nonce or password may be made then.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
