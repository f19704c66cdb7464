//! Laws of vouchers that are taken out of sale.

use super::Factory;
use super::batches::totals;
use super::network::{PRICE_MINOR, TODAY, VOUCHERS, load, voucher};
use super::world::{World, key};
use tillgate_store_core::command::{Change, Command, Withdraw};
use tillgate_store_core::ids::Text;
use tillgate_store_core::limits::WITHDRAWN_MAX;
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::Voucher;
use tillgate_store_core::verify::verify;
use tillgate_store_core::withdrawal::{self, Chosen, Place};
use tillgate_types::{BusinessDate, ProductId, ResponseCode};

const PRODUCT: ProductId = ProductId(1);

fn in_days(days: u16) -> BusinessDate {
    BusinessDate(TODAY.0 + days)
}

/// A withdrawal of vouchers of [`VOUCHERS`].
pub fn withdraw(product: ProductId, vouchers: Vec<Place>, at_ms: u64) -> Command {
    let (actor, note) = ("law".to_owned(), "recalled by its issuer".to_owned());
    Command::Withdraw(Withdraw { at_ms, actor, note, service: VOUCHERS, product, vouchers })
}

fn place(number: u16, days: u16) -> Place {
    let Voucher { expiry, serial, .. } = voucher(PRODUCT, number, in_days(days));
    (expiry, serial)
}

fn with_stock<F: Factory>(factory: F, stock: Vec<Voucher>) -> World<F> {
    let mut world = World::stocked(factory, 10_000_000, 0);
    assert_eq!(world.change(vec![], stock, vec![]), Outcome::Applied);
    world
}

/// Neither from what was read ahead nor after a restart, and its serial is not loaded again.
pub fn a_withdrawn_voucher_is_never_sold<F: Factory>(factory: F) {
    let stock = (1..=4).map(|number| voucher(PRODUCT, number, in_days(9))).collect();
    let mut world = with_stock(factory, stock);
    let first = world.sell(key(1, 1));
    let audits = world.book().head().audit_no;
    let order = withdraw(PRODUCT, vec![place(2, 9), place(2, 9), place(4, 9)], world.now_ms);
    assert_eq!(world.run(order.clone()), Outcome::Withdrawn(2));
    assert_eq!(world.book().head().audit_no, audits + 1);
    let head = *world.book().head();
    assert_eq!(world.run(order), Outcome::Withdrawn(0), "they are gone");
    let sold = withdraw(PRODUCT, vec![place(1, 9)], world.now_ms);
    assert_eq!(world.run(sold), Outcome::Withdrawn(0), "somebody has its PIN");
    let elsewhere = withdraw(ProductId(2), vec![place(3, 9)], world.now_ms);
    assert_eq!(world.run(elsewhere), Outcome::Withdrawn(0), "that is of product 1");
    assert_eq!(*world.book().head(), head, "nothing is written for nothing");
    let serial = |row: &tillgate_store_core::Transaction| {
        row.voucher.as_ref().map(|voucher| voucher.serial.to_string())
    };
    assert_eq!(serial(&world.sell(key(1, 2))).as_deref(), Some("S000003"));
    assert_eq!(world.sell(key(1, 3)).code, ResponseCode::OUT_OF_STOCK);
    world.reopen();
    assert_eq!(world.sell(key(2, 1)).code, ResponseCode::OUT_OF_STOCK);
    assert_eq!(serial(&first).as_deref(), Some("S000001"));
    let again = world.change(vec![], vec![voucher(PRODUCT, 2, in_days(30))], vec![]);
    assert!(super::world::rejected(&again), "withdrawn is not forgotten: {again:?}");
    let counts = verify(world.book().backend()).expect("readable").counts;
    assert_eq!((counts.vouchers_sold, counts.vouchers_withdrawn), (2, 2));
}

