//! Statements of providers against rows: every class, every format, every fault.

use proptest::prelude::*;
use tillgate_codec::iso8583::{Dialect, Message, Mti};
use tillgate_core::reconcile::{Class, ColumnMap, Reconciliation, Report, Statement};
use tillgate_core::time::Calendar;
use tillgate_store_conformance::MemoryFactory;
use tillgate_store_conformance::network::TODAY;
use tillgate_store_conformance::world::{World, approved, key};
use tillgate_store_core::{
    BusinessDate, FollowUp, Key, ProviderOutcome, Resolution, ResponseCode, Store, Transaction,
};

const MAP: &str = r#"
format = "csv"
header = true
currency = "USD"
[columns]
reference = "Ref"
amount = "Amount"
status = ["Result"]
[status]
OK = "done"
NO = "not_done"
BACK = "reversed"
FEE = "ignored"
[rules]
edge_minutes = 0
"#;

fn map(text: &str) -> ColumnMap {
    ColumnMap::read(text).unwrap()
}

fn statement(text: &str, map: &ColumnMap) -> Result<Statement, String> {
    Statement::read(text.as_bytes(), map, None)
}

/// One sale of 500 for each state, in this order: approved, declined, unknown, in flight.
struct Rows {
    world: World<MemoryFactory>,
    rows: Vec<Transaction>,
}

/// Whose sales the statement is held against: the bridge's, or those it was tried for.
#[derive(Clone, Copy)]
enum Whose {
    Own,
    Former,
}

impl Rows {
    fn new() -> Self {
        let mut world = World::stocked(MemoryFactory, 10_000, 0);
        let declined = ProviderOutcome::Declined {
            code: ResponseCode::NOT_HONOURED,
            reference: tillgate_store_core::Text::new(),
            chip: None,
        };
        let findings = [Some(approved()), Some(declined), Some(ProviderOutcome::Unknown), None];
        for (stan, finding) in (1..).zip(findings) {
            world.begin_top_up(key(1, stan), 500);
            if let Some(finding) = finding {
                world.finish(key(1, stan), finding);
            }
        }
        let mut rows = Self { world, rows: Vec::new() };
        rows.reload();
        rows
    }

    fn reload(&mut self) {
        let book = self.world.book();
        self.rows = (1..=4).map(|stan| book.transaction(&key(1, stan)).unwrap().unwrap()).collect();
    }

    fn reference(&self, stan: usize) -> String {
        self.rows[stan - 1].reference(self.world.book().store_id()).as_str().to_owned()
    }

    fn against(&self, lines: &str, map: &ColumnMap) -> Report {
        self.held_against(lines, map, Whose::Own)
    }

    fn held_against(&self, lines: &str, map: &ColumnMap, whose: Whose) -> Report {
        let statement = statement(&format!("Ref,Amount,Result\n{lines}"), map).unwrap();
        let calendar = Calendar::default();
        let mut reconciliation = Reconciliation::new(map, statement, &calendar, (TODAY, TODAY));
        for row in &self.rows {
            let store = self.world.book().store_id();
            match whose {
                Whose::Own => reconciliation.row(row, store),
                Whose::Former => reconciliation.former_row(row, store),
            }
        }
        reconciliation.finish()
    }
}

/// Class and order of the sale with this STAN; `Matched` is not listed.
fn found(report: &Report, stan: u32) -> (Class, Option<Resolution>) {
    let name = tillgate_core::report::show_key(&key(1, stan));
    let item = report.items.iter().find(|item| item.transaction.as_ref() == Some(&name));
    let order = report.orders("f").find(|(of, ..)| *of == key(1, stan));
    (item.map_or(Class::Matched, |item| item.class), order.map(|(_, order, _)| order))
}

#[test]
fn what_a_bridge_did_of_a_sale_that_it_was_only_tried_for_is_a_surplus_of_that_sale() {
    use Class::{Matched, Surplus};
    let (rows, map) = (Rows::new(), map(MAP));
    let of = |lines: &dyn Fn(&str) -> String| {
        let text: String = (1..=4).map(|stan| lines(&rows.reference(stan))).collect();
        let report = rows.held_against(&text, &map, Whose::Former);
        let theirs = report.theirs.minor;
        ([1, 2, 3, 4].map(|stan| found(&report, stan)), theirs, report.ours.minor)
    };
    let (disputed, open) = ((Surplus, Some(Resolution::Disputed)), (Surplus, None));
    let done = of(&|r| format!("{r},500,OK\n"));
    assert_eq!(done, ([disputed, disputed, disputed, open], 2_000, 0));
    for nothing in [of(&|r| format!("{r},500,NO\n")), of(&|_| String::new())] {
        assert_eq!(nothing, ([(Matched, None); 4], 0, 0));
    }
}

