//! What one hostile terminal, and a thousand strangers, do to a gateway.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use strum::{IntoStaticStr, VariantArray};
use tillgate_codec::link::message::{BusinessDate, Sale, TerminalMessage};

use super::honest::Ware;
use super::link::{Door, Link, counter, hello};
use crate::cpu;
use crate::network::NetworkTerminal;

/// Strangers' sockets opened a second: the rate that refused new connections before sessions had
/// to prove themselves.
const STRANGERS_PER_S: u32 = 1_000;
/// Requests that the hostile terminal writes before it reads.
const PIPELINE: u32 = 64;
/// How long a hostile peer blocks before it looks whether it is to stop.
const TICK: Duration = Duration::from_millis(200);

/// In the order in which they are tried; their names in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Attack {
    /// A terminal with a valid key sends requests that are refused, as fast as the link takes them.
    Refused,
    /// It does so with another business date each time.
    Dates,
    /// It shakes hands again and again.
    Handshakes,
    /// It shakes hands with counters as high as they go.
    Counters,
    /// Strangers connect and say nothing.
    Silent,
    /// Strangers send half a hello and no more.
    HalfHellos,
    /// Strangers send a byte now and then.
    Dribble,
    /// Strangers send copies of a hello that was sniffed.
    Replays,
}

#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    pub(super) door: Door<'a>,
    pub(super) hostile: &'a NetworkTerminal,
    pub(super) ware: Ware,
    pub(super) strangers: usize,
}

/// Attacks until `stop`; counts what was sent.
pub(super) fn attack(attack: Attack, means: Means<'_>, stop: &AtomicBool, sent: &AtomicU64) {
    match attack {
        Attack::Refused => requests(means, stop, sent, |_, date| date),
        Attack::Dates => requests(means, stop, sent, |stan, BusinessDate(date)| {
            BusinessDate(date.saturating_sub(u16::try_from(stan % 4).unwrap_or(0)))
        }),
        Attack::Handshakes => handshakes(means, stop, sent, |_| counter()),
        Attack::Counters => handshakes(means, stop, sent, |try_no| u64::MAX - try_no),
        Attack::Silent => strangers(means, stop, sent, b"", None),
        Attack::HalfHellos => {
            let half = hello(means.door, means.hostile, counter()).map(|(_, hello)| hello);
            let half = half.unwrap_or_default();
            strangers(means, stop, sent, &half[..half.len() / 2], None);
        }
        Attack::Dribble => strangers(means, stop, sent, b"", Some(0)),
        Attack::Replays => {
            let whole = hello(means.door, means.hostile, counter()).map(|(_, hello)| hello);
            strangers(means, stop, sent, &whole.unwrap_or_default(), None);
        }
    }
}

/// Sales of a service that there is not, many before an answer is read.
fn requests(
    means: Means<'_>,
    stop: &AtomicBool,
    sent: &AtomicU64,
    date_of: impl Fn(u32, BusinessDate) -> BusinessDate,
) {
    while !stop.load(Ordering::Relaxed) {
        let Some((mut link, welcomed)) = Link::log_on(means.door, means.hostile) else {
            sleep(TICK);
            continue;
        };
        let mut stan = welcomed.stan_last;
        let _no_matter = link.stream.set_read_timeout(Some(TICK));
        let _no_matter = link.stream.set_write_timeout(Some(TICK));
        let mut open = true;
        while open && !stop.load(Ordering::Relaxed) {
            for _ in 0..PIPELINE {
                stan += 1;
                let known = means.ware.sale(stan, welcomed);
                let date = date_of(stan, known.date);
                let sale = Sale { service: u16::MAX, date, ..known };
                if link.say(&TerminalMessage::Sale(sale)).is_none() {
                    // What was written in part cannot be taken up again.
                    open = false;
                    break;
                }
                sent.fetch_add(1, Ordering::Relaxed);
            }
            drain(&mut link.stream);
        }
    }
}

/// Takes what there is off the socket, so that the gateway is not held up by its answers.
fn drain(stream: &mut TcpStream) {
    let mut bytes = [0; 16 * 1024];
    if stream.set_nonblocking(true).is_ok() {
        while matches!(stream.read(&mut bytes), Ok(1..)) {}
        let _no_matter = stream.set_nonblocking(false);
    }
}

fn handshakes(
    means: Means<'_>,
    stop: &AtomicBool,
    sent: &AtomicU64,
    counter_of: impl Fn(u64) -> u64,
) {
    let mut held = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let try_no = sent.fetch_add(1, Ordering::Relaxed);
        let Some((_, hello)) = hello(means.door, means.hostile, counter_of(try_no)) else { return };
        let Ok(mut stream) = TcpStream::connect(means.door.target) else {
            sleep(TICK);
            continue;
        };
        if stream.write_all(&hello).is_ok() {
            held.push(stream);
        }
        if held.len() > 200 {
            held.remove(0);
        }
    }
}

/// Opens sockets at a rate, holds as many as there are strangers, and says the same over each; with
/// `dribble`, a byte a second more.
fn strangers(
    means: Means<'_>,
    stop: &AtomicBool,
    sent: &AtomicU64,
    says: &[u8],
    dribble: Option<u8>,
) {
    let began = Instant::now();
    let mut held: Vec<TcpStream> = Vec::with_capacity(means.strangers);
    let mut next = 0;
    let mut opened = 0_u32;
    while !stop.load(Ordering::Relaxed) {
        let due = began.elapsed().as_millis() * u128::from(STRANGERS_PER_S) / 1_000;
        if u128::from(opened) >= due {
            sleep(Duration::from_millis(1));
            continue;
        }
        opened += 1;
        sent.fetch_add(1, Ordering::Relaxed);
        let Ok(mut stream) = TcpStream::connect(means.door.target) else { continue };
        let _no_matter = stream.write_all(says);
        if held.len() < means.strangers {
            held.push(stream);
        } else {
            held[next] = stream;
            next = (next + 1) % held.len();
        }
        if let Some(byte) = dribble {
            let other = usize::try_from(opened).unwrap_or(0) % held.len();
            let _no_matter = held[other].write(&[byte]);
        }
    }
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Effort {
    /// Requests, handshakes or connections.
    pub(crate) sent: u64,
    /// Processor time of whoever sent them, in seconds.
    pub(crate) cpu_s: f64,
}

/// Runs an attack beside `beside` for as long as that takes. A hostile peer has a machine of its
/// own: here it gets what gateway and honest terminals leave of the processor, or their latencies
/// would tell of it and not of the gateway.
pub(super) fn beside<T: Send>(
    kind: Option<Attack>,
    means: Means<'_>,
    beside: impl FnOnce() -> T + Send,
) -> (T, Effort) {
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let (result, cpu_s) = scope(|scope| {
        let (stop, sent) = (&stop, &sent);
        let attacker = kind.map(|kind| {
            scope.spawn(move || {
                cpu::stand_back();
                attack(kind, means, stop, sent);
                cpu::of_this_thread_s()
            })
        });
        let result = beside();
        stop.store(true, Ordering::Relaxed);
        let cpu_s = attacker.map(|thread| thread.join().expect("an attack does not panic"));
        (result, cpu_s.unwrap_or_default())
    });
    (result, Effort { sent: sent.into_inner(), cpu_s })
}
