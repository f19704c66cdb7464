//! A terminal of the tests: a blocking socket and the link's own channel.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tillgate_codec::link::channel::{Channel, Initiator, Psk, Suite};
use tillgate_codec::link::message::{Answer, GatewayMessage, Logon, Sale, TerminalMessage};
use tillgate_codec::link::record::{Record, RecordType, Refusal, deframe};

use super::{PATIENCE, network};
use crate::entropy;

/// Handshake counters only ever rise, over all tills and restarts.
static COUNTER: AtomicU64 = AtomicU64::new(1);

pub(super) struct Till {
    pub(super) stream: TcpStream,
    channel: Channel,
    received: Vec<u8>,
}

/// What the gateway said instead of a hello reply.
#[derive(Debug)]
pub(super) enum NotConnected {
    Refused(Refusal),
    Closed,
}

impl Till {
    /// Connects, shakes hands and logs on.
    pub(super) fn connect(gateway: SocketAddr, terminal: u32) -> Self {
        let mut till = Self::try_connect(gateway, terminal).unwrap();
        till.log_on();
        till
    }

    pub(super) fn log_on(&mut self) {
        self.say(&TerminalMessage::Logon(Logon { firmware: "test 1", catalogue: 0, versions: 1 }));
        let welcome = self.hear().unwrap();
        assert!(matches!(GatewayMessage::decode(&welcome), Ok(GatewayMessage::Welcome(_))));
    }

    pub(super) fn try_connect(gateway: SocketAddr, terminal: u32) -> Result<Self, NotConnected> {
        let mut stream = open(gateway);
        let (initiator, hello) = hello(terminal);
        // A gateway that refuses on arrival may have closed before it hears the hello.
        drop(stream.write_all(&hello));
        let mut received = Vec::new();
        let Some(record) = next_record(&mut stream, &mut received) else {
            return Err(NotConnected::Closed);
        };
        let payload = received[record.range.clone()].to_vec();
        received.drain(..record.end);
        match record.kind {
            RecordType::HELLO_REPLY => {
                let channel = initiator.finish(&payload).unwrap();
                Ok(Self { stream, channel, received })
            }
            RecordType::REFUSAL => Err(NotConnected::Refused(Refusal::decode(&payload).unwrap())),
            other => panic!("not an answer to a hello: {other:?}"),
        }
    }

    pub(super) fn say(&mut self, message: &TerminalMessage<'_>) {
        self.try_say(message).unwrap();
    }

    pub(super) fn try_say(&mut self, message: &TerminalMessage<'_>) -> io::Result<()> {
        let (mut body, mut record) = (Vec::new(), Vec::new());
        message.encode(&mut body);
        self.channel.seal(&body, &mut record).unwrap();
        self.stream.write_all(&record)
    }

    /// The next body; `None` when the gateway has closed.
    pub(super) fn hear(&mut self) -> Option<Vec<u8>> {
        let record = next_record(&mut self.stream, &mut self.received)?;
        assert_eq!(record.kind, RecordType::SEALED);
        let body = self.channel.open(&mut self.received[..record.end]).unwrap().to_vec();
        self.received.drain(..record.end);
        Some(body)
    }

    /// Sells and gives back the body of the answer.
    pub(super) fn sell(&mut self, sale: &Sale<'_>) -> Vec<u8> {
        self.say(&TerminalMessage::Sale(*sale));
        self.hear().unwrap()
    }
}

/// A hello, and what finishes it.
pub(super) fn hello(terminal: u32) -> (Initiator, Vec<u8>) {
    let psk = Psk::new(network::psk(terminal));
    let counter = COUNTER.fetch_add(1, Ordering::Relaxed);
    let mut hello = Vec::new();
    let (suite, entropy) = (Suite::NnPsk0, entropy::bytes());
    let initiator =
        Initiator::start(suite, terminal, 1, &psk, None, counter, entropy, &mut hello).unwrap();
    (initiator, hello)
}

/// The answer in a body.
pub(super) fn answer(body: &[u8]) -> Answer<'_> {
    match GatewayMessage::decode(body).unwrap() {
        GatewayMessage::Answer(answer) => answer,
        other => panic!("not an answer: {other:?}"),
    }
}

pub(super) fn open(gateway: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(gateway).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads until the gateway closes; the bytes it sent before.
pub(super) fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
        Err(error) => panic!("not closed: {error}"),
    }
    said
}

fn next_record(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<Record> {
    loop {
        if let Some(record) = deframe(received).unwrap() {
            return Some(record);
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer) {
            Ok(0) => return None,
            Ok(length) => received.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("heard nothing: {error}"),
        }
    }
}
