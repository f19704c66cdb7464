//! Owners, screen by screen.

use super::*;

const QUIET: Behaviour = Behaviour {
    think: Delay::Fixed(Span::ZERO),
    typo_permille: 0,
    abort_permille: 0,
    drop_permille: 0,
};

fn pin() -> Short {
    Short::new("2468")
}

fn script() -> Script {
    Script::parse(DEFAULT_SCRIPT).unwrap()
}

/// What an owner types on these screens, one after the other.
fn typed(
    handset: &mut Handset,
    script: &Script,
    behaviour: &Behaviour,
    screens: &[&str],
) -> Vec<String> {
    let mut typed = Vec::new();
    for screen in screens {
        match handset.screen(Moment(1), screen, script, behaviour, pin()) {
            (Plan::Type { text, .. }, true) => {
                handset.typed_out(Moment(1));
                typed.push(text.as_str().to_owned());
            }
            other => typed.push(format!("{other:?}")),
        }
    }
    typed
}

const MENU: [&str; 6] = [
    "Welcome\nEnter your PIN",
    "1. Balance\n2. Sell\n3. Last sales\n4. Receipt again",
    "1) Electricity\n2) Airtime\n#) More",
    "Phone number:",
    "Amount (KES):",
    "Airtime 50 to 0700123456\n1. Confirm\n2. Cancel",
];

fn sell(handset: &mut Handset) -> Vec<String> {
    handset.dial(Moment(1), &script(), "*123#", pin());
    typed(handset, &script(), &QUIET, &MENU)
}

#[test]
fn an_owner_finds_the_lines_by_their_labels_and_types_pin_account_and_amount() {
    let mut handset = Handset::new(7, 0);
    let typed = sell(&mut handset);
    assert_eq!(typed[..3], ["2468", "2", "2"]);
    assert_eq!((typed[3].len(), &typed[3][..2]), (10, "07"));
    assert!(["10", "20", "50", "100"].contains(&&*typed[4]));
    assert_eq!(typed[5], "1");
    let account = Short::new(&typed[3]);
    let amount = Short::new(&typed[4]);
    let [Entry { event: Event::Ordered { account: ordered, amount: paid }, .. }] =
        handset.book().entries()
    else {
        panic!("{:?}", handset.book())
    };
    assert_eq!((*ordered, *paid), (account, amount));
}

#[test]
fn the_book_has_the_reference_of_what_was_approved_and_only_that() {
    let mut handset = Handset::new(7, 0);
    for (text, mark, reference) in [
        ("Approved. Ref: 00012-A", Mark::Approved, "00012-A"),
        ("Sale refused: insufficient float", Mark::Declined, ""),
        ("Sale in progress, reference 77. You will get an SMS.", Mark::InProgress, "77"),
    ] {
        sell(&mut handset);
        handset.last(Moment(2), text, &script());
        handset.over(Moment(2));
        let reference = Short::new(reference);
        let last = handset.book().entries().last().unwrap();
        assert_eq!(last.event, Event::Seen { mark, reference }, "{text}");
    }
    // Without an order the same words say nothing.
    let before = handset.book().entries().len();
    handset.dial(Moment(3), &script(), "*123#", pin());
    handset.last(Moment(3), "Last sale: approved. Ref 3", &script());
    handset.over(Moment(3));
    assert_eq!(handset.book().entries().len(), before);
}

#[test]
fn a_dialog_that_breaks_off_leaves_a_sale_unknown_until_a_notification() {
    let mut handset = Handset::new(7, 0);
    handset.notice(Moment(1), "Sale approved. Ref 5", &script());
    assert_eq!(handset.book().entries(), [], "it was about no sale");
    sell(&mut handset);
    handset.over(Moment(2));
    handset.notice(Moment(3), "Sale approved. Ref 6", &script());
    handset.notice(Moment(4), "Sale approved. Ref 6", &script());
    let events: Vec<_> = handset.book().entries().iter().map(|entry| &entry.event).collect();
    let [Event::Ordered { .. }, Event::Unknown, Event::Notified { mark, reference }] = events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((*mark, reference.as_str()), (Mark::Approved, "6"));
}

#[test]
fn a_dialog_that_breaks_off_before_the_order_leaves_nothing() {
    let mut handset = Handset::new(7, 0);
    handset.dial(Moment(1), &script(), "*123#", pin());
    typed(&mut handset, &script(), &QUIET, &MENU[..5]);
    handset.over(Moment(2));
    assert_eq!(handset.book().entries(), []);
}

