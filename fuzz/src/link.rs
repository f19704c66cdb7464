//! The terminal link: records, channel, bodies.

use tillgate_codec::limits::{BODY_BYTES_MAX, PAYLOAD_BYTES_MAX};
use tillgate_codec::link::channel::{
    Channel, ChannelError, HELLO_BYTES, HELLO_OFFER_BYTES, Hello, Initiator, NOISE_MESSAGE_BYTES,
    Psk, StaticSecret, Suite, Versions, accept_speaking,
};
use tillgate_codec::link::message::{GatewayMessage, Outline, TerminalMessage};
use tillgate_codec::link::record::{HEADER_BYTES, RecordError, RecordType, Refusal, deframe};

/// Operations of [`link_channel`] in one run; more of them find nothing new and cost time.
const OPERATIONS_MAX: usize = 32;

/// Bytes of a reply that says which version was chosen.
const CHOICE_BYTES: usize = NOISE_MESSAGE_BYTES + 1;

/// A stream gives the same records and the same end however it is split.
///
/// The first byte says how long the pieces are; the rest is the stream.
pub fn link_deframe(data: &[u8]) {
    let Some((&size, stream)) = data.split_first() else {
        return;
    };
    let whole = cut(stream, stream.len().max(1));
    assert_eq!(cut(stream, usize::from(size).max(1)), whole);
    for (_, payload) in &whole.0 {
        assert!(payload.len() <= PAYLOAD_BYTES_MAX);
        if let Ok(refusal) = Refusal::decode(payload) {
            let mut again = Vec::new();
            refusal.encode(&mut again);
            assert_eq!(&again[HEADER_BYTES..], payload);
        }
    }
}

type Cut = (Vec<(RecordType, Vec<u8>)>, Result<usize, RecordError>);

/// The records of a stream that arrives in pieces, and the bytes left over or the error.
fn cut(stream: &[u8], piece_bytes: usize) -> Cut {
    let mut kept = Vec::new();
    let mut records = Vec::new();
    for piece in stream.chunks(piece_bytes) {
        kept.extend_from_slice(piece);
        loop {
            match deframe(&kept) {
                Ok(Some(record)) => {
                    records.push((record.kind, kept[record.range].to_vec()));
                    kept.drain(..record.end);
                }
                Ok(None) => break,
                Err(error) => return (records, Err(error)),
            }
        }
    }
    (records, Ok(kept.len()))
}

