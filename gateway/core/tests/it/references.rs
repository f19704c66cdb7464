//! What a provider calls an order: its first word is booked, another one is a person's to look
//! into.

use crate::support::{
    ABLE, answer, code_of, confirm, found, repeat, reversal, rig, sale, sold, top_up_key,
};
use tillgate_core::provider::ProviderResult;
use tillgate_core::time::Span;
use tillgate_core::transaction::ControlOrder;
use tillgate_store_core::{FollowUp, ProviderOutcome, Resolution, State, Text};
use tillgate_types::ResponseCode;

const OPERATOR: Option<FollowUp> = Some(FollowUp::Operator);

fn approved(reference: &str) -> ProviderResult {
    found(ProviderOutcome::Approved {
        reference: Text::from(reference).expect("short enough"),
        chip: None,
    })
}

#[test]
fn an_order_to_take_back_carries_the_providers_own_reference() {
    let mut rig = rig(ABLE);
    rig.ask(100, &sale(1));
    rig.ask(100, &reversal(2, 1));
    rig.approve(top_up_key(1));
    let order = rig.reversals.last().expect("it is to be taken back");
    assert_eq!(&order.provider_reference[..], "P-1");
}

/// The answer that the terminal has keeps the first reference, the order has what is to be undone.
#[test]
fn a_late_approval_is_undone_under_its_own_reference() {
    let mut rig = rig(ABLE);
    rig.ask(100, &sale(1));
    let (code, reference) = (ResponseCode::NO_SUCH_SUBSCRIBER, Text::from("D-1").unwrap());
    rig.found(top_up_key(1), found(ProviderOutcome::Declined { code, reference, chip: None }));
    let first = rig.reply_bytes();
    rig.found(top_up_key(1), approved("P-9"));
    assert_eq!(
        &*rig.reversals.pop().expect("it was sent to the provider").provider_reference,
        "P-9"
    );
    rig.ask(100, &sale(1));
    assert_eq!(rig.reply_bytes(), first);
    let mut rig = rig.restart();
    rig.pass(Span::s(1));
    assert_eq!(&*rig.reversals.pop().expect("told again").provider_reference, "P-9");
}

/// Late, behind a confirmation, behind a reversal: the terminal's answers and everybody's money are
/// as before, the operator sees both references, and what is under way goes on.
#[test]
fn a_provider_that_gives_another_reference_later_is_put_before_the_operator() {
    let mut rig = rig(ABLE);
    let first = sold(&mut rig, 1);
    sold(&mut rig, 2);
    assert_eq!(code_of(&mut rig, &confirm(2)), "00");
    sold(&mut rig, 3);
    rig.ask(100, &reversal(4, 3));
    let money = rig.float();
    for stan in 1..=3 {
        rig.found(top_up_key(stan), approved("P-1"));
        assert_ne!(rig.row(stan).owes(), OPERATOR, "the same word again is no other");
        rig.found(top_up_key(stan), approved("P-2"));
        let row = rig.row(stan);
        let references = (&*row.provider_reference, &*row.other_reference);
        assert_eq!(
            (row.state, row.owes(), references),
            (State::Approved, OPERATOR, ("P-1", "P-2"))
        );
    }
    assert_eq!(rig.float(), money, "no money moves by it");
    rig.ask(100, &repeat(1));
    assert_eq!(rig.reply_bytes(), first, "the reference that the terminal was told");
    rig.found(top_up_key(2), found(ProviderOutcome::AdviceAcknowledged));
    assert_eq!(rig.row(2).owes(), OPERATOR, "still to be looked into");
    rig.found(top_up_key(4), found(ProviderOutcome::Reversed));
    assert_eq!((rig.reply_code().as_str(), rig.row(3).owes()), ("00", OPERATOR));
    let mut rig = rig.restart();
    rig.found(top_up_key(3), approved("P-3"));
    assert_eq!(&*rig.row(3).other_reference, "P-2", "said once until somebody has looked into it");
    let (key, verdict, note) = (top_up_key(1), Resolution::Done, "one delivery".to_owned());
    rig.control(ControlOrder::Resolve { key, verdict, note });
    rig.found(key, approved("P-2"));
    assert_eq!(rig.row(1).due, None, "somebody has");
    rig.ask(100, &repeat(1));
    assert_eq!(answer(&rig.reply_bytes()).code.to_string(), "00");
}
