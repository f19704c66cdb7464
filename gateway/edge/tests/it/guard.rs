//! How far a panic goes. The hook is the process's own, so this is a test by itself.

use std::sync::atomic::{AtomicU64, Ordering};

use tillgate_edge::guard;

#[test]
fn outside_a_guard_a_panic_is_fatal_and_inside_it_is_not() {
    static FATAL: AtomicU64 = AtomicU64::new(0);
    guard::install(|_| {
        FATAL.fetch_add(1, Ordering::Relaxed);
    });
    let caught = guard::call(|| panic!("a secret: hunter2")).unwrap_err().to_string();
    assert!(caught.contains("guard.rs:") && !caught.contains("hunter2"), "{caught}");
    assert_eq!(FATAL.load(Ordering::Relaxed), 0);
    let beside = std::thread::Builder::new().spawn(|| {
        guard::call(|| ()).unwrap();
        panic!("after the guard");
    });
    assert!(beside.unwrap().join().is_err());
    assert_eq!(FATAL.load(Ordering::Relaxed), 1);
}
