//! A bill: looked up, shown, paid, receipted, taken back; and everything else that is only data.

use tillgate_codec::link::message::{
    Found, GatewayMessage, Lookup, Reversal, Sale, TerminalMessage,
};
use tillgate_core::limits::{FOUND_FOR, TransactionLimits};
use tillgate_core::provider::{Bill, Capabilities, ProviderResult};
use tillgate_core::time::Span;
use tillgate_store_core as store;
use tillgate_store_core::{
    AccountCheck, AccountField, AccountForm, AccountId, AccountKind, AmountSource, ChargeBase,
    ChargeKind, ChargeRule, Fulfilment, MoneyFlow, ReceiptTemplate, RegistryRecord, ResponseCode,
    ReversalRule, Rounding, Service, ServiceId, Store, Text,
};

use crate::support::{
    ABLE, KES, Rig, answer, bridge, confirm, reversal, seller, today, top_up_key, top_up_sale,
};

const BILLS: u16 = 30;
const ACCOUNT: &str = "79927398713";
const ASKS: Capabilities = Capabilities { lookup: true, ..ABLE };

/// 1 % and 0.50 for the operator, 16 % tax of it.
fn charges() -> Vec<ChargeRule> {
    let rule = |kind, fixed_minor, basis_points, base| ChargeRule {
        kind,
        fixed_minor,
        basis_points,
        base,
        rounding: Rounding::HalfUp,
        from: today(),
    };
    vec![
        rule(ChargeKind::Fee, 50, 100, ChargeBase::Amount),
        rule(ChargeKind::Tax, 0, 1_600, ChargeBase::Fee),
    ]
}

fn bills() -> Service {
    Service {
        route: "topup".to_owned(),
        amount_min_minor: 100,
        amount_max_minor: 50_000,
        amount: AmountSource::Lookup,
        account: Some(AccountField {
            check: AccountCheck::Luhn,
            ..AccountField::of(AccountForm::Bill)
        }),
        lookup: store::Lookup::Required,
        charges: charges(),
        reversal: ReversalRule::Within(600),
        ..Service::new(ServiceId(BILLS), "water", Fulfilment::Provider, KES)
    }
}

fn rig_with(service: Service) -> Rig {
    let mut rig = Rig::with(TransactionLimits::default(), ASKS);
    change(&mut rig, vec![RegistryRecord::Service(service)]);
    rig
}

fn change(rig: &mut Rig, records: Vec<RegistryRecord>) {
    let change = store::Change { at_ms: rig.wall.0, records, ..store::Change::default() };
    rig.change(change);
}

fn lookup(stan: u32) -> Lookup<'static> {
    let date = top_up_sale(1).date;
    let (service, product, amount_minor) = (BILLS, 0, 0);
    Lookup { stan, date, service, product, amount_minor, subscriber: ACCOUNT }
}

fn bill(amount_minor: u64) -> Bill {
    Bill {
        reference: Text::from("INV-2026-11").unwrap(),
        amount_minor,
        amount_range_minor: (0, 0),
        name: Text::from("A. Customer").unwrap(),
        text: Text::from("due 2026-12-01\n").unwrap(),
    }
}

/// The answer to a lookup.
fn heard(body: &[u8]) -> Found<'_> {
    match GatewayMessage::decode(body).unwrap() {
        GatewayMessage::Found(found) => found,
        other => panic!("not what was found: {other:?}"),
    }
}

/// Looks up and finds a bill; the token and what is charged on top.
fn look_up(rig: &mut Rig, stan: u32, amount_minor: u64) -> (u64, u64) {
    rig.ask(100, &TerminalMessage::Lookup(lookup(stan)));
    let asked = rig.lookups.pop().expect("the provider is asked");
    assert_eq!((asked.service.0, &*asked.subscriber), (BILLS, ACCOUNT));
    rig.found(asked.key, ProviderResult::Lookup(Ok(Box::new(bill(amount_minor)))));
    let body = rig.reply_bytes();
    let found = heard(&body);
    assert_eq!(
        (found.code, found.stan, found.amount_minor),
        (ResponseCode::APPROVED, stan, amount_minor)
    );
    assert_eq!((found.name, found.lines, found.currency), ("A. Customer", "due 2026-12-01\n", KES));
    (found.token, found.fee_minor)
}

