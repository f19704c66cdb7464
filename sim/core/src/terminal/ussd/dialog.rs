//! The frames of a dialog: requests, parts of replies, refusals.

use tillgate_codec::link::datagram::{GatewayFrame, Gathered, Header, TerminalFrame};
use tillgate_codec::link::message::{
    GatewayMessage, Logon, MESSAGE_VERSION, ResponseCode, TerminalMessage, Welcome,
};
use tillgate_codec::link::record::RefusalCode;
use tillgate_codec::ussd::armour::{self, Form};

use super::event::{Frame, Phase};
use super::{Note, Trouble, UssdNote, UssdOutput, UssdTerminal};
use crate::limits::ANSWER_MARGIN;
use crate::time::{Moment, Span};

/// What a gateway says to a begin without a frame.
const READY: &str = "OK";
/// From a frame to the loss of the terminal, in milliseconds at most, where it is not at once.
const DROP_WITHIN_MS: u64 = 500;
/// Pause after a refusal, at least: the gateway takes few frames of a terminal that it refuses.
const REFUSED_PAUSE: Span = Span::s(3);
/// Characters of `*124*…#` besides code and frame.
const DIAL_SYMBOLS: usize = 2;

impl UssdTerminal {
    pub(super) fn log_on(&mut self, now: Moment) {
        let firmware = std::sync::Arc::clone(&self.firmware);
        let logon = Logon { firmware: &firmware.version, catalogue: 0, versions: MESSAGE_VERSION };
        let mut body = Vec::new();
        TerminalMessage::Logon(logon).encode(&mut body);
        self.seal(&body);
        self.dial(now, Frame::Logon, self.firmware.logon);
    }

    /// Sends the till's request, if there is a way to; before it, in a dialog of its own, a frame again that was
    /// answered.
    pub(super) fn send_queued(&mut self, now: Moment) {
        let in_turn = matches!(self.phase, Phase::Turn { .. });
        let is_free = matches!(self.phase, Phase::Idle) && !self.is_open;
        if let Some(frame) = self.copied.take_if(|_| is_free) {
            self.note(UssdNote::Replayed);
            (self.frame, self.exchange) = (frame, None);
            return self.dial(now, Frame::Replay, self.firmware.logon);
        }
        if !self.is_queued || !(in_turn || is_free) {
            return;
        }
        self.is_queued = false;
        let body = self.till.body().to_vec();
        self.seal(&body);
        let answer_s = self.welcome.map_or(30, |welcome| welcome.answer_s);
        let within = Span(Span::s(u64::from(answer_s)).0 + ANSWER_MARGIN.0);
        if in_turn {
            self.phase = Phase::Asked { by: now.after(within), what: Frame::Request };
            self.enter(now);
        } else {
            self.dial(now, Frame::Request, within);
        }
    }

    /// Makes the frame of a body, under a new counter.
    fn seal(&mut self, body: &[u8]) {
        self.counter += 1;
        self.is_last = self.rng.chance(self.bearer.last_permille);
        let (terminal, key_id, counter) = (self.terminal, self.key_id, self.counter);
        let header = Header { key_id, terminal, counter, is_last: self.is_last };
        self.frame.clear();
        self.gathered = Gathered::default();
        // A body of the till is far below the bound; without an exchange nothing opens.
        self.exchange = self.keys.seal(&header, body, &mut self.frame).ok();
        self.note(UssdNote::Requested);
    }

    /// Begins a dialog, with the frame in what is dialled where it fits.
    fn dial(&mut self, now: Moment, what: Frame, within: Span) {
        let code = &self.bearer.code;
        let room = self.bearer.symbols.saturating_sub(code.len() + DIAL_SYMBOLS);
        let fits = Form::Digits.symbols(self.frame.len()) <= room;
        self.is_open = true;
        // Every eighth dials without one all the same.
        if fits && !self.rng.chance(125) {
            let dialled = format!("{code}*{}#", armoured(Form::Digits, &self.frame));
            self.phase = Phase::Asked { by: now.after(within), what };
            self.outputs.push_back(UssdOutput::Dial(dialled));
            self.perhaps_drop(now);
        } else {
            self.phase = Phase::Dialling { by: now.after(within), what };
            self.outputs.push_back(UssdOutput::Dial(format!("{code}#")));
        }
    }

