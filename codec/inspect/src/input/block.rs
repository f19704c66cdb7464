//! What a text is turned into.

/// What a text holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// One message, or dumps of one message each.
    #[default]
    Messages,
    /// A message in every line.
    Lines,
    /// Messages one after another, to be cut elsewhere.
    Stream,
}

/// Bytes that belong together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// Line in which they begin, from 1.
    pub(crate) line: u64,
    /// Bytes of the text before them.
    pub(crate) offset: u64,
    /// Which direction of a stream, as far as the indentation tells.
    pub(crate) lane: usize,
    /// Whether the lane begins anew with them.
    pub(crate) is_start: bool,
    /// Whether `tcpdump` printed them: a packet with its headers.
    pub(crate) is_packet: bool,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unread {
    /// Line, from 1.
    pub(crate) line: u64,
    /// Bytes read before.
    pub(crate) offset: u64,
    pub(crate) message: String,
}