#[test]
fn a_screen_that_asks_again_is_answered_again_and_pages_are_turned() {
    let mut handset = Handset::new(7, 0);
    handset.dial(Moment(1), &script(), "*123#", pin());
    let screens = [MENU[0], "Wrong. Enter your PIN", MENU[1], "1. Water\n9. More", MENU[2]];
    assert_eq!(typed(&mut handset, &script(), &QUIET, &screens), ["2468", "2468", "2", "9", "2"]);
}

#[test]
fn what_the_script_does_not_know_makes_the_owner_hang_up() {
    let mut handset = Handset::new(7, 0);
    handset.dial(Moment(1), &script(), "*123#", pin());
    let (plan, is_understood) = handset.screen(Moment(1), "Hello", &script(), &QUIET, pin());
    assert_eq!((plan, is_understood), (Plan::HangUp { after: Span::ZERO }, false));
}

#[test]
fn the_default_script_sells_in_the_gateways_own_menu() {
    let mut handset = Handset::new(7, 0);
    handset.dial(Moment(1), &script(), "*123#", pin());
    let screens = [
        "Enter your PIN",
        "Main menu\n1 Vouchers\n2 Top-up\n3 Bills\n4 Balance\n5 Last receipt\n6 Settings",
        "Top-up\n1 Mobile A\n2 Airtime B\n0 Back",
        "Airtime B\nPhone:",
        "1 Small 5.00\n2 Other amount\n0 Back",
        "Wrong amount.\nAirtime B\nAmount in KES, 5 to 1000:",
        "Airtime B\nPhone 0700123456\nAmount 50.00 KES\n1 Confirm\n0 Cancel",
        "Enter your PIN to confirm",
    ];
    let typed = typed(&mut handset, &script(), &QUIET, &screens);
    let fixed: Vec<_> = [0, 1, 2, 4, 6, 7].map(|place: usize| typed[place].as_str()).into();
    assert_eq!(fixed, ["2468", "2", "1", "2", "1", "2468"]);
    assert!(typed[3].starts_with("07") && typed[5].len() <= 3, "{typed:?}");
    handset.last(Moment(2), "RRN 000012\nSold: Airtime B\nRef X9", &script());
    handset.over(Moment(2));
    let [ordered, seen] = handset.book().entries() else { panic!("{:?}", handset.book()) };
    assert!(matches!(ordered.event, Event::Ordered { .. }), "it is ordered once");
    let reference = Short::new("000012");
    assert_eq!(seen.event, Event::Seen { mark: Mark::Approved, reference });
    for (text, mark) in [
        ("Not sold (51).\nYour balance is too low.", Mark::Declined),
        ("In progress, number 7. Do not sell it again: see the last receipt.", Mark::InProgress),
    ] {
        assert_eq!(script().mark(text), Some(mark), "{text}");
    }
}

#[test]
fn a_short_cut_orders_with_what_is_dialled() {
    let mut script = script();
    script.dial = Some("*123*1*{account}*{amount}*{pin}#".to_owned());
    script.dial_orders = true;
    let mut handset = Handset::new(7, 0);
    let dialled = handset.dial(Moment(1), &script, "*123#", pin());
    assert!(dialled.starts_with("*123*1*07") && dialled.ends_with("*2468#"), "{dialled}");
    handset.over(Moment(2));
    assert_eq!(handset.book().entries().len(), 2, "ordered, and unknown");
}

#[test]
fn owners_err_hang_up_and_are_lost_as_often_as_they_are_to() {
    let script = script();
    let errs = Behaviour { typo_permille: 500, ..QUIET };
    let often = Behaviour { abort_permille: 200, drop_permille: 200, ..QUIET };
    let (mut typos, mut aborts, mut drops, mut after) = (0, 0, 0, 0);
    for number in 0..1_000 {
        let mut handset = Handset::new(1, number);
        let it = typed(&mut handset, &script, &errs, &[MENU[0]]);
        typos += u32::from(it != ["2468"]);
        match handset.screen(Moment(1), MENU[0], &script, &often, pin()).0 {
            Plan::HangUp { .. } => aborts += 1,
            Plan::Drop { .. } => drops += 1,
            Plan::Type { dropped_ms, .. } => after += u32::from(dropped_ms.is_some()),
        }
    }
    assert!((400..500).contains(&typos), "a tenth of wrong digits is the right one: {typos}");
    assert!((160..240).contains(&aborts), "{aborts}");
    assert!((50..110).contains(&drops) && (50..110).contains(&after), "{drops} {after}");
}

#[test]
fn a_mistyped_account_is_the_one_that_was_ordered() {
    let errs = Behaviour { typo_permille: 1_000, ..QUIET };
    for number in 0..100 {
        let mut handset = Handset::new(3, number);
        handset.begin(&script());
        let it = typed(&mut handset, &script(), &errs, &MENU[3..5]);
        typed(&mut handset, &script(), &QUIET, &MENU[5..]);
        let ordered = handset.book().entries().first().map(|entry| entry.event.clone());
        let (account, amount) = (Short::new(&it[0]), Short::new(&it[1]));
        assert_eq!(ordered, Some(Event::Ordered { account, amount }));
    }
}