/// A body that can be read is written and read again as the same message, never longer than before;
/// its fields turned round are the same request, and its outline is what it says.
pub fn link_body(data: &[u8]) {
    let mut again = Vec::new();
    let outline = Outline::of(data);
    assert_eq!(outline.message_type, data.first().copied());
    match TerminalMessage::decode(data) {
        Ok(message) => {
            message.encode(&mut again);
            assert_eq!(TerminalMessage::decode(&again), Ok(message));
            assert!(again.len() <= data.len());
            let turned = turned_round(data);
            assert_eq!(TerminalMessage::decode(&turned), Ok(message));
            assert_eq!(Outline::of(&turned), outline);
            if let Some((form, stan)) = canonical(&message) {
                assert_eq!(form, again);
                assert_eq!(outline.stan, Some(stan));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty() && error.offset <= data.len()),
    }
    again.clear();
    match GatewayMessage::decode(data) {
        Ok(message) => {
            message.encode(&mut again);
            assert_eq!(GatewayMessage::decode(&again), Ok(message));
            assert!(again.len() <= data.len());
        }
        Err(error) => assert!(!error.to_string().is_empty() && error.offset <= data.len()),
    }
}

/// The canonical form of a request that has one, and its STAN.
fn canonical(message: &TerminalMessage<'_>) -> Option<(Vec<u8>, u32)> {
    let (form, stan) = match message {
        TerminalMessage::Sale(message) => (message.canonical(), message.stan),
        TerminalMessage::Reversal(message) => (message.canonical(), message.stan),
        TerminalMessage::Settle(message) => (message.canonical(), message.stan),
        _ => return None,
    };
    Some((form.as_bytes().to_vec(), stan))
}

/// A body that can be read, with its fields in the opposite order.
fn turned_round(body: &[u8]) -> Vec<u8> {
    let (head, mut rest) = body.split_at(1);
    let mut fields = Vec::new();
    // Bound: every field takes two bytes at least.
    while let [_, short, ..] = *rest {
        let length = match (short, rest) {
            (0xFF, [_, _, high, low, ..]) => 4 + usize::from(u16::from_be_bytes([*high, *low])),
            _ => 2 + usize::from(short),
        };
        let (field, after) = rest.split_at(length);
        fields.push(field);
        rest = after;
    }
    fields.reverse();
    [head, &fields.concat()].concat()
}

/// An established channel opens the records of its peer in their order, and nothing else.
///
/// The bytes are operations: what is put on the way from the terminal to the gateway.
///
/// ```text
/// 00 n        a genuine record with a body of n bytes, which must open
/// 01 n ...    n bytes as they are
/// 02 n ...    n bytes as the payload of a SEALED record
/// 03 at mask  the next genuine record, changed, before it comes unchanged
/// 04          the last genuine record again
/// ```
pub fn link_channel(data: &[u8]) {
    let mut way = Way::new(data);
    let mut rest = data;
    // Bound: OPERATIONS_MAX.
    for _ in 0..OPERATIONS_MAX {
        match *rest {
            [0x00, n, ref after @ ..] => {
                way.genuine(usize::from(n));
                rest = after;
            }
            [0x01, n, ref after @ ..] => {
                let (bytes, after) = after.split_at(usize::from(n).min(after.len()));
                way.refused(bytes);
                rest = after;
            }
            [0x02, n, ref after @ ..] => {
                let (bytes, after) = after.split_at(usize::from(n).min(after.len()));
                let length = u8::try_from(bytes.len()).expect("n is a byte");
                way.refused(&[&[RecordType::SEALED.0, 1, 0, length], bytes].concat());
                rest = after;
            }
            [0x03, at, mask, ref after @ ..] => {
                way.changed(usize::from(at), mask);
                rest = after;
            }
            [0x04, ref after @ ..] => {
                let last = way.last.clone();
                way.refused(&last);
                rest = after;
            }
            _ => break,
        }
    }
    way.genuine(BODY_BYTES_MAX);
}

/// The way from a terminal to its gateway.
struct Way {
    terminal: Channel,
    gateway: Channel,
    last: Vec<u8>,
}

impl Way {
    /// Shakes hands, with or without an offer of versions as the length of `data` says; `data` is
    /// also tried as a hello and as a reply, which must fail unless genuine.
    fn new(data: &[u8]) -> Self {
        let psk = Psk::new([1; 32]);
        let secret = StaticSecret::new([2; 32]);
        let offers = match data.len() {
            HELLO_OFFER_BYTES | CHOICE_BYTES => true,
            HELLO_BYTES | NOISE_MESSAGE_BYTES => false,
            length => length.is_multiple_of(2),
        };
        let offer = Versions { lowest: 1, highest: 3 };
        let start = |offers: bool, out: &mut Vec<u8>| {
            let (suite, entropy) = (Suite::NnPsk0, [3; 32]);
            let started = if offers {
                Initiator::offer(offer, suite, 7, 1, &psk, None, 1, entropy, out)
            } else {
                Initiator::start(suite, 7, 1, &psk, None, 1, entropy, out)
            };
            started.expect("sound keys")
        };
        let (mut hello, mut reply) = (Vec::new(), Vec::new());
        let initiator = start(offers, &mut hello);
        let answer = |payload: &[u8], out: &mut Vec<u8>| {
            let hello = Hello::decode(payload).ok()?;
            let spoken = Versions { lowest: 1, highest: 2 };
            accept_speaking(spoken, &hello, &psk, &secret, 0, [4; 32], out).ok()
        };
        let genuine = &hello[HEADER_BYTES..];
        // Both only for inputs of the right length: a handshake costs more than all the rest.
        if [HELLO_BYTES, HELLO_OFFER_BYTES].contains(&data.len()) {
            let is_genuine = [false, true].into_iter().any(|offers| {
                let mut hello = Vec::new();
                start(offers, &mut hello);
                data == &hello[HEADER_BYTES..]
            });
            assert_eq!(answer(data, &mut Vec::new()).is_some(), is_genuine);
        }
        let gateway = answer(genuine, &mut reply).expect("a genuine hello").channel;
        if [NOISE_MESSAGE_BYTES, CHOICE_BYTES].contains(&data.len()) {
            let finished = start(offers, &mut Vec::new()).finish(data);
            assert_eq!(finished.is_ok(), data == &reply[HEADER_BYTES..]);
        }
        let terminal = initiator.finish(&reply[HEADER_BYTES..]).expect("a genuine reply");
        assert_eq!(terminal.version(), if offers { 2 } else { 1 });
        assert_eq!(gateway.version(), terminal.version());
        Self { terminal, gateway, last: Vec::new() }
    }

    fn genuine(&mut self, length: usize) {
        self.last = self.seal(length);
        self.opens_last(length);
    }

    /// A genuine record that is changed on the way is refused, and then opens unchanged.
    fn changed(&mut self, at: usize, mask: u8) {
        let record = self.seal(usize::from(mask));
        let mut changed = record.clone();
        let at = at % changed.len();
        changed[at] ^= mask;
        if changed != record {
            self.refused(&changed);
        }
        self.last = record;
        self.opens_last(usize::from(mask));
    }

    fn seal(&mut self, length: usize) -> Vec<u8> {
        let mut record = Vec::new();
        self.terminal.seal(&vec![0xA5; length], &mut record).expect("a body within its bound");
        record
    }

    fn opens_last(&mut self, length: usize) {
        let mut record = self.last.clone();
        assert_eq!(self.gateway.open(&mut record), Ok(&vec![0xA5; length][..]));
    }

    fn refused(&mut self, record: &[u8]) {
        let found = self.gateway.open(&mut record.to_vec()).map(<[u8]>::to_vec);
        assert!(matches!(found, Err(ChannelError::NotSealed | ChannelError::Tag)), "{found:?}");
    }
}
