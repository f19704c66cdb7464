//! A reactor's mailbox: a bounded queue and a waker.
//!
//! the waker costs a system call, so it is rung only for a reactor that sleeps:
//!
//! ```text
//!   sender:  put the mail in ─▶ asleep? ── yes, swap to awake ─▶ ring
//!   reactor: prepare to sleep ─▶ any mail? ── yes ─▶ stay awake
//!                                    └── no ─▶ poll until rung, or an event, or the deadline
//! ```
//!
//! Each side writes before it reads what the other writes (sequentially consistent), so mail put
//! in while the reactor falls asleep is seen by one of the two.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use mio::Waker;
use tillgate_core::id::SessionAge;
use tillgate_store_core::TerminalId;

use super::batch::ReplyBatch;
use super::limits::REACTOR_MAIL_MAX;
use super::ussd::{Asked, Opened};

/// What a reactor is sent.
pub(crate) enum Mail {
    /// From the pool.
    ReplyBatch(Box<ReplyBatch>),
    /// From another reactor: the terminal has a newer session there.
    Superseded { terminal: TerminalId, age: SessionAge },
    /// To the thread of USSD links: the outcome of an attempt to connect.
    Opened(Opened),
    /// To the same thread: a request to a link over HTTP.
    Asked(Box<Asked>),
    /// From the supervisor: refuse new connections, finish, stop when nothing is left.
    Drain,
    /// From the supervisor: stop now.
    Stop,
}

/// The sending side; each sender has a clone.
#[derive(Clone)]
pub(crate) struct Mailbox {
    mail: Sender<Mail>,
    waker: Arc<SleepingWaker>,
}

/// The receiving side, owned by the reactor.
pub(crate) struct Inbox {
    mail: Receiver<Mail>,
    waker: Arc<SleepingWaker>,
}

struct SleepingWaker {
    waker: Waker,
    asleep: AtomicBool,
}

/// Whether a reactor may sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sleep {
    /// Nothing has come: sleep.
    Ready,
    /// Mail is there: look at the sockets without waiting.
    Busy,
}

pub(crate) fn mailbox(waker: Waker) -> (Mailbox, Inbox) {
    let (sender, receiver) = bounded(REACTOR_MAIL_MAX);
    let waker = Arc::new(SleepingWaker { waker, asleep: AtomicBool::new(false) });
    (Mailbox { mail: sender, waker: Arc::clone(&waker) }, Inbox { mail: receiver, waker })
}

impl Mailbox {
    /// Puts mail in; waits while the box is full. Mail for a reactor that has ended is dropped.
    pub(crate) fn post(&self, mail: Mail) {
        if self.mail.send(mail).is_ok() {
            self.waker.ring();
        }
    }

    /// Puts mail in, or gives it back when the box is full.
    pub(crate) fn try_post(&self, mail: Mail) -> Result<(), Mail> {
        match self.mail.try_send(mail) {
            Ok(()) => {
                self.waker.ring();
                Ok(())
            }
            Err(TrySendError::Full(mail)) => Err(mail),
            Err(TrySendError::Disconnected(_)) => Ok(()),
        }
    }
}

impl Inbox {
    pub(crate) fn take(&self) -> Option<Mail> {
        self.mail.try_recv().ok()
    }

    /// Announces sleep; call [`Inbox::wake`] after it in any case.
    pub(crate) fn prepare_to_sleep(&self) -> Sleep {
        self.waker.asleep.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if self.mail.is_empty() { Sleep::Ready } else { Sleep::Busy }
    }

    /// From here on nobody needs to ring.
    pub(crate) fn wake(&self) {
        self.waker.asleep.store(false, Ordering::SeqCst);
    }

    pub(crate) fn len(&self) -> usize {
        self.mail.len()
    }
}

impl SleepingWaker {
    fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::SeqCst) && self.asleep.swap(false, Ordering::SeqCst) {
            // An eventfd write fails only when it is full, and then the reactor wakes anyway.
            self.waker.wake().unwrap_or_default();
        }
    }
}
