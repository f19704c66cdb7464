//! Both ends of a handshake, with keys that count up so that the page can show them.

use ring::hmac;
use tillgate_codec::link::channel::{
    Accepted, Channel, HandshakeError, Hello, Initiator, Psk, StaticSecret, Suite, Versions,
    accept, accept_speaking,
};
use tillgate_codec::link::record::{RecordType, deframe};

/// What both ends of a handshake bring along.
pub(crate) struct Ends {
    /// Pattern.
    pub(crate) suite: Suite,
    /// Terminal id.
    pub(crate) terminal: u32,
    /// Key id.
    pub(crate) key_id: u8,
    /// The terminal's key.
    pub(crate) psk: Psk,
    /// The gateway's key.
    pub(crate) secret: StaticSecret,
    /// Handshake counter of the terminal.
    pub(crate) counter: u64,
    /// The terminal's ephemeral key.
    pub(crate) entropy_terminal: [u8; 32],
    /// The gateway's ephemeral key.
    pub(crate) entropy_gateway: [u8; 32],
}

/// 32 bytes that count up from `first`.
pub(crate) fn counting(first: u8) -> [u8; 32] {
    let mut bytes = [first; 32];
    for index in 1..bytes.len() {
        bytes[index] = bytes[index - 1].wrapping_add(1);
    }
    bytes
}

/// The ends of the worked example in `docs/wire.md`.
pub(crate) fn ends(suite: Suite) -> Ends {
    Ends {
        suite,
        terminal: 70_042,
        key_id: 1,
        psk: Psk::new(counting(0x00)),
        secret: StaticSecret::new(counting(0x20)),
        counter: 258,
        entropy_terminal: counting(0x40),
        entropy_gateway: counting(0x60),
    }
}

impl Ends {
    /// Starts the terminal's side; gives the HELLO record with it.
    pub(crate) fn start(&self) -> (Initiator, Vec<u8>) {
        let mut record = Vec::new();
        let initiator = Initiator::start(
            self.suite,
            self.terminal,
            self.key_id,
            &self.psk,
            Some(&self.secret.public()),
            self.counter,
            self.entropy_terminal,
            &mut record,
        );
        (initiator.expect("our own keys are sound"), record)
    }

    /// As [`Self::start`], offering versions.
    pub(crate) fn start_offering(&self, offer: Versions) -> (Initiator, Vec<u8>) {
        let mut record = Vec::new();
        let initiator = Initiator::offer(
            offer,
            self.suite,
            self.terminal,
            self.key_id,
            &self.psk,
            Some(&self.secret.public()),
            self.counter,
            self.entropy_terminal,
            &mut record,
        );
        (initiator.expect("our own keys and a range"), record)
    }

    /// As [`Self::accept`], by a gateway that speaks these versions.
    pub(crate) fn accept_speaking(
        &self,
        spoken: Versions,
        record: &[u8],
    ) -> Result<(Accepted, Vec<u8>), HandshakeError> {
        let hello = Hello::decode(payload(RecordType::HELLO, record)).expect("it is a hello");
        let (high, entropy) = (self.counter - 1, self.entropy_gateway);
        let mut reply = Vec::new();
        let accepted =
            accept_speaking(spoken, &hello, &self.psk, &self.secret, high, entropy, &mut reply);
        assert_eq!(accepted.is_err(), reply.is_empty(), "an error appends nothing");
        accepted.map(|accepted| (accepted, reply))
    }

    /// Lets the gateway's side read a HELLO record; gives the HELLO_REPLY record with it.
    pub(crate) fn accept(&self, record: &[u8]) -> Result<(Accepted, Vec<u8>), HandshakeError> {
        self.accept_above(self.counter - 1, record)
    }

    /// As [`Self::accept`], with that highest counter so far.
    pub(crate) fn accept_above(
        &self,
        high: u64,
        record: &[u8],
    ) -> Result<(Accepted, Vec<u8>), HandshakeError> {
        let hello = Hello::decode(payload(RecordType::HELLO, record)).expect("it is a hello");
        let mut reply = Vec::new();
        let accepted =
            accept(&hello, &self.psk, &self.secret, high, self.entropy_gateway, &mut reply);
        assert_eq!(accepted.is_err(), reply.is_empty(), "an error appends nothing");
        accepted.map(|accepted| (accepted, reply))
    }

    /// Both ends of a channel: terminal's, gateway's.
    pub(crate) fn channels(&self) -> (Channel, Channel) {
        let (initiator, hello) = self.start();
        let (accepted, reply) = self.accept(&hello).expect("the keys are the same");
        let terminal = initiator.finish(payload(RecordType::HELLO_REPLY, &reply));
        (terminal.expect("the keys are the same"), accepted.channel)
    }
}

/// The MAC of a hello, from the page and not by the code under test: clear part, Noise message.
pub(crate) fn mac_of(psk: &[u8], clear: &[u8], noise: &[u8]) -> ([u8; 32], [u8; 16]) {
    let key = |bytes: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, bytes);
    let derived = hmac::sign(&key(psk), b"tillgate link 1 hello");
    let mac = hmac::sign(&key(derived.as_ref()), &[clear, noise].concat());
    let derived = derived.as_ref().try_into().expect("SHA-256 gives 32 bytes");
    (derived, mac.as_ref()[..16].try_into().expect("it has 32"))
}

/// A HELLO record that was changed, signed again as somebody who holds the key could.
pub(crate) fn signed(ends: &Ends, mut record: Vec<u8>) -> Vec<u8> {
    let noise = record.len() - 48;
    let (clear, mac) = (4..noise - 16, noise - 16..noise);
    let (_, found) = mac_of(ends.psk.bytes(), &record[clear], &record[noise..]);
    record[mac].copy_from_slice(&found);
    record
}

/// The payload of the one record in `bytes`.
pub(crate) fn payload(kind: RecordType, bytes: &[u8]) -> &[u8] {
    let record = deframe(bytes).expect("our own record").expect("a whole record");
    assert_eq!((record.kind, record.end), (kind, bytes.len()));
    &bytes[record.range]
}

/// `body`, sealed into a whole record.
pub(crate) fn sealed(channel: &mut Channel, body: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    channel.seal(body, &mut record).expect("a short body");
    record
}
