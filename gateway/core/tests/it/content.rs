//! What makes two requests the same one: the values of their fields, not the bytes that carry them.

use crate::support;

use crate::support::{Rig, answer, reversal, top_up_sale, voucher_sale};
use ring::digest::{SHA256, digest};
use tillgate_codec::link::message::{
    BusinessDate, GatewayMessage, Lookup, Reversal, Sale, Settle, TerminalMessage, Totals,
};
use tillgate_store_core::{Command, Store};

/// The body of a message with its fields turned round, and one of a later version before them.
fn reordered(message: &TerminalMessage<'_>, extension: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    message.encode(&mut body);
    let (head, mut rest) = body.split_first().unwrap();
    let mut fields = Vec::new();
    while let [_, length, ..] = rest {
        let (field, after) = rest.split_at(2 + usize::from(*length));
        fields.push(field);
        rest = after;
    }
    fields.reverse();
    [&[*head], extension, &fields.concat()].concat()
}

/// Tag e0 is never given out: firmware may use it for itself.
const EXTENSION: &[u8] = &[0xE0, 3, 1, 2, 3];

fn settle(stan: u32) -> Settle {
    let date = voucher_sale(1).date;
    let totals = Totals { sales_count: 1, sales_minor: 5_000, ..Totals::default() };
    Settle { stan, date, settled_date: date, currency: support::KES, totals }
}

#[test]
fn a_request_that_a_firmware_update_reorders_or_extends_is_still_the_same_request() {
    let mut rig = Rig::new();
    for message in [
        TerminalMessage::Sale(voucher_sale(1)),
        reversal(2, 77),
        TerminalMessage::Settle(settle(3)),
    ] {
        rig.ask(100, &message);
        let first = rig.reply_bytes();
        for extension in [&[][..], EXTENSION] {
            rig.ask_bytes(100, &reordered(&message, extension));
            assert_eq!(rig.reply_bytes(), first, "{message:?}");
        }
    }
}

#[test]
fn a_default_that_is_written_out_makes_no_other_request() {
    let mut rig = Rig::new();
    let mut body = Vec::new();
    TerminalMessage::Sale(voucher_sale(1)).encode(&mut body);
    rig.ask_bytes(100, &body);
    let first = rig.reply_bytes();
    body.extend_from_slice(&[0x09, 0]);
    rig.ask_bytes(100, &body);
    assert_eq!(rig.reply_bytes(), first, "an empty subscriber is no subscriber");
}

#[test]
fn a_lookup_is_answered_each_time_and_leaves_no_row() {
    let mut rig = Rig::new();
    let before = *rig.book.head();
    let lookup = Lookup { date: voucher_sale(1).date, stan: 1, ..Lookup::SAMPLE };
    for _ in 0..2 {
        rig.ask(100, &TerminalMessage::Lookup(lookup));
        let body = rig.reply_bytes();
        let GatewayMessage::Found(found) = GatewayMessage::decode(&body).unwrap() else {
            panic!("not the answer to a lookup: {body:02x?}")
        };
        assert_eq!((found.stan, found.date), (lookup.stan, lookup.date));
    }
    assert_eq!(*rig.book.head(), before, "no row was written");
    assert_eq!(rig.code(100, &voucher_sale(1)), "00", "the STAN was not used up");
}

#[test]
fn a_request_with_another_value_in_any_field_is_another_request() {
    let base = Sale { subscriber: "254700000001", ..top_up_sale(1) };
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Sale(base));
    rig.approve(support::top_up_key(1));
    rig.reply_bytes();
    for other in [
        Sale { service: 21, ..base },
        Sale { product: 1, ..base },
        Sale { amount_minor: 2_501, ..base },
        Sale { currency: 978, ..base },
        Sale { subscriber: "254700000002", ..base },
        Sale { token: 7, ..base },
        Sale { fee_minor: 50, ..base },
    ] {
        assert_eq!(rig.code(100, &other), "94", "{other:?}");
    }
    let TerminalMessage::Reversal(base) = reversal(2, 77) else {
        unreachable!("it makes reversals")
    };
    rig.ask(100, &TerminalMessage::Reversal(base));
    assert_eq!(rig.reply_code(), "00");
    let yesterday = BusinessDate(base.original_date.0 - 1);
    for other in [
        Reversal { original_stan: 78, ..base },
        Reversal { original_date: yesterday, ..base },
        Reversal { amount_minor: 1, ..base },
        Reversal { reason: Reversal::PRINTER, ..base },
    ] {
        rig.ask(100, &TerminalMessage::Reversal(other));
        assert_eq!(rig.reply_code(), "94", "{other:?}");
    }
    let base = settle(3);
    rig.ask(100, &TerminalMessage::Settle(base));
    rig.reply_bytes();
    for totals in [
        Totals { sales_count: 2, ..base.totals },
        Totals { sales_minor: 1, ..base.totals },
        Totals { reversals_count: 1, ..base.totals },
        Totals { reversals_minor: 1, ..base.totals },
    ] {
        rig.ask(100, &TerminalMessage::Settle(Settle { totals, ..base }));
        let body = rig.reply_bytes();
        let GatewayMessage::Settled(settled) = GatewayMessage::decode(&body).unwrap() else {
            panic!("not a settled: {body:02x?}")
        };
        assert_eq!(settled.code.to_string(), "94", "{totals:?}");
    }
}

/// Builds up to 0.1.0 wrote a digest of the body's bytes into the row.
#[test]
fn a_retry_across_the_upgrade_gets_the_answer_of_a_row_that_an_older_build_wrote() {
    let mut rig = Rig::new();
    let body = reordered(&TerminalMessage::Sale(voucher_sale(1)), EXTENSION);
    let mut begin = match rig.worked_bytes(100, &body) {
        tillgate_core::processing::Processed::Ask(ask) => match ask.asked {
            tillgate_core::transaction::Asked::Sale { begin, .. } => begin,
            _ => panic!("not a sale"),
        },
        tillgate_core::processing::Processed::Reply(_) => panic!("refused on arrival"),
    };
    let of_bytes: [u8; 16] = digest(&SHA256, &body).as_ref()[..16].try_into().unwrap();
    begin.digest = of_bytes.into();
    let mut outcomes = Vec::new();
    rig.book.commit(&mut vec![Command::Begin(begin)], &mut outcomes).unwrap();
    rig.ask_bytes(100, &body);
    let again = rig.reply_bytes();
    assert!(answer(&again).code.is_approved());
    assert!(answer(&again).voucher.is_some());
    assert_eq!(rig.code(100, &Sale { product: 3, amount_minor: 100, ..voucher_sale(1) }), "94");
}

#[test]
fn a_request_without_a_number_is_not_understood() {
    let mut rig = Rig::new();
    assert_eq!(rig.code(100, &voucher_sale(0)), "30");
    rig.ask(100, &reversal(0, 1));
    assert_eq!(rig.reply_code(), "30");
    rig.ask(100, &reversal(2, 0));
    assert_eq!(rig.reply_code(), "30");
    assert!(rig.row_if_any(0).is_none() && rig.row_if_any(2).is_none());
}
