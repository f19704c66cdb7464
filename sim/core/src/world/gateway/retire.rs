//! An orderly end in the midst of the day: session managers first, then the writer, then the
//! process; and a new one after a while.

use tillgate_core::drain::{Drained, Step, WayDown};
use tillgate_core::transaction::Input;
use tillgate_core::{listener, session};

use super::super::World;
use super::super::event::Event;
use crate::time::Span;

/// Between two looks at it.
const LOOK: Span = Span::ms(50);

/// A process that is ordered to end.
#[derive(Clone, Copy)]
pub(in super::super) struct Retiring {
    life: u32,
    way: WayDown,
    /// Reactors that have ended.
    done: usize,
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
            let listeners = usize::from(self.config.iso_permille > 0);
            let links = usize::from(self.config.handsets.count > 0);
            let reactors = usize::from(self.config.reactors) + listeners + links;
            let life = self.life;
            let way = WayDown::begin(self.now, self.config.writer.answer, reactors);
            self.retiring = Some(Retiring { life, way, done: 0 });
            for reactor in 0..self.config.reactors {
                self.tell_sessions(reactor, session::Input::Drain);
            }
            self.tell_port(listener::Input::Drain);
            self.drain_ussd();
            self.queue.push(self.now.after(LOOK), Event::Retired { life });
        }
        let pause = self.drain_rng.exponential(every);
        self.queue.push(self.now.after(pause), Event::Retire);
    }

    /// Looks whether a process that was ordered to end may.
    pub(in super::super) fn retired(&mut self, life: u32) {
        let Some(mut retiring) = self.retiring.filter(|retiring| retiring.life == life) else {
            return;
        };
        let Some(process) = &self.process else { return };
        let Retiring { way, done, .. } = &mut retiring;
        let ended = match process.jobs {
            0 => {
                let listener = process.port.iter().filter(|port| port.manager.is_drained());
                let reactors = process.sessions.iter().filter(|sessions| sessions.is_drained());
                let links = process.ussd.iter().filter(|ussd| ussd.is_drained());
                reactors.count() + listener.count() + links.count()
            }
            _ => 0,
        };
        for _ in *done..ended {
            way.reactor_done(self.now);
        }
        *done = ended.max(*done);
        let writer = process.writer.is_drained() && process.mail.is_empty() && !process.busy;
        if way.step() == Step::Writer && writer {
            way.writer_done();
        }
        way.look(self.now);
        match way.step() {
            Step::Reactors | Step::Writer => {}
            Step::StopReactors | Step::DrainWriter => {
                way.writer_asked(self.now);
                self.mail_writer(Input::Drain);
            }
            Step::Stop(Drained::Fully) => {
                self.witness.drained(self.now);
                return self.end_process(&[]);
            }
            Step::Stop(Drained::Partly) => return self.crash(),
        }
        self.retiring = Some(retiring);
        self.queue.push(self.now.after(LOOK), Event::Retired { life });
    }
}
