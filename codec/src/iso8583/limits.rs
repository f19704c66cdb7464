//! Every bound of the ISO 8583 codec, with its reason.

/// Longest message, in bytes, without its frame length. A two-byte length cannot say more, and
/// every offset then fits 16 bits.
pub const MESSAGE_BYTES_MAX: usize = 65_535;

/// Highest data element: three bitmaps of 64 bits.
pub const FIELD_MAX: u8 = 192;

/// [`FIELD_MAX`] as a count, for arrays.
pub const FIELDS_MAX: usize = 192;

/// Most digits of a length prefix. `LLLLL` already reaches [`MESSAGE_BYTES_MAX`].
pub const PREFIX_DIGITS_MAX: usize = 6;

/// Longest message header between TPDU and MTI, in bytes. UnionPay has 6, VISA 22 to 26.
pub const HEADER_BYTES_MAX: usize = 64;

/// Longest constant around a message or at the start of its header, in bytes.
pub const CONSTANT_BYTES_MAX: usize = 8;

/// Most reserved bytes behind a frame length. VAP has two.
pub const RESERVED_BYTES_MAX: usize = 8;

/// Longest chain of tables that build on one another.
pub const BASES_MAX: usize = 8;

/// Deepest nesting of layouts that a table may describe: a field, its parts, theirs.
pub const LAYOUT_DEPTH_MAX: usize = 3;

/// Deepest nesting of constructed BER-TLV objects. EMV needs two (a template in field 55).
pub const BER_DEPTH_MAX: usize = 8;

/// Longest BER tag, in bytes. EMV has two, national schemes three.
pub const BER_TAG_BYTES_MAX: usize = 4;

/// Most sub-fields of one layout.
pub const PARTS_MAX: usize = 256;

/// Most sub-fields in all layouts of one dialect, so that a table cannot ask for much memory.
pub const PARTS_TOTAL_MAX: usize = 4_096;

/// Longest value with sub-fields that may travel as hexadecimal text, in bytes of the value: it is
/// unpacked on the stack to look inside.
pub const HEX_LAYOUT_BYTES_MAX: usize = 1_024;

/// Longest dialect table, in bytes of TOML. The longest of ours has less than a quarter.
pub const TABLE_BYTES_MAX: usize = 256 * 1_024;

const _: () = assert!(FIELDS_MAX == 192 && FIELD_MAX == 192);
const _: () = assert!(HEX_LAYOUT_BYTES_MAX <= MESSAGE_BYTES_MAX);