fn payment(stan: u32, amount_minor: u64, (token, fee_minor): (u64, u64)) -> Sale<'static> {
    Sale {
        service: BILLS,
        amount_minor,
        token,
        fee_minor,
        subscriber: ACCOUNT,
        ..top_up_sale(stan)
    }
}

fn take_back(stan: u32, original_stan: u32) -> TerminalMessage<'static> {
    let TerminalMessage::Reversal(message) = reversal(stan, original_stan) else { unreachable!() };
    TerminalMessage::Reversal(Reversal { amount_minor: 8_740, ..message })
}

#[test]
fn a_bill_is_looked_up_shown_paid_receipted_and_taken_back() {
    let mut service = bills();
    let text = "WATER {account}\n{amount}+{fee}+{tax}={total} {currency}\n{rrn} {reference}\n";
    let template = ReceiptTemplate::of(text);
    service.receipts = vec![(store::Language(*b"en"), template.tag)];
    let mut rig = Rig::with(TransactionLimits::default(), ASKS);
    change(&mut rig, vec![RegistryRecord::Receipt(template), RegistryRecord::Service(service)]);
    let shown = look_up(&mut rig, 7, 8_740);
    // 1 % of 87.40 and 0.50 are 1.37; 16 % of that are 0.22.
    assert_eq!(shown.1, 137 + 22);
    rig.ask(100, &TerminalMessage::Sale(payment(1, 8_740, shown)));
    let order = rig.forwards.pop().expect("it is forwarded");
    assert_eq!(&*order.lookup, "INV-2026-11", "the payment names what was found");
    rig.approve(top_up_key(1));
    let body = rig.reply_bytes();
    let paid = answer(&body);
    assert_eq!((paid.code, paid.amount_minor), (ResponseCode::APPROVED, 8_740));
    assert_eq!((paid.fee_minor, paid.tax_minor), (137, 22));
    assert_eq!(paid.balance_minor, Some(100_000 + 10_000 - 8_740 - 159));
    let expected = format!("WATER {ACCOUNT}\n87.40+1.37+0.22=88.99 KES\n{} P-1\n", paid.rrn);
    assert_eq!(paid.lines, expected);
    let row = rig.row(1);
    assert_eq!((row.terms.distributor, &*row.terms.lookup), (seller().distributor, "INV-2026-11"));
    let balance = |rig: &Rig, kind| {
        rig.book.account(&AccountId { kind, owner: BILLS.into(), currency: KES }).posted_minor
    };
    assert_eq!(balance(&rig, AccountKind::FeeIncome), 137);
    assert_eq!(balance(&rig, AccountKind::Tax), 22);
    // The template has changed since; the answer is the same bytes.
    let other = ReceiptTemplate::of("OTHER {total}\n");
    let receipts = vec![(store::Language(*b"en"), other.tag)];
    change(
        &mut rig,
        vec![
            RegistryRecord::Receipt(other),
            RegistryRecord::Service(Service { receipts, ..bills() }),
        ],
    );
    assert_eq!(rig.sell(100, &payment(1, 8_740, shown)), body);
    rig.ask(100, &take_back(2, 1));
    let back = rig.reversals.pop().expect("the provider is asked");
    rig.found(back.key, ProviderResult::Outcome(store::ProviderOutcome::Reversed));
    assert_eq!(rig.reply_code(), "00");
    assert_eq!(balance(&rig, AccountKind::FeeIncome), 0, "fee and tax go back too");
    assert_eq!(rig.book.account(&seller().float()).available(), 110_000);
}

