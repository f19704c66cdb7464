//! Subscribers that are no handsets but terminals: what they send are sealed frames.

use super::{Crowd, Output, Record, Status, centre, place};
use crate::sales_log::SalesLog;
use crate::terminal::{UssdInput, UssdOutput, UssdTerminal};
use crate::time::Moment;

/// A terminal, and its dialog.
pub(super) struct Unit {
    terminal: UssdTerminal,
    begun: Moment,
    texts: u8,
}

impl Unit {
    pub(super) fn new(terminal: UssdTerminal) -> Self {
        Self { terminal, begun: Moment(0), texts: 0 }
    }
}

impl Crowd {
    /// The books of the terminals that send frames.
    pub fn books(&self) -> impl Iterator<Item = &SalesLog> {
        self.terminals.iter().map(|unit| unit.terminal.book())
    }

    /// Whether every dialog is over and no terminal has anything left to ask, after [`super::Input::Stop`].
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.open == 0 && self.terminals.iter().all(|unit| unit.terminal.is_gone())
    }

    pub(super) fn is_terminal(&self, handset: u32) -> bool {
        place(handset) >= self.seats.len()
    }

    fn unit(&mut self, handset: u32) -> Option<&mut Unit> {
        let at = place(handset).checked_sub(self.seats.len())?;
        self.terminals.get_mut(at)
    }

    fn numbers(&self) -> std::ops::Range<u32> {
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        number(self.seats.len())..number(self.seats.len() + self.terminals.len())
    }

    pub(super) fn begin_terminals(&mut self, now: Moment) {
        self.numbers().for_each(|handset| self.give(now, handset, UssdInput::Begin));
    }

    pub(super) fn stop_terminals(&mut self, now: Moment) {
        self.numbers().for_each(|handset| self.give(now, handset, UssdInput::Stop));
    }

    pub(super) fn tick_terminal(&mut self, now: Moment, handset: u32) {
        let Some(at) = self.unit(handset).and_then(|unit| unit.terminal.deadline()) else { return };
        match at <= now {
            true => self.give(now, handset, UssdInput::Deadline),
            false => self.timers.set(handset, at),
        }
    }

    /// Hands an input over, and carries out what follows.
    pub(super) fn give(&mut self, now: Moment, handset: u32, input: UssdInput<'_>) {
        let Some(unit) = self.unit(handset) else { return };
        unit.texts = unit.texts.saturating_add(u8::from(matches!(input, UssdInput::Text { .. })));
        unit.terminal.handle(now, input);
        while let Some(output) = self.unit(handset).and_then(|unit| unit.terminal.poll()) {
            let input = match &output {
                UssdOutput::Dial(dialled) => {
                    self.open += 1;
                    if let Some(unit) = self.unit(handset) {
                        (unit.begun, unit.texts) = (now, 0);
                    }
                    centre::Input::Dial { handset, dialled }
                }
                UssdOutput::Enter(text) => centre::Input::Answer { handset, text },
                UssdOutput::HangUp => centre::Input::HangUp { handset },
                UssdOutput::Drop => centre::Input::Drop { handset },
                UssdOutput::Note(note) => {
                    self.outputs.push_back(Output::Terminal(*note));
                    continue;
                }
            };
            self.centre.handle(now, input);
            self.drain(now);
        }
        if let Some(at) = self.unit(handset).and_then(|unit| unit.terminal.deadline()) {
            self.timers.set(handset, at);
        }
    }

    pub(super) fn terminal_over(&mut self, now: Moment, handset: u32, key: u32, status: Status) {
        let number = self.subscribers.number(handset).unwrap_or(0);
        let Some(unit) = self.unit(handset) else { return };
        let (begun, steps) = (unit.begun, unit.texts);
        if unit.terminal.is_in_dialog() {
            self.open = self.open.saturating_sub(1);
        }
        let record = Record { handset, number, key, begun, ended: now, steps, status };
        self.outputs.push_back(Output::Dialog(record));
        self.give(now, handset, UssdInput::Over);
    }
}
