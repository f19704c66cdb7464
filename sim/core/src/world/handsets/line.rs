//! Connections between the gateway and the USSD centre: in order, cut at some byte, and with what the
//! centre delivers twice.

use tillgate_codec::smpp::{CommandId, CommandStatus, Header, deframe};
use tillgate_core::ussd::smpp::Connection;

use super::super::World;
use super::super::config::{Handsets, number};
use super::super::wire::{Ill, Way};
use super::Event;
use crate::time::{Moment, Span};
use crate::ussdc::centre::Input;

/// Octets of a connection within which it ends, if it does.
const CUT_WITHIN: u16 = 6_000;

/// Numbers of copies that the centre itself never comes to; the gateway remembers each number in the
/// place of its lowest 12 bits.
const COPIES_FROM: u32 = 0x4000_0800;

/// Something that arrives at an end of a line.
pub(in super::super) enum Item {
    /// The gateway's attempt.
    Attempt,
    /// The gateway learns that it is open, or was refused.
    Open(bool),
    Bytes(Way, Vec<u8>),
    End(Way),
    /// The centre says something once more, with the same number.
    Again(Vec<u8>),
}

/// One connection, from the attempt to its end; never used again.
pub(super) struct Line {
    pub(super) link: u16,
    pub(super) connection: Connection,
    pub(super) life: u32,
    /// Whether the gateway's end is open, and the centre's.
    pub(super) is_served: bool,
    is_held: bool,
    /// Nothing passes any more.
    is_dead: bool,
    last: [Moment; 2],
    passed: usize,
    cut: Option<(usize, Ill)>,
    /// What was sent twice under another number: its answers are nobody's.
    copies: Vec<u32>,
    /// What the gateway has refused: it does not come again.
    refused: Vec<u32>,
}

impl Line {
    /// Whether the centre holds it open, and nothing comes.
    pub(super) const fn is_silent(&self) -> bool {
        self.is_held && (self.is_dead || !self.is_served)
    }
}

const fn lane(way: Way) -> usize {
    match way {
        Way::Up => 0,
        Way::Down => 1,
    }
}

