//! Bounds of links and dialogs, with their reasons.

/// Octets of the longest session key that is kept; a longer one is kept as a digest.
pub const SESSION_KEY_BYTES_MAX: usize = 16;
/// Characters of the longest service code, as dialled: `*123#`.
pub const SERVICE_CODE_BYTES_MAX: usize = 21;
/// Octets of parameters that are echoed in every answer of a dialog.
pub const ECHO_BYTES_MAX: usize = 48;
/// Octets of parameters that a profile puts into every message, tags and lengths counted.
pub const FIXED_BYTES_MAX: usize = 64;
/// Longest profile of a link, in bytes of TOML.
pub const PROFILE_BYTES_MAX: usize = 64 * 1_024;
