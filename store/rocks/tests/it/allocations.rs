//! A commit of a thousand rows allocates no more on the Rust side than a commit of ten.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use tillgate_store_core::{Batch, Engine, Family, Head, StoreId, WriteSet};
use tillgate_store_rocks::{Options, RocksEngine};

/// The system's allocator, counting what this thread asks for.
struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_write_allocates_nothing_per_row() {
    let dir = tempfile::tempdir().unwrap();
    let mut backend = RocksEngine::open(dir.path(), &Options::creating()).unwrap();
    let mut head = Head::genesis(StoreId(*b"testshop"));
    let mut set = WriteSet::new();
    let mut allocations = |rows: u32| {
        set.clear();
        for row in 0..rows {
            set.put(Family::Journal, &row.to_be_bytes(), |out| out.extend_from_slice(&[7; 300]));
            set.delete(Family::Open, &row.to_be_bytes());
        }
        let batch = Batch::link(head.batch_no + 1, 0, 0, set.checksum(), head.hash);
        (head.batch_no, head.hash) = (batch.no, batch.hash);
        set.put_record(&batch);
        set.put_record(&head);
        let before = COUNT.with(Cell::get);
        backend.write(&set, head.batch_no).unwrap();
        COUNT.with(Cell::get) - before
    };
    let (few, many) = (allocations(10), allocations(1_000));
    assert_eq!(few, many);
    assert!(many <= 4, "{many} allocations in one commit");
}
