//! A connection between a bridge and its host: two lanes of bytes, each in order, and what befalls
//! one of them.

use tillgate_core::provider::iso8583::Connection;

use crate::time::{Moment, Span};
use crate::world::wire::{Ill, Mishap, Way};

pub(super) struct Socket {
    pub(super) connection: Connection,
    /// Of the process that opened it.
    pub(super) life: u32,
    pub(super) mishap: Option<Mishap>,
    /// Whether the gateway still has its end, and the host has its.
    pub(super) is_held: bool,
    pub(super) is_accepted: bool,
    /// The gateway's end takes no bytes for a while.
    pub(super) is_blocked: bool,
    /// Nothing passes any more.
    pub(super) is_silent: bool,
    /// What has come to the gateway and is no whole frame yet; nothing can be read of it after
    /// half a frame.
    pub(super) heard: Option<Vec<u8>>,
    /// Up and down: bytes so far, and when the last of them arrives.
    lanes: [(usize, Moment); 2],
}

fn lane(way: Way) -> usize {
    match way {
        Way::Up => 0,
        Way::Down => 1,
    }
}

impl Socket {
    pub(super) fn new(connection: Connection, life: u32, mishap: Option<Mishap>) -> Self {
        Self {
            connection,
            life,
            mishap,
            is_held: true,
            is_accepted: false,
            is_blocked: false,
            is_silent: false,
            heard: Some(Vec::new()),
            lanes: [(0, Moment::default()); 2],
        }
    }

    /// When something arrives that takes so long: after what was sent before.
    pub(super) fn after(&mut self, now: Moment, way: Way, takes: Span) -> Moment {
        let last = &mut self.lanes[lane(way)].1;
        *last = now.after(takes).max(last.after(Span(1)));
        *last
    }

    /// The bytes that arrive, and what befalls the socket after them.
    pub(super) fn pass<'a>(&mut self, way: Way, bytes: &'a [u8]) -> (&'a [u8], Option<Ill>) {
        let so_far = &mut self.lanes[lane(way)].0;
        let begins = *so_far;
        *so_far += bytes.len();
        match self.mishap.filter(|mishap| mishap.way == way && mishap.at < *so_far) {
            Some(Mishap { at, ill, .. }) => {
                let arrives = at.saturating_sub(begins).min(bytes.len());
                (&bytes[..arrives], Some(ill))
            }
            None => (bytes, None),
        }
    }

    /// The ends that learn of a mishap.
    pub(super) fn learn(ill: Ill) -> &'static [Way] {
        match ill {
            Ill::Reset => &[Way::Up, Way::Down],
            Ill::GatewayUnaware => &[Way::Down],
            Ill::TerminalUnaware => &[Way::Up],
            Ill::Silence | Ill::Flip | Ill::Twice | Ill::Stall => &[],
        }
    }

    /// Bytes that were written to a lane.
    pub(super) fn carried(&self, way: Way) -> usize {
        self.lanes[lane(way)].0
    }
}
