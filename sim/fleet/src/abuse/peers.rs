//! What each kind of peer does with its connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tillgate_codec::link::message::{Ping, TerminalMessage};
use tillgate_codec::link::record::RecordType;
use tillsim_core::rng::Rng;

use super::link::{Door, Link};
use super::{Count, Counts};
use crate::network::NetworkTerminal;

const CONNECT: Duration = Duration::from_secs(5);
/// How long a read or a write may block before the peer looks whether it is to stop.
const TICK: Duration = Duration::from_millis(200);
/// Pause before the next connection of a peer that was thrown out.
const AGAIN: Duration = Duration::from_millis(20);
/// A dribbler's pause between two bytes.
const DRIBBLE: Duration = Duration::from_millis(500);
/// Connections that the flood holds open at once.
const FLOOD_HELD: usize = 256;
/// Nonsense sent over one connection at most.
const NONSENSE_BYTES_MAX: usize = 1 << 20;

/// Sends random bytes; every other time they begin with a good header.
pub(super) fn random(target: SocketAddr, seed: u64, counts: &Counts) {
    let mut rng = Rng::new(seed, 0xAB05E);
    while !counts.is_stopped() {
        let Some(mut stream) = connect(target, &counts.random) else { continue };
        let began = Instant::now();
        let mut sent = 0;
        let mut ended = false;
        while !ended && !counts.is_stopped() && sent < NONSENSE_BYTES_MAX {
            let mut nonsense = [0; 512];
            for part in nonsense.chunks_mut(32) {
                part.copy_from_slice(&rng.bytes());
            }
            if sent == 0 && rng.chance(500) {
                nonsense[..4].copy_from_slice(&[RecordType::HELLO.0, 1, 0, 78]);
            }
            ended = stream.write_all(&nonsense).is_err() || listen(&mut stream, &counts.random);
            sent += nonsense.len();
        }
        close(&counts.random, began, ended);
    }
}

/// Sends a good header and then its hello a byte at a time.
pub(super) fn dribble(target: SocketAddr, counts: &Counts) {
    while !counts.is_stopped() {
        let Some(mut stream) = connect(target, &counts.dribble) else { continue };
        let began = Instant::now();
        let mut ended = stream.write_all(&[RecordType::HELLO.0, 1, 0, 78]).is_err();
        let mut sent = 0;
        while !ended && !counts.is_stopped() && sent < 77 {
            ended = stream.write_all(&[0]).is_err() || listen(&mut stream, &counts.dribble);
            sent += 1;
            sleep(DRIBBLE);
        }
        // The last byte never comes.
        while !ended && !counts.is_stopped() {
            ended = listen(&mut stream, &counts.dribble);
        }
        close(&counts.dribble, began, ended);
    }
}

/// Opens connections as fast as they go, holds some and drops the oldest.
pub(super) fn flood(target: SocketAddr, attempts: u32, counts: &Counts) {
    let mut held = Vec::with_capacity(FLOOD_HELD);
    for number in 0..attempts {
        if counts.is_stopped() {
            break;
        }
        if let Some(stream) = connect(target, &counts.flood) {
            held.push(stream);
        }
        if held.len() == FLOOD_HELD {
            let oldest = usize::try_from(number).unwrap_or(0) % FLOOD_HELD;
            held.swap_remove(oldest);
        }
    }
}

/// Logs on, asks for pongs without end, and never reads.
pub(super) fn deaf(door: Door<'_>, terminal: &NetworkTerminal, counts: &Counts) {
    while !counts.is_stopped() {
        counts.deaf.lock().attempts += 1;
        let began = Instant::now();
        let Some((mut link, _)) = Link::log_on(door, terminal) else {
            counts.deaf.lock().failed += 1;
            sleep(AGAIN);
            continue;
        };
        let (mut body, mut record) = (Vec::new(), Vec::new());
        TerminalMessage::Ping(Ping { nonce: 1 }).encode(&mut body);
        let mut ended = link.stream.set_write_timeout(Some(TICK)).is_err();
        while !ended && !counts.is_stopped() {
            record.clear();
            ended =
                link.channel.seal(&body, &mut record).is_err() || !push(&mut link.stream, &record);
        }
        close(&counts.deaf, began, ended);
    }
}

/// Writes all of `bytes`, however long the gateway does not read; false when it has hung up.
fn push(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    match stream.write_all(bytes) {
        Ok(()) => true,
        // What was written in part cannot be taken up again: the record is spoilt either way.
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

fn connect(target: SocketAddr, count: &Mutex<Count>) -> Option<TcpStream> {
    count.lock().attempts += 1;
    let connected = TcpStream::connect_timeout(&target, CONNECT).and_then(|stream| {
        stream.set_read_timeout(Some(TICK))?;
        stream.set_write_timeout(Some(TICK))?;
        Ok(stream)
    });
    if connected.is_err() {
        count.lock().failed += 1;
        sleep(AGAIN);
    }
    connected.ok()
}

/// Reads what there is; true when the gateway has ended the connection.
fn listen(stream: &mut TcpStream, count: &Mutex<Count>) -> bool {
    let mut bytes = [0; 256];
    match stream.read(&mut bytes) {
        Ok(0) => true,
        Ok(_) => {
            if bytes[0] == RecordType::REFUSAL.0 {
                count.lock().refused += 1;
            }
            false
        }
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

fn close(count: &Mutex<Count>, began: Instant, ended: bool) {
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut tally = count.lock();
    tally.ended += u64::from(ended);
    tally.held += u64::from(!ended);
    tally.held_ms_max = tally.held_ms_max.max(ms);
    drop(tally);
    sleep(AGAIN);
}
