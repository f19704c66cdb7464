//! Nothing is allocated for a message in the steady state: counted, not believed.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::{bodies, downward, ends, sealed, upward};
use tillgate_codec::limits::RECORD_BYTES_MAX;
use tillgate_codec::link::channel::Suite;
use tillgate_codec::link::message::{Downward, Upward};
use tillgate_codec::link::record::deframe;

/// The system's allocator, counting the calls of each thread.
struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    CALLS.with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call goes to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `work` allocates.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = CALLS.with(Cell::get);
    work();
    CALLS.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(Vec::<u8>::with_capacity(1))), 1);
}

#[test]
fn sealing_and_opening_do_not_allocate() {
    let (mut terminal, mut gateway) = ends(Suite::NkPsk0).channels();
    let mut record = Vec::with_capacity(RECORD_BYTES_MAX);
    for (name, body) in bodies() {
        let found = allocations(|| {
            record.clear();
            terminal.seal(&body, &mut record).unwrap();
            assert!(deframe(&record).unwrap().is_some());
            gateway.open(&mut record).unwrap();
        });
        assert_eq!(found, 0, "{name}");
    }
}

#[test]
fn a_refused_record_does_not_allocate() {
    let (mut terminal, mut gateway) = ends(Suite::NkPsk0).channels();
    let mut record = sealed(&mut terminal, b"one sale");
    record[10] ^= 1;
    assert_eq!(allocations(|| assert!(gateway.open(&mut record).is_err())), 0);
}

#[test]
fn reading_and_writing_messages_do_not_allocate() {
    let mut out = Vec::with_capacity(RECORD_BYTES_MAX);
    for (name, message) in upward() {
        out.clear();
        assert_eq!(allocations(|| message.encode(&mut out)), 0, "{name}");
        assert_eq!(allocations(|| assert!(Upward::decode(&out).is_ok())), 0, "{name}");
        assert_eq!(allocations(|| assert!(Downward::decode(&out).is_err())), 0, "{name}");
    }
    for (name, message) in downward() {
        out.clear();
        assert_eq!(allocations(|| message.encode(&mut out)), 0, "{name}");
        assert_eq!(allocations(|| assert!(Downward::decode(&out).is_ok())), 0, "{name}");
        assert_eq!(allocations(|| assert!(Upward::decode(&out).is_err())), 0, "{name}");
    }
}
