//! Damage: checksums, chains, references, and no store at all.

use std::ops::ControlFlow;

use tillgate_store_core::limits;
use tillgate_store_core::verify::{Promise, verify};
use tillgate_store_core::{
    Audit, Batch, Distributor, DistributorId, Family, Handset, Head, LedgerStore, Memory,
    ProductId, ReadRows, Record, Seller, SellerId, Serial, StoreError, Terminal, TerminalId, Text,
    Versions,
};

use crate::shop::{self};
use crate::verify::lab::Lab;

#[test]
fn an_empty_store_holds_and_no_store_is_an_error() {
    let book = LedgerStore::open(Memory::new(), *b"testshop").unwrap();
    assert!(verify(book.backend()).unwrap().holds());
    assert!(matches!(verify(&Memory::new()), Err(StoreError::Broken(_))));
}

/// Seed 725: without its note the store would be taken for one of an older program.
#[test]
fn the_note_of_versions_under_another_key_is_named() {
    let mut lab = Lab::new();
    lab.read::<Versions>(Versions::KEY);
    lab.delete(Family::Meta, Versions::KEY);
    lab.write(|set| set.put(Family::Meta, b"vdrsions", |out| out.push(1)));
    lab.violates(Promise::Undamaged, &["meta", "no row of a store has this key"]);
}

#[test]
fn a_broken_chain_of_batches_is_named() {
    let mut lab = Lab::new();
    let second = 2_u64.to_be_bytes();
    let third = lab.read::<Batch>(&3_u64.to_be_bytes());
    lab.edit::<Batch>(&second, |batch| batch.content ^= 1);
    lab.violates(Promise::Undamaged, &["batches row 2", "hash is not that of its content"]);
    let relinked = Batch::link(3, third.seq_to, third.at_ms, third.content, [9; 32]);
    lab.put(&relinked);
    lab.violates(Promise::Undamaged, &["batches row 3", "the chain is broken"]);
    lab.delete(Family::Batches, &second);
    lab.violates(Promise::Undamaged, &["batches", "between 1 and 3 are missing"]);
}

#[test]
fn a_head_that_is_not_the_end_of_the_chain_is_named() {
    let mut lab = Lab::new();
    let head = lab.read::<Head>(Head::KEY);
    lab.delete(Family::Batches, &head.batch_no.to_be_bytes());
    lab.violates(Promise::Undamaged, &["batches", "the chain ends at", "the head says"]);
    let mut lab = Lab::new();
    lab.edit::<Head>(Head::KEY, |head| head.seq += 1);
    lab.violates(Promise::Undamaged, &["head", "transaction 21"]);
    lab.violates(Promise::Journalled, &["transactions 21 to 21"]);
}

#[test]
fn a_changed_or_missing_audit_row_is_named() {
    let mut lab = Lab::new();
    lab.edit::<Audit>(&1_u64.to_be_bytes(), |row| row.actor = "nobody".to_owned());
    lab.violates(Promise::Undamaged, &["audit row 1", "hash is not that of its content"]);
    let mut lab = Lab::new();
    lab.edit::<Audit>(&1_u64.to_be_bytes(), |row| {
        *row = Audit::link(1, row.at_ms, "nobody".to_owned(), String::new(), row.prev_hash);
    });
    lab.violates(Promise::Undamaged, &["audit row 2", "the chain is broken"]);
    lab.delete(Family::Audit, &4_u64.to_be_bytes());
    lab.violates(Promise::Undamaged, &["audit", "ends at 3, the head says 4"]);
}

#[test]
fn a_row_whose_checksum_does_not_match_is_named_in_every_family() {
    let lab = Lab::new();
    for family in Family::ALL {
        if matches!(family, Family::Open | Family::Meta) {
            // The values of Open are empty; without its head a store is not verified at all.
            continue;
        }
        let mut bad = Lab(lab.0.clone());
        let mut row = None;
        bad.0
            .scan(family, &[], &mut |key, value| {
                row = Some((key.to_vec(), value.to_vec()));
                ControlFlow::Break(())
            })
            .unwrap();
        let (key, mut value) = row.unwrap();
        let middle = value.len() / 2;
        value[middle] ^= 0x10;
        bad.write(|set| set.put(family, &key, |out| out.extend_from_slice(&value)));
        bad.violates(Promise::Undamaged, &[family.name(), "checksum does not match"]);
    }
}

#[test]
fn a_reference_that_leads_nowhere_is_named() {
    let mut lab = Lab::new();
    lab.edit::<Terminal>(&Terminal::key_of(TerminalId(43)), |t| t.seller = SellerId(8));
    lab.violates(Promise::Undamaged, &["terminal 00000043", "seller 8 does not exist"]);
    lab.edit::<Handset>(&shop::handset().key(), |handset| handset.terminal = TerminalId(77));
    lab.violates(Promise::Undamaged, &["handset 255712345678", "00000077 does not exist"]);
    lab.edit::<Seller>(&Seller::key_of(shop::SELLER), |s| s.distributor = DistributorId(9));
    lab.violates(Promise::Undamaged, &["seller 7", "distributor 9 does not exist"]);
    lab.edit::<Distributor>(&Distributor::key_of(DistributorId(1)), |d| {
        d.parent = Some(DistributorId(2));
    });
    lab.violates(Promise::Undamaged, &["distributor 1", "above itself"]);
    lab.edit::<Distributor>(&Distributor::key_of(DistributorId(1)), |d| {
        d.parent = Some(DistributorId(3));
    });
    lab.violates(Promise::Undamaged, &["distributor 2", "distributor 3 above it does not exist"]);
}

#[test]
fn more_violations_than_are_spelled_out_are_still_counted() {
    let mut lab = Lab::new();
    lab.edit::<Head>(Head::KEY, |head| head.seq = 0);
    for n in 0..1_500 {
        let serial = Text::from(&format!("X{n}")).unwrap();
        let (service, product) = (shop::VOUCHERS, ProductId(1));
        lab.put(&Serial { service, product, serial, batch_no: 1 });
    }
    let report = lab.report();
    assert_eq!(report.violations.len(), limits::VIOLATIONS_MAX);
    assert!(report.violations_total >= 1_500);
}
