//! What comes over the sockets, and what goes out over them.

use mio::Token;
use tillsim_core::terminal::{Input, Note, Output};
use tillsim_core::time::Moment;

use super::Engine;
use crate::driver::deadlines::index;
use crate::driver::line::{Lost, Taken};
use crate::driver::station::Station;

impl<S: Station> Engine<S> {
    pub(super) fn event(&mut self, token: usize, writable: bool, gone: bool) {
        let (station, generation) = split(token);
        if self.generations.get(index(station)) != Some(&generation) {
            return;
        }
        let line = &mut self.lines[index(station)];
        if writable && line.is_open() {
            match line.writable() {
                Ok(true) => self.give(station, Input::Connected),
                Ok(false) => {}
                Err(lost) => return self.lose(station, lost),
            }
        }
        loop {
            let taken = self.lines[index(station)].read(&mut self.buffer);
            let (count, more) = match taken {
                Taken::Some(count) => (count, true),
                // What came before the end of a connection must not hide the end.
                Taken::All(count) => (count, gone),
                Taken::Nothing => return,
                Taken::Closed(lost) => return self.lose(station, lost),
            };
            let now = self.now();
            self.tally.received_bytes += length(count);
            self.stations[index(station)].handle(now, Input::Received(&mut self.buffer[..count]));
            self.carry_out(station, now);
            if !more {
                return;
            }
        }
    }

    pub(super) fn give(&mut self, station: u32, input: Input<'_>) {
        let now = self.now();
        self.stations[index(station)].handle(now, input);
        self.carry_out(station, now);
    }

    pub(super) fn lose(&mut self, station: u32, lost: Lost) {
        self.lines[index(station)].close();
        self.tally.lost(lost);
        self.give(station, Input::Closed);
    }

    /// Does everything that the station has to do.
    pub(super) fn carry_out(&mut self, number: u32, now: Moment) {
        let station = &mut self.stations[index(number)];
        let line = &mut self.lines[index(number)];
        let mut failed = None;
        while let Some(output) = station.poll() {
            match output {
                Output::Send(bytes) => {
                    self.tally.sent_bytes += length(bytes.len());
                    failed = line.write(bytes).err();
                }
                Output::Connect => self.connecting.push_back(number),
                Output::Close => line.close(),
                Output::Note(note) => {
                    if let Some(response) = self.tally.note(note) {
                        self.interval.saturating_record(response.as_us());
                    }
                    if let (Note::Ready, Some(arrivals)) = (note, &mut self.arrivals) {
                        arrivals.ready(number);
                    }
                }
            }
        }
        if let Some(at) = station.deadline() {
            self.deadlines.set(number, at.max(now));
        }
        if let Some(lost) = failed {
            self.lose(number, lost);
        }
    }
}

/// A length as it is counted.
fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Token of a station's connection: its generation above its number.
pub(super) fn token(station: u32, generation: u32) -> Token {
    let wide = (u64::from(generation) << 32) | u64::from(station);
    Token(
        usize::try_from(wide).expect("a token has 64 bits where sockets are counted in thousands"),
    )
}

fn split(token: usize) -> (u32, u32) {
    let wide = u64::try_from(token).unwrap_or(u64::MAX);
    let part = |value: u64| u32::try_from(value & u64::from(u32::MAX)).expect("masked to 32 bits");
    (part(wide), part(wide >> 32))
}
