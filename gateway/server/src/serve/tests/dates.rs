//! A gateway that is started with a clock that is days behind its store.

use tillgate_core::time::{UnixMillis, utc};
use tillgate_store_core::journal::record;
use tillgate_store_core::{Audit, Change, Command, LedgerStore, Outcome, Store};
use tillgate_store_rocks::{Options, RocksEngine};

use super::Installation;
use crate::clock;
use crate::serve::clock::{Clock, ClockTrust};
use crate::serve::gateway::Gateway;

const DAY_MS: u64 = 86_400_000;

impl Installation {
    fn book(&self) -> LedgerStore<RocksEngine> {
        let backend = RocksEngine::open(&self.config.store.dir, &Options::serving()).unwrap();
        LedgerStore::open(backend, [1; 8]).unwrap()
    }

    /// A batch of a clock that is `days` ahead.
    fn live_ahead(&self, days: u64) -> u64 {
        let at_ms = clock::unix_ms() + days * DAY_MS;
        let change = Change { at_ms, actor: "ahead".to_owned(), ..Change::default() };
        let mut outcomes = Vec::new();
        self.book().commit(&mut vec![Command::Change(change)], &mut outcomes).unwrap();
        assert_eq!(outcomes, [Outcome::Applied]);
        at_ms
    }
}

#[test]
fn a_clock_days_behind_the_last_batch_does_not_start() {
    let installation = Installation::new();
    let ahead_ms = installation.live_ahead(3);
    let before = *installation.book().head();
    let refused = Gateway::start(&installation.config, Clock::start(ClockTrust::Checked));
    let said = refused.err().unwrap().to_string();
    let today = &utc(UnixMillis(clock::unix_ms()))[..10];
    for part in [today, &utc(UnixMillis(ahead_ms)), "serve --clock-is-right --config"] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(*installation.book().head(), before, "nothing was written");
}

#[test]
fn a_clock_a_day_behind_the_last_batch_starts_on_its_date() {
    let installation = Installation::new();
    let ahead_ms = installation.live_ahead(1);
    let served = installation.serve();
    let calendar = &installation.config.calendar;
    let date = calendar.date(UnixMillis(clock::unix_ms()));
    let in_force = served.handle.directory.read().today(date);
    assert_eq!(in_force, calendar.date(UnixMillis(ahead_ms)));
    served.stop();
}

#[test]
fn a_clock_that_is_said_to_be_right_is_followed_back_and_stays_so() {
    let installation = Installation::new();
    installation.live_ahead(3);
    let clock = Clock::start(ClockTrust::Believed);
    installation.serve_by(clock).stop();
    let book = installation.book();
    assert!(book.last_at_ms() <= clock::unix_ms(), "the time of the store is right again");
    let backend = book.backend();
    let noted = (1..=book.head().audit_no).any(|no| {
        let row = record::<Audit>(backend, &no.to_be_bytes(), &mut Vec::new()).unwrap().unwrap();
        row.actor == "tillgate serve" && row.note.contains("the clock is right")
    });
    assert!(noted, "the audit log says so");
    drop(book);
    installation.serve().stop();
    installation.verify();
}
