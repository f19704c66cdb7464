//! The channel: what it carries, and everything that it must refuse.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use tillgate_codec::link::channel::{Channel, Hello, Initiator, Psk, StaticSecret, Suite, accept};
use tillgate_codec::link::record::{RecordType, deframe};

fn pair(suite: Suite) -> (Channel, Channel) {
    let psk = Psk::new([7; 32]);
    let secret = StaticSecret::new([9; 32]);
    let mut up = Vec::new();
    let initiator = Initiator::start(
        suite,
        42,
        1,
        &psk,
        Some(&secret.public()),
        5,
        [1; 32],
        &mut up,
    )
    .unwrap();
    let record = deframe(&up).unwrap().unwrap();
    assert_eq!((record.kind, record.end), (RecordType::HELLO, up.len()));
    let hello = Hello::decode(&up[record.range]).unwrap();
    let mut down = Vec::new();
    let accepted = accept(&hello, &psk, &secret, 4, [2; 32], &mut down).unwrap();
    assert_eq!(accepted.counter, 5);
    let record = deframe(&down).unwrap().unwrap();
    assert_eq!(
        (record.kind, record.end),
        (RecordType::HELLO_REPLY, down.len())
    );
    (
        initiator.finish(&down[record.range]).unwrap(),
        accepted.channel,
    )
}

#[test]
fn both_suites_carry_bodies_both_ways() {
    for suite in [Suite::NkPsk0, Suite::NnPsk0] {
        let (mut terminal, mut gateway) = pair(suite);
        for round in 0..3_u8 {
            let mut record = Vec::new();
            terminal.seal(&[round; 9], &mut record).unwrap();
            assert_eq!(gateway.open(&mut record).unwrap(), [round; 9]);
            record.clear();
            gateway.seal(&[], &mut record).unwrap();
            assert_eq!(terminal.open(&mut record).unwrap(), []);
        }
    }
}