    /// Enters the frame, in either form.
    fn enter(&mut self, now: Moment) {
        let fits = Form::Digits.symbols(self.frame.len()) <= self.bearer.symbols;
        let form = if fits && self.rng.chance(500) { Form::Digits } else { Form::Text };
        self.outputs.push_back(UssdOutput::Enter(armoured(form, &self.frame)));
        self.perhaps_drop(now);
    }

    fn perhaps_drop(&mut self, now: Moment) {
        if self.rng.chance(self.bearer.drop_permille) {
            let at_once = self.rng.chance(500);
            let ms = if at_once { 0 } else { self.rng.below(DROP_WITHIN_MS) };
            self.drop_at = Some(now.after(Span::ms(ms)));
        }
    }

    /// A text of the gateway.
    pub(super) fn text(&mut self, now: Moment, text: &str, ends: bool) {
        match self.phase {
            Phase::Dialling { by, what } if text == READY && !ends => {
                self.phase = Phase::Asked { by, what };
                self.enter(now);
            }
            Phase::Asked { what, .. } => {
                let mut frame = Vec::new();
                match armour::decode(text.as_bytes(), &mut frame) {
                    Ok(_) => self.frame(now, &frame, (what, ends)),
                    Err(_) => self.lost(now, Some(Trouble::BadRecord), Span::ZERO),
                }
            }
            Phase::Dialling { what, .. } => {
                let mut frame = Vec::new();
                let is_armour = armour::decode(text.as_bytes(), &mut frame).is_ok();
                match GatewayFrame::decode(&frame) {
                    Ok(GatewayFrame::Refusal(code)) if is_armour => {
                        self.refused(now, code, (what, ends));
                    }
                    _ => self.lost(now, Some(Trouble::BadRecord), Span::ZERO),
                }
            }
            // It has hung up, and this has crossed it.
            Phase::Away(_) | Phase::Idle | Phase::Gone => {}
            Phase::Turn { .. } => self.lost(now, Some(Trouble::BadRecord), Span::ZERO),
        }
    }

    fn frame(&mut self, now: Moment, frame: &[u8], (what, ends): (Frame, bool)) {
        match GatewayFrame::decode(frame) {
            Ok(GatewayFrame::Refusal(code)) => self.refused(now, code, (what, ends)),
            Ok(GatewayFrame::Part { .. }) if what == Frame::Replay => {
                self.note(UssdNote::ReplayAnswered);
                self.leave(now, ends);
            }
            Ok(GatewayFrame::Part { index, last, chunk }) => {
                self.part(now, (index, last, chunk), (what, ends));
            }
            Err(_) => self.lost(now, Some(Trouble::BadRecord), Span::ZERO),
        }
    }

    fn refused(&mut self, now: Moment, code: RefusalCode, (what, ends): (Frame, bool)) {
        if what == Frame::Replay {
            self.note(UssdNote::ReplayRefused);
            return self.leave(now, ends);
        }
        self.lost(now, Some(Trouble::Refused(code)), REFUSED_PAUSE);
    }

    fn part(
        &mut self,
        now: Moment,
        (index, last, chunk): (u8, u8, &[u8]),
        (what, ends): (Frame, bool),
    ) {
        let is_there = !ends || index == last;
        if !is_there || (index == last) && ends != self.is_last {
            // Only the last part of the reply to a last request ends the dialog.
            return self.lost(now, Some(Trouble::BadRecord), Span::ZERO);
        }
        let loses = self.rng.chance(self.bearer.lose_permille);
        if loses && !ends && self.rng.chance(500) {
            self.note(UssdNote::PartAgain);
            return self.ask_for(index);
        }
        let sealed = match self.gathered.take(index, last, chunk) {
            Ok(Some(sealed)) => sealed.to_vec(),
            Ok(None) => {
                let due = self.gathered.due();
                return self.ask_for(due);
            }
            Err(_) => return self.lost(now, Some(Trouble::BadRecord), Span::ZERO),
        };
        if loses {
            self.note(UssdNote::ReplyLost);
            return self.lost(now, None, Span::ZERO);
        }
        let mut body = Vec::new();
        let opened = self.exchange.take().is_some_and(|it| it.open(&sealed, &mut body).is_ok());
        if !opened {
            return self.lost(now, Some(Trouble::BadSeal), Span::ZERO);
        }
        self.failures = 0;
        self.leave(now, ends);
        if self.message(now, &body, what).is_err() {
            return self.lost(now, Some(Trouble::BadMessage), Span::ZERO);
        }
        self.perhaps_copy();
    }

