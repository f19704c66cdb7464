//! Damaged files: nothing wrong may open and look right.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use tillgate_store_core::StoreError;
use tillgate_store_rocks::{Cause, Options, Progress, RocksReader, Unreadable};

use crate::store::place::{Place, copy, sell_one};
use crate::store::shop;

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x04;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_torn_last_record_that_nobody_was_told_of_opens_without_it() {
    let place = Place::new();
    let mut book = shop::open(place.create(), 20);
    let told = sell_one(&mut book, 1);
    let (log, mark) = (place.newest(".log"), fs::read(place.mark()).unwrap());
    let sound = log.metadata().unwrap().len();
    sell_one(&mut book, 2);
    drop(book);
    let whole = log.metadata().unwrap().len();
    for torn in [sound + 1, sound + 8, (sound + whole) / 2, whole - 1] {
        let cut = Place::new();
        copy(place.dir(), cut.dir());
        fs::OpenOptions::new().write(true).open(cut.newest(".log")).unwrap().set_len(torn).unwrap();
        fs::write(cut.mark(), &mark).unwrap();
        let mut book = cut.open().unwrap();
        assert_eq!(book.head().batch_no, told, "torn at {torn} of {sound} to {whole}");
        sell_one(&mut book, 2);
        drop(book);
        assert!(cut.verify().holds());
    }
}

#[test]
fn a_flipped_bit_in_the_middle_of_the_log_is_refused_as_damage() {
    let place = Place::new();
    let mut book = shop::open(place.create(), 50);
    for stan in 1..=30 {
        sell_one(&mut book, stan);
    }
    drop(book);
    let log = place.newest(".log");
    flip(&log, usize::try_from(log.metadata().unwrap().len()).unwrap() / 2);
    let error = place.refusal();
    assert!(matches!(error.cause, Cause::Damaged(_)), "{error}");
    let text = error.to_string();
    assert!(text.contains("damaged") && text.contains("restore the last backup"), "{text}");
    assert!(text.contains(&place.dir().display().to_string()), "{text}");
}

#[test]
fn no_flipped_bit_of_the_log_opens_with_anything_missing() {
    let place = Place::new();
    let mut book = shop::open(place.create(), 10);
    let last = (1..=8).map(|stan| sell_one(&mut book, stan)).last().unwrap();
    drop(book);
    let name = place.newest(".log");
    let length = usize::try_from(name.metadata().unwrap().len()).unwrap();
    let mut refused = 0;
    for at in (0..length).step_by(length / 24 + 1).chain([length - 1]) {
        let bad = Place::new();
        copy(place.dir(), bad.dir());
        flip(&bad.newest(".log"), at);
        match bad.open() {
            Err(_) => refused += 1,
            Ok(book) => assert_eq!(book.head().batch_no, last, "bit flipped at {at}"),
        }
    }
    assert!(refused >= 24);
}

#[test]
fn a_missing_log_is_refused() {
    let place = Place::busy();
    fs::remove_file(place.newest(".log")).unwrap();
    let error = place.refusal();
    assert!(matches!(error.cause, Cause::Damaged(_) | Cause::Mark { .. }), "{error}");
}

#[test]
fn no_flipped_bit_of_a_table_passes_verification() {
    let place = Place::busy();
    // The log is written into tables when it is replayed.
    drop(place.open().unwrap());
    let sound = place.verify();
    let tables = place.files(".sst");
    assert!(!tables.is_empty() && sound.holds());
    for (index, table) in tables.iter().enumerate() {
        let length = usize::try_from(table.metadata().unwrap().len()).unwrap();
        // The first bytes are the rows.
        for at in [1, 40, 90] {
            let bad = Place::new();
            copy(place.dir(), bad.dir());
            flip(&bad.files(".sst")[index], at.min(length - 1));
            let Ok(reader) = RocksReader::open(bad.dir(), &Options::serving()) else { continue };
            match tillgate_store_core::verify::verify(&reader) {
                Ok(report) => assert!(!report.holds(), "{} at {at}", table.display()),
                // Not even its head.
                Err(StoreError::Engine(_) | StoreError::Damaged { .. }) => {}
                Err(error) => panic!("{} at {at}: {error}", table.display()),
            }
        }
    }
}

#[test]
fn reading_through_a_damaged_table_says_that_it_is_damaged_and_a_sound_one_comes_to_its_end() {
    let place = Place::busy();
    drop(place.open().unwrap());
    let through = |dir: &Path| {
        let reader = RocksReader::open(dir, &Options::serving()).unwrap();
        reader.read_all(&mut Progress::default(), 50, &mut || ControlFlow::Continue(()))
    };
    assert_eq!(through(place.dir()), Ok(ControlFlow::Continue(())));
    let bad = Place::new();
    copy(place.dir(), bad.dir());
    flip(&bad.files(".sst")[0], 40);
    assert!(matches!(through(bad.dir()), Err(Unreadable::Damaged(_))));
}

#[test]
fn a_reading_goes_on_where_it_was_stopped_or_failed_and_from_the_beginning_once_it_is_through() {
    let place = Place::busy();
    drop(place.open().unwrap());
    let reader = RocksReader::open(place.dir(), &Options::serving()).unwrap();
    let (mut progress, mut chunks) = (Progress::default(), 0);
    let mut on = || {
        chunks += 1;
        if chunks % 2 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    while reader.read_all(&mut progress, 50, &mut on) == Ok(ControlFlow::Break(())) {
        assert_ne!(progress, Progress::default());
    }
    assert_eq!(progress, Progress::default());
    let mut at_once = 0;
    let read = reader.read_all(&mut progress, 50, &mut || {
        at_once += 1;
        ControlFlow::Continue(())
    });
    assert_eq!((read, at_once), (Ok(ControlFlow::Continue(())), chunks), "nothing twice");
    let bad = Place::new();
    copy(place.dir(), bad.dir());
    flip(&bad.files(".sst")[0], 40);
    let reader = RocksReader::open(bad.dir(), &Options::serving()).unwrap();
    let mut through = || reader.read_all(&mut progress, 50, &mut || ControlFlow::Continue(()));
    let first = through();
    assert!(first.is_err());
    assert_eq!(through(), first);
    let failed_at = progress.clone();
    let mut through = || reader.read_all(&mut progress, 50, &mut || ControlFlow::Continue(()));
    assert!(through().is_err());
    assert_eq!(progress, failed_at, "it stays before what cannot be read");
}
