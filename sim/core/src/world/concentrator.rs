//! Concentrators: each brings terminals of another maker to the listener, and a stranger now and then,
//! over one connection. A call has a number, which goes out in the TPDU and comes back in the answer's.
//!
//! ```text
//!   terminal ──call──▶ concentrator ──frames, stamped──▶ listener
//!            ◀─frame─ (by the call's number) ◀───────────
//! ```

use std::collections::BTreeMap;

use super::World;
use super::catalogue::nac;
use super::config::{Config, Stream};
use super::event::Event;
use super::wire::{Caller, Item, Way};
use crate::rng::Rng;
use crate::terminal::Input;
use crate::time::{Moment, Span};

/// Where the number of a call is, behind the length and the first byte of the TPDU: the source of a
/// request, the destination of an answer.
const SOURCE: std::ops::Range<usize> = 5..7;
const DESTINATION: std::ops::Range<usize> = 3..5;

/// Silence of the listener after which a terminal that gives up makes its concentrator call again.
const SILENCE: Span = Span::s(8);

pub(super) struct Concentrators {
    rng: Rng,
    held: Vec<Concentrator>,
    /// Calls there were, of all of them.
    calls: u16,
}

#[derive(Default)]
struct Concentrator {
    conn: Option<usize>,
    is_connected: bool,
    /// The beginning of a frame.
    partial: Vec<u8>,
    /// Whose call has which number.
    calls: BTreeMap<u16, usize>,
    /// Since when something was sent and nothing came back.
    waits_since: Option<Moment>,
}

impl Concentrators {
    pub(super) fn new(config: &Config) -> Self {
        let held = (0..config.concentrators).map(|_| Concentrator::default()).collect();
        Self { rng: Stream::ConcentratorRun.rng(config.seed), held, calls: 0 }
    }

    fn next_call(&mut self) -> u16 {
        self.calls = self.calls.wrapping_add(1);
        self.calls
    }

    /// A terminal always comes through the same one.
    fn of(&mut self, place: usize) -> (usize, &mut Concentrator) {
        let of = place % self.held.len();
        (of, &mut self.held[of])
    }
}

impl World {
    /// A terminal calls its concentrator, which connects if it is not.
    pub(super) fn call_through(&mut self, place: usize) {
        let call = self.concentrators.next_call();
        self.fleet[place].call = Some(call);
        let (of, concentrator) = self.concentrators.of(place);
        concentrator.calls.insert(call, place);
        if concentrator.conn.is_none() {
            let (queue, port) = (&mut self.queue, self.config.port());
            let caller = Some(Caller::Concentrator(of));
            concentrator.conn = Some(self.wire.call_port(queue, self.now, caller, port));
        } else if concentrator.is_connected {
            let soon = self.now.after(Span::ms(1));
            self.queue.push(soon, Event::PutThrough { place, call });
        }
    }

    /// A call goes through.
    pub(super) fn put_through(&mut self, place: usize, call: u16) {
        if self.fleet[place].call == Some(call) {
            self.tell_terminal(place, Input::Connected);
        }
    }

    pub(super) fn concentrator_connected(&mut self, of: usize, conn: usize) {
        let concentrator = &mut self.concentrators.held[of];
        if concentrator.conn != Some(conn) {
            return;
        }
        concentrator.is_connected = true;
        let calls: Vec<(u16, usize)> = concentrator.calls.clone().into_iter().collect();
        for (call, place) in calls {
            self.put_through(place, call);
        }
    }

    /// A terminal's frames go out with the number of its call.
    pub(super) fn send_through(&mut self, place: usize, call: u16, frames: &[u8]) {
        let (of, concentrator) = self.concentrators.of(place);
        concentrator.waits_since.get_or_insert(self.now);
        self.send_stamped(of, call, frames);
    }