#[test]
fn a_bill_is_paid_only_with_the_token_of_its_own_lookup_and_once() {
    let mut rig = rig_with(bills());
    assert_eq!(rig.code(100, &payment(1, 8_740, (0, 0))), "L2", "nothing was looked up");
    let shown = look_up(&mut rig, 7, 8_740);
    assert_eq!(rig.code(100, &payment(2, 8_741, shown)), "13", "another amount");
    assert_eq!(rig.code(101, &payment(1, 8_740, shown)), "L2", "another terminal");
    assert_eq!(rig.code(100, &payment(3, 8_740, (shown.0, shown.1 + 1))), "13", "another charge");
    let other = Sale { subscriber: "4000000000006", ..payment(4, 8_740, shown) };
    assert_eq!(rig.code(100, &other), "L2", "another account");
    rig.ask(100, &TerminalMessage::Sale(payment(5, 8_740, shown)));
    rig.approve(top_up_key(5));
    assert_eq!(rig.reply_code(), "00");
    assert_eq!(rig.code(100, &payment(6, 8_740, shown)), "L2", "it is paid");
    let shown = look_up(&mut rig, 7, 8_740);
    rig.pass(FOUND_FOR);
    assert_eq!(rig.code(100, &payment(7, 8_740, shown)), "L2", "too late");
    let mut rig = rig.restart();
    let shown = look_up(&mut rig, 7, 8_740);
    let mut rig = rig.restart();
    assert_eq!(rig.code(100, &payment(8, 8_740, shown)), "L2", "from before a restart");
}

/// The other provider knows nothing of what this one found.
#[test]
fn a_token_does_not_pay_at_another_provider_than_the_one_that_was_asked() {
    let bridges = vec![bridge("topup", ASKS), bridge("other", ASKS)];
    let mut rig = Rig::over(TransactionLimits::default(), bridges);
    change(&mut rig, vec![RegistryRecord::Service(bills())]);
    let shown = look_up(&mut rig, 7, 8_740);
    let elsewhere = Service { route: "other".to_owned(), ..bills() };
    change(&mut rig, vec![RegistryRecord::Service(elsewhere)]);
    assert_eq!(rig.code(100, &payment(1, 8_740, shown)), "L2");
    assert!(rig.forwards.is_empty());
    let shown = look_up(&mut rig, 8, 8_740);
    rig.ask(100, &TerminalMessage::Sale(payment(2, 8_740, shown)));
    assert_eq!(rig.forwards.pop().map(|order| order.bridge), Some(1));
}

#[test]
fn a_chosen_amount_stays_within_what_the_provider_said() {
    let mut rig = rig_with(bills());
    rig.ask(100, &TerminalMessage::Lookup(lookup(7)));
    let asked = rig.lookups.pop().unwrap();
    let bill = Bill { amount_range_minor: (1_000, 9_000), ..bill(8_740) };
    rig.found(asked.key, ProviderResult::Lookup(Ok(Box::new(bill))));
    let body = rig.reply_bytes();
    let found = heard(&body);
    assert_eq!((found.amount_min_minor, found.amount_max_minor), (1_000, 9_000));
    for wrong in [999, 9_001] {
        assert_eq!(
            rig.code(100, &payment(u32::try_from(wrong).unwrap(), wrong, (found.token, 0))),
            "13"
        );
    }
    rig.ask(100, &TerminalMessage::Sale(payment(1, 1_000, (found.token, 0))));
    assert_eq!(rig.forwards.len(), 1);
}

#[test]
fn a_lookup_that_finds_nothing_says_why_and_asks_no_provider_in_vain() {
    let mut rig = rig_with(bills());
    let mut code = |message: Lookup<'_>| {
        rig.ask(100, &TerminalMessage::Lookup(message));
        let body = rig.reply_bytes();
        heard(&body).code.to_string()
    };
    assert_eq!(code(Lookup { service: 99, ..lookup(1) }), "12");
    assert_eq!(code(Lookup { subscriber: "79927398710", ..lookup(1) }), "14", "check digit");
    assert_eq!(code(Lookup { service: 20, subscriber: "254700000001", ..lookup(1) }), "40");
    assert!(rig.lookups.is_empty());
    rig.ask(100, &TerminalMessage::Lookup(lookup(1)));
    let asked = rig.lookups.pop().unwrap();
    rig.found(asked.key, ProviderResult::Lookup(Err(ResponseCode::NO_SUCH_SUBSCRIBER)));
    assert_eq!(heard(&rig.reply_bytes()).code.to_string(), "14");
    let mut blind = Rig::with(TransactionLimits::default(), ABLE);
    change(&mut blind, vec![RegistryRecord::Service(bills())]);
    blind.ask(100, &TerminalMessage::Lookup(lookup(1)));
    assert_eq!(heard(&blind.reply_bytes()).code.to_string(), "40", "its bridge cannot be asked");
}

