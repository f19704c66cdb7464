//! A terminal's totals against the gateway's, from body to body.

use crate::support;

use crate::support::{KES, KIND, Rig, top_up_key, top_up_sale, voucher_sale};
use tillgate_codec::link::message::{
    GatewayMessage, Reversal, Sale, Settle, Settled, TerminalMessage, Totals,
};
use tillgate_core::limits::{SETTLEMENTS_PER_BATCH_MAX, TransactionLimits};
use tillgate_core::transaction::Input;
use tillgate_store_core::limits::SETTLED_ROWS_MAX;
use tillgate_store_core::{Change, Command, Store};

fn settle(stan: u32, totals: Totals) -> TerminalMessage<'static> {
    let (date, settled_date) = (voucher_sale(1).date, voucher_sale(1).date);
    TerminalMessage::Settle(Settle { stan, date, settled_date, currency: KES, totals })
}

fn settled(body: &[u8]) -> Settled<'_> {
    match GatewayMessage::decode(body) {
        Ok(GatewayMessage::Settled(settled)) => settled,
        other => panic!("not the answer of a settlement: {other:?}"),
    }
}

/// A voucher sold, another one taken back before it came, and a top-up in flight.
fn day() -> Rig {
    let mut rig = Rig::with(TransactionLimits::default(), KIND);
    rig.sell(100, &voucher_sale(1));
    let (date, original_date) = (voucher_sale(1).date, voucher_sale(1).date);
    let (amount_minor, reason) = (5_000, Reversal::CANCELLED);
    let (stan, original_stan) = (3, 2);
    let message = Reversal { stan, date, original_stan, original_date, amount_minor, reason };
    rig.ask(100, &TerminalMessage::Reversal(message));
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(4)));
    rig.replies.clear();
    rig
}

const TOTALS: Totals =
    Totals { sales_count: 1, sales_minor: 5_000, reversals_count: 1, reversals_minor: 5_000 };

#[test]
fn totals_that_agree_are_answered_00_and_the_repeat_is_byte_identical_also_after_a_restart() {
    let mut rig = day();
    rig.ask(100, &settle(9, TOTALS));
    let first = rig.reply_bytes();
    let answer = settled(&first);
    assert_eq!((answer.code.to_string().as_str(), answer.totals), ("00", TOTALS));
    assert_eq!((answer.open_count, answer.rrn.len()), (1, 12));
    rig.approve(top_up_key(4));
    rig.replies.clear();
    let mut rig = rig.restart();
    rig.ask(100, &settle(9, TOTALS));
    assert_eq!(rig.reply_bytes(), first, "what was counted then");
    let later = Totals { sales_count: 2, sales_minor: 7_500, ..TOTALS };
    rig.ask(100, &settle(9, later));
    let body = rig.reply_bytes();
    assert_eq!(settled(&body).code.to_string(), "94");
    rig.ask(100, &settle(10, later));
    let body = rig.reply_bytes();
    assert_eq!((settled(&body).code.to_string().as_str(), settled(&body).open_count), ("00", 0));
}

#[test]
fn totals_that_differ_are_answered_95_with_the_gateways_own() {
    let mut rig = day();
    rig.ask(100, &settle(9, Totals { sales_count: 2, ..TOTALS }));
    let body = rig.reply_bytes();
    assert_eq!((settled(&body).code.to_string().as_str(), settled(&body).totals), ("95", TOTALS));
    assert_eq!(rig.float().posted_minor, 95_000, "nothing is adjusted");
}

#[test]
fn a_settlement_that_is_refused_leaves_no_row() {
    let mut rig = day();
    let mut ahead = voucher_sale(1).date;
    ahead.0 += 2;
    let message = |stan, settled_date| {
        let (date, currency, totals) = (voucher_sale(1).date, KES, TOTALS);
        TerminalMessage::Settle(Settle { stan, date, settled_date, currency, totals })
    };
    for (stan, date, code) in [(9, ahead, "B1"), (0, voucher_sale(1).date, "30")] {
        rig.ask(100, &message(stan, date));
        let body = rig.reply_bytes();
        assert_eq!((settled(&body).code.to_string().as_str(), settled(&body).rrn), (code, ""));
    }
    assert_eq!(rig.book.transaction(&top_up_key(9)), Ok(None));
}

#[test]
fn a_day_too_long_to_count_is_declined_with_65_and_has_no_totals_at_all() {
    let mut rig = Rig::with(TransactionLimits::default(), KIND);
    let (mut totals, last) = (Totals::default(), u32::try_from(SETTLED_ROWS_MAX).unwrap());
    rig.change(Change { funds: vec![support::funding("more", 1_000_000)], ..Change::default() });
    for stan in 1..=last {
        let sale = Sale { amount_minor: 100, ..top_up_sale(stan) };
        rig.ask(100, &TerminalMessage::Sale(sale));
        rig.approve(top_up_key(stan));
        assert_eq!(rig.reply_code(), "00");
        totals.sales_count += 1;
        totals.sales_minor += sale.amount_minor;
    }
    rig.ask(100, &settle(last + 1, totals));
    let body = rig.reply_bytes();
    assert_eq!((settled(&body).code.to_string().as_str(), settled(&body).totals), ("00", totals));
    // That one has a row too.
    rig.ask(100, &settle(last + 2, totals));
    let first = rig.reply_bytes();
    let told = settled(&first);
    assert_eq!((told.code.to_string().as_str(), told.totals), ("65", Totals::default()));
    assert_eq!((told.open_count, told.rrn.len()), (0, 12));
    rig.ask(100, &settle(last + 2, totals));
    assert_eq!(rig.reply_bytes(), first, "the same again");
    let report = tillgate_store_core::verify::verify(rig.book.backend()).unwrap();
    assert!(report.holds(), "{:?}", report.violations);
}

#[test]
fn a_batch_counts_few_settlements_and_what_comes_behind_keeps_its_order() {
    let mut rig = Rig::with(TransactionLimits::default(), KIND);
    let most = u32::try_from(SETTLEMENTS_PER_BATCH_MAX).unwrap();
    let mut asks: Vec<TerminalMessage<'_>> =
        (1..=most + 1).map(|stan| settle(stan, Totals::default())).collect();
    asks.push(TerminalMessage::Sale(voucher_sale(most + 2)));
    for ask in &asks {
        let ask = Input::Ask(rig.verified(100, ask));
        rig.transactions.handle(rig.now, rig.wall, ask, &rig.book);
    }
    let (mut commands, mut outcomes) = (Vec::new(), Vec::new());
    assert!(rig.transactions.stage(&mut commands));
    assert_eq!(commands.len(), SETTLEMENTS_PER_BATCH_MAX);
    rig.book.commit(&mut commands, &mut outcomes).unwrap();
    rig.transactions.committed(rig.now, &mut outcomes);
    assert!(rig.transactions.stage(&mut commands));
    assert!(matches!(commands.as_slice(), [Command::Settle(_), Command::Begin(_)]));
    rig.book.commit(&mut commands, &mut outcomes).unwrap();
    rig.transactions.committed(rig.now, &mut outcomes);
    rig.run();
    assert_eq!(rig.replies.len(), asks.len());
    // Each settlement came before the only sale.
    let first = rig.body_of(&rig.replies[0]);
    let last = rig.body_of(&rig.replies[SETTLEMENTS_PER_BATCH_MAX]);
    for body in [first, last] {
        assert_eq!(settled(&body).code.to_string(), "00");
    }
}