    fn send_stamped(&mut self, of: usize, call: u16, frames: &[u8]) {
        let Some(conn) = self.concentrators.held[of].conn else { return };
        let (mut out, mut from) = (frames.to_vec(), 0);
        while let Ok(Some(frame)) = nac().framing().deframe(&frames[from..]) {
            let whole = &mut out[from..from + frame.end];
            if let Some(source) = whole.get_mut(SOURCE) {
                source.copy_from_slice(&call.to_be_bytes());
            }
            from += frame.end;
        }
        self.trace.note(self.now, b's', &out);
        self.wire.send(&mut self.queue, self.now, (conn, Way::Up), &out);
    }

    /// Whether the stranger sends this through a concentrator: whole frames, so that these are in step.
    pub(super) fn strangers_call(&mut self, bytes: &[u8]) -> bool {
        let most = u64::try_from(self.concentrators.held.len()).unwrap_or_default();
        if most == 0 || !self.concentrators.rng.chance(600) {
            return false;
        }
        let of = usize::try_from(self.concentrators.rng.below(most)).unwrap_or_default();
        let mut rest = bytes;
        while let Ok(Some(frame)) = nac().framing().deframe(rest) {
            rest = &rest[frame.end..];
        }
        if !rest.is_empty() || !self.concentrators.held[of].is_connected {
            return false;
        }
        let call = self.concentrators.next_call();
        self.send_stamped(of, call, bytes);
        true
    }

    /// A terminal hangs up. One that has waited for an answer without success finds out that the
    /// connection is dead.
    pub(super) fn hang_up_call(&mut self, place: usize) {
        let Some(call) = self.fleet[place].call.take() else { return };
        let now = self.now;
        let (of, concentrator) = self.concentrators.of(place);
        concentrator.calls.remove(&call);
        if concentrator.waits_since.is_some_and(|since| since.after(SILENCE) <= now) {
            self.connection_fails(of);
        }
    }

    /// The connection is dead, or out of step.
    fn connection_fails(&mut self, of: usize) {
        if let Some(conn) = self.concentrators.held[of].conn {
            self.wire.conns[conn].held_open = false;
            self.wire.end(&mut self.queue, self.now, conn, Way::Up);
            self.end_calls(of);
        }
    }

    /// The connection is gone: so are all calls.
    fn end_calls(&mut self, of: usize) {
        for place in std::mem::take(&mut self.concentrators.held[of]).calls.into_values() {
            self.fleet[place].call = None;
            self.tell_terminal(place, Input::Closed);
        }
    }

    /// Answers, each to the terminal whose call it is for.
    pub(super) fn concentrator_receives(&mut self, of: usize, conn: usize, item: Item) {
        let concentrator = &mut self.concentrators.held[of];
        if concentrator.conn != Some(conn) {
            return;
        }
        let Item::Bytes(bytes) = item else {
            self.wire.conns[conn].held_open = false;
            return self.end_calls(of);
        };
        concentrator.partial.extend_from_slice(&bytes);
        let (mut frames, mut from) = (Vec::new(), 0);
        while let Ok(Some(frame)) = nac().framing().deframe(&concentrator.partial[from..]) {
            frames.push(concentrator.partial[from..from + frame.end].to_vec());
            from += frame.end;
            concentrator.waits_since = None;
        }
        concentrator.partial.drain(..from);
        let is_broken = nac().framing().deframe(&concentrator.partial).is_err();
        for mut frame in frames {
            let number = frame.get(DESTINATION).and_then(|number| number.try_into().ok());
            let call = u16::from_be_bytes(number.unwrap_or_default());
            // It may have hung up meanwhile, or never been one of ours.
            let Some(&place) = self.concentrators.held[of].calls.get(&call) else { continue };
            if !self.calm && self.power_rng.chance(self.config.shop.power_permille) {
                self.concentrators.held[of].calls.remove(&call);
                self.fleet[place].call = None;
                self.lose_power(place);
                continue;
            }
            self.tell_terminal(place, Input::Received(&mut frame));
        }
        if is_broken && self.concentrators.held[of].conn == Some(conn) {
            self.connection_fails(of);
        }
    }
}
