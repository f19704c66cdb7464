//! Decoding to field ranges allocates nothing: counted, not believed.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[path = "iso8583/samples.rs"]
mod samples;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use samples::{all, dialects, of, unhex};
use tillgate_codec::iso8583::{Fields, Message};

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
fn decoding_any_sample_allocates_nothing() {
    for (dialect, samples) in all() {
        let mut fields = Fields::new();
        for sample in samples {
            let message = sample.message(&dialect);
            let calls = allocations(|| {
                let view = dialect.view(message, &mut fields).unwrap();
                assert!(view.numbers().all(|number| view.wire(number).is_some()));
                assert!(view.number(11).is_some() || !view.has(11));
            });
            assert_eq!(calls, 0, "{}: {}", dialect.name(), sample.name);
        }
    }
}

#[test]
fn decoding_a_wrong_message_allocates_nothing() {
    let (dialect, samples) = of("nac");
    let mut fields = Fields::new();
    let message = samples[0].message(&dialect);
    let calls = allocations(|| {
        for end in 0..message.len() {
            assert!(dialect.decode(&message[..end], &mut fields).is_err());
        }
    });
    assert_eq!(calls, 0);
}

#[test]
fn encoding_into_room_allocates_little_and_owning_a_message_thrice() {
    let (dialect, samples) = of("iso87b");
    let mut fields = Fields::new();
    let view = dialect.view(samples[0].message(&dialect), &mut fields).unwrap();
    assert!(allocations(|| drop(Message::from_view(&view))) <= 3);
    let message = Message::from_view(&view);
    let mut out = Vec::with_capacity(1_024);
    let calls = allocations(|| dialect.encode(&message, &mut out).unwrap());
    assert_eq!(calls, 0, "values that need no filling up are sent without a copy");
}

#[test]
fn the_samples_are_there() {
    assert!(dialects().len() >= 7 && unhex("0a 0B") == [10, 11]);
}
