//! How far a panic goes. Code that talks to strangers runs inside a guard: a panic there ends what
//! the guard holds and is reported to the caller. A panic anywhere else is a broken invariant of
//! the money path, and the process ends at once.
//!
//! The rule is about places in the code, not about threads: a thread that is guarded for one
//! connection is not guarded for the next thing it does.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, resume_unwind, set_hook};
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A guarded piece of work panicked. It shows where, and never the panic's message: that may hold
/// bytes of a peer or a secret.
#[derive(Debug)]
pub struct Panicked {
    place: Option<String>,
}

impl Panicked {
    /// Goes on panicking in the guard around this one, as if there were none between: for work
    /// that was done on another thread.
    pub fn resume(self) -> ! {
        assert!(DEPTH.get() > 0, "{self}, and nothing is guarded here");
        PLACE.set(self.place);
        resume_unwind(Box::new("resumed"))
    }
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked at {}", self.place.as_deref().unwrap_or("an unknown place"))
    }
}

impl std::error::Error for Panicked {}

/// Installs the process's panic hook: silent inside a guard, `fatal` everywhere else.
pub fn install(fatal: impl Fn(&PanicHookInfo<'_>) + Send + Sync + 'static) {
    set_hook(Box::new(move |panic| {
        if DEPTH.get() == 0 {
            fatal(panic);
            return;
        }
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line()));
        PLACE.set(place);
    }));
}

/// Runs `work` inside a guard.
///
/// # Errors
/// It panicked.
pub fn call<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    let inside = Inside::enter();
    let done = catch_unwind(AssertUnwindSafe(work));
    drop(inside);
    done.map_err(|_| Panicked { place: PLACE.take() })
}

/// Runs `future` inside a guard, each poll of it. What it had is dropped when it panics.
pub fn future<F: Future>(future: F) -> Guarded<F> {
    Guarded { future: Some(Box::pin(future)) }
}

/// See [`future`].
pub struct Guarded<F> {
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Guarded<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.future else {
            return Poll::Ready(Err(Panicked { place: None }));
        };
        let polled = call(|| future.as_mut().poll(context));
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(panicked) => Err(panicked),
        };
        self.release();
        Poll::Ready(ended)
    }
}

impl<F> Guarded<F> {
    /// Destructors are part of the guarded work.
    fn release(&mut self) {
        let future = self.future.take();
        // A second panic of the same work says nothing more.
        drop(call(|| drop(future)));
    }
}

impl<F> Drop for Guarded<F> {
    fn drop(&mut self) {
        self.release();
    }
}

/// One more guard around the current thread's work, until it is dropped.
struct Inside;

impl Inside {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}
