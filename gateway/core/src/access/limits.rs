//! Bounds on logins.

use crate::time::Span;

/// People logged in at once; each is 100 bytes.
pub const LOGINS_MAX: usize = 256;
/// A login ends after so long without a request.
pub const LOGIN_IDLE: Span = Span::s(15 * 60);
/// A login ends after so long whatever happens.
pub const LOGIN_LIFE: Span = Span::s(8 * 3600);
/// Wrong passwords of one name from one address before it has to wait.
pub const WRONG_PASSWORDS_FREE: u32 = 5;
/// Wrong passwords from one address, whatever the names, before it has to wait.
pub const WRONG_PASSWORDS_PER_ADDRESS_FREE: u32 = 20;
/// The wait after the first wrong password that is not free; it doubles with each one more.
pub const LOGIN_WAIT: Span = Span::s(1);
/// The longest wait: somebody who knows the password is never kept out for longer.
pub const LOGIN_WAIT_MAX: Span = Span::s(30);
/// After so long without a wrong password, earlier ones are forgotten.
pub const WRONG_PASSWORDS_LIFE: Span = Span::s(15 * 60);
/// Names and addresses whose wrong passwords are remembered, 100 bytes each; the one that is
/// quietest gives way.
pub const WRONG_PASSWORDS_MAX: usize = 4_096;
/// Longest name of a person; it is in every row of the audit log that the person causes.
pub const USER_NAME_BYTES_MAX: usize = 64;
