//! Many at once: nothing blocks anything else, and nothing grows without bound.

use crate::support::{KIND, Rig, bridge, found, top_up_key, top_up_sale, top_ups, voucher_sale};
use tillgate_codec::link::message::{Sale, TerminalMessage};
use tillgate_core::limits::TransactionLimits;
use tillgate_core::provider::{Capabilities, ProviderResult};
use tillgate_core::time::Span;
use tillgate_core::transaction::ControlOrder;
use tillgate_store_core::{
    Change, ProviderOutcome, RegistryRecord, Resolution, Service, ServiceId, State,
};

/// A second top-up service, through the bridge "other".
const OTHER: u16 = 21;

fn two(limits: TransactionLimits, capabilities: Capabilities) -> Rig {
    let bridges = vec![bridge("topup", capabilities), bridge("other", capabilities)];
    let mut rig = Rig::over(limits, bridges);
    let id = ServiceId(OTHER);
    let other = Service { id, route: "other".to_owned(), ..top_ups() };
    let records = vec![RegistryRecord::Service(other)];
    rig.change(Change { records, ..Change::default() });
    rig
}

fn small(stan: u32) -> Sale<'static> {
    Sale { amount_minor: 100, ..top_up_sale(stan) }
}

/// So many small top-ups whose provider was silent.
fn leave_open(rig: &mut Rig, count: u32) {
    for stan in 1..=count {
        rig.ask(100, &TerminalMessage::Sale(small(stan)));
        rig.found(top_up_key(stan), found(ProviderOutcome::Unknown));
    }
}

#[test]
fn a_provider_that_is_dead_does_not_keep_others_from_being_asked() {
    let limits = TransactionLimits { inquiries_max: 2, ..TransactionLimits::default() };
    let mut rig = two(limits, KIND);
    leave_open(&mut rig, 8);
    rig.pass(Span::s(1));
    assert_eq!(rig.inquiries.len(), 2, "its own questions wait for each other");
    rig.ask(100, &TerminalMessage::Sale(Sale { service: OTHER, ..small(20) }));
    rig.found(top_up_key(20), found(ProviderOutcome::Unknown));
    rig.pass(Span::s(1));
    assert_eq!(rig.inquiries.pop().map(|order| order.key), Some(top_up_key(20)));
    // As the two answer, the next of the same bridge go out: the places are not lost.
    for _ in 0..8 {
        let order = rig.inquiries.remove(0);
        rig.approve(order.key);
    }
    assert!(rig.inquiries.is_empty());
    assert_eq!(rig.transactions.pending(), 1);
}

#[test]
fn the_place_of_a_question_is_free_again_when_a_person_answers_it() {
    let limits = TransactionLimits { inquiries_max: 1, ..TransactionLimits::default() };
    let mut rig = two(limits, KIND);
    leave_open(&mut rig, 2);
    rig.pass(Span::s(1));
    let [asked] = rig.inquiries[..] else { panic!("one question at a time") };
    let (verdict, note) = (Resolution::Approved, String::new());
    rig.control(ControlOrder::Resolve { key: asked.key, verdict, note });
    assert_eq!(rig.inquiries.len(), 2, "the other one is asked");
}

#[test]
fn a_provider_that_is_dead_does_not_use_up_what_may_be_pending() {
    let limits = TransactionLimits { pending_max: 8, ..TransactionLimits::default() };
    let mut rig = two(limits, KIND);
    leave_open(&mut rig, 4);
    assert_eq!(rig.code(100, &small(5)), "91");
    rig.ask(100, &TerminalMessage::Sale(Sale { service: OTHER, ..small(6) }));
    assert_eq!(rig.forwards.last().map(|order| order.key), Some(top_up_key(6)));
    assert_eq!(rig.code(100, &voucher_sale(7)), "00", "vouchers wait for nobody");
}

#[test]
fn a_long_list_at_the_start_counts_into_the_room_and_does_not_flood_the_provider() {
    const OPEN: u32 = 900;
    let limits = TransactionLimits { pending_max: 1_000, ..TransactionLimits::default() };
    let mut rig = Rig::with(limits, KIND);
    for stan in 1..=OPEN {
        rig.ask(100, &TerminalMessage::Sale(Sale { amount_minor: 100, ..top_up_sale(stan) }));
    }
    rig.limits = TransactionLimits { pending_max: 10, ..limits };
    let mut rig = rig.restart();
    assert_eq!(rig.transactions.pending(), usize::try_from(OPEN).unwrap_or(0));
    rig.ask(101, &TerminalMessage::Sale(small(1)));
    assert_eq!(rig.reply_code(), "91", "what was open before counts");
    let mut asked = 0;
    for _ in 0..200 {
        rig.pass(Span::s(1));
        assert!(rig.inquiries.len() <= 64, "{} questions at once", rig.inquiries.len());
        for order in std::mem::take(&mut rig.inquiries) {
            asked += 1;
            rig.found(order.key, ProviderResult::Outcome(ProviderOutcome::NotSent { code: BUSY }));
        }
        for order in std::mem::take(&mut rig.inquiries) {
            rig.approve(order.key);
        }
    }
    assert!(asked > 0);
    for stan in 1..=OPEN {
        rig.approve(top_up_key(stan));
        assert_eq!(rig.row(stan).state, State::Approved);
    }
    assert_eq!(rig.transactions.pending(), 0);
    rig.ask(101, &TerminalMessage::Sale(small(2)));
    assert_eq!(rig.forwards.len(), 1, "there is room again");
}

const BUSY: tillgate_types::ResponseCode = tillgate_types::ResponseCode::PROVIDER_UNAVAILABLE;
