//! A commit of a thousand rows allocates no more on the Rust side than a commit of ten.

use crate::counting::allocations;
use tillgate_store_core::{Batch, Engine, Family, Head, StoreId, WriteSet};
use tillgate_store_rocks::{Options, RocksEngine};

#[test]
fn a_write_allocates_nothing_per_row() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = RocksEngine::open(dir.path(), &Options::creating()).unwrap();
    let mut head = Head::genesis(StoreId(*b"testshop"));
    let mut set = WriteSet::new();
    let mut written = |rows: u32| {
        set.clear();
        for row in 0..rows {
            set.put(Family::Journal, &row.to_be_bytes(), |out| out.extend_from_slice(&[7; 300]));
            set.delete(Family::Open, &row.to_be_bytes());
        }
        let batch = Batch::link(head.batch_no + 1, 0, 0, set.checksum(), head.hash);
        (head.batch_no, head.hash) = (batch.no, batch.hash);
        set.put_record(&batch);
        set.put_record(&head);
        allocations(|| backend.write(&set, head.batch_no).unwrap())
    };
    let (few, many) = (written(10), written(1_000));
    assert_eq!(few, many);
    assert!(many <= 4, "{many} allocations in one commit");
}
