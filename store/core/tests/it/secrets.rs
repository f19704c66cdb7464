//! What is sealed, under which key, and which program may read it.

use std::ops::ControlFlow;

use crate::shop;
use crate::shop::{AT_MS, TODAY};
use tillgate_store_core::reseal::{self, Cursor};
use tillgate_store_core::vault::{
    handset_context, is_pin, pin_tag, terminal_context, voucher_context,
};
use tillgate_store_core::{BusinessDate, Serial, Voucher, journal, keks};
use tillgate_store_core::{
    Change, Command, Engine, Family, Key, LedgerStore, Memory, Outcome, PinHash, ReadRows, Record,
    RegistryRecord, Reseal, ResponseCode, Secret, State, Store, StoreError, Terminal, TerminalId,
    Transaction, Vault, VaultError, Versions, WriteSet, verify,
};

const OLD: [u8; 32] = [1; 32];
const NEW: [u8; 32] = [2; 32];

fn key(stan: u32) -> Key {
    Key { date: TODAY, terminal: TerminalId(42), stan }
}

/// The shop with secrets that open, sealed under KEK 1, which has its canary.
fn sealed_shop(vouchers: u32) -> LedgerStore<Memory> {
    let vault = Vault::new(1, OLD);
    let mut opening = shop::opening(vouchers);
    for record in &mut opening.records {
        if let RegistryRecord::Terminal(terminal) = record {
            let place = terminal_context(terminal.id, 1);
            terminal.replace_keys(1, vault.seal(&place, [3; 12], &[7; 32]).unwrap()).unwrap();
        }
        if let RegistryRecord::Handset(handset) = record {
            let place = handset_context(handset.msisdn);
            let key = vault.seal(&place, [5; 12], &[8; 32]).unwrap();
            let tag = pin_tag(&[8; 32], handset.msisdn, b"2580");
            handset.pin = Some(PinHash { key, tag });
        }
    }
    for (number, voucher) in (0_u32..).zip(&mut opening.vouchers) {
        let place = voucher_context(voucher.service, voucher.product, &voucher.serial);
        voucher.pin =
            vault.seal(&place, nonce(number), format!("pin-{number}").as_bytes()).unwrap();
    }
    let mut book = LedgerStore::open(Memory::new(), *b"testshop").unwrap();
    let canary = reseal::canary(&vault, 1, book.store_id(), [9; 12]).unwrap();
    let reseal = Reseal { at_ms: AT_MS, canaries: vec![canary], ..Reseal::default() };
    assert_eq!(shop::commit(&mut book, vec![Command::Reseal(reseal)]), [Outcome::Applied]);
    assert_eq!(shop::change(&mut book, opening), Outcome::Applied);
    book
}

fn nonce(number: u32) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&number.to_be_bytes());
    nonce
}

fn sell(book: &mut LedgerStore<Memory>, stan: u32) -> Transaction {
    match shop::commit(book, vec![shop::sell(key(stan))]).remove(0) {
        Outcome::Done(row) | Outcome::Duplicate(row) => row,
        other => panic!("{other:?}"),
    }
}

fn pin(vault: &Vault, row: &Transaction) -> String {
    let voucher = row.voucher.as_ref().unwrap();
    let place = voucher_context(row.service, row.product, &voucher.serial);
    let mut secret = Secret::new();
    vault.open(&place, &voucher.pin, &mut secret).unwrap();
    String::from_utf8(secret.as_bytes().to_vec()).unwrap()
}

/// One planned batch; what it would exchange.
fn step(
    book: &LedgerStore<Memory>,
    vault: &Vault,
    cursor: &mut Cursor,
    no: &mut u32,
) -> Option<Reseal> {
    let mut next = || {
        *no += 1;
        nonce(1_000_000 + *no)
    };
    let secrets = reseal::plan(book.backend(), vault, cursor, &mut next).unwrap()?;
    Some(Reseal { at_ms: AT_MS, secrets, ..Reseal::default() })
}

