//! Float that one seller gives another, from body to body.

use crate::support::{KES, KIND, Rig, voucher_sale};
use tillgate_codec::link::message::{
    Answer, AnswerKind, GatewayMessage, TerminalMessage, Transfer,
};
use tillgate_core::limits::TransactionLimits;
use tillgate_store_core::{AccountId, Change, RegistryRecord, SellerId, Store, verify};

fn transfer(stan: u32, amount_minor: u64, seller: u32) -> TerminalMessage<'static> {
    let date = voucher_sale(1).date;
    TerminalMessage::Transfer(Transfer { stan, date, amount_minor, currency: KES, seller })
}

fn answer(body: &[u8]) -> Answer<'_> {
    match GatewayMessage::decode(body) {
        Ok(GatewayMessage::Answer(answer)) if answer.kind == AnswerKind::Transfer => answer,
        other => panic!("not the answer of a transfer: {other:?}"),
    }
}

/// Seller 5 has a float of 1,000.00 and a credit of 100.00, seller 6 nothing.
fn rig() -> Rig {
    let mut rig = Rig::with(TransactionLimits::default(), KIND);
    let other = tillgate_store_core::Seller { id: SellerId(6), ..crate::support::seller() };
    let records = vec![RegistryRecord::Seller(other)];
    rig.change(Change { records, ..Change::default() });
    rig
}

#[test]
fn a_transfer_moves_float_once_and_its_repeat_is_byte_identical() {
    let mut rig = rig();
    rig.ask(100, &transfer(9, 40_000, 6));
    let first = rig.reply_bytes();
    let told = answer(&first);
    assert_eq!((told.code.to_string().as_str(), told.amount_minor), ("00", 40_000));
    assert_eq!(told.balance_minor, Some(70_000));
    rig.ask(100, &transfer(9, 40_000, 6));
    assert_eq!(rig.reply_bytes(), first);
    let received = rig.book.account(&AccountId::float(SellerId(6), KES)).posted_minor;
    assert_eq!((rig.float().posted_minor, received), (60_000, 40_000));
    assert_eq!(verify(rig.book.backend()).unwrap().violations, []);
}

#[test]
fn a_transfer_that_is_not_allowed_moves_nothing() {
    let mut rig = rig();
    for (stan, amount_minor, seller, code) in
        [(9, 110_001, 6, "51"), (10, 0, 6, "13"), (11, 100, 5, "03"), (12, 100, 7, "03")]
    {
        rig.ask(100, &transfer(stan, amount_minor, seller));
        assert_eq!(answer(&rig.reply_bytes()).code.to_string(), code, "STAN {stan}");
    }
    assert_eq!(rig.float().posted_minor, 100_000);
}
