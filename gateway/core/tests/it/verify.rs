//! Every check of the verification, each with a code of its own, and the order they come in.

use crate::support::{
    Rig, open_from, seller, terminal, top_up_sale, top_ups, voucher_sale, vouchers,
};
use tillgate_codec::link::message::{GatewayMessage, TerminalCommand, TerminalMessage};
use tillgate_core::transaction::{Content, ControlOrder, Output, PushedCommand};
use tillgate_store_core::{
    Change, Distributor, DistributorId, RegistryRecord, ServiceId, Services, Status, TerminalId,
    Velocity,
};

fn apply(rig: &mut Rig, record: RegistryRecord) {
    rig.change(Change { records: vec![record], ..Change::default() });
}

fn blocked_terminal() -> RegistryRecord {
    let mut record = terminal(100);
    record.status = Status::Blocked;
    RegistryRecord::Terminal(record)
}

fn blocked_seller() -> RegistryRecord {
    let mut record = seller();
    record.status = Status::Blocked;
    RegistryRecord::Seller(record)
}

fn blocked_top_distributor() -> RegistryRecord {
    RegistryRecord::Distributor(Distributor {
        id: DistributorId(1),
        parent: None,
        name: "distributor 1".to_owned(),
        status: Status::Blocked,
    })
}

#[test]
fn who_asks_is_checked_from_the_terminal_up_and_each_has_its_own_code() {
    let mut rig = Rig::new();
    apply(&mut rig, blocked_top_distributor());
    assert_eq!(rig.code(100, &voucher_sale(1)), "D1", "a distributor two levels up");
    apply(&mut rig, blocked_seller());
    assert_eq!(rig.code(100, &voucher_sale(2)), "03", "the seller comes before it");
    apply(&mut rig, blocked_terminal());
    assert_eq!(rig.code(100, &voucher_sale(3)), "58", "and the terminal before the seller");
    assert_eq!(rig.code(101, &voucher_sale(1)), "03", "the other terminal is not blocked");
    assert_eq!(rig.float().posted_minor, 100_000);
}

#[test]
fn a_block_counts_for_the_very_next_sale_and_the_terminal_is_told() {
    let mut rig = Rig::new();
    assert_eq!(rig.code(100, &voucher_sale(1)), "00");
    let change = Change { records: vec![blocked_terminal()], ..Change::default() };
    let tell = vec![(TerminalId(100), PushedCommand::Block { reason: "stolen".to_owned() })];
    rig.control(ControlOrder::Change { change, tell });
    let pushed = rig.outputs.iter().any(|output| {
        matches!(output, Output::Push(push) if push.terminal == TerminalId(100)
            && push.order == PushedCommand::Block { reason: "stolen".to_owned() })
    });
    assert!(pushed, "the terminal hears of it");
    assert_eq!(rig.code(100, &voucher_sale(2)), "58");
    apply(&mut rig, RegistryRecord::Terminal(terminal(100)));
    assert_eq!(rig.code(100, &voucher_sale(3)), "00");
}

#[test]
fn what_is_sold_must_be_known_open_to_the_terminal_and_within_its_hours() {
    let mut rig = Rig::new();
    let mut unknown = voucher_sale(1);
    unknown.service = 77;
    assert_eq!(rig.code(100, &unknown), "12");

    let mut restricted = terminal(100);
    restricted.services = Services::Only(vec![ServiceId(20)]);
    apply(&mut rig, RegistryRecord::Terminal(restricted));
    assert_eq!(rig.code(100, &voucher_sale(2)), "57");

    let mut closed = vouchers();
    closed.hours = open_from(22 * 60, 6 * 60);
    apply(&mut rig, RegistryRecord::Service(closed));
    assert_eq!(rig.code(101, &voucher_sale(1)), "H1", "noon is outside 22:00 to 06:00");

    let mut open = vouchers();
    open.hours = open_from(18 * 60, 13 * 60);
    apply(&mut rig, RegistryRecord::Service(open));
    assert_eq!(rig.code(101, &voucher_sale(2)), "00", "noon is inside 18:00 to 13:00");

    let mut stopped = vouchers();
    stopped.status = Status::Blocked;
    apply(&mut rig, RegistryRecord::Service(stopped));
    assert_eq!(rig.code(101, &voucher_sale(3)), "57");
}

