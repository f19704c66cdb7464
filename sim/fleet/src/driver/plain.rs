//! A station without a protocol: sends a frame, reads a frame. The anchor of the comparison.

use std::collections::VecDeque;

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
    outputs: VecDeque<Todo>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Away(Moment),
    Connecting,
    Free,
    Waiting,
    Gone,
}

/// What is still to be handed out, in this order.
enum Todo {
    Note(Note),
    Send,
    Close,
    Connect,
}

impl Plain {
    /// Frames of `request_bytes`, answered by frames of `answer_bytes`.
    #[must_use]
    pub fn new(request_bytes: usize, answer_bytes: usize) -> Self {
        Self::of(vec![b'.'; request_bytes], answer_bytes)
    }

    /// This frame, again and again, answered by frames of `answer_bytes`.
    #[must_use]
    pub fn of(frame: Vec<u8>, answer_bytes: usize) -> Self {
        Self {
            frame,
            answer_bytes,
            phase: Phase::Away(Moment(0)),
            come: 0,
            sent: Moment(0),
            selling: false,
            stopping: false,
            outputs: VecDeque::new(),
        }
    }

    fn request(&mut self, now: Moment) {
        if self.stopping {
            self.gone();
            self.outputs.push_back(Todo::Close);
        } else if self.selling && self.phase == Phase::Free {
            self.phase = Phase::Waiting;
            self.sent = now;
            self.note(Note::Started);
            self.outputs.push_back(Todo::Send);
        }
    }

    fn received(&mut self, now: Moment, bytes: usize) {
        self.come += bytes;
        if self.phase == Phase::Waiting && self.come >= self.answer_bytes {
            self.come = 0;
            self.phase = Phase::Free;
            let (response, service) = (now.since(self.sent), now.since(self.sent));
            let code = ResponseCode::APPROVED;
            self.note(Note::Finished(Finished { code, response, service }));
            self.request(now);
        }
    }

    fn note(&mut self, note: Note) {
        self.outputs.push_back(Todo::Note(note));
    }

    fn gone(&mut self) {
        self.phase = Phase::Gone;
        self.note(Note::Stopped);
    }
}

impl Client for Plain {
    fn handle(&mut self, now: Moment, input: Input<'_>) {
        match (input, self.phase) {
            // It has no power to lose, and no key.
            (_, Phase::Gone) | (Input::PowerCut { .. } | Input::Rekey { .. }, _) => {}
            (Input::Begin, _) => {
                self.selling = true;
                self.request(now);
            }
            (Input::Deadline, Phase::Away(at)) if at <= now => {
                self.phase = Phase::Connecting;
                self.outputs.push_back(Todo::Connect);
            }
            (Input::Connected, _) => {
                self.phase = Phase::Free;
                self.note(Note::Online);
                self.request(now);
            }
            (Input::Received(bytes), _) => self.received(now, bytes.len()),
            (Input::Closed, phase) => {
                if matches!(phase, Phase::Free | Phase::Waiting) {
                    self.note(Note::Offline);
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
        Some(match self.outputs.pop_front()? {
            Todo::Note(note) => Output::Note(note),
            Todo::Send => Output::Send(&self.frame),
            Todo::Close => Output::Close,
            Todo::Connect => Output::Connect,
        })
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