#[test]
fn resealing_ends_with_nothing_under_the_old_key_and_every_secret_as_it_was() {
    let mut book = sealed_shop(2_500);
    let sold = sell(&mut book, 1);
    let both = Vault::new(2, NEW).with_old(1, OLD);
    let canary = reseal::canary(&both, 2, book.store_id(), [8; 12]).unwrap();
    let begin = Reseal { at_ms: AT_MS, canaries: vec![canary], ..Reseal::default() };
    shop::commit(&mut book, vec![Command::Reseal(begin)]);
    let (mut cursor, mut no, mut batches) = (Cursor::default(), 0, 0);
    while let Some(reseal) = step(&book, &both, &mut cursor, &mut no) {
        batches += 1;
        // Crashes in between, and loses the cursor.
        if batches == 2 {
            book = LedgerStore::open(book.into_backend(), [0; 8]).unwrap();
            cursor = Cursor::default();
            continue;
        }
        shop::commit(&mut book, vec![Command::Reseal(reseal)]);
        let report = verify(book.backend()).unwrap();
        assert!(report.holds(), "{:?}", report.violations);
    }
    assert!(batches > 4, "in bounded batches");
    let usage = reseal::usage(book.backend()).unwrap();
    assert_eq!(usage.keys().copied().collect::<Vec<_>>(), [2]);
    let end = Reseal {
        at_ms: AT_MS,
        audit: Some(("test".to_owned(), "KEK 1 is retired".to_owned())),
        retired: vec![1],
        ..Reseal::default()
    };
    shop::commit(&mut book, vec![Command::Reseal(end)]);
    let report = verify(book.backend()).unwrap();
    assert!(report.holds(), "{:?}", report.violations);
    assert_eq!(report.keks.keys().copied().collect::<Vec<_>>(), [2]);
    assert_eq!((report.keks[&2].terminals, report.keks[&2].stock), (2, 2_499));
    let alone = Vault::new(2, NEW);
    usage[&2].prove(&alone).unwrap();
    assert_eq!(pin(&alone, &sell(&mut book, 1)), pin(&Vault::new(1, OLD), &sold), "a repeat");
    assert_eq!(pin(&alone, &sell(&mut book, 2)), "pin-1");
    assert_eq!(report.counts.audits, 2, "the opening and the end");
}

#[test]
fn a_secret_that_was_replaced_while_it_was_sealed_again_stays_replaced() {
    let mut book = sealed_shop(1);
    let both = Vault::new(2, NEW).with_old(1, OLD);
    let terminal = |book: &LedgerStore<Memory>, id| {
        book.load_registry().unwrap().terminal(TerminalId(id)).unwrap().clone()
    };
    let replace = |book: &mut LedgerStore<Memory>, terminal: Terminal| {
        let records = vec![RegistryRecord::Terminal(terminal)];
        shop::change(book, Change { at_ms: AT_MS, records, ..Change::default() })
    };
    let mut rich = terminal(&book, 43);
    let place = terminal_context(rich.id, 2);
    rich.add_key(2, Vault::new(1, OLD).seal(&place, [6; 12], &[6; 32]).unwrap()).unwrap();
    assert_eq!(replace(&mut book, rich.clone()), Outcome::Applied);
    let reseal = step(&book, &both, &mut Cursor::default(), &mut 0).unwrap();
    let mut poor = terminal(&book, 42);
    let place = terminal_context(poor.id, 1);
    poor.replace_keys(1, both.seal(&place, [4; 12], &[5; 32]).unwrap()).unwrap();
    assert_eq!(replace(&mut book, poor.clone()), Outcome::Applied);
    shop::commit(&mut book, vec![Command::Reseal(reseal)]);
    assert_eq!(terminal(&book, 42), poor);
    let resealed = terminal(&book, 43);
    assert!(resealed.sealed_keys().all(|(_, sealed)| sealed.kek_id == 2), "each of its keys");
    assert_eq!(resealed.generations(), rich.generations(), "its sessions and counters stay");
}

#[test]
fn a_pin_of_a_handset_opens_after_its_key_was_sealed_again() {
    let mut book = sealed_shop(1);
    let both = Vault::new(2, NEW).with_old(1, OLD);
    let (mut cursor, mut no) = (Cursor::default(), 0);
    while let Some(reseal) = step(&book, &both, &mut cursor, &mut no) {
        shop::commit(&mut book, vec![Command::Reseal(reseal)]);
    }
    let registry = book.load_registry().unwrap();
    let handset = registry.handset(shop::handset().msisdn).unwrap();
    let pin = handset.pin.as_ref().unwrap();
    let mut key = Secret::new();
    let alone = Vault::new(2, NEW);
    alone.open(&handset_context(handset.msisdn), &pin.key, &mut key).unwrap();
    assert_eq!(handset.revision, 1, "dialogs go on");
    assert!(is_pin(key.as_bytes(), handset.msisdn, b"2580", &pin.tag));
    for other in [&b"2581"[..], b"258", b"25800", b""] {
        assert!(!is_pin(key.as_bytes(), handset.msisdn, other, &pin.tag));
    }
}

