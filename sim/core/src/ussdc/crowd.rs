//! A centre with all its handsets, sans-I/O, and the load that they make.

mod event;
mod seat;
mod terminals;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

pub use self::event::{Input, Load, Output, Record};
use self::seat::{Phase, Seat};
use self::terminals::Unit;
use super::centre::{self, Centre, Counts, Settings, Status};
use super::handset::{Handset, Plan};
use super::short::Short;
use super::subscribers::Subscribers;
use super::timers::{Timers, place};
use crate::firmware::Delay;
use crate::terminal::{UssdInput, UssdTerminal};
use crate::time::{Moment, Span};

/// Pause after a dialog that found no application, so that none makes a loop.
const NO_LINK_PAUSE: Span = Span::s(1);

/// A centre with its handsets.
pub struct Crowd {
    centre: Centre,
    handsets: Vec<Handset>,
    seats: Vec<Seat>,
    /// Behind the handsets, the subscribers that are terminals and send frames.
    terminals: Vec<Unit>,
    timers: Timers,
    subscribers: Arc<Subscribers>,
    load: Load,
    is_running: bool,
    is_leaving: bool,
    open: usize,
    outputs: VecDeque<Output>,
    /// What ends a turn: octets to send, connections to close.
    last: VecDeque<Output>,
}

impl Crowd {
    #[must_use]
    pub fn new(settings: Settings, load: Load, seed: u64) -> Self {
        Self::with_terminals(settings, load, Vec::new(), seed)
    }

    /// The last subscribers are these terminals.
    #[must_use]
    pub fn with_terminals(
        settings: Settings,
        load: Load,
        terminals: Vec<UssdTerminal>,
        seed: u64,
    ) -> Self {
        let subscribers = Arc::clone(&settings.subscribers);
        let handsets = subscribers.count().saturating_sub(terminals.len());
        let count = u32::try_from(handsets).unwrap_or(u32::MAX);
        let seat = Seat {
            phase: Phase::Free,
            steps: 0,
            due: Moment(0),
            since: Moment(0),
            begun: Moment(0),
            text: Short::default(),
        };
        Self {
            centre: Centre::new(settings, seed),
            handsets: (0..count).map(|number| Handset::new(seed, number)).collect(),
            seats: vec![seat; handsets],
            terminals: terminals.into_iter().map(Unit::new).collect(),
            timers: Timers::new(subscribers.count()),
            subscribers,
            load,
            is_running: false,
            is_leaving: false,
            open: 0,
            outputs: VecDeque::new(),
            last: VecDeque::new(),
        }
    }