#[test]
fn every_state_and_every_statement_about_it_have_one_meaning() {
    use Class::{AmountDiffers, Matched, Missing, Open, Repeated, Resolved, Surplus};
    use Resolution::{Approved, Declined, Disputed};
    let (rows, map) = (Rows::new(), map(MAP));
    let says = |lines: &dyn Fn(&str) -> String| {
        let text: String = (1..=4).map(|stan| lines(&rows.reference(stan))).collect();
        let report = rows.against(&text, &map);
        [1, 2, 3, 4].map(|stan| found(&report, stan))
    };
    let dispute = Some(Disputed);
    assert_eq!(
        says(&|r| format!("{r},500,OK\n")),
        [(Matched, None), (Surplus, dispute), (Resolved, Some(Approved)), (Open, None)]
    );
    assert_eq!(
        says(&|r| format!("{r},501,OK\n")),
        [(AmountDiffers, dispute), (Surplus, dispute), (AmountDiffers, dispute), (Open, None)]
    );
    assert_eq!(
        says(&|r| format!("{r},500,OK\n{r},500,OK\n")),
        [(Repeated, dispute), (Surplus, dispute), (AmountDiffers, dispute), (Open, None)]
    );
    let not_done = [(Missing, dispute), (Matched, None), (Resolved, Some(Declined)), (Open, None)];
    assert_eq!(says(&|r| format!("{r},500,NO\n")), not_done);
    assert_eq!(says(&|r| format!("{r},500,OK\n{r},500,BACK\n")), not_done);
    assert_eq!(says(&|r| format!("{r},500,BACK\n{r},500,OK\n")), not_done, "in any order");
    let absent = [(Missing, dispute), (Matched, None), (Open, dispute), (Open, None)];
    assert_eq!(says(&|_| String::new()), absent);
}

#[test]
fn rules_resolve_what_they_name_and_nothing_on_the_operators_list_is_ordered_twice() {
    let rules = "absent = \"declined\"\nlate = \"take_back\"\nedge_minutes = 0";
    let rules = map(&MAP.replace("edge_minutes = 0", rules));
    let mut rows = Rows::new();
    let report = rows.against(&format!("{},500,OK\n", rows.reference(2)), &rules);
    assert_eq!(found(&report, 2), (Class::Surplus, Some(Resolution::LateApproval)));
    assert_eq!(found(&report, 3), (Class::Resolved, Some(Resolution::Declined)));
    // What was ordered is carried out by the ledger, and the next run orders nothing more.
    for (key, verdict, note) in report.orders("2026-11.csv") {
        assert!(note.contains("2026-11.csv"), "{note}");
        rows.world.resolve(key, verdict);
    }
    rows.reload();
    assert_eq!(rows.rows[0].owes(), Some(FollowUp::Operator));
    assert_eq!(rows.rows[1].owes(), Some(FollowUp::Reversal));
    let again = rows.against(&format!("{},500,OK\n", rows.reference(2)), &rules);
    assert_eq!(again.orders("f").count(), 0);
    assert_eq!(again.left(), 3, "missing, being taken back, in flight");
}

#[test]
fn a_sale_near_the_cut_off_may_be_in_another_days_file() {
    let rows = Rows::new();
    let hour = map(&MAP.replace("edge_minutes = 0", "edge_minutes = 1439"));
    let report = rows.against("", &hour);
    assert_eq!((found(&report, 1), report.left()), ((Class::Edge, None), 1), "one is in flight");
    // In the file of the day before it is found, and is nothing of that day's.
    let mut rows = rows;
    let line = format!("{},500,OK\n", rows.reference(1));
    for row in &mut rows.rows {
        row.key.date = BusinessDate(TODAY.0 + 1);
    }
    let report = rows.against(&line, &hour);
    assert_eq!((report.items.len(), report.ours.minor, report.theirs.minor), (0, 500, 500));
}

#[test]
fn a_reference_that_is_not_ours_is_nobodys_unless_nothing_was_done() {
    let report = Rows::new().against("X-1,700,OK\nX-2,700,NO\n-,1,FEE\n", &map(MAP));
    let strangers: Vec<_> =
        report.items.iter().filter(|item| item.class == Class::Stranger).collect();
    assert_eq!(strangers.len(), 1);
    assert_eq!((strangers[0].line, strangers[0].theirs_minor), (Some(2), 700));
}

proptest! {
    #[test]
    fn every_minor_unit_of_both_sides_is_in_one_class(
        lines in prop::collection::vec((0..7_usize, 1..3_u64, 0..3_usize), 0..20)
    ) {
        let (rows, map) = (Rows::new(), map(MAP));
        let mut text = String::new();
        for (whose, amount, result) in lines {
            let reference = match whose {
                1..=4 => rows.reference(whose),
                _ => format!("X-{whose}"),
            };
            let result = ["OK", "NO", "BACK"][result];
            text.push_str(&format!("{reference},{},{result}\n", amount * 500));
        }
        let report = rows.against(&text, &map);
        let ours: u128 = report.classes.iter().map(|(_, ours, _)| ours.minor).sum();
        let theirs: u128 = report.classes.iter().map(|(.., theirs)| theirs.minor).sum();
        prop_assert_eq!((ours, theirs), (report.ours.minor, report.theirs.minor));
        prop_assert_eq!(ours, 500, "one sale is approved");
        let differs = report.items.iter().any(|item| item.is_left);
        prop_assert!(differs || ours == theirs, "sums differ and nothing is listed");
    }
}

