//! A link against a small centre that does what centres do: answers, or not; throttles, refuses, sends
//! garbage, cuts the link. Whatever happens, every text has exactly one result.

use rustc_hash::FxHashMap;

use super::*;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn index(&mut self, sides: u64) -> usize {
        usize::try_from(self.roll(sides)).unwrap()
    }

    fn octet(&mut self) -> u8 {
        u8::try_from(self.roll(256)).unwrap()
    }
}

/// What the centre does with a PDU of the link.
fn serve(rig: &mut Rig, dice: &mut Dice, calm: bool) {
    for index in 0..2 {
        for sent in rig.take(index) {
            let pdu = sent.pdu();
            let (command, sequence) = (pdu.body.command(), pdu.sequence);
            if command.is_response() {
                continue;
            }
            assert!((1..=0x7FFF_FFFF).contains(&sequence));
            let status = match dice.roll(20) {
                _ if calm => CommandStatus::OK,
                0 | 1 => continue,
                2 | 3 if command == CommandId::SUBMIT_SM => CommandStatus::THROTTLED,
                4 if command == CommandId::SUBMIT_SM => CommandStatus::QUEUE_FULL,
                5 => CommandStatus::SUBMIT_FAILED,
                6 => CommandStatus(0x4FF),
                7 => {
                    rig.answer(
                        index,
                        CommandId::GENERIC_NACK,
                        CommandStatus::SYSTEM_ERROR,
                        sequence,
                    );
                    continue;
                }
                _ => CommandStatus::OK,
            };
            rig.answer(index, command.response(), status, sequence);
            if dice.roll(10) == 0 && !calm {
                rig.answer(index, command.response(), status, sequence);
            }
        }
    }
}

fn step(rig: &mut Rig, dice: &mut Dice, open: &mut FxHashMap<u64, Moment>, at: &DialogAddress) {
    match dice.roll(12) {
        0..=4 => {
            let kind = [SayKind::Continue, SayKind::End, SayKind::Notify][dice.index(3)];
            let by = rig.now.after(Span::ms(dice.roll(15_000)));
            let ticket = rig.say_by(at, kind, "1. Airtime", by);
            open.insert(ticket, by);
        }
        5 | 6 => {
            let session = [dice.octet(), dice.octet()];
            let op = [[1, 0x12, 0x81, 0x13][dice.index(4)]];
            let tlvs =
                [Tlv::new(Tag::USSD_SERVICE_OP, &op), Tlv::new(Tag::ITS_SESSION_INFO, &session)];
            let pdu =
                Pdu { tlvs: Tlvs::list(&tlvs), ..Pdu::new(1, Body::DeliverSm(message(b"1"))) };
            rig.receive_pdu(0, &pdu);
        }
        7 if dice.roll(4) == 0 => {
            let garbage: Vec<u8> = (0..dice.roll(40)).map(|_| dice.octet()).collect();
            rig.receive(0, &garbage);
        }
        8 if dice.roll(4) == 0 => {
            let index = dice.index(2);
            if let Some(connection) = rig.open[index].take() {
                rig.sent[index].clear();
                rig.handle(Input::Lost(connection));
            }
        }
        _ => rig.pass(Span::ms(dice.roll(3_000))),
    }
}

#[test]
fn whatever_a_centre_does_every_text_has_exactly_one_result() {
    let mut seen = [0; 9];
    for seed in 1..=60_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let bind = if seed % 3 == 0 { BindAs::Pair } else { BindAs::Transceiver };
        let window = 1 + dice.index(8);
        let per_second = [0, 5, 50][dice.index(3)];
        let mut rig = Rig::unbound(SmppConfig { bind, window, per_second, ..config("standard") });
        let (at, mut open) = (anywhere(), FxHashMap::default());
        let mut is_ready = false;
        for round in 0..600 {
            let calm = round >= 500;
            if calm {
                rig.pass(Span::s(1));
            } else {
                step(&mut rig, &mut dice, &mut open, &at);
            }
            while let Some(connection) = rig.wanted.pop() {
                match dice.roll(6) {
                    0 if !calm => rig.handle(Input::Lost(connection)),
                    _ => rig.connect(connection),
                }
            }
            serve(&mut rig, &mut dice, calm);
            assert!(rig.link.status().in_flight <= window, "seed {seed}");
            while let Some(report) = rig.reports.pop_front() {
                match report {
                    Report::Said(ticket, _) => {
                        assert!(open.remove(&ticket).is_some(), "seed {seed}: {ticket} twice");
                    }
                    Report::Ready | Report::Lost => {
                        assert_ne!(is_ready, report == Report::Ready, "seed {seed}: in turn");
                        is_ready = report == Report::Ready;
                    }
                    _ => assert!(is_ready, "seed {seed}: a dialog of a link that is lost"),
                }
            }
            let overdue = open.values().filter(|by| by.after(Span::s(11)) < rig.now).count();
            assert_eq!(overdue, 0, "seed {seed}, round {round}");
        }
        assert!(open.is_empty(), "seed {seed}: {open:?}");
        assert!(rig.link.is_ready(), "seed {seed}: {:?}", rig.link.status());
        let stats = rig.link.status().stats;
        let refused: u64 = stats.refused.rows().map(|(_, count)| count).sum();
        let counts = [
            stats.accepted,
            stats.throttled,
            stats.late,
            stats.unknown,
            stats.unparsable,
            stats.unmatched,
            stats.aborts,
            stats.begins,
            refused,
        ];
        seen.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
        rig.handle(Input::Drain);
        for _ in 0..3 {
            serve(&mut rig, &mut dice, true);
            rig.pass(Span::s(3));
        }
        assert!(rig.link.is_drained(), "seed {seed}");
    }
    assert!(seen.iter().all(|count| *count > 100), "the walk has come everywhere: {seen:?}");
}
