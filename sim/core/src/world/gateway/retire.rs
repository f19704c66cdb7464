//! An orderly end in the midst of the day: session managers first, then the writer, then the
//! process; and a new one after a while.

use tillgate_core::session::{self, SessionManager};
use tillgate_core::transaction::Input;

use super::super::World;
use super::super::event::Event;
use crate::time::{Moment, Span};

/// How long the process waits for what is under way.
const PATIENCE: Span = Span::s(20);

/// Between two looks at it.
const LOOK: Span = Span::ms(50);

/// A process that is ordered to end.
#[derive(Clone, Copy)]
pub(in super::super) struct Retiring {
    life: u32,
    by: Moment,
    /// Whether the session managers are done, and the writer was ordered to end.
    writer: bool,
}

impl World {
    /// The process is ordered to end in good order, and will be again.
    pub(in super::super) fn retire(&mut self) {
        let Some(every) = self.config.drain_every else { return };
        if self.calm {
            return;
        }
        if self.process.is_some() && self.retiring.is_none() {
            self.say(|| "the gateway is ordered to end".to_owned());
            let (life, by) = (self.life, self.now.after(PATIENCE));
            self.retiring = Some(Retiring { life, by, writer: false });
            for reactor in 0..self.config.reactors {
                self.tell_front(reactor, session::Input::Drain);
            }
            self.queue.push(self.now.after(LOOK), Event::Retired { life });
        }
        let pause = self.drain_dice.exponential(every);
        self.queue.push(self.now.after(pause), Event::Retire);
    }

    /// Looks whether a process that was ordered to end may.
    pub(in super::super) fn retired(&mut self, life: u32) {
        let Some(mut retiring) = self.retiring.filter(|retiring| retiring.life == life) else {
            return;
        };
        let Some(process) = &self.process else { return };
        let late = retiring.by <= self.now;
        let sessions = process.sessions.iter().all(SessionManager::is_drained) && process.jobs == 0;
        let writer = process.writer.is_drained() && process.mail.is_empty() && !process.busy;
        if (sessions || late) && !retiring.writer {
            retiring.writer = true;
            self.retiring = Some(retiring);
            self.mail_writer(Input::Drain);
        } else if retiring.writer && sessions && writer {
            self.witness.drained(self.now);
            return self.end_process(&[]);
        } else if retiring.writer && late {
            return self.crash();
        }
        self.queue.push(self.now.after(LOOK), Event::Retired { life });
    }
}
