//! Bounds of reading dumps, streams and captures, with their reasons.

/// Longest message that is taken from a dump or a raw file: the longest of any wire with its frame
/// length, and room for what surrounds it in a dump.
pub const MESSAGE_BYTES_MAX: usize = 128 * 1024;
/// Longest line of a dump: that message as `0x30, 0x38, ...` with room. A longer one is an error.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// Bytes read at once from a raw stream, and looked at to see what an input is.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// Longest JSON description of one message.
pub const JSON_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest packet of a capture; the longest that capturing programs write by default is 256 KiB.
pub const PACKET_BYTES_MAX: usize = 1024 * 1024;
/// Directions of TCP connections followed at once, each with an unfinished message: 1 GiB if all of
/// those are the longest. The one that was silent longest gives way to a new one.
pub const LANES_MAX: usize = 16_384;
/// Bytes of one direction kept because bytes before them are missing so far. Then the missing ones
/// count as not captured.
pub const HELD_BYTES_MAX: usize = 1024 * 1024;
/// Memory that a segment takes which is kept, beside its bytes: most may be tiny.
pub const HELD_SEGMENT_BYTES: usize = 160;
/// The same of all directions together.
pub const HELD_BYTES_TOTAL_MAX: usize = 64 * 1024 * 1024;
/// Farthest that a segment lies from the one expected; beyond it a new connection uses the same
/// ports. The largest window of TCP (RFC 7323).
pub const WINDOW_BYTES_MAX: u32 = 1 << 30;
/// Interfaces of one section of a pcapng file.
pub const INTERFACES_MAX: usize = 1_024;
/// Messages, or beginnings of streams, that a guess looks at.
pub const GUESS_SAMPLES_MAX: usize = 64;
/// Bytes of each that it looks at.
pub const GUESS_BYTES_MAX: usize = 64 * 1024;
/// Readings that a guess prints as a table; the worst ones are counted only.
pub const GUESS_ROWS_MAX: usize = 12;
