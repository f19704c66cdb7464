//! Bounds of an import, with their reasons.

/// One file. 100,000 vouchers are about 5 MB.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// One encrypted file, in the form in which it comes: 100,000 vouchers, the most that one import
/// takes, are about 5 MB. It is in memory twice, and once more when it is open.
pub const ENCRYPTED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Recipients of an encrypted file, each tried with every key, 50 microseconds each.
pub const RECIPIENTS_MAX: usize = 64;
/// Keys in the file that opens encrypted files: the one in use, and those that issuers still have.
pub const IDENTITIES_MAX: usize = 8;
/// Files of one import.
pub const FILES_MAX: usize = 64;
/// Invalid places that are reported one by one; the others are counted.
pub const FAULTS_SHOWN_MAX: usize = 50;
/// Longest part of a wrong value that is repeated to its author.
pub(crate) const FOUND_CHARACTERS_MAX: usize = 40;
/// Highest terminal id: it is shown with eight digits (ISO 8583 field 41).
pub(crate) const TERMINAL_ID_MAX: u32 = 99_999_999;
/// Shortest PIN; anything shorter is a column mix-up.
pub(crate) const PIN_CHARACTERS_MIN: usize = 4;
/// Longest PIN; the terminal link's `Slip` takes no longer one.
pub(crate) const PIN_CHARACTERS_MAX: usize = 32;
