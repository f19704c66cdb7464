//! A station without a protocol: sends a frame, reads a frame. The anchor of the comparison.

use tillgate_codec::link::message::ResponseCode;
use tillsim_core::terminal::{Finished, Input, Note, Output};
use tillsim_core::time::{Moment, Span};

use super::client::Client;

/// How long to wait before connecting again.
const PAUSE: Span = Span::ms(100);

/// Sends frames of one size and expects frames of another; closed load without thinking.
pub struct Plain {
    frame: Vec<u8>,
    answer_bytes: usize,
    phase: Phase,
    /// Bytes of the present answer that have come.
    come: usize,
    sent: Moment,
    selling: bool,
    stopping: bool,
    outputs: Outputs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Away(Moment),
    Connecting,
    Free,
    Waiting,
    Gone,
}

/// What is still to be handed out.
#[derive(Default)]
struct Outputs {
    notes: Vec<Note>,
    told: usize,
    connect: bool,
    send: bool,
    close: bool,
}

impl Plain {
    /// Frames of `request_bytes`, answered by frames of `answer_bytes`.
    #[must_use]
    pub fn new(request_bytes: usize, answer_bytes: usize) -> Self {
        Self {
            frame: vec![b'.'; request_bytes],
            answer_bytes,
            phase: Phase::Away(Moment(0)),
            come: 0,
            sent: Moment(0),
            selling: false,
            stopping: false,
            outputs: Outputs::default(),
        }
    }

    fn request(&mut self, now: Moment) {
        if self.stopping {
            self.outputs.close = true;
            self.gone();
        } else if self.selling && self.phase == Phase::Free {
            self.phase = Phase::Waiting;
            self.sent = now;
            self.outputs.send = true;
            self.outputs.notes.push(Note::Started);
        }
    }

    fn received(&mut self, now: Moment, bytes: usize) {
        self.come += bytes;
        if self.phase == Phase::Waiting && self.come >= self.answer_bytes {
            self.come = 0;
            self.phase = Phase::Free;
            let (response, service) = (now.since(self.sent), now.since(self.sent));
            let code = ResponseCode::APPROVED;
            self.outputs.notes.push(Note::Finished(Finished { code, response, service }));
            self.request(now);
        }
    }

    fn gone(&mut self) {
        self.phase = Phase::Gone;
        self.outputs.notes.push(Note::Stopped);
    }
}

impl Client for Plain {
    fn handle(&mut self, now: Moment, input: Input<'_>) {
        self.outputs.notes.clear();
        self.outputs.told = 0;
        match (input, self.phase) {
            // It has no power to lose, and no key.
            (_, Phase::Gone) | (Input::PowerCut { .. } | Input::Rekey { .. }, _) => {}
            (Input::Begin, _) => {
                self.selling = true;
                self.request(now);
            }
            (Input::Deadline, Phase::Away(at)) if at <= now => {
                self.phase = Phase::Connecting;
                self.outputs.connect = true;
            }
            (Input::Connected, _) => {
                self.phase = Phase::Free;
                self.outputs.notes.push(Note::Online);
                self.request(now);
            }
            (Input::Received(bytes), _) => self.received(now, bytes.len()),
            (Input::Closed, phase) => {
                if matches!(phase, Phase::Free | Phase::Waiting) {
                    self.outputs.notes.push(Note::Offline);
                }
                self.come = 0;
                self.phase = Phase::Away(now.after(PAUSE));
                if self.stopping {
                    self.gone();
                }
            }
            (Input::Stop, phase) => {
                self.stopping = true;
                if phase != Phase::Waiting {
                    self.request(now);
                }
            }
            (Input::Deadline | Input::Customer { .. }, _) => {}
        }
    }

    fn poll(&mut self) -> Option<Output<'_>> {
        if let Some(note) = self.outputs.notes.get(self.outputs.told) {
            self.outputs.told += 1;
            return Some(Output::Note(*note));
        }
        if std::mem::take(&mut self.outputs.send) {
            return Some(Output::Send(&self.frame));
        }
        if std::mem::take(&mut self.outputs.close) {
            return Some(Output::Close);
        }
        std::mem::take(&mut self.outputs.connect).then_some(Output::Connect)
    }

    fn deadline(&self) -> Option<Moment> {
        match self.phase {
            Phase::Away(at) => Some(at),
            _ => None,
        }
    }

    fn in_doubt(&self) -> u32 {
        u32::from(self.phase == Phase::Waiting)
    }
}
