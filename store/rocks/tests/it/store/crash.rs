//! Sudden death: a child process commits and says so; it is killed in the middle; every sale it
//! said must be there.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, Signal, signal};
use tillgate_store_core::{Asker, LedgerStore, State, Store, StoreError};
use tillgate_store_rocks::{Cause, Options, RocksEngine};

use crate::store::place::Place;
use crate::store::shop;

/// Where the child finds its store.
const DIR: &str = "TILLGATE_TEST_CRASH_DIR";
const KILLS: usize = 8;
const VOUCHERS: u32 = 20_000;
/// No file of the second child grows beyond this.
const FULL_BYTES: u64 = 300_000;

/// Not a test by itself: what the child of the next test runs. Sells until it is killed, one to
/// nine vouchers a batch, and prints the last trace number of each batch once it is durable.
#[test]
#[ignore = "runs as the child of every_sale_that_was_acknowledged_before_a_kill_is_there"]
fn child_that_sells_until_it_is_killed() {
    let dir = std::env::var_os(DIR).expect("run by its parent");
    let backend = RocksEngine::open(dir.as_ref(), &Options::serving()).unwrap();
    let mut book = LedgerStore::open(backend, *b"not new!").unwrap();
    let mut out = std::io::stdout().lock();
    let mut stan = book.last_stan(shop::key(42, 0).terminal, shop::TODAY, Asker::Terminal).unwrap();
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

/// Not a test by itself: what the child of the next test runs. Sells until no file may grow, and
/// says how it ended.
#[test]
#[ignore = "runs as the child of a_full_disk_stops_the_store_and_loses_nothing"]
fn child_that_sells_until_its_disk_is_full() {
    let dir = std::env::var_os(DIR).expect("run by its parent");
    let backend = RocksEngine::open(dir.as_ref(), &Options::serving()).unwrap();
    let mut book = LedgerStore::open(backend, *b"not new!").unwrap();
    // SAFETY: no handler is installed; the signal is ignored, so that writing fails instead.
    unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }.unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, FULL_BYTES, FULL_BYTES).unwrap();
    let mut outcomes = Vec::new();
    for stan in 1.. {
        let sale = || vec![shop::sell(shop::key(42, stan))];
        let Err(error) = book.commit(&mut sale(), &mut outcomes) else {
            println!("acknowledged {stan}");
            continue;
        };
        assert!(matches!(error, StoreError::Engine(_)) && outcomes.is_empty(), "{error}");
        let again = book.commit(&mut sale(), &mut outcomes);
        assert_eq!(again, Err(StoreError::Stopped));
        return;
    }
}

#[test]
fn a_full_disk_stops_the_store_and_loses_nothing() {
    let place = Place::new();
    drop(shop::open(place.create(), 5_000));
    let mut child = child("child_that_sells_until_its_disk_is_full", &place);
    let acknowledged = acknowledgements(&mut child).last().unwrap();
    assert!(child.wait().unwrap().success());
    let book = place.open().unwrap();
    for stan in 1..=acknowledged {
        let row = book.transaction(&shop::key(42, stan)).unwrap();
        assert!(row.is_some_and(|row| row.state == State::Approved), "{stan}");
    }
    drop(book);
    assert!(place.verify().holds());
}

/// Starts the child, reads `lines` acknowledgements, kills it, reads what it still had said;
/// the last acknowledged trace number.
fn run_and_kill(place: &Place, lines: usize) -> u32 {
    let mut child = child("child_that_sells_until_it_is_killed", place);
    let mut said = acknowledgements(&mut child);
    let mut last = said.by_ref().take(lines).last();
    let refused = place.refusal();
    assert_eq!(refused.cause, Cause::Locked, "{refused}");
    child.kill().unwrap();
    last = said.last().max(last);
    assert!(!child.wait().unwrap().success());
    last.unwrap()
}

/// This test binary again, running one of the children above.
fn child(name: &str, place: &Place) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", &format!("store::crash::{name}")])
        .env(DIR, place.dir())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The trace numbers that a child says are durable. A line that a kill cut short names a smaller
/// number.
fn acknowledgements(child: &mut Child) -> impl Iterator<Item = u32> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).filter_map(|line| {
        let (_, stan) = line.split_once("acknowledged ")?;
        stan.parse().ok()
    })
}