#[test]
fn what_is_asked_again_is_typed_as_it_was_meant() {
    let errs = Behaviour { typo_permille: 1_000, ..QUIET };
    let screens = [MENU[3], "Not a valid Phone.\nPhone number:", MENU[4], MENU[5]];
    for number in 0..100 {
        let mut handset = Handset::new(3, number);
        handset.begin(&script());
        typed(&mut handset, &script(), &errs, &screens[..1]);
        let it = typed(&mut handset, &script(), &QUIET, &screens[1..]);
        let meant = handset.account;
        assert_eq!(it[0], meant.as_str());
        let order = Event::Ordered { account: meant, amount: handset.amount };
        assert_eq!(handset.book().entries().first().map(|entry| &entry.event), Some(&order));
    }
}

#[test]
fn another_choice_than_the_confirmation_orders_nothing() {
    let errs = Behaviour { typo_permille: 1_000, ..QUIET };
    let mut ordered = 0;
    for number in 0..100 {
        let mut handset = Handset::new(3, number);
        handset.begin(&script());
        let it = typed(&mut handset, &script(), &errs, &MENU[5..]);
        assert_eq!(handset.book().entries().len(), usize::from(it == ["1"]));
        ordered += handset.book().entries().len();
    }
    assert!((1..40).contains(&ordered), "{ordered}");
}

#[test]
fn what_was_typed_before_the_owner_went_back_is_not_what_is_ordered() {
    let mut handset = Handset::new(7, 0);
    handset.begin(&script());
    let screens =
        [MENU[1], MENU[2], MENU[3], MENU[4], MENU[1], MENU[2], "Small 5.00\n1 Confirm\n0 Cancel"];
    typed(&mut handset, &script(), &QUIET, &screens);
    let nothing = Event::Ordered { account: Short::default(), amount: Short::default() };
    assert_eq!(handset.book().entries()[0].event, nothing);
    // Another sale instead of the first one.
    typed(&mut handset, &script(), &QUIET, &MENU[3..]);
    let events: Vec<_> = handset.book().entries().iter().map(|entry| &entry.event).collect();
    let [_, Event::Unknown, Event::Ordered { account, .. }] = events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(*account, handset.account);
}

#[test]
fn an_owner_who_is_lost_in_the_gateways_menu_goes_back_and_sells() {
    let mut handset = Handset::new(7, 0);
    handset.dial(Moment(1), &script(), "*123#", pin());
    let screens = [
        "Vouchers\n1 Northwind prepaid voucher\n2 Bluetel prepaid voucher\n0 Back",
        "Northwind prepaid voucher\n1 Northwind 5 5.00\n0 Back",
        "Enter your present PIN\n0 Back",
        "No such choice.\nMain menu\n1 Vouchers\n2 Top-up\n5 Last receipt\n00 Home",
        "RRN 000012\nSold: Northwind top-up\nPhone 0700123456\nAmount 5.00 EUR\n98 More",
        "Ref X9\nBalance 95.00 EUR\n0 Back",
    ];
    let typed = typed(&mut handset, &script(), &QUIET, &screens);
    assert_eq!(typed, ["0", "0", "0", "2", "98", "0"]);
    assert_eq!(handset.book().entries(), [], "the receipt was of an earlier sale");
}

#[test]
fn a_receipt_of_several_pages_is_read_to_its_end() {
    let mut handset = Handset::new(7, 0);
    sell(&mut handset);
    let page = "RRN 000012\nSold: Northwind top-up\nPhone 0700123456\n98 More";
    assert_eq!(typed(&mut handset, &script(), &QUIET, &[page]), ["98"]);
    let (plan, is_understood) =
        handset.screen(Moment(1), "Ref X9\n0 Back", &script(), &QUIET, pin());
    assert_eq!((plan, is_understood), (Plan::HangUp { after: Span::ZERO }, true));
}

#[test]
fn a_script_without_accounts_or_with_an_empty_step_is_refused_by_name() {
    for (from, to, says) in [
        ("accounts = [\"0700######\", \"0780######\"]", "accounts = []", "accounts"),
        ("expect = [\"other amount\"]", "expect = []", "step 6"),
        ("send = \"{amount}\"", "sent = \"{amount}\"", "sent"),
    ] {
        let text = DEFAULT_SCRIPT.replacen(from, to, 1);
        let error = Script::parse(&text).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}
