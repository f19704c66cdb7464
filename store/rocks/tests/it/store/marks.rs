//! The high-water mark: what it notices, and how an operator goes on.

use std::fs;

use tillgate_store_core::LedgerStore;
use tillgate_store_rocks::{Cause, MarkTrouble, Note, Options, RocksEngine, note};

use crate::store::place::{Place, copy, sell_one};
use crate::store::shop;

#[test]
fn a_log_that_lost_acknowledged_sales_is_refused_with_both_batches() {
    let place = Place::new();
    let mut book = shop::open(place.create(), 20);
    sell_one(&mut book, 1);
    let last = sell_one(&mut book, 2);
    drop(book);
    let log = fs::OpenOptions::new().write(true).open(place.newest(".log")).unwrap();
    log.set_len(log.metadata().unwrap().len() - 3).unwrap();
    assert_eq!(place.mark_trouble(), MarkTrouble::TailLost { marked: last, head: last - 1 });
    let text = place.refusal().to_string();
    assert!(text.contains("the end is lost") && text.contains("restore --accept"), "{text}");
}

#[test]
fn an_operator_who_accepts_the_loss_can_go_on() {
    let place = Place::new();
    let mut book = shop::open(place.create(), 20);
    let last = sell_one(&mut book, 1);
    drop(book);
    let log = fs::OpenOptions::new().write(true).open(place.newest(".log")).unwrap();
    log.set_len(log.metadata().unwrap().len() - 3).unwrap();
    assert!(place.open().is_err());
    let (backend, mark) = RocksEngine::accept(place.dir(), &Options::serving()).unwrap();
    drop(backend);
    assert_eq!(mark.batch_no, last - 1);
    let mut book = place.open().unwrap();
    sell_one(&mut book, 1);
    drop(book);
    assert!(place.verify().holds());
}

#[test]
fn a_directory_rolled_back_as_a_whole_is_noticed_by_a_mark_elsewhere() {
    let (place, old, elsewhere) = (Place::new(), Place::new(), Place::new());
    let mark = Some(elsewhere.dir().join("mark"));
    let options = Options { mark, ..Options::creating() };
    let open = |place: &Place| RocksEngine::open(place.dir(), &options);
    let mut book = shop::open(open(&place).unwrap(), 20);
    let before = sell_one(&mut book, 1);
    drop(book);
    copy(place.dir(), old.dir());
    let mut book = LedgerStore::open(open(&place).unwrap(), *b"not new!").unwrap();
    let marked = sell_one(&mut book, 2);
    drop(book);
    let cause = open(&old).map(|_| ()).unwrap_err().cause;
    let lost = MarkTrouble::TailLost { marked, head: before };
    assert!(matches!(cause, Cause::Mark { trouble, .. } if trouble == lost));
}

#[test]
fn a_missing_mark_is_refused_until_it_is_accepted() {
    let place = Place::busy();
    fs::remove_file(place.mark()).unwrap();
    assert!(matches!(place.mark_trouble(), MarkTrouble::Missing { head } if head > 0));
    assert!(!place.mark().exists());
    RocksEngine::accept(place.dir(), &Options::serving()).unwrap();
    assert!(place.open().is_ok());
}

#[test]
fn an_unreadable_mark_is_refused() {
    let place = Place::busy();
    fs::write(place.mark(), [0x55; 1024]).unwrap();
    assert_eq!(place.mark_trouble(), MarkTrouble::Damaged);
}

#[test]
fn the_mark_of_another_store_is_refused() {
    let (place, other) = (Place::busy(), Place::new());
    drop(shop::open(other.create(), 3));
    fs::copy(other.mark(), place.mark()).unwrap();
    assert!(matches!(place.mark_trouble(), MarkTrouble::AnotherHistory { batch_no: 1 }));
}

#[test]
fn a_mark_without_its_database_does_not_become_an_empty_store() {
    let place = Place::busy();
    fs::remove_dir_all(place.dir().join("rows")).unwrap();
    assert!(matches!(place.mark_trouble(), MarkTrouble::DatabaseGone { marked } if marked > 0));
    let created = RocksEngine::open(place.dir(), &Options::creating()).map(|_| ());
    assert!(matches!(created.unwrap_err().cause, Cause::Mark { .. }));
}

#[test]
fn a_mark_that_was_not_written_before_the_crash_is_caught_up() {
    let place = Place::new();
    let mut book = shop::open(place.create(), 20);
    sell_one(&mut book, 1);
    let behind = fs::read(place.mark()).unwrap();
    let last = sell_one(&mut book, 2);
    drop(book);
    let ahead = fs::read(place.mark()).unwrap();
    fs::write(place.mark(), behind).unwrap();
    assert_eq!(place.open().unwrap().head().batch_no, last);
    assert!(fs::read(place.mark()).unwrap() == ahead);
}

#[test]
fn a_restored_store_is_read_at_once_and_written_to_only_after_its_end_was_accepted() {
    let place = Place::busy();
    Note::Restored.write(place.dir(), "the backup of yesterday").unwrap();
    let refused = place.refusal();
    assert_eq!(refused.cause, Cause::Noted(Note::Restored, "the backup of yesterday".to_owned()));
    let text = refused.to_string();
    assert!(text.contains("book the missing sales") && text.contains("restore --accept"), "{text}");
    assert!(place.verify().holds());
    RocksEngine::accept(place.dir(), &Options::serving()).unwrap();
    assert!(place.open().is_err(), "the note stays until it is cleared");
    note::clear(place.dir()).unwrap();
    assert!(place.open().is_ok());
}

#[test]
fn a_store_that_was_found_damaged_is_not_written_to_any_more() {
    let place = Place::busy();
    Note::Damaged.write(place.dir(), "a block of 000012.sst").unwrap();
    let refused = place.refusal();
    assert_eq!(refused.cause, Cause::Noted(Note::Damaged, "a block of 000012.sst".to_owned()));
    assert!(refused.to_string().contains("restore the last backup"), "{refused}");
}