#[test]
fn the_amount_must_be_the_products_and_within_the_limits() {
    let mut rig = Rig::new();
    let mut wrong_price = voucher_sale(1);
    wrong_price.amount_minor = 4_999;
    assert_eq!(rig.code(100, &wrong_price), "13");
    let mut no_product = voucher_sale(2);
    no_product.product = 9;
    assert_eq!(rig.code(100, &no_product), "13");
    let mut open_amount = voucher_sale(3);
    open_amount.product = 0;
    assert_eq!(rig.code(100, &open_amount), "13", "vouchers have no open amount");
    let mut other_currency = voucher_sale(4);
    other_currency.currency = 978;
    assert_eq!(rig.code(100, &other_currency), "13");
    let mut too_much = top_up_sale(5);
    too_much.amount_minor = 50_001;
    assert_eq!(rig.code(100, &too_much), "61");
    let mut too_little = top_up_sale(6);
    too_little.amount_minor = 99;
    assert_eq!(rig.code(100, &too_little), "61");
}

#[test]
fn a_top_up_needs_a_subscriber_and_a_voucher_has_none() {
    let mut rig = Rig::new();
    let mut nobody = top_up_sale(1);
    nobody.subscriber = "";
    assert_eq!(rig.code(100, &nobody), "14");
    let mut strange = top_up_sale(2);
    strange.subscriber = "07 00\u{7}";
    assert_eq!(rig.code(100, &strange), "14");
    let mut somebody = voucher_sale(3);
    somebody.subscriber = "254700000001";
    assert_eq!(rig.code(100, &somebody), "30");
}

#[test]
fn a_date_too_far_off_is_refused_unless_the_sale_is_already_in_the_journal() {
    let mut rig = Rig::new();
    let first = rig.sell(100, &voucher_sale(1));
    rig.wall.0 += 5 * 86_400_000;
    assert_eq!(rig.code(100, &voucher_sale(2)), "B1");
    assert_eq!(rig.sell(100, &voucher_sale(1)), first, "an old retry still hears its answer");
}

#[test]
fn velocity_float_and_stock_are_checked_last() {
    let mut rig = Rig::new();
    let mut slow = vouchers();
    slow.velocity = Velocity { count_max: 1, window_s: 60, day_amount_max_minor: 0 };
    apply(&mut rig, RegistryRecord::Service(slow));
    assert_eq!(rig.code(100, &voucher_sale(1)), "00");
    assert_eq!(rig.code(100, &voucher_sale(2)), "65");
    apply(&mut rig, RegistryRecord::Service(vouchers()));
    assert_eq!(rig.code(100, &voucher_sale(3)), "00");
    assert_eq!(rig.code(100, &voucher_sale(4)), "00");
    assert_eq!(rig.code(100, &voucher_sale(5)), "S1", "three vouchers, three sales");

    let mut dear = top_ups();
    dear.amount_max_minor = 1_000_000;
    apply(&mut rig, RegistryRecord::Service(dear));
    let mut all = top_up_sale(6);
    all.amount_minor = 95_001;
    assert_eq!(rig.code(100, &all), "51", "100,000 less 15,000 plus a credit of 10,000");
}

#[test]
fn a_terminal_without_a_place_in_the_registry_loses_its_session_without_a_row() {
    let mut rig = Rig::new();
    rig.ask(999, &TerminalMessage::Sale(voucher_sale(1)));
    assert!(matches!(rig.replies.pop().expect("one reply").content, Content::KeyEnded));
    assert_eq!(rig.book.head().seq, 0);
}

#[test]
fn a_reason_longer_than_a_command_can_carry_is_cut_at_a_character() {
    let order = PushedCommand::Block { reason: "é".repeat(200) };
    let push = tillgate_core::transaction::Push { terminal: TerminalId(100), command: 7, order };
    let mut body = Vec::new();
    tillgate_core::processing::encode_command(&push, &mut body);
    let Ok(GatewayMessage::Command(command)) = GatewayMessage::decode(&body) else {
        panic!("a command")
    };
    assert_eq!(command.order, TerminalCommand::Block { reason: &"é".repeat(80) });
}
