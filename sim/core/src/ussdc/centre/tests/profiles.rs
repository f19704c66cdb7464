//! Every vendor's way.

use tillgate_core::ussd::profile::SmppProfile;

use super::{LAST, MENU, Pair, settings};
use crate::time::Span;
use crate::ussdc::centre::deliver::can_release;
use crate::ussdc::centre::{Input, Output, Status};
use crate::ussdc::variant::Variant;

fn variants() -> impl Iterator<Item = Variant> {
    let parse = |name| SmppProfile::parse(SmppProfile::builtin(name).unwrap()).unwrap();
    SmppProfile::builtin_names().map(move |name| Variant::of(&parse(name)))
}

#[test]
fn every_profile_makes_a_whole_dialog() {
    let mut count = 0;
    for variant in variants() {
        let name = variant.name.clone();
        let mut pair = Pair::bound(settings(variant));
        for handset in [0, 1, 0] {
            pair.seen.clear();
            pair.dial(handset);
            let menu = Output::Screen { handset, text: MENU.to_owned() };
            assert_eq!(pair.seen, [menu], "{name}");
            pair.give(Input::Answer { handset, text: "1" });
            assert_eq!(pair.seen[1], Output::Last { handset, text: LAST.to_owned() }, "{name}");
            assert_eq!(pair.statuses(), [Status::Success], "{name}");
        }
        assert_eq!(pair.faults(), [], "{name}");
        let counts = pair.application.counts();
        assert_eq!((counts.begins, counts.inputs, counts.releases), (3, 3, 0), "{name}");
        assert_eq!(counts.refused, 0, "{name}");
        count += 1;
    }
    assert!(count >= 11);
}

#[test]
fn every_profile_is_told_that_the_subscriber_or_the_network_ends_a_dialog() {
    for variant in variants() {
        let (name, releases) = (variant.name.clone(), u64::from(can_release(&variant)));
        let mut pair = Pair::bound(settings(variant));
        pair.dial(0);
        pair.give(Input::HangUp { handset: 0 });
        assert_eq!(pair.application.counts().releases, releases, "{name}");
        pair.dial(0);
        pair.give(Input::Drop { handset: 0 });
        assert_eq!(pair.application.counts().releases, 2 * releases, "{name}");
        pair.dial(0);
        pair.wait(Span::s(60));
        let ended = [Status::UserAbort, Status::NetworkDrop, Status::SubscriberTimeout];
        assert_eq!(pair.statuses(), ended, "{name}");
        assert_eq!(pair.faults(), [], "{name}");
    }
}

#[test]
fn a_drop_at_each_step_is_no_fault_of_the_application() {
    for variant in variants() {
        let name = variant.name.clone();
        let mut pair = Pair::bound(settings(variant));
        // Its menu is on its way when the network is gone.
        pair.centre.handle(pair.now, Input::Dial { handset: 0, dialled: "*123#" });
        pair.give(Input::Drop { handset: 0 });
        assert_eq!(pair.centre.counts().late, 1, "{name}");
        // Its last text is.
        pair.dial(0);
        pair.centre.handle(pair.now, Input::Answer { handset: 0, text: "1" });
        pair.give(Input::Drop { handset: 0 });
        assert_eq!(pair.centre.counts().late, 2, "{name}");
        assert_eq!(pair.statuses(), [Status::NetworkDrop; 2], "{name}");
        assert_eq!(pair.faults(), [], "{name}");
        pair.dial(0);
        pair.give(Input::Answer { handset: 0, text: "1" });
        assert_eq!(pair.statuses()[2], Status::Success, "{name}");
    }
}

#[test]
fn a_last_input_ends_its_dialog_in_one_message_where_the_profile_has_it() {
    let mut count = 0;
    for variant in variants().filter(|variant| variant.last_input.is_some()) {
        let name = variant.name.clone();
        let mut pair = Pair::bound(settings(variant));
        for _ in 0..40 {
            pair.dial(0);
            pair.give(Input::LastAnswer { handset: 0, text: "1" });
        }
        assert_eq!(pair.statuses(), [Status::NetworkDrop; 40], "{name}");
        let counts = pair.application.counts();
        // The others were an input, whose answer was late, and a release.
        assert!((5..35).contains(&counts.inputs), "{name}: {counts:?}");
        assert_eq!(counts.releases, 40, "{name}");
        assert_eq!((pair.centre.counts().late, pair.faults()), (counts.inputs, vec![]), "{name}");
        count += 1;
    }
    assert_eq!(count, 2, "glo and service-type have one");
}

#[test]
fn an_abort_may_be_the_text_of_an_input() {
    for variant in variants() {
        let (name, can) = (variant.name.clone(), can_release(&variant));
        let abort_texts = vec!["Map Dialog User Abort".to_owned()];
        let mut pair = Pair::bound(settings(Variant { abort_texts, ..variant }));
        for _ in 0..40 {
            pair.dial(0);
            pair.give(Input::HangUp { handset: 0 });
        }
        assert_eq!(pair.statuses(), [Status::UserAbort; 40], "{name}");
        let counts = pair.application.counts();
        // The bare application takes such a text for an input, and answers it too late.
        assert_eq!(counts.inputs + counts.releases, 40, "{name}");
        assert_eq!(counts.releases > 5, can, "{name}: {counts:?}");
        assert!(counts.inputs > 5, "{name}: {counts:?}");
        assert_eq!((pair.centre.counts().late, pair.faults()), (counts.inputs, vec![]), "{name}");
    }
}

#[test]
fn an_end_of_standard_has_operation_17_and_not_23() {
    let variant =
        Variant::of(&SmppProfile::parse(SmppProfile::builtin("standard").unwrap()).unwrap());
    assert_eq!(variant.end, crate::ussdc::variant::Op::Number(0x11));
    let ours = Variant::standard();
    assert_eq!((variant.key, variant.end_bit, variant.ask), (ours.key, ours.end_bit, ours.ask));
}

#[test]
fn a_key_is_used_again_and_names_the_subscribers_dialog_all_the_same() {
    let mut few = settings(Variant::standard());
    few.keys = 2;
    let mut pair = Pair::bound(few);
    for handset in 0..6 {
        pair.dial(handset);
    }
    for handset in 0..6 {
        pair.give(Input::Answer { handset, text: "1" });
    }
    assert_eq!(pair.statuses(), [Status::Success; 6]);
    let keys = pair.seen.iter().filter_map(|output| match output {
        Output::Over { key, .. } => Some(*key),
        _ => None,
    });
    assert_eq!(keys.collect::<Vec<_>>(), [0, 1, 0, 1, 0, 1]);
    assert_eq!(pair.faults(), []);
}
