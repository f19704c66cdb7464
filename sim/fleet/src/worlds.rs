//! Worlds on every core: threads take seeds in order, reports come back in order.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use tillsim_core::world::Report;

use crate::cpu;

/// Reports that wait to be printed.
const REPORTS_MAX: usize = 256;

/// What the worlds of a range come to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    pub(crate) worlds: u64,
    /// Of these, with a broken promise.
    pub(crate) failed: u64,
    pub(crate) transactions: u64,
    pub(crate) handshakes: u64,
    /// Times that a gateway's process ended.
    pub(crate) crashes: u64,
    /// Bits flipped at rest.
    pub(crate) flips: u64,
    /// Processor time that it took, in seconds.
    pub(crate) cpu_s: f64,
}

/// Runs `one` for every number and gives each report to `tell`, in the order of the numbers, until `tell`
/// says `false` or `stop` says `true`.
pub(crate) fn run_each(
    numbers: RangeInclusive<u64>,
    threads: Option<NonZeroU16>,
    stop: &(impl Fn() -> bool + Sync),
    one: &(impl Fn(u64) -> Report + Sync),
    tell: &mut dyn FnMut(Report) -> bool,
) -> Sum {
    // A panic of the simulated gateway is a report, not a message on the terminal.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let before = cpu::of_this_process_s();
    let mut sum = Sum::default();
    run_threads(numbers, threads, stop, one, &mut |report| {
        sum.add(&report);
        tell(report)
    });
    sum.cpu_s = cpu::of_this_process_s() - before;
    std::panic::set_hook(hook);
    sum
}

fn run_threads(
    numbers: RangeInclusive<u64>,
    threads: Option<NonZeroU16>,
    stop: &(impl Fn() -> bool + Sync),
    one: &(impl Fn(u64) -> Report + Sync),
    tell: &mut dyn FnMut(Report) -> bool,
) {
    let (first, last) = numbers.into_inner();
    let threads = threads.or_else(cores).map_or(1, |threads| u64::from(threads.get()));
    let threads = threads.min((last - first).saturating_add(1));
    let next = AtomicU64::new(first);
    let enough = AtomicBool::new(false);
    thread::scope(|scope| {
        let (sender, reports) = sync_channel(REPORTS_MAX);
        for _ in 0..threads {
            let (sender, next, enough) = (sender.clone(), &next, &enough);
            scope.spawn(move || {
                while !enough.load(Ordering::Relaxed) && !stop() {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    // Past the last, or past the end of all numbers.
                    let over = number > last || number < first;
                    if over || sender.send((number, one(number))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut due = first;
        for (number, report) in reports {
            early.insert(number, report);
            while let Some(report) = early.remove(&due) {
                due = due.wrapping_add(1);
                if !enough.load(Ordering::Relaxed) && !tell(report) {
                    enough.store(true, Ordering::Relaxed);
                }
            }
        }
    });
}

impl Sum {
    fn add(&mut self, report: &Report) {
        self.worlds += 1;
        self.failed += u64::from(!report.passed());
        self.transactions += report.counts.transactions;
        self.handshakes += report.counts.handshakes;
        self.crashes += report.counts.crashes;
        self.flips += report.counts.flips;
    }
}

fn cores() -> Option<NonZeroU16> {
    let cores = thread::available_parallelism().ok()?;
    NonZeroU16::try_from(cores).ok()
}
