//! Bounds of menus and their dialogs, with their reasons.

/// Longest menu file, in bytes of TOML. The one that comes with the gateway has a fortieth.
pub const MENU_BYTES_MAX: usize = 64 * 1_024;
/// Menus below each other, the main menu counted: a dialog has 180 s and each step takes seconds.
pub const MENU_DEPTH_MAX: usize = 4;
/// Items of a menu file, in all of its menus.
pub const MENU_ITEMS_MAX: usize = 64;
/// Languages of a menu file.
pub const MENU_LANGUAGES_MAX: usize = 8;
/// Short-cuts of a menu file.
pub const SHORTCUTS_MAX: usize = 32;
/// Service codes that a menu file names.
pub const CODES_MAX: usize = 16;
/// Characters of one text: a USSD string has 182.
pub const TEXT_CHARS_MAX: usize = 160;
/// Characters of a key for back, home or more.
pub const KEY_CHARS_MAX: usize = 3;
/// Choices on one page: one digit each, so that no choice is a key.
pub const PAGE_ITEMS_MAX: usize = 9;
/// Pages of a screen that asks for something. Who confirms has paged through all of it.
pub const SCREEN_PAGES_MAX: usize = 4;
/// Wrong entries one after the other; with one more the dialog ends.
pub const WRONG_ENTRIES_MAX: u8 = 3;
/// Bytes of an entry that is read; no account, amount or PIN is longer.
pub const ENTRY_BYTES_MAX: usize = 40;
/// Bytes of a dialled string that is read: three times the longest that networks pass on.
pub const DIALLED_BYTES_MAX: usize = 600;
/// Characters of the holder's name that are shown: enough to compare, and a screen has 80.
pub const HOLDER_CHARS_MAX: usize = 20;
/// Bytes of a text behind its first page that are kept until they are asked for.
pub const KEPT_BYTES_MAX: usize = 256;
/// Bytes of a dialog with its heap: 100,000 open ones take 60 MB.
pub const DIALOG_BYTES_MAX: usize = 600;
/// Seconds within which the same sale asks for confirmation once more, where a menu does not say.
pub const AGAIN_S: u32 = 600;
/// Greatest value of `again_s`.
pub const AGAIN_S_MAX: u32 = 86_400;
/// Least value of `again_s`: for as long as a centre may deliver a begin again.
pub const AGAIN_S_MIN: u32 = 20;
/// Digits of the shortest PIN.
pub const PIN_DIGITS_MIN: usize = 4;
/// Digits of the longest PIN.
pub const PIN_DIGITS_MAX: usize = 8;
/// Sales that the item *last transactions* lists: what the gateway lists at most.
pub const LISTED_SALES: u8 = 5;
/// Faults of a check that are reported.
pub const MENU_FAULTS_MAX: usize = 100;