#[test]
fn a_voucher_that_nobody_can_open_is_neither_sold_nor_paid_for() {
    let mut book = sealed_shop(3);
    let before = book.account(&shop::seller().float());
    book.know_keks(vec![2]);
    let row = sell(&mut book, 1);
    assert_eq!((row.state, row.code), (State::Declined, ResponseCode::MALFUNCTION));
    assert_eq!(book.account(&shop::seller().float()), before);
    assert_eq!(sell(&mut book, 1), row, "a retry hears the same");
    book.know_keks(vec![2, 1]);
    assert_eq!(pin(&Vault::new(1, OLD), &sell(&mut book, 2)), "pin-0", "it was not lost");
    assert!(verify(book.backend()).unwrap().holds());
}

#[test]
fn a_secret_under_a_key_without_a_canary_is_reported() {
    let mut book = sealed_shop(1);
    let retire = Reseal { at_ms: AT_MS, retired: vec![1], ..Reseal::default() };
    shop::commit(&mut book, vec![Command::Reseal(retire)]);
    // With no canary at all it is a store from before there were any.
    assert!(verify(book.backend()).unwrap().holds());
    let other = Vault::new(2, NEW);
    let canary = reseal::canary(&other, 2, book.store_id(), [8; 12]).unwrap();
    let reseal = Reseal { at_ms: AT_MS, canaries: vec![canary], ..Reseal::default() };
    shop::commit(&mut book, vec![Command::Reseal(reseal)]);
    let report = verify(book.backend()).unwrap();
    assert_eq!(report.violations.len(), 1);
    assert!(report.violations[0].to_string().contains("key-encryption key 1"));
}

#[test]
fn a_canary_of_another_store_or_number_does_not_open() {
    let (vault, book) = (Vault::new(1, OLD), sealed_shop(0));
    let canary = reseal::canaries(book.backend()).unwrap().remove(0);
    assert_eq!(reseal::prove(&vault, book.store_id(), &canary), Ok(()));
    let other = tillgate_store_core::StoreId(*b"another!");
    let refused = Err(VaultError::DoesNotOpen { kek_id: 1 });
    assert_eq!(reseal::prove(&vault, other, &canary), refused);
    assert_eq!(reseal::prove(&Vault::new(1, NEW), book.store_id(), &canary), refused);
    let missing = reseal::prove(&Vault::new(2, OLD), book.store_id(), &canary);
    assert_eq!(missing, Err(VaultError::UnknownKek(1)));
}

/// Writes a row as a program of a later version may: the same and one byte more.
fn put_newer<R: Record>(memory: &mut Memory, record: &R) {
    let (key, mut value) = (record.key(), vec![R::VERSION + 1]);
    record.write(&mut value);
    value.push(0);
    let family = [u8::try_from(R::FAMILY.index()).unwrap()];
    let sum = crc32c::crc32c_append(crc32c::crc32c(&family), &key);
    value.extend_from_slice(&crc32c::crc32c_append(sum, &value).to_be_bytes());
    let mut set = WriteSet::new();
    set.put(R::FAMILY, &key, |out| out.extend_from_slice(&value));
    memory.write(&set, 0).unwrap();
}

#[test]
fn a_row_of_a_newer_program_is_not_called_damage() {
    let mut book = sealed_shop(1);
    let row = sell(&mut book, 1);
    let mut memory = book.into_backend();
    put_newer(&mut memory, &row);
    let book =
        LedgerStore::open(memory, [0; 8]).expect("nothing in the store says that it must not");
    let error = book.transaction(&key(1)).unwrap_err();
    assert!(matches!(error, StoreError::Newer(_)), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("newer version") && !told.contains("restore"), "{told}");
}

#[test]
fn a_store_that_a_newer_program_wrote_to_is_refused_when_it_is_opened() {
    let book = sealed_shop(0);
    let mut memory = book.into_backend();
    let mut newer = Vec::new();
    Versions::ours().encode(&mut newer);
    // "withdrawn" is the last kind; its version is the last byte before the checksum.
    let place = newer.len() - 5;
    newer[place] += 1;
    let family = [u8::try_from(Family::Meta.index()).unwrap()];
    let sum = crc32c::crc32c_append(crc32c::crc32c(&family), Versions::KEY);
    let sum = crc32c::crc32c_append(sum, &newer[..place + 1]);
    newer.splice(place + 1.., sum.to_be_bytes());
    let mut set = WriteSet::new();
    set.put(Family::Meta, Versions::KEY, |out| out.extend_from_slice(&newer));
    memory.write(&set, 0).unwrap();
    let told = LedgerStore::open(memory.clone(), [0; 8]).unwrap_err().to_string();
    assert!(told.contains("withdrawn records of version 2 (this program knows 1)"), "{told}");
    assert!(matches!(verify(&memory), Err(StoreError::Newer(_))));
}

