//! A terminal's end of one connection, with blocking sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tillgate_codec::link::channel::{Channel, Initiator, Psk, StaticPublic, Suite};
use tillgate_codec::link::message::{
    BusinessDate, GatewayMessage, Logon, MESSAGE_VERSION, TerminalMessage,
};
use tillgate_codec::link::record::deframe;
use tillsim_core::rng::Rng;

use crate::network::NetworkTerminal;

const CONNECT: Duration = Duration::from_secs(5);

/// Who connects where.
#[derive(Clone, Copy)]
pub(crate) struct Door<'a> {
    pub(crate) target: SocketAddr,
    pub(crate) public: Option<&'a StaticPublic>,
    pub(crate) seed: u64,
}

pub(super) struct Link {
    pub(super) stream: TcpStream,
    pub(super) channel: Channel,
    received: Vec<u8>,
}

/// What a logon was answered.
#[derive(Clone, Copy)]
pub(super) struct Welcomed {
    pub(super) date: BusinessDate,
    pub(super) stan_last: u32,
}

/// A hello and what finishes it.
pub(super) fn hello(
    door: Door<'_>,
    terminal: &NetworkTerminal,
    counter: u64,
) -> Option<(Initiator, Vec<u8>)> {
    let suite = if door.public.is_some() { Suite::NkPsk0 } else { Suite::NnPsk0 };
    let psk = Psk::new(terminal.psk);
    let entropy = Rng::new(door.seed, counter).bytes();
    let (id, key_id) = (terminal.id, terminal.key_id);
    let mut out = Vec::new();
    let started =
        Initiator::start(suite, id, key_id, &psk, door.public, counter, entropy, &mut out);
    started.ok().map(|initiator| (initiator, out))
}

/// A counter that rises from run to run.
pub(super) fn counter() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

impl Link {
    pub(super) fn shake(door: Door<'_>, terminal: &NetworkTerminal) -> Option<Self> {
        let mut stream = TcpStream::connect_timeout(&door.target, CONNECT).ok()?;
        stream.set_read_timeout(Some(CONNECT)).ok()?;
        stream.set_write_timeout(Some(CONNECT)).ok()?;
        stream.set_nodelay(true).ok()?;
        let (initiator, out) = hello(door, terminal, counter())?;
        stream.write_all(&out).ok()?;
        let mut received = Vec::new();
        let end = fill(&mut stream, &mut received)?;
        let record = deframe(&received).ok()??;
        let channel = initiator.finish(&received[record.range]).ok()?;
        received.drain(..end);
        Some(Self { stream, channel, received })
    }

    pub(super) fn log_on(door: Door<'_>, terminal: &NetworkTerminal) -> Option<(Self, Welcomed)> {
        let mut link = Self::shake(door, terminal)?;
        let logon = Logon { firmware: "tillsim-abuse", catalogue: 0, versions: MESSAGE_VERSION };
        let body = link.ask(&TerminalMessage::Logon(logon))?;
        let Ok(GatewayMessage::Welcome(welcome)) = GatewayMessage::decode(&body) else {
            return None;
        };
        let welcomed = Welcomed { date: welcome.date, stan_last: welcome.stan_last };
        Some((link, welcomed))
    }

    pub(super) fn say(&mut self, message: &TerminalMessage<'_>) -> Option<()> {
        let (mut body, mut record) = (Vec::new(), Vec::new());
        message.encode(&mut body);
        self.channel.seal(&body, &mut record).ok()?;
        self.stream.write_all(&record).ok()
    }

    /// The next body from the gateway.
    pub(super) fn hear(&mut self) -> Option<Vec<u8>> {
        let end = fill(&mut self.stream, &mut self.received)?;
        let body = self.channel.open(&mut self.received[..end]).ok()?.to_vec();
        self.received.drain(..end);
        Some(body)
    }

    pub(super) fn ask(&mut self, message: &TerminalMessage<'_>) -> Option<Vec<u8>> {
        self.say(message)?;
        self.hear()
    }
}

/// Reads until there is a whole record; where it ends.
fn fill(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<usize> {
    loop {
        if let Some(record) = deframe(received).ok()? {
            return Some(record.end);
        }
        let mut bytes = [0; 512];
        let count = stream.read(&mut bytes).ok().filter(|count| *count > 0)?;
        received.extend_from_slice(&bytes[..count]);
    }
}