    pub fn handle(&mut self, now: Moment, input: Input<'_>) {
        match input {
            Input::Opened { link } => self.centre.handle(now, centre::Input::Opened { link }),
            Input::Received { link, bytes } => {
                self.centre.handle(now, centre::Input::Received { link, bytes });
            }
            Input::Closed { link } => self.centre.handle(now, centre::Input::Closed { link }),
            Input::Start => self.start(now),
            Input::Dial { handset, intended } => self.dial(now, handset, intended),
            Input::Stop => {
                self.is_running = false;
                self.stop_terminals(now);
            }
            Input::Leave => self.leave(now),
            Input::Tick => self.tick(now),
        }
        self.drain(now);
    }

    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front().or_else(|| self.last.pop_front())
    }

    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.timers.first().into_iter().chain(self.centre.deadline()).min()
    }

    /// Dialogs that are open.
    #[must_use]
    pub const fn open(&self) -> usize {
        self.open
    }

    #[must_use]
    pub fn counts(&self) -> Counts {
        self.centre.counts()
    }

    /// Links on which applications receive.
    #[must_use]
    pub fn receivers(&self) -> usize {
        self.centre.receivers()
    }

    /// The handsets, with their books, each with its number.
    pub fn handsets(&self) -> impl Iterator<Item = (u64, &Handset)> {
        let number = |handset| self.subscribers.number(handset).unwrap_or(0);
        (0..).zip(&self.handsets).map(move |(handset, it)| (number(handset), it))
    }

    /// Owners dial one after the other, within one pause.
    fn start(&mut self, now: Moment) {
        self.is_running = true;
        self.begin_terminals(now);
        let Some(pause) = self.load.pause else { return };
        for handset in 0..u32::try_from(self.seats.len()).unwrap_or(u32::MAX) {
            if let Some(it) = self.handsets.get_mut(place(handset)) {
                let longest = it.draw(&pause);
                let after = it.draw(&Delay::Uniform(Span::ZERO, longest));
                self.set(handset, Phase::Pausing, now.after(after));
            }
        }
    }

    /// Whoever has a screen hangs up, or is lost who was going to be.
    fn leave(&mut self, now: Moment) {
        self.is_leaving = true;
        for handset in 0..u32::try_from(self.seats.len()).unwrap_or(u32::MAX) {
            let input = match self.seats.get(place(handset)).map(|seat| seat.phase) {
                Some(Phase::Typing { .. } | Phase::Holding | Phase::HangingUp) => {
                    centre::Input::HangUp { handset }
                }
                Some(Phase::Dropping) => centre::Input::Drop { handset },
                Some(Phase::Free | Phase::Pausing | Phase::Waiting) | None => continue,
            };
            self.centre.handle(now, input);
        }
    }

    fn set(&mut self, handset: u32, phase: Phase, due: Moment) {
        if let Some(seat) = self.seats.get_mut(place(handset)) {
            seat.phase = phase;
            seat.due = due;
            self.timers.set(handset, due);
        }
    }

    fn tick(&mut self, now: Moment) {
        self.centre.handle(now, centre::Input::Tick);
        while let Some(handset) = self.timers.due(now) {
            if self.is_terminal(handset) {
                self.tick_terminal(now, handset);
                continue;
            }
            let Some(seat) = self.seats.get(place(handset)).copied() else { continue };
            if matches!(seat.phase, Phase::Free | Phase::Waiting | Phase::Holding) {
                continue;
            }
            if seat.due > now {
                self.timers.set(handset, seat.due);
                continue;
            }
            match seat.phase {
                Phase::Pausing if self.is_running => self.dial(now, handset, seat.due),
                Phase::Pausing | Phase::Free | Phase::Waiting | Phase::Holding => {}
                Phase::Typing { dropped_ms } => self.type_out(now, handset, seat.due, dropped_ms),
                Phase::HangingUp => self.centre.handle(now, centre::Input::HangUp { handset }),
                Phase::Dropping => self.centre.handle(now, centre::Input::Drop { handset }),
            }
            self.drain(now);
        }
    }

    fn dial(&mut self, now: Moment, handset: u32, intended: Moment) {
        let pin = self.subscribers.pin(handset);
        let Some(seat) = self.seats.get_mut(place(handset)) else { return };
        let Some(it) = self.handsets.get_mut(place(handset)) else { return };
        if !matches!(seat.phase, Phase::Free | Phase::Pausing) {
            return;
        }
        let dialled = it.dial(now, &self.load.script, &self.load.code, pin);
        *seat = Seat { phase: Phase::Waiting, steps: 0, since: intended, begun: intended, ..*seat };
        self.open += 1;
        self.centre.handle(now, centre::Input::Dial { handset, dialled: &dialled });
    }

    fn type_out(&mut self, now: Moment, handset: u32, due: Moment, dropped_ms: Option<u16>) {
        let Some(seat) = self.seats.get_mut(place(handset)) else { return };
        let Some(it) = self.handsets.get_mut(place(handset)) else { return };
        it.typed_out(now);
        seat.phase = Phase::Waiting;
        seat.since = due;
        let answer = seat.text;
        let text = answer.as_str();
        self.centre.handle(
            now,
            match dropped_ms {
                Some(0) => centre::Input::LastAnswer { handset, text },
                _ => centre::Input::Answer { handset, text },
            },
        );
        if let Some(ms) = dropped_ms.filter(|ms| *ms > 0) {
            self.set(handset, Phase::Dropping, now.after(Span::ms(ms.into())));
        }
    }

    fn drain(&mut self, now: Moment) {
        while let Some(output) = self.centre.poll() {
            match output {
                centre::Output::Screen { handset, text } => self.screen(now, handset, text),
                centre::Output::Last { handset, text } => self.last_text(now, handset, &text),
                centre::Output::Notice { handset, text } => {
                    if let Some(it) = self.handsets.get_mut(place(handset)) {
                        it.notice(now, &text, &self.load.script);
                    }
                }
                centre::Output::Over { handset, key, status } => {
                    self.over(now, handset, key, status);
                }
                centre::Output::Send { link, bytes } => {
                    self.last.push_back(Output::Send { link, bytes });
                }
                centre::Output::Close { link } => self.last.push_back(Output::Close { link }),
                centre::Output::Bound { link, system_id } => {
                    self.outputs.push_back(Output::Bound { link, system_id });
                }
                centre::Output::Unbound { link } => {
                    self.outputs.push_back(Output::Unbound { link });
                }
                centre::Output::Fault { link, violation } => {
                    self.outputs.push_back(Output::Fault { link, violation });
                }
            }
        }
    }

    /// Notes that a text of the application came.
    fn step(&mut self, now: Moment, handset: u32) {
        let Some(seat) = self.seats.get_mut(place(handset)) else { return };
        let took = now.since(seat.since);
        self.outputs.push_back(Output::Step { number: seat.steps, took });
        seat.steps = seat.steps.saturating_add(1);
    }

    fn screen(&mut self, now: Moment, handset: u32, text: String) {
        if self.is_terminal(handset) {
            return self.give(now, handset, UssdInput::Text { text: &text, ends: false });
        }
        let pin = self.subscribers.pin(handset);
        let Some(seat) = self.seats.get_mut(place(handset)) else { return };
        let Some(it) = self.handsets.get_mut(place(handset)) else { return };
        if matches!(seat.phase, Phase::Free | Phase::Pausing) {
            // The network has begun it.
            it.begin(&self.load.script);
            *seat = Seat { phase: Phase::Waiting, steps: 0, since: now, begun: now, ..*seat };
            self.open += 1;
        }
        if seat.phase == Phase::Dropping {
            // The network is gone before the owner has read it.
            return self.step(now, handset);
        }
        if self.load.holds && !self.is_leaving {
            seat.phase = Phase::Holding;
            return self.step(now, handset);
        }
        let (script, behaviour) = (&self.load.script, &self.load.behaviour);
        let (plan, is_understood) = it.screen(now, &text, script, behaviour, pin);
        self.step(now, handset);
        if !is_understood {
            self.outputs.push_back(Output::NotUnderstood { handset, text });
        }
        let plan = if self.is_leaving { Plan::HangUp { after: Span::ZERO } } else { plan };
        match plan {
            Plan::Type { after, text, dropped_ms } => {
                if let Some(seat) = self.seats.get_mut(place(handset)) {
                    seat.text = text;
                }
                match after {
                    Span::ZERO => self.type_out(now, handset, now, dropped_ms),
                    after => self.set(handset, Phase::Typing { dropped_ms }, now.after(after)),
                }
            }
            Plan::HangUp { after } => self.set(handset, Phase::HangingUp, now.after(after)),
            Plan::Drop { after } => self.set(handset, Phase::Dropping, now.after(after)),
        }
    }

    fn last_text(&mut self, now: Moment, handset: u32, text: &str) {
        if self.is_terminal(handset) {
            return self.give(now, handset, UssdInput::Text { text, ends: true });
        }
        if let Some(it) = self.handsets.get_mut(place(handset)) {
            it.last(now, text, &self.load.script);
        }
        self.step(now, handset);
    }

    fn over(&mut self, now: Moment, handset: u32, key: u32, status: Status) {
        if self.is_terminal(handset) {
            return self.terminal_over(now, handset, key, status);
        }
        let Some(seat) = self.seats.get_mut(place(handset)) else { return };
        let Some(it) = self.handsets.get_mut(place(handset)) else { return };
        it.over(now);
        seat.phase = Phase::Free;
        self.open = self.open.saturating_sub(1);
        let number = self.subscribers.number(handset).unwrap_or(0);
        let (begun, steps) = (seat.begun, seat.steps);
        let record = Record { handset, number, key, begun, ended: now, steps, status };
        self.outputs.push_back(Output::Dialog(record));
        let Some(pause) = self.load.pause.filter(|_| self.is_running) else { return };
        let pause = it.draw(&pause);
        let pause = if status == Status::NoLink { pause.max(NO_LINK_PAUSE) } else { pause };
        self.set(handset, Phase::Pausing, now.after(pause));
    }
}
