//! Sudden death: a child process commits and says so; it is killed in the middle; every sale it
//! said must be there.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use tillgate_store_core::{Book, State, Store};
use tillgate_store_rocks::{Cause, Options, RocksBackend};

use crate::place::Place;
use crate::shop;

/// Where the child finds its store.
const DIR: &str = "TILLGATE_TEST_CRASH_DIR";
const KILLS: u32 = 8;
const VOUCHERS: u32 = 20_000;

/// Not a test by itself: what the child of the next test runs. Sells until it is killed, one to
/// nine vouchers a batch, and prints the last trace number of each batch once it is durable.
#[test]
#[ignore = "runs as the child of every_sale_that_was_acknowledged_before_a_kill_is_there"]
fn child_that_sells_until_it_is_killed() {
    let dir = std::env::var_os(DIR).expect("run by its parent");
    let backend = RocksBackend::open(dir.as_ref(), &Options::serving()).unwrap();
    let mut book = Book::open(backend, *b"not new!").unwrap();
    let mut out = std::io::stdout().lock();
    let mut stan = book.last_stan(shop::key(42, 0).terminal, shop::TODAY).unwrap();
    loop {
        let batch = 1 + stan % 9;
        let sales = (1..=batch).map(|n| shop::sell(shop::key(42, stan + n))).collect();
        shop::commit(&mut book, sales);
        stan += batch;
        writeln!(out, "acknowledged {stan}").unwrap();
    }
}

#[test]
fn every_sale_that_was_acknowledged_before_a_kill_is_there() {
    let place = Place::new();
    drop(shop::open(place.create(), VOUCHERS));
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        acknowledged = acknowledged.max(run_and_kill(&place, 20 + 37 * kill));
        let book = place.open().unwrap();
        for stan in 1..=acknowledged {
            let row = book.transaction(&shop::key(42, stan)).unwrap();
            let row = row.unwrap_or_else(|| panic!("{stan} of {acknowledged} is lost"));
            assert_eq!(row.state, State::Approved);
            assert_eq!(row.seq, u64::from(stan));
        }
        drop(book);
        let report = place.verify();
        assert!(report.holds(), "{:#?}", report.violations);
        assert!(report.counts.vouchers_sold >= u64::from(acknowledged));
    }
    assert!(acknowledged > 100);
}

/// Starts the child, reads `lines` acknowledgements, kills it, reads what it still had said;
/// the last acknowledged trace number.
fn run_and_kill(place: &Place, lines: u32) -> u32 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "crash::child_that_sells_until_it_is_killed"])
        .env(DIR, place.dir())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = 0;
    let mut left = lines;
    while let Some(Ok(line)) = said.next() {
        let Some(stan) = line.strip_prefix("acknowledged ") else { continue };
        // A line that the kill cut short names a smaller number.
        last = last.max(stan.parse().unwrap_or(0));
        left = left.saturating_sub(1);
        if left == 0 {
            let refused = place.refusal();
            assert_eq!(refused.cause, Cause::Locked, "{refused}");
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success());
    last
}
