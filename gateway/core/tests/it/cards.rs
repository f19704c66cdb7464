//! Cards as accounts: the provider receives the number once; nothing that stays has it.

use std::ops::ControlFlow;

use tillgate_codec::link::message::{GatewayMessage, Lookup, Sale, TerminalMessage};
use tillgate_core::limits::TransactionLimits;
use tillgate_core::provider::{Bill, Capabilities, ProviderResult};
use tillgate_core::time::Span;
use tillgate_store_core as store;
use tillgate_store_core::{
    AccountField, AccountForm, AmountSource, Family, Fulfilment, MoneyFlow, ReadRows,
    RegistryRecord, Service, ServiceId, Store, Text,
};

use crate::support::{
    ABLE, BLIND, KES, KIND, REVERSIBLE, Rig, reversal, today, top_up_key, top_up_sale,
};

const CARDS: u16 = 40;
const CARD: &str = "4111111111111111";
const MASKED: &str = "411111******1111";

fn rig(capabilities: Capabilities, money: MoneyFlow) -> Rig {
    let mut rig = Rig::with(TransactionLimits::default(), capabilities);
    let service = Service {
        route: "topup".to_owned(),
        amount_min_minor: 100,
        amount_max_minor: 50_000,
        amount: AmountSource::Open,
        account: Some(AccountField::of(AccountForm::Card)),
        lookup: if capabilities.lookup { store::Lookup::Offered } else { store::Lookup::None },
        money,
        ..Service::new(ServiceId(CARDS), "cards", Fulfilment::Provider, KES)
    };
    let records = vec![RegistryRecord::Service(service)];
    let change = store::Change { at_ms: rig.wall.0, records, ..store::Change::default() };
    rig.change(change);
    rig
}

fn pay(stan: u32, card: &'static str) -> TerminalMessage<'static> {
    TerminalMessage::Sale(Sale { service: CARDS, subscriber: card, ..top_up_sale(stan) })
}

/// Whether anything that the store keeps has the number, as text.
fn keeps(rig: &Rig, number: &str) -> bool {
    let has = |bytes: &[u8]| bytes.windows(number.len()).any(|part| part == number.as_bytes());
    let mut found = false;
    for family in Family::ALL {
        let mut visit = |key: &[u8], value: &[u8]| {
            found |= has(key) || has(value);
            ControlFlow::Continue(())
        };
        rig.book.backend().scan(family, &[], &mut visit).unwrap();
    }
    found
}

#[test]
fn the_provider_receives_a_card_once_and_the_journal_has_it_masked() {
    for money in [MoneyFlow::Debit, MoneyFlow::Credit] {
        let mut rig = rig(ABLE, money);
        rig.ask(100, &pay(1, CARD));
        let order = rig.forwards.pop().expect("the order leaves");
        assert_eq!(&*order.subscriber, CARD);
        rig.approve(order.key);
        assert_eq!(rig.reply_code(), "00");
        let row = rig.book.transaction(&top_up_key(1)).unwrap().unwrap();
        assert_eq!((&*row.subscriber, row.terms.masked), (MASKED, true));
        // Again by the same number: the same answer, and nothing leaves.
        rig.ask(100, &pay(1, CARD));
        assert_eq!((rig.reply_code(), rig.forwards.len()), ("00".to_owned(), 0));
        rig.ask(100, &reversal(2, 1));
        let back = rig.reversals.pop().expect("it is taken back");
        assert_eq!(&*back.subscriber, MASKED);
        assert!(!keeps(&rig, CARD) && !keeps(&rig, &CARD[6..]));
    }
}

#[test]
fn an_order_with_a_card_never_goes_out_again() {
    // Whatever the provider can do: the number is not there any more.
    for (capabilities, asks) in [(KIND, true), (REVERSIBLE, false)] {
        let mut rig = rig(capabilities, MoneyFlow::Debit);
        rig.ask(100, &pay(1, CARD));
        let order = rig.forwards.pop().expect("the order leaves");
        rig.found(order.key, ProviderResult::UNKNOWN);
        rig.pass(Span::s(2));
        assert_eq!(rig.forwards.len(), 0, "{capabilities:?}");
        assert_eq!(rig.inquiries.is_empty(), !asks);
        assert_eq!(rig.reversals.is_empty(), asks);
        if let Some(inquiry) = rig.inquiries.pop() {
            rig.found(inquiry.key, ProviderResult::NotFound { attempt: inquiry.attempt });
            rig.pass(Span::s(300));
            assert_eq!(rig.forwards.len(), 0, "also where it was never seen");
        }
    }
    let idempotent = Capabilities { idempotent: true, ..BLIND };
    let mut rig = rig(idempotent, MoneyFlow::Debit);
    rig.ask(100, &pay(1, CARD));
    let order = rig.forwards.pop().expect("the order leaves");
    rig.found(order.key, ProviderResult::UNKNOWN);
    let mut rig = rig.restart();
    rig.pass(Span::s(300));
    assert_eq!(rig.forwards.len(), 0, "nor after a restart");
    let row = rig.book.transaction(&top_up_key(1)).unwrap().unwrap();
    assert_eq!(row.owes(), Some(store::FollowUp::Operator));
}

#[test]
fn a_card_that_is_none_is_refused_and_nothing_of_it_is_kept() {
    let mut rig = rig(KIND, MoneyFlow::Debit);
    for (stan, card) in [(1, "4111111111111112"), (2, "411111111111"), (3, "4111-1111-1111-1111")] {
        rig.ask(100, &pay(stan, card));
        assert_eq!(rig.reply_code(), "14", "{card}");
        assert!(!keeps(&rig, card), "{card}");
    }
}

#[test]
fn a_card_is_looked_up_by_its_number_and_pays_by_the_token() {
    let mut rig = rig(Capabilities { lookup: true, ..ABLE }, MoneyFlow::Debit);
    let (service, product, amount_minor) = (CARDS, 0, 2_500);
    let date = today();
    let lookup = Lookup { stan: 1, date, service, product, amount_minor, subscriber: CARD };
    rig.ask(100, &TerminalMessage::Lookup(lookup));
    let asked = rig.lookups.pop().expect("the provider is asked");
    assert_eq!(&*asked.subscriber, CARD);
    let bill = Bill {
        reference: Text::from("C-1").unwrap(),
        amount_minor: 2_500,
        amount_range_minor: (0, 0),
        name: Text::from("A. Holder").unwrap(),
        text: Text::new(),
    };
    rig.found(asked.key, ProviderResult::Lookup(Ok(Box::new(bill))));
    let body = rig.reply_bytes();
    let GatewayMessage::Found(shown) = GatewayMessage::decode(&body).unwrap() else { panic!() };
    let pays = |stan, card| {
        let token = shown.token;
        TerminalMessage::Sale(Sale { service, subscriber: card, token, ..top_up_sale(stan) })
    };
    rig.ask(100, &pays(2, "4012888888881881"));
    assert_eq!(rig.reply_code(), "L2", "another card");
    rig.ask(100, &pays(3, CARD));
    let order = rig.forwards.pop().expect("the order leaves");
    assert_eq!((&*order.lookup, &*order.subscriber), ("C-1", CARD));
    assert!(!keeps(&rig, CARD));
}
