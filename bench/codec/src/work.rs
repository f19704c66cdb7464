//! One case made ready: what it needs is built, what is measured is only repeated.

use std::hint::black_box;

/// Inputs that are made at once for work that spoils them: they stay in the cache nearest.
const INPUTS: usize = 256;

/// Something to repeat and measure.
pub trait Work {
    /// Most repetitions after one [`Work::prepare`].
    fn batch(&self) -> usize {
        usize::MAX
    }

    /// Makes what is used up by so many repetitions. It is not measured.
    fn prepare(&mut self, _times: usize) {}

    /// Does it so many times, as many as were prepared.
    fn run(&mut self, times: usize);
}

struct Again<F>(F);

impl<F: FnMut()> Work for Again<F> {
    fn run(&mut self, times: usize) {
        for _ in 0..times {
            (self.0)();
        }
    }
}

/// Work on something that stays as it is.
pub(crate) fn again(work: impl FnMut() + 'static) -> Box<dyn Work> {
    Box::new(Again(work))
}

struct Fresh<P, F> {
    prepare: P,
    work: F,
    inputs: Vec<Vec<u8>>,
}

impl<P: FnMut(&mut Vec<u8>), F: FnMut(&mut [u8])> Work for Fresh<P, F> {
    fn batch(&self) -> usize {
        INPUTS
    }

    fn prepare(&mut self, times: usize) {
        self.inputs.resize_with(times, Vec::new);
        for input in &mut self.inputs {
            input.clear();
            (self.prepare)(input);
        }
    }

    fn run(&mut self, times: usize) {
        for input in self.inputs.iter_mut().take(times) {
            (self.work)(black_box(input.as_mut_slice()));
        }
    }
}

/// Work that spoils its input, which `prepare` makes anew.
pub(crate) fn fresh(
    prepare: impl FnMut(&mut Vec<u8>) + 'static,
    work: impl FnMut(&mut [u8]) + 'static,
) -> Box<dyn Work> {
    Box::new(Fresh { prepare, work, inputs: Vec::new() })
}