#[test]
fn a_silent_provider_is_answered_for_in_time_and_holds_up_nobody() {
    let limits = TransactionLimits { inquiries_max: 4, ..TransactionLimits::default() };
    let mut rig = Rig::with(limits, ASKS);
    change(&mut rig, vec![RegistryRecord::Service(bills())]);
    rig.ask(100, &TerminalMessage::Lookup(lookup(1)));
    rig.ask(100, &TerminalMessage::Lookup(lookup(2)));
    assert_eq!(heard(&rig.reply_bytes()).code.to_string(), "09", "one question at a time");
    // Over a new link the same question is answered there, and the old link hears nothing.
    rig.ask_over(1, 100, &TerminalMessage::Lookup(lookup(1)));
    assert!(rig.reply_bytes().is_empty());
    rig.ask(101, &TerminalMessage::Lookup(lookup(1)));
    assert_eq!(rig.lookups.len(), 2);
    rig.pass(limits.answer);
    let bodies: Vec<Vec<u8>> =
        std::mem::take(&mut rig.replies).iter().map(|reply| rig.body_of(reply)).collect();
    assert_eq!(bodies.len(), 2);
    assert!(bodies.iter().all(|body| heard(body).code.to_string() == "91"));
    // What comes later is dropped, and its place is free again.
    let late = rig.lookups.pop().unwrap();
    rig.found(late.key, ProviderResult::Lookup(Ok(Box::new(bill(100)))));
    assert!(rig.replies.is_empty());
    look_up(&mut rig, 3, 8_740);
}

#[test]
fn a_result_of_a_lookup_never_settles_a_sale_of_the_same_number() {
    let mut rig = rig_with(bills());
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    rig.ask(100, &TerminalMessage::Lookup(lookup(1)));
    let asked = rig.lookups.pop().unwrap();
    rig.found(top_up_key(1), ProviderResult::Lookup(Err(ResponseCode::NO_SUCH_SUBSCRIBER)));
    assert!(rig.replies.is_empty(), "that is no lookup");
    rig.found(asked.key, ProviderResult::Lookup(Err(ResponseCode::NO_SUCH_SUBSCRIBER)));
    assert_eq!(heard(&rig.reply_bytes()).code.to_string(), "14");
    assert_eq!(rig.row(1).state, store::State::Intent);
    rig.approve(top_up_key(1));
    assert_eq!(rig.reply_code(), "00");
}

#[test]
fn a_reversal_is_taken_as_long_as_the_service_says() {
    let outcome = |reversal_rule, wait: Span, confirmed| {
        let service = Service {
            lookup: store::Lookup::None,
            amount: AmountSource::Open,
            reversal: reversal_rule,
            ..bills()
        };
        let mut rig = rig_with(service);
        rig.ask(100, &TerminalMessage::Sale(payment(1, 8_740, (0, 0))));
        rig.approve(top_up_key(1));
        rig.reply_bytes();
        if confirmed {
            rig.ask(100, &confirm(1));
            rig.reply_bytes();
        }
        rig.pass(wait);
        rig.ask(100, &take_back(2, 1));
        if rig.replies.is_empty() { "asked".to_owned() } else { rig.reply_code() }
    };
    let (soon, late) = (Span::s(599), Span::s(601));
    assert_eq!(outcome(ReversalRule::Within(600), soon, false), "asked");
    assert_eq!(outcome(ReversalRule::Within(600), late, false), "21");
    assert_eq!(outcome(ReversalRule::Within(600), soon, true), "21");
    assert_eq!(outcome(ReversalRule::UntilConfirmed, late, false), "asked");
    assert_eq!(outcome(ReversalRule::UntilConfirmed, soon, true), "21");
    assert_eq!(outcome(ReversalRule::ByOperator, soon, false), "21");
    assert_eq!(outcome(ReversalRule::Never, soon, false), "21");
}

#[test]
fn a_reversal_that_waits_for_a_sale_that_stays_is_declined_with_it() {
    let service = Service {
        lookup: store::Lookup::None,
        amount: AmountSource::Open,
        reversal: ReversalRule::Never,
        ..bills()
    };
    let mut rig = rig_with(service);
    rig.ask(100, &TerminalMessage::Sale(payment(1, 8_740, (0, 0))));
    rig.ask(100, &take_back(2, 1));
    rig.approve(top_up_key(1));
    let mut codes: Vec<String> = std::mem::take(&mut rig.replies)
        .iter()
        .map(|reply| answer(&rig.body_of(reply)).code.to_string())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, ["00", "21"], "the sale stands, its reversal does not");
    assert!(rig.reversals.is_empty());
    assert_eq!(rig.row(1).state, store::State::Approved);
}

