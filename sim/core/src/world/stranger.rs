//! A stranger at the listener: without a terminal's key, but able to record. It sends what it has
//! recorded again, whole, in halves and changed, and what it makes up in the name of others.

use tillgate_codec::iso8583::{MacKey, MacPadding, Message, Mti};

use super::World;
use super::catalogue::{iso_offers, nac};
use super::config::{Config, Stream, number};
use super::event::Event;
use super::fault::Fault;
use super::network::{KEY_FIRST, Network, TERMINAL_FIRST};
use super::wire::Way;
use crate::firmware::Mix;
use crate::iso_terminal::message::{TPDU, processing_code};
use crate::rng::Rng;
use crate::time::Span;

/// Between two turns, on average.
const TURN: Span = Span::s(3);

/// Frames that it remembers.
const HEARD_MAX: usize = 64;

pub(super) struct Stranger {
    seed: u64,
    rng: Rng,
    mix: Mix,
    /// Terminals of the listener, and others.
    enabled: Vec<u32>,
    others: Vec<u32>,
    heard: Vec<Vec<u8>>,
}

impl Stranger {
    pub(super) fn new(config: &Config) -> Self {
        let comes = [Fault::Thief, Fault::Flood, Fault::Tamper];
        let comes = comes.into_iter().any(|fault| config.faults.has(fault));
        let terminals = 0..config.terminals + config.thieves;
        let (enabled, others): (Vec<u16>, Vec<u16>) =
            terminals.partition(|place| config.is_iso(*place));
        let id = |place: u16| TERMINAL_FIRST + u32::from(place);
        Self {
            seed: config.seed,
            rng: Stream::StrangerRun.rng(config.seed),
            mix: Mix::new(iso_offers(config).collect()).unwrap_or_default(),
            enabled: enabled.into_iter().filter(|_| comes).map(id).collect(),
            others: others.into_iter().map(id).collect(),
            heard: Vec::new(),
        }
    }

    /// Whether there is anybody to pretend to be.
    pub(super) fn is_there(&self) -> bool {
        !self.enabled.is_empty()
    }

    /// A terminal sends a frame.
    pub(super) fn overhears(&mut self, frame: &[u8]) {
        if !self.is_there() {
            return;
        }
        if self.heard.len() == HEARD_MAX {
            self.heard.remove(0);
        }
        self.heard.push(frame.to_vec());
    }

    fn pick<T: Clone>(rng: &mut Rng, of: &[T]) -> Option<T> {
        let place = rng.below(u64::try_from(of.len()).unwrap_or(0));
        of.get(usize::try_from(place).unwrap_or(0)).cloned()
    }

    /// What it sends over its next connection.
    fn next(&mut self) -> Option<Vec<u8>> {
        let rng = &mut self.rng;
        Some(match rng.below(11) {
            0 => Self::pick(rng, &self.heard)?,
            1 => [Self::pick(rng, &self.heard)?, Self::pick(rng, &self.heard)?].concat(),
            2 => {
                let mut frame = Self::pick(rng, &self.heard)?;
                let bit = rng.below(u64::try_from(frame.len() * 8).unwrap_or(0));
                let place = usize::try_from(bit / 8).unwrap_or(0);
                *frame.get_mut(place)? ^= 1 << (bit % 8);
                frame
            }
            3 => {
                let mut frame = Self::pick(rng, &self.heard)?;
                frame.truncate(frame.len() / 2);
                frame
            }
            4 => rng.bytes().repeat(4),
            // In the name of a terminal of the listener, with the key of another one, or none.
            5 => self.forged("0200", None)?,
            6 => self.forged("0420", None)?,
            7 => self.forged("0220", None)?,
            8 => self.forged("0320", None)?,
            9 => {
                let other = Self::pick(rng, &self.others).unwrap_or(TERMINAL_FIRST - 1);
                let mti = ["0200", "0220", "0320"][usize::from(number(rng, 3))];
                self.forged(mti, Some((None, other)))?
            }
            // A terminal of the sealed link, with its own key.
            _ => {
                let other = Self::pick(rng, &self.others)?;
                let mti = if rng.chance(500) { "0200" } else { "0800" };
                self.forged(mti, Some((Some(other), other)))?
            }
        })
    }

    /// A message that it makes up: of one of the listener's terminals unless it says which, with the
    /// code of the key of another one, if any.
    fn forged(&mut self, mti: &str, signed: Option<(Option<u32>, u32)>) -> Option<Vec<u8>> {
        let whose = match signed {
            Some((Some(terminal), _)) => terminal,
            _ => Self::pick(&mut self.rng, &self.enabled)?,
        };
        let (offer, amount_minor) = self.mix.draw(&mut self.rng)?;
        let mut message = Message::new(Mti::parse(mti)?).with_tpdu(TPDU);
        let processing = processing_code(offer.service, offer.product);
        message.set(3, if mti == "0800" { "920000" } else { &processing });
        message.set_number(4, amount_minor).set_number(11, 1 + self.rng.below(30));
        message.set(12, "120000").set(13, "1123").set(41, &format!("{whose:08}"));
        message.set(49, "404").set(102, "254700000001");
        if mti == "0320" {
            message.set(60, &format!("0200{:06}{:12}", 1 + self.rng.below(30), ""));
        }
        let (dialect, mut bytes, mut framed) = (nac(), Vec::new(), Vec::new());
        match signed {
            None => dialect.encode(&message, &mut bytes).ok()?,
            Some((_, by)) => {
                let psk = Network::psk(self.seed, by, KEY_FIRST);
                let (key, _) = psk.bytes().split_first_chunk()?;
                let key = MacKey::retail(key, MacPadding::Zeros);
                dialect.encode_with_mac(&mut message, &key, &mut bytes).ok()?;
            }
        }
        dialect.framing().append_frame(&bytes, &mut framed).ok()?;
        Some(framed)
    }
}

impl World {
    /// The stranger's turn, until the calm: a connection, what is sent over it, and its end, or not.
    pub(super) fn stranger_turn(&mut self) {
        if self.calm {
            return;
        }
        let next = self.stranger.next();
        if let Some(bytes) = next.filter(|bytes| !self.strangers_call(bytes)) {
            let (queue, port) = (&mut self.queue, self.config.port());
            let conn = self.wire.call_port(queue, self.now, None, port);
            let later = self.now.after(Span::ms(900));
            self.trace.note(self.now, b'x', &bytes);
            self.wire.send(queue, later, (conn, Way::Up), &bytes);
            if self.stranger.rng.chance(700) {
                let stays = self.stranger.rng.between(Span::ms(1), Span::s(8));
                self.wire.end(queue, later.after(stays), conn, Way::Up);
            }
        }
        let pause = self.stranger.rng.exponential(TURN);
        self.queue.push(self.now.after(pause).after(Span::ms(20)), Event::Stranger);
    }
}
