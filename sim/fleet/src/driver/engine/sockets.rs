//! What comes over the sockets, and what goes out over them.

use mio::Token;
use tillsim_core::terminal::{Input, Note, Output};
use tillsim_core::time::Moment;

use super::Engine;
use crate::driver::client::Client;
use crate::driver::deadlines::index;
use crate::driver::line::{Lost, Taken};

impl<S: Client> Engine<S> {
    pub(super) fn event(&mut self, token: usize, writable: bool, gone: bool) {
        let (client, generation) = split(token);
        if self.generations.get(index(client)) != Some(&generation) {
            return;
        }
        let line = &mut self.lines[index(client)];
        if writable && line.is_open() {
            match line.writable() {
                Ok(true) => self.give(client, Input::Connected),
                Ok(false) => {}
                Err(lost) => return self.lose(client, lost),
            }
        }
        loop {
            let taken = self.lines[index(client)].read(&mut self.buffer);
            let (count, more) = match taken {
                Taken::Some(count) => (count, true),
                // What came before the end of a connection must not hide the end.
                Taken::All(count) => (count, gone),
                Taken::Nothing => return,
                Taken::Closed(lost) => return self.lose(client, lost),
            };
            let now = self.now();
            self.tally.received_bytes += length(count);
            self.clients[index(client)].handle(now, Input::Received(&mut self.buffer[..count]));
            self.carry_out(client, now);
            if !more {
                return;
            }
        }
    }

    pub(super) fn give(&mut self, client: u32, input: Input<'_>) {
        let now = self.now();
        self.clients[index(client)].handle(now, input);
        self.carry_out(client, now);
    }

    pub(super) fn lose(&mut self, client: u32, lost: Lost) {
        self.lines[index(client)].close();
        self.tally.lost(lost);
        self.give(client, Input::Closed);
    }

    /// Does everything that the station has to do.
    pub(super) fn carry_out(&mut self, number: u32, now: Moment) {
        let client = &mut self.clients[index(number)];
        let line = &mut self.lines[index(number)];
        let (kind, mut failed) = (client.kind(), None);
        while let Some(output) = client.poll() {
            match output {
                Output::Send(bytes) => {
                    self.tally.sent_bytes += length(bytes.len());
                    failed = line.write(bytes).err();
                }
                Output::Connect => self.connecting.push_back(number),
                Output::Close => line.close(),
                Output::Note(note) => {
                    if let Some(response) = self.tally.note(kind, note) {
                        self.interval.saturating_record(response.as_us());
                    }
                    if let (Note::Ready, Some(arrivals)) = (note, &mut self.arrivals) {
                        arrivals.ready(number);
                    }
                }
            }
        }
        if let Some(at) = client.deadline() {
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
pub(super) fn token(client: u32, generation: u32) -> Token {
    let wide = (u64::from(generation) << 32) | u64::from(client);
    Token(
        usize::try_from(wide).expect("a token has 64 bits where sockets are counted in thousands"),
    )
}

fn split(token: usize) -> (u32, u32) {
    let wide = u64::try_from(token).unwrap_or(u64::MAX);
    let part = |value: u64| u32::try_from(value & u64::from(u32::MAX)).expect("masked to 32 bits");
    (part(wide), part(wide >> 32))
}