#[test]
fn a_card_sale_credits_the_seller_and_needs_no_float() {
    let template = ReceiptTemplate::of("CARD {total}, of it {fee} and {tax}\n");
    let service = Service {
        lookup: store::Lookup::None,
        amount: AmountSource::Open,
        money: MoneyFlow::Credit,
        receipts: vec![(store::Language(*b"en"), template.tag)],
        ..bills()
    };
    let mut rig = rig_with(bills());
    change(&mut rig, vec![RegistryRecord::Receipt(template), RegistryRecord::Service(service)]);
    let float = rig.book.account(&seller().float()).available();
    rig.ask(100, &TerminalMessage::Sale(payment(1, 50_000, (0, 0))));
    rig.approve(top_up_key(1));
    let body = rig.reply_bytes();
    let sold = answer(&body);
    // The customer pays the amount and nothing beside it.
    assert_eq!(
        (sold.code, sold.lines),
        (ResponseCode::APPROVED, "CARD 500.00, of it 5.50 and 0.88\n")
    );
    assert_eq!(rig.book.account(&seller().float()).available(), float);
    let owed = AccountId { kind: AccountKind::SellerSettlement, owner: 5, currency: KES };
    // 5.50 fee and 0.88 tax are the merchant's to pay.
    assert_eq!(rig.book.account(&owed).posted_minor, 50_000 - 550 - 88);
    assert_eq!(rig.row(1).legs.iter().map(|leg| leg.amount_minor).sum::<i64>(), 0);
    let report = store::verify(rig.book.backend());
    assert!(report.unwrap().holds());
}

#[test]
fn a_moved_sellers_past_stays_with_its_distributor() {
    let mut rig = Rig::new();
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(1)));
    rig.approve(top_up_key(1));
    rig.reply_bytes();
    let moved = store::Seller { distributor: store::DistributorId(1), ..seller() };
    change(&mut rig, vec![RegistryRecord::Seller(moved)]);
    rig.ask(100, &TerminalMessage::Sale(top_up_sale(2)));
    let below = |rig: &Rig, stan| rig.row(stan).terms.distributor.0;
    assert_eq!((below(&rig, 1), below(&rig, 2)), (2, 1));
    // A refusal is somebody's too.
    rig.code(100, &Sale { amount_minor: 1, ..top_up_sale(3) });
    assert_eq!(below(&rig, 3), 1);
}

#[test]
fn a_late_answer_is_not_taken_for_the_one_to_another_question_of_the_same_number() {
    let mut rig = rig_with(bills());
    rig.ask(100, &TerminalMessage::Lookup(lookup(7)));
    let first = rig.lookups.pop().unwrap();
    let other = Lookup { subscriber: "4000000000006", ..lookup(7) };
    rig.ask(100, &TerminalMessage::Lookup(other));
    assert_eq!(heard(&rig.reply_bytes()).code.to_string(), "09", "the first one is on its way");
    rig.pass(TransactionLimits::default().answer);
    assert_eq!(heard(&rig.reply_bytes()).code.to_string(), "91");
    rig.ask(100, &TerminalMessage::Lookup(other));
    rig.found(first.key, ProviderResult::Lookup(Ok(Box::new(bill(8_740)))));
    assert!(rig.replies.is_empty(), "the bill of another account");
}

#[test]
fn an_amount_that_no_provider_can_mean_is_answered_and_ends_nothing() {
    for rounding in [Rounding::HalfUp, Rounding::Up, Rounding::Down] {
        let mut charges = charges();
        charges.iter_mut().for_each(|rule| rule.rounding = rounding);
        for amount_minor in [u64::MAX, u64::MAX / 100, u64::MAX / 100 - 40] {
            let mut rig = rig_with(Service { charges: charges.clone(), ..bills() });
            rig.ask(100, &TerminalMessage::Lookup(lookup(7)));
            let asked = rig.lookups.pop().unwrap();
            rig.found(asked.key, ProviderResult::Lookup(Ok(Box::new(bill(amount_minor)))));
            assert_eq!(heard(&rig.reply_bytes()).code.to_string(), "96");
        }
    }
}