    /// A reply is there: the dialog is over, or waits for what comes next.
    fn leave(&mut self, now: Moment, ends: bool) {
        self.phase = match ends {
            true => Phase::Idle,
            false => Phase::Turn { until: now.after(self.bearer.linger) },
        };
        self.drop_at = None;
        self.send_queued(now);
    }

    fn ask_for(&mut self, index: u8) {
        let text = armoured(Form::Text, &TerminalFrame::next(index));
        self.outputs.push_back(UssdOutput::Enter(text));
    }

    fn message(&mut self, now: Moment, body: &[u8], what: Frame) -> Result<(), ()> {
        match GatewayMessage::decode(body).map_err(|_| ())? {
            GatewayMessage::Welcome(welcome) if what == Frame::Logon => {
                self.welcomed(now, &welcome)
            }
            GatewayMessage::Answer(answer) => {
                self.till.answered(now, &answer, body, &mut self.rng);
            }
            GatewayMessage::Settled(settled) => self.till.settled(now, &settled, &mut self.rng),
            GatewayMessage::Found(found) => self.till.found(now, &found, &mut self.rng),
            // No command is pushed over datagrams; the others answer what it does not ask.
            GatewayMessage::Welcome(_)
            | GatewayMessage::Pong(_)
            | GatewayMessage::Command(_)
            | GatewayMessage::Reject(_)
            | GatewayMessage::Listing(_) => return Err(()),
        }
        Ok(())
    }

    fn welcomed(&mut self, now: Moment, welcome: &Welcome) {
        self.till.notes.push(Note::Online);
        match welcome.code {
            ResponseCode::APPROVED => self.welcome = Some(*welcome),
            // The next dialog begins with a logon again.
            ResponseCode::TERMINAL_INACTIVE => self.till.notes.push(Note::Blocked),
            code => self.till.notes.push(Note::Trouble(Trouble::LogonDeclined(code))),
        }
        self.till.online(now, welcome, &mut self.rng);
    }

    /// Somebody on the way has copied the request, and sends it again in a dialog of its own.
    fn perhaps_copy(&mut self) {
        if self.rng.chance(self.bearer.replay_permille) {
            self.copied = Some(self.frame.clone());
            if matches!(self.phase, Phase::Turn { .. }) {
                self.outputs.push_back(UssdOutput::HangUp);
                self.phase = Phase::Idle;
            }
        }
    }

    /// The dialog is over.
    pub(super) fn over(&mut self, now: Moment) {
        self.is_open = false;
        match self.phase {
            Phase::Turn { .. }
            | Phase::Idle
            | Phase::Dialling { what: Frame::Replay, .. }
            | Phase::Asked { what: Frame::Replay, .. } => {
                self.phase = Phase::Idle;
                self.send_queued(now);
            }
            Phase::Dialling { .. } | Phase::Asked { .. } => self.lost(now, None, Span::ZERO),
            Phase::Away(_) | Phase::Gone => {}
        }
    }

    fn note(&mut self, note: UssdNote) {
        self.outputs.push_back(UssdOutput::Note(note));
    }
}

/// A frame as text; one that is too long for armour is no text, which no gateway takes.
fn armoured(form: Form, frame: &[u8]) -> String {
    let mut text = Vec::new();
    armour::encode(form, frame, &mut text).unwrap_or_default();
    String::from_utf8(text).unwrap_or_default()
}
