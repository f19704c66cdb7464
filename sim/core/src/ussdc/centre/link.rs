//! One connection of an application: bind, sequence numbers, window.

use std::collections::VecDeque;

use tillgate_codec::smpp::{Body, CommandStatus, MessageResp, Pdu, Text};

use super::deliver::Said;
use crate::time::Moment;

/// What was sent and waits for its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) sent: Moment,
    /// Handset and serial of its dialog; `None` for an enquire_link.
    pub(super) about: Option<(u32, u16)>,
    pub(super) answered: bool,
}

/// A message that waits for a place in the window.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) handset: u32,
    pub(super) serial: u16,
    pub(super) said: Said,
    pub(super) text: String,
}

/// An answer that waits for its time.
#[derive(Debug)]
struct Answer {
    due: Moment,
    sequence: u32,
    status: CommandStatus,
    is_data: bool,
    message: u32,
}

/// What a link was bound for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    No,
    Receiver,
    Transmitter,
    Transceiver,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) bound: Bound,
    pub(super) opened: Moment,
    /// When something was last received.
    pub(super) received: Moment,
    /// When the first PDU since then was sent that is to be answered.
    pub(super) asked: Option<Moment>,
    /// The beginning of a PDU whose end has not come.
    pub(super) partial: Vec<u8>,
    pub(super) out: Vec<u8>,
    /// Whether an output that names the link is in the queue.
    pub(super) is_queued: bool,
    pub(super) waiting: VecDeque<Waiting>,
    /// Ordered by sequence number, without gaps.
    pending: VecDeque<Pending>,
    /// Sequence number of the next message.
    sequence: u32,
    unanswered: usize,
    answers: VecDeque<Answer>,
}

const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;

impl Link {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            bound: Bound::No,
            opened: now,
            received: now,
            asked: None,
            partial: Vec::new(),
            out: Vec::new(),
            is_queued: false,
            waiting: VecDeque::new(),
            pending: VecDeque::new(),
            sequence: 1,
            unanswered: 0,
            answers: VecDeque::new(),
        }
    }

    pub(super) fn receives(&self) -> bool {
        matches!(self.bound, Bound::Receiver | Bound::Transceiver)
    }

    pub(super) fn transmits(&self) -> bool {
        matches!(self.bound, Bound::Transmitter | Bound::Transceiver)
    }

    pub(super) fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// Takes a sequence number for something that is answered.
    pub(super) fn send(&mut self, now: Moment, about: Option<(u32, u16)>) -> u32 {
        self.asked = self.asked.or(Some(now));
        let sequence = self.sequence;
        self.sequence = if sequence == SEQUENCE_MAX { 1 } else { sequence + 1 };
        self.unanswered += 1;
        self.pending.push_back(Pending { sent: now, about, answered: false });
        sequence
    }

    /// What an answer is to, if it was not answered before.
    pub(super) fn answered(&mut self, sequence: u32) -> Option<Pending> {
        let count = u32::try_from(self.pending.len()).unwrap_or(u32::MAX);
        let back = (self.sequence + SEQUENCE_MAX - sequence.min(SEQUENCE_MAX)) % SEQUENCE_MAX;
        let place = count.checked_sub(back).filter(|_| back > 0)?;
        let pending = self.pending.get_mut(usize::try_from(place).ok()?)?;
        if pending.answered {
            return None;
        }
        pending.answered = true;
        let found = *pending;
        self.unanswered -= 1;
        self.trim();
        Some(found)
    }

    /// The oldest message that was not answered.
    pub(super) fn oldest(&self) -> Option<Pending> {
        self.pending.front().copied()
    }

    /// The oldest message will not be answered any more.
    pub(super) fn give_up(&mut self) {
        if self.pending.pop_front().is_some() {
            self.unanswered -= 1;
            self.trim();
        }
    }

    fn trim(&mut self) {
        while self.pending.front().is_some_and(|pending| pending.answered) {
            self.pending.pop_front();
        }
    }

    pub(super) fn write(&mut self, pdu: &Pdu<'_>) {
        // What cannot be encoded is a fault of the settings, which were checked; nothing is sent.
        pdu.encode(&mut self.out).unwrap_or_default();
    }

    /// Answers a message at `due`.
    pub(super) fn answer(
        &mut self,
        due: Moment,
        sequence: u32,
        status: CommandStatus,
        (is_data, message): (bool, u32),
    ) {
        self.answers.push_back(Answer { due, sequence, status, is_data, message });
    }

    /// Refuses a message before those whose answers wait.
    pub(super) fn refuse(&mut self, sequence: u32, status: CommandStatus, is_data: bool) {
        self.write_answer(&Answer { due: Moment(0), sequence, status, is_data, message: 0 });
    }

    pub(super) fn answers(&self) -> usize {
        self.answers.len()
    }

    pub(super) fn answer_due(&self) -> Option<Moment> {
        self.answers.front().map(|answer| answer.due)
    }

    /// Writes the answers that are due.
    pub(super) fn write_answers(&mut self, now: Moment) {
        while self.answer_due().is_some_and(|due| due <= now) {
            let Some(answer) = self.answers.pop_front() else { return };
            self.write_answer(&answer);
        }
    }

    fn write_answer(&mut self, answer: &Answer) {
        let Answer { sequence, status, is_data, message, .. } = *answer;
        let digits = hex(message);
        let message_id = match status {
            CommandStatus::OK => Text(&digits),
            _ => Text(&[]),
        };
        let resp = MessageResp { message_id };
        let body = if is_data { Body::DataSmResp(resp) } else { Body::SubmitSmResp(resp) };
        self.write(&Pdu { status, ..Pdu::new(sequence, body) });
    }
}

/// The eight hexadecimal digits of a number.
fn hex(number: u32) -> [u8; 8] {
    let mut digits = [0; 8];
    for (place, digit) in digits.iter_mut().rev().enumerate() {
        let nibble = number.checked_shr(u32::try_from(place * 4).unwrap_or(0)).unwrap_or(0) & 0xF;
        *digit = char::from_digit(nibble, 16).and_then(|c| u8::try_from(c).ok()).unwrap_or(b'0');
    }
    digits
}