/// The number of a line at the centre.
pub(super) fn number_of(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

impl World {
    /// A link of the gateway connects.
    pub(in super::super) fn call_centre(&mut self, link: u16, connection: Connection) {
        let Some(handsets) = &mut self.handsets else { return };
        let Handsets { cut_permille, .. } = self.config.handsets;
        let ills = [Ill::Reset, Ill::Silence, Ill::GatewayUnaware, Ill::TerminalUnaware];
        let ill = ills[usize::from(number(&mut handsets.rng, 4))];
        let at = usize::from(number(&mut handsets.rng, CUT_WITHIN));
        let cut = handsets.rng.chance(cut_permille).then_some((at, ill)).filter(|_| !self.calm);
        let line = handsets.lines.len();
        handsets.lines.push(Line {
            link,
            connection,
            life: self.life,
            is_served: true,
            is_held: false,
            is_dead: false,
            last: [self.now; 2],
            passed: 0,
            cut,
            copies: Vec::new(),
            refused: Vec::new(),
        });
        let way = self.wire.latency();
        self.plan(self.now.after(way), Event::Line { line, item: Item::Attempt });
    }

    /// A link of the gateway sends; answers to copies are nobody's.
    pub(in super::super) fn send_to_centre(
        &mut self,
        link: u16,
        connection: Connection,
        bytes: &[u8],
    ) {
        let Some(line) = self.line_of(link, connection) else { return };
        self.trace.note(self.now, b'u', bytes);
        self.say(|| format!("to the centre, line {line}: {}", shown(bytes)));
        let Some(handsets) = &mut self.handsets else { return };
        let Line { copies, refused, .. } = &mut handsets.lines[line];
        let mut kept = Vec::with_capacity(bytes.len());
        for frame in frames(bytes) {
            let header = Header::decode(frame);
            let is_copys = header.is_some_and(|header| {
                header.command.is_response() && copies.contains(&header.sequence)
            });
            let is_no = |header: &Header| header.status != CommandStatus::OK;
            refused.extend(header.filter(is_no).map(|header| header.sequence));
            if !is_copys {
                kept.extend_from_slice(frame);
            }
        }
        self.carry(line, Way::Up, &kept);
    }

    /// A link of the gateway closes a connection.
    pub(in super::super) fn hang_up_centre(&mut self, link: u16, connection: Connection) {
        let Some(line) = self.line_of(link, connection) else { return };
        let Some(handsets) = &mut self.handsets else { return };
        handsets.lines[line].is_served = false;
        self.put_on_line(line, Way::Up, Item::End);
    }

    /// The process is gone: its connections break, or fall silent.
    pub(in super::super) fn drop_centre(&mut self) {
        let Some(handsets) = &mut self.handsets else { return };
        let silent = handsets.rng.chance(300);
        let served = (0..).zip(&mut handsets.lines).filter(|(_, line)| line.is_served);
        let gone: Vec<usize> = served
            .map(|(place, line)| {
                line.is_served = false;
                place
            })
            .collect();
        for line in gone.into_iter().filter(|_| !silent) {
            self.put_on_line(line, Way::Up, Item::End);
        }
    }

    fn line_of(&self, link: u16, connection: Connection) -> Option<usize> {
        let life = self.life;
        let is_it = |line: &Line| {
            line.is_served && (line.link, line.connection, line.life) == (link, connection, life)
        };
        self.handsets.as_ref()?.lines.iter().rposition(is_it)
    }

    /// Something arrives at an end of a line.
    pub(super) fn on_line(&mut self, line: usize, item: Item) {
        if let Item::Bytes(Way::Down, bytes) = &item {
            self.say(|| format!("from the centre, line {line}: {}", shown(bytes)));
        }
        let calm = self.calm;
        let Some(handsets) = &mut self.handsets else { return };
        let at = &mut handsets.lines[line];
        match item {
            Item::Attempt => {
                let refused = self.config.handsets.refused_permille;
                let opens = calm || !handsets.rng.chance(refused);
                let at = &mut handsets.lines[line];
                if at.is_served && opens {
                    at.is_held = true;
                    self.tell_centre(Input::Opened { link: number_of(line) });
                }
                let way = self.wire.latency();
                self.plan(self.now.after(way), Event::Line { line, item: Item::Open(opens) });
            }
            Item::Open(opens) => {
                let (link, connection) = (at.link, at.connection);
                let is_lost = !opens && std::mem::take(&mut at.is_served);
                let lives = at.life == self.life;
                if lives && (is_lost || at.is_served) {
                    self.link_connected(link, connection, opens);
                }
            }
            Item::Bytes(Way::Up, bytes) if at.is_held => {
                let link = number_of(line);
                self.tell_centre(Input::Received { link, bytes: &bytes });
            }
            Item::End(Way::Up) if at.is_held => {
                at.is_held = false;
                self.tell_centre(Input::Closed { link: number_of(line) });
            }
            Item::Bytes(Way::Down, bytes) if at.is_served && at.life == self.life => {
                let (link, connection) = (at.link, at.connection);
                self.link_receives(link, connection, &bytes);
            }
            Item::End(Way::Down) if at.is_served && at.life == self.life => {
                at.is_served = false;
                let (link, connection) = (at.link, at.connection);
                self.link_lost(link, connection);
            }
            Item::Again(bytes) => {
                let header = Header::decode(&bytes);
                if header.is_some_and(|header| !at.refused.contains(&header.sequence)) {
                    self.carry(line, Way::Down, &bytes);
                }
            }
            Item::Bytes(..) | Item::End(_) => {}
        }
    }

    /// The centre sends; some of it twice.
    pub(super) fn centre_sends(&mut self, line: usize, bytes: &[u8]) {
        let Some(handsets) = &mut self.handsets else { return };
        let (calm, twice) = (self.calm, self.config.handsets.twice_permille);
        let mut all = Vec::with_capacity(bytes.len());
        let mut again = Vec::new();
        for frame in frames(bytes) {
            all.extend_from_slice(frame);
            let is_message = Header::decode(frame).is_some_and(|header| {
                [CommandId::DELIVER_SM, CommandId::DATA_SM].contains(&header.command)
            });
            if calm || !is_message || !handsets.rng.chance(twice) {
                continue;
            }
            if handsets.is_keyed && handsets.rng.chance(500) {
                // The centre has had no answer: it says it once more under another number.
                handsets.copied += 1;
                let number = COPIES_FROM + handsets.copied;
                handsets.lines[line].copies.push(number);
                let from = all.len();
                all.extend_from_slice(frame);
                all[from + 12..from + 16].copy_from_slice(&number.to_be_bytes());
            } else {
                again.push((handsets.rng.between(Span::ms(1), Span::s(12)), frame.to_vec()));
            }
        }
        self.carry(line, Way::Down, &all);
        for (after, frame) in again {
            let item = Item::Again(frame);
            self.plan(self.now.after(after), Event::Line { line, item });
        }
    }

    /// The centre closes a connection.
    pub(super) fn centre_closes(&mut self, line: usize) {
        let Some(handsets) = &mut self.handsets else { return };
        handsets.lines[line].is_held = false;
        self.put_on_line(line, Way::Down, Item::End);
        self.tell_centre(Input::Closed { link: number_of(line) });
    }

    /// Octets go their way, up to where the line is cut.
    fn carry(&mut self, line: usize, way: Way, bytes: &[u8]) {
        let Some(handsets) = &mut self.handsets else { return };
        let at = &mut handsets.lines[line];
        if at.is_dead || bytes.is_empty() {
            return;
        }
        let before = at.passed;
        at.passed += bytes.len();
        let cut = at.cut.filter(|(place, _)| !self.calm && *place < before + bytes.len());
        let Some((place, ill)) = cut else {
            let bytes = bytes.to_vec();
            return self.put_on_line(line, way, |way| Item::Bytes(way, bytes));
        };
        let head = bytes[..place.saturating_sub(before)].to_vec();
        self.put_on_line(line, way, |way| Item::Bytes(way, head));
        let ends: &[Way] = match ill {
            Ill::Reset => &[Way::Up, Way::Down],
            // The end of the line reaches the other side only.
            Ill::GatewayUnaware => &[Way::Up],
            Ill::TerminalUnaware => &[Way::Down],
            Ill::Silence | Ill::Flip | Ill::Twice | Ill::Stall => &[],
        };
        for way in ends {
            self.put_on_line(line, *way, Item::End);
        }
        if let Some(handsets) = &mut self.handsets {
            handsets.lines[line].is_dead = true;
        }
    }

    /// Puts something on a lane, behind everything before it.
    fn put_on_line(&mut self, line: usize, way: Way, item: impl FnOnce(Way) -> Item) {
        let latency = self.wire.latency();
        let Some(handsets) = &mut self.handsets else { return };
        let at = &mut handsets.lines[line];
        if at.is_dead {
            return;
        }
        let last = &mut at.last[lane(way)];
        let arrives = self.now.after(latency).max(last.after(Span(1)));
        *last = arrives;
        self.plan(arrives, Event::Line { line, item: item(way) });
    }
}

/// The PDUs of a piece as a story shows them.
fn shown(bytes: &[u8]) -> String {
    let headers = frames(bytes).into_iter().filter_map(Header::decode);
    let text = |header: Header| format!("{:?} {}", header.command, header.sequence);
    headers.map(text).collect::<Vec<_>>().join(", ")
}

/// The PDUs of a piece.
fn frames(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut found, mut rest) = (Vec::new(), bytes);
    while let Ok(Some(frame)) = deframe(rest) {
        let (head, tail) = rest.split_at(frame.range.end);
        found.push(head);
        rest = tail;
    }
    if !rest.is_empty() {
        found.push(rest);
    }
    found
}