/// Who withdraws has a name; no command holds the writer for longer than its limit.
pub fn a_withdrawal_is_bounded_and_somebodys<F: Factory>(factory: F) {
    let mut world = with_stock(factory, vec![voucher(PRODUCT, 1, in_days(9))]);
    let most = u16::try_from(WITHDRAWN_MAX).expect("fits");
    let many: Vec<Place> = (1..=most + 1).map(|number| place(number, 9)).collect();
    let too_many = world.run(withdraw(PRODUCT, many.clone(), world.now_ms));
    assert!(super::world::rejected(&too_many), "{too_many:?}");
    let Command::Withdraw(order) = withdraw(PRODUCT, many[..1].to_vec(), world.now_ms) else {
        panic!("it is one");
    };
    let nobody = Withdraw { actor: String::new(), ..order.clone() };
    let talker = Withdraw { note: "x".repeat(9_999), ..order };
    for order in [nobody, talker] {
        let outcome = world.run(Command::Withdraw(order));
        assert!(super::world::rejected(&outcome), "{outcome:?}");
    }
    assert_eq!(world.run(withdraw(PRODUCT, many[..500].to_vec(), 9)), Outcome::Withdrawn(1));
}

/// By batch, by expiry, piece by piece; what is sold meanwhile is passed over.
pub fn a_withdrawal_finds_what_it_is_asked_for<F: Factory>(factory: F) {
    let mut world = World::stocked(factory, 10_000_000, 0);
    let most = u16::try_from(WITHDRAWN_MAX).expect("fits");
    let recalled: Vec<Voucher> =
        (0..most + 7).map(|n| voucher(PRODUCT, n, in_days(20 + n % 2))).collect();
    let batches = vec![totals("B-7", &recalled, PRICE_MINOR)];
    let (at_ms, actor) = (world.now_ms, "law".to_owned());
    let change = Change { at_ms, actor, vouchers: recalled, batches, ..Change::default() };
    assert_eq!(world.run(Command::Change(change)), Outcome::Applied);
    let kept: Vec<Voucher> = (1..4).map(|n| voucher(PRODUCT, 9_000 + n, in_days(20))).collect();
    let other = vec![voucher(ProductId(2), 9_100, in_days(1))];
    assert_eq!(world.change(vec![], [kept, other].concat(), vec![]), Outcome::Applied);
    let chosen = |batch: Option<&str>, expiry_before| Chosen {
        service: VOUCHERS,
        product: PRODUCT,
        batch: batch.map(|number| Text::from(number).expect("short enough")),
        expiry_before,
    };
    let early = chosen(None, Some(in_days(21)));
    let found = withdrawal::find(world.book().backend(), &early, None).expect("readable");
    assert_eq!((found.vouchers.len(), found.next), (usize::from(most / 2 + 4 + 3), None));
    let none = chosen(Some("B-8"), None);
    let found = withdrawal::find(world.book().backend(), &none, None).expect("readable");
    assert_eq!(found, withdrawal::Piece::default());

    let recalled = chosen(Some("B-7"), None);
    let (mut after, mut withdrawn, mut pieces) = (None, 0, 0);
    loop {
        let rows = world.book().backend();
        let piece = withdrawal::find(rows, &recalled, after).expect("readable");
        if pieces == 0 {
            world.sell(key(1, 1));
        }
        pieces += 1;
        let Outcome::Withdrawn(count) = world.run(withdraw(PRODUCT, piece.vouchers, 9)) else {
            panic!("it is not refused");
        };
        withdrawn += count;
        if piece.next.is_none() {
            break;
        }
        after = piece.next;
        world.reopen();
    }
    assert_eq!((pieces, withdrawn), (2, u64::from(most) + 7 - 1), "one was sold meanwhile");
    let left = withdrawal::find(world.book().backend(), &chosen(None, None), None);
    assert_eq!(left.expect("readable").vouchers.len(), 3);
    let rows = world.book().backend();
    let serials = ["S009001", "S000001", "S009100", "S777777"]
        .map(|serial| Text::from(serial).expect("short enough"));
    let found = withdrawal::find_serials(rows, VOUCHERS, &serials).expect("readable");
    let [first, _, third, _] = serials;
    let expected = [(PRODUCT, (in_days(20), first)), (ProductId(2), (in_days(1), third))];
    assert_eq!(found, expected, "not what was withdrawn, nor what never was");
    assert_eq!(world.change(vec![], vec![], vec![load("x", 1, 5)]), Outcome::Applied);
}