#[test]
fn amounts_are_read_exactly_and_control_totals_are_held_against_the_lines() {
    let comma = MAP.replace("currency", "delimiter = \";\"\nskip = 1\ncurrency").replace(
        "[rules]",
        "[amount]\nunit = \"major\"\ndecimal = \",\"\n[trailer]\n\
                 starts_with = \"SUM\"\ncount = 2\nsum = 3\n[rules]",
    );
    let comma = map(&comma);
    let good = "Statement of today\nRef;Amount;Result\nA;12,5;OK\nB;-3,00;OK\nSUM;2;9,50\n";
    assert_eq!(statement(good, &comma).unwrap().lines, 2);
    for (from, to, why) in [
        ("12,5", "12.5", "line 3: the amount is \"12.5\""),
        ("12,5", "12,505", "line 3: the amount is \"12,505\""),
        ("12,5", "1.250,00", "line 3: the amount is"),
        ("12,5;OK", "12,5;MAYBE", "line 3: the status \"MAYBE\""),
        ("A;", ";", "line 3: it has no reference"),
        ("SUM;2", "SUM;3", "line 5: it counts 3 lines, and there are 2"),
        ("9,50", "9,51", "line 5: its sum is 9,51"),
        ("SUM;2;9,50\n", "", "it has no trailer"),
        ("SUM;2;9,50\n", "SUM;2;9,50\nC;1,00;OK\n", "line 6: there is more behind the trailer"),
        ("Ref;", "Reference;", "there is no column \"Ref\""),
        ("Ref;", "Amount;", "there is no column"),
        ("A;", "A\u{fffd};;", "line 3"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = statement(&good.replace(from, to), &comma).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn lines_of_fixed_places_and_messages_are_statements_too() {
    let fixed = map(r#"
        format = "fixed"
        currency = "USD"
        [columns]
        reference = { from = 3, to = 6 }
        amount = { from = 7, to = 12 }
        status = [{ from = 1, to = 2 }]
        [status]
        SA = "done"
        CR = "reversed"
        [trailer]
        starts_with = "EN"
        count = { from = 3, to = 6 }
        "#);
    let text = "SAA-1 001250\r\nCRA-1 001250\nSAB-2 000300\n\nEN3   \n";
    assert_eq!(statement(text, &fixed).unwrap().lines, 3);
    let batch = map(r#"
        format = "iso8583"
        dialect = "iso87b"
        currency = "USD"
        [columns]
        reference = 37
        amount = 4
        status = ["mti", 39]
        [status]
        "0210 00" = "done"
        "0210 05" = "not_done"
        "#);
    let dialect = Dialect::builtin("iso87b").unwrap();
    let (mut bytes, mut message) = (Vec::new(), Vec::new());
    for (rrn, code) in [("632600000001", "00"), ("632600000002", "05")] {
        let mut answer = Message::new(Mti(*b"0210"));
        answer.set_number(4, 500).set(37, rrn).set(39, code);
        message.clear();
        dialect.encode(&answer, &mut message).unwrap();
        dialect.framing().append_frame(&message, &mut bytes).unwrap();
    }
    assert_eq!(Statement::read(&bytes, &batch, Some(&dialect)).unwrap().lines, 2);
    for cut in 1..bytes.len() {
        let read = Statement::read(&bytes[..cut], &batch, Some(&dialect));
        let whole = cut == bytes.len() / 2;
        assert_eq!(read.is_ok(), whole, "cut at {cut}");
    }
}

#[test]
fn a_column_map_says_what_is_wrong_with_it() {
    for (from, to, why) in [
        ("\"csv\"", "\"xls\"", "line 2:"),
        ("currency = \"USD\"", "currency = \"USDO\"", "currency is \"USDO\""),
        ("currency = \"USD\"", "currency = \"USD\"\ncolour = 1", "line 5: unknown field `colour`"),
        ("header = true", "header = false", "a column is \"Ref\"; expected a number"),
        ("amount = \"Amount\"", "amount = { from = 1, to = 2 }", "the name or the number"),
        ("\"Amount\"", "0", "a column is 0"),
        ("OK = \"done\"", "OK = \"paid\"", "line 10:"),
        ("status = [\"Result\"]", "", "columns.status and [status] go together"),
        ("header = true", "dialect = \"iso87b\"\nheader = true", "dialect belongs to"),
    ] {
        assert!(MAP.contains(from), "{from}");
        let error = ColumnMap::read(&MAP.replace(from, to)).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn keys_in_orders_are_those_of_the_journal() {
    let rows = Rows::new();
    let report = rows.against("", &map(MAP));
    let keys: Vec<Key> = report.orders("f").map(|(key, ..)| key).collect();
    assert_eq!(keys, [key(1, 1), key(1, 3)]);
}