#[test]
fn a_store_from_before_the_note_of_versions_gets_one_and_holds() {
    let mut memory = sealed_shop(2).into_backend();
    let mut set = WriteSet::new();
    set.delete(Family::Meta, Versions::KEY);
    memory.write(&set, 0).unwrap();
    let mut book = LedgerStore::open(memory, [0; 8]).unwrap();
    let mut value = Vec::new();
    assert!(book.backend().get(Family::Meta, Versions::KEY, &mut value).unwrap());
    assert_eq!(sell(&mut book, 1).state, State::Approved);
    let batch_no = book.head().batch_no;
    let book = LedgerStore::open(book.into_backend(), [0; 8]).unwrap();
    assert_eq!(book.head().batch_no, batch_no, "and only once");
    assert!(verify(book.backend()).unwrap().holds());
}

/// The rows of an old store as one write.
fn old_rows() -> WriteSet {
    let text = include_str!("../../testdata/store-7861d9d.txt");
    let hex = |text: &str| -> Vec<u8> {
        let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len() / 2).map(|place| pair(place * 2)).collect()
    };
    let mut set = WriteSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let [family, key, value]: [&str; 3] =
            line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let family = Family::ALL.into_iter().find(|known| known.name() == family).unwrap();
        let value = if value == "-" { Vec::new() } else { hex(value) };
        set.put(family, &hex(key), |out| out.extend_from_slice(&value));
    }
    set
}

#[test]
fn a_store_of_the_first_version_is_opened_verified_and_sells() {
    let mut memory = Memory::new();
    memory.write(&old_rows(), 0).unwrap();
    let before = verify(&memory).unwrap();
    assert!(before.holds(), "{:?}", before.violations);
    assert_eq!((before.counts.vouchers_sold, before.counts.open), (2, 1));
    let mut book = LedgerStore::open(memory, [0; 8]).unwrap();
    let vault = Vault::new(1, OLD);
    let usage = reseal::usage(book.backend()).unwrap();
    let counts = &usage[&1].counts;
    assert_eq!((counts.terminals, counts.stock, counts.sold), (2, 4, 2));
    usage[&1].prove(&vault).unwrap();
    assert!(
        usage[&1].prove(&Vault::new(1, NEW)).is_err(),
        "a swapped key is seen without a canary"
    );
    assert_eq!(book.open_transactions().unwrap().len(), 1);
    let mut known = None;
    journal::records(book.backend(), &[], |row: Serial| {
        known = Some(row);
        ControlFlow::Break(())
    })
    .unwrap();
    let Serial { service, product, serial, .. } = known.unwrap();
    let (expiry, pin_of_another) = (BusinessDate(u16::MAX), Vault::new(1, OLD));
    let place = voucher_context(service, product, &serial);
    let pin_of_another = pin_of_another.seal(&place, nonce(9), b"pin-9").unwrap();
    let again = Voucher { service, product, serial, expiry, pin: pin_of_another };
    let change = Change { at_ms: AT_MS, vouchers: vec![again], ..Change::default() };
    let refused = shop::change(&mut book, change);
    assert!(matches!(refused, Outcome::Rejected(_)), "its serials are in the index: {refused:?}");
    // Said again, what was sold is what was sold then.
    assert_eq!(pin(&vault, &sell(&mut book, 1)), "pin-0");
    assert_eq!(pin(&vault, &sell(&mut book, 10)), "pin-2");
    let after = verify(book.backend()).unwrap();
    assert!(after.holds(), "{:?}", after.violations);
}

#[test]
fn a_wrong_or_missing_key_is_found_before_anything_is_sold() {
    let mut book = sealed_shop(2);
    let mut nonces = || nonce(77);
    let mut proved = |vault: &Vault| keks::prove(&mut book, vault, AT_MS, &mut nonces);
    assert_eq!(proved(&Vault::new(1, OLD)), Ok(()));
    let refused = proved(&Vault::new(1, NEW)).unwrap_err().to_string();
    assert!(refused.starts_with("its canary: "), "{refused}");
    assert!(proved(&Vault::new(2, NEW)).is_err(), "the old one is not at hand");
    let both = Vault::new(2, NEW).with_old(1, OLD);
    assert_eq!(proved(&both), Ok(()), "the new one gets its canary");
    assert_eq!(keks::unproved(book.backend(), book.store_id(), &both), Ok(vec![]));
    assert_eq!(keks::retirable(book.backend(), &both), Ok(Err(1)), "in use");
    let done = keks::reseal_all(&mut book, &both, &mut || AT_MS, &mut nonces).unwrap();
    assert_eq!((done.stock, done.sold), (2, 0));
    assert_eq!(keks::retirable(book.backend(), &both), Ok(Ok(vec![1])));
}