#[test]
fn a_charge_is_of_what_the_customer_chose_and_a_decline_charges_nothing() {
    let mut rig = rig_with(bills());
    rig.ask(100, &TerminalMessage::Lookup(Lookup { amount_minor: 1_000, ..lookup(7) }));
    let asked = rig.lookups.pop().unwrap();
    let bill = Bill { amount_range_minor: (500, 9_000), ..bill(8_740) };
    rig.found(asked.key, ProviderResult::Lookup(Ok(Box::new(bill))));
    let body = rig.reply_bytes();
    let found = heard(&body);
    // 1 % of 10.00 and 0.50 are 0.60; 16 % of that are 0.10.
    assert_eq!(found.fee_minor, 70);
    rig.ask(100, &TerminalMessage::Sale(payment(1, 1_000, (found.token, found.fee_minor))));
    let code = ResponseCode::NOT_HONOURED;
    let declined = store::ProviderOutcome::Declined { code, reference: Text::new(), chip: None };
    rig.found(top_up_key(1), ProviderResult::Outcome(declined));
    let body = rig.reply_bytes();
    assert_eq!((answer(&body).fee_minor, answer(&body).tax_minor), (0, 0));
}

/// Whatever the weights would say of the payment's own number.
#[test]
fn what_was_looked_up_is_paid_where_it_was_found() {
    let bridges = vec![bridge("topup", ASKS), bridge("other", ASKS)];
    let mut rig = Rig::over(TransactionLimits::default(), bridges);
    let rule = |bridge| store::RouteRule::to(Text::from(bridge).unwrap());
    let rules = vec![rule("topup"), rule("other")];
    let route = store::Route { name: Text::from("bills").unwrap(), rules };
    let service = Service { route: "bills".to_owned(), ..bills() };
    change(&mut rig, vec![RegistryRecord::Route(route), RegistryRecord::Service(service)]);
    let (mut differ, mut of_each) = (0, [0, 0]);
    for stan in 1..=20 {
        rig.ask(100, &TerminalMessage::Lookup(lookup(100 + stan)));
        let asked = rig.lookups.pop().unwrap();
        rig.found(asked.key, ProviderResult::Lookup(Ok(Box::new(bill(100)))));
        let body = rig.reply_bytes();
        let token = heard(&body).token;
        rig.ask(100, &TerminalMessage::Sale(payment(stan, 100, (token, 0))));
        let order = rig.forwards.pop().expect("it is paid");
        assert_eq!(order.bridge, asked.bridge);
        rig.approve(order.key);
        rig.replies.clear();
        of_each[usize::from(order.bridge)] += 1;
        let sale = tillgate_core::routing::spread(&top_up_key(stan));
        let asking = tillgate_core::routing::spread(&top_up_key(100 + stan));
        differ += u32::from(sale % 2 != asking % 2);
    }
    assert!(differ > 0 && of_each.iter().all(|count| *count > 0), "{of_each:?}");
}

/// A rule's amounts do not send the payment elsewhere: nothing was known of the amount before.
#[test]
fn a_bill_above_the_amounts_of_its_rule_is_paid_where_it_was_found() {
    let bridges = vec![bridge("topup", ASKS), bridge("other", ASKS)];
    let mut rig = Rig::over(TransactionLimits::default(), bridges);
    let rule = |bridge, priority, amount_to_minor| store::RouteRule {
        priority,
        amount_to_minor,
        currency: KES,
        ..store::RouteRule::to(Text::from(bridge).unwrap())
    };
    let rules = vec![rule("topup", 1, 5_000), rule("other", 2, 50_000)];
    let route = store::Route { name: Text::from("bills").unwrap(), rules };
    let service = Service { route: "bills".to_owned(), ..bills() };
    change(&mut rig, vec![RegistryRecord::Route(route), RegistryRecord::Service(service)]);
    let shown = look_up(&mut rig, 7, 8_740);
    rig.ask(100, &TerminalMessage::Sale(payment(1, 8_740, shown)));
    assert_eq!(rig.forwards.pop().expect("it is paid").bridge, 0);
}
