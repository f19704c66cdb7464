//! What follows from a message of an application.

use tillgate_codec::smpp::{CommandStatus, Pdu};

use super::deliver::Said;
use super::submit::{Meaning, Submitted};
use super::{Centre, Dialog, Output, Status, Turn, Violation, place};
use crate::limits::CENTRE_ANSWERS_MAX;
use crate::time::Moment;
use crate::ussdc::variant::{Carrier, KeyKind, Variant};

/// The key of a message names no dialog, or another one ("USSDDLGREFMISM"). Vendors have their own
/// statuses from 0x400 on; applications take what they do not know as a refusal for good.
pub const KEY_MISMATCH: CommandStatus = CommandStatus(0x0401);

/// Why a message is refused, and whether that is a fault.
struct Refusal(CommandStatus, Option<Violation>);

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Self(status(violation), Some(violation))
    }
}

/// What a broken rule is answered with.
const fn status(violation: Violation) -> CommandStatus {
    match violation {
        Violation::TextTooLong | Violation::TextMissing => CommandStatus::INVALID_MESSAGE_LENGTH,
        Violation::TwoTexts | Violation::TextPlace => CommandStatus::TLV_NOT_ALLOWED,
        Violation::Operation | Violation::EndMarker | Violation::Alphabet => {
            CommandStatus::INVALID_TLV_VALUE
        }
        Violation::Echo => CommandStatus::TLV_MISSING,
        Violation::Pdu => CommandStatus::INVALID_COMMAND_ID,
        Violation::Key => KEY_MISMATCH,
        Violation::Source => CommandStatus::INVALID_SOURCE,
        Violation::ServiceType => CommandStatus::INVALID_SERVICE_TYPE,
        Violation::NotBound => CommandStatus::INVALID_BIND_STATUS,
        Violation::Window => CommandStatus::THROTTLED,
        _ => CommandStatus::SUBMIT_FAILED,
    }
}

impl Centre {
    pub(super) fn submitted(&mut self, now: Moment, link: u32, pdu: &Pdu<'_>) {
        let Some(message) = Submitted::of(pdu) else { return };
        let is_data = message.carrier == Carrier::DataSm;
        if let Some(at) = self.links.get_mut(&link).filter(|at| at.answers() >= CENTRE_ANSWERS_MAX)
        {
            at.refuse(pdu.sequence, CommandStatus::QUEUE_FULL, is_data);
            self.counts.throttled += 1;
            self.counts.sent_pdus += 1;
            return self.queue(link);
        }
        let status = match self.take(now, link, &message) {
            Ok(()) => CommandStatus::OK,
            Err(Refusal(status, violation)) => {
                if let Some(violation) = violation {
                    self.punish(now, link, &message, violation);
                }
                status
            }
        };
        self.message = self.message.wrapping_add(1);
        let id = self.message;
        let due = now.after(self.settings.answer_after);
        let Some(at) = self.links.get_mut(&link) else { return };
        at.answer(due, pdu.sequence, status, (is_data, id));
        if due <= now {
            at.write_answers(now);
            self.queue(link);
        }
        self.counts.sent_pdus += 1;
    }

    /// A broken rule ends the dialog that it was broken in, if there is one.
    fn punish(&mut self, now: Moment, link: u32, message: &Submitted<'_>, violation: Violation) {
        let handset = self.settings.subscribers.handset(message.destination.0);
        match handset.filter(|handset| self.is_in_dialog(*handset)) {
            Some(handset) => self.end(now, handset, Status::Bad(violation)),
            None => self.fault(link, violation),
        }
    }

    fn take(&mut self, now: Moment, link: u32, message: &Submitted<'_>) -> Result<(), Refusal> {
        let Some(at) = self.links.get(&link) else { return Ok(()) };
        if !at.transmits() {
            return Err(Violation::NotBound.into());
        }
        let window = self.settings.submit_window;
        if window > 0 && at.answers() >= window {
            self.fault(link, Violation::Window);
            return Err(Refusal(CommandStatus::THROTTLED, None));
        }
        if self.rng.chance(self.settings.throttle_permille) {
            self.counts.throttled += 1;
            let status = match self.counts.throttled % 2 {
                0 => CommandStatus::QUEUE_FULL,
                _ => CommandStatus::THROTTLED,
            };
            return Err(Refusal(status, None));
        }
        let meaning = message.meaning(&self.settings.variant)?;
        let handset = self.settings.subscribers.handset(message.destination.0);
        let handset = match (handset, meaning) {
            (Some(handset), _) => handset,
            (None, Meaning::Notify | Meaning::Sms) => {
                return Err(Refusal(CommandStatus::INVALID_DESTINATION, None));
            }
            (None, Meaning::Ask | Meaning::End) => return Err(Violation::NoDialog.into()),
        };
        match meaning {
            Meaning::Ask | Meaning::End => {
                self.in_dialog(now, link, handset, message, meaning == Meaning::End)
            }
            Meaning::Notify => self.notify(now, link, handset, message),
            Meaning::Sms => {
                let text = message.any_text();
                self.counts.notices += 1;
                self.outputs.push_back(Output::Notice { handset, text });
                Ok(())
            }
        }
    }

    /// A text in a dialog, or one that begins a dialog of the network.
    fn in_dialog(
        &mut self,
        now: Moment,
        link: u32,
        handset: u32,
        message: &Submitted<'_>,
        ends: bool,
    ) -> Result<(), Refusal> {
        let variant = &self.settings.variant;
        let Some(dialog) = self.dialogs.get_mut(place(handset)) else { return Ok(()) };
        let is_of = message.is_of(variant, dialog, ends);
        let has_key = variant.key != KeyKind::None && message.has_key(variant);
        let was_now = dialog.turn == Turn::Over && now < dialog.due;
        let may_be_late = has_key || (variant.key == KeyKind::None && was_now);
        match dialog.turn {
            Turn::Idle | Turn::Over if !ends && !may_be_late => {
                return self.begin_of_network(now, link, handset, message);
            }
            Turn::Over if is_of && was_now && !dialog.refused => {
                dialog.refused = true;
                self.counts.late += 1;
                return Err(Refusal(CommandStatus::SUBMIT_FAILED, None));
            }
            Turn::Over if is_of => return Err(Violation::AfterRelease.into()),
            Turn::Idle | Turn::Over => return Err(Violation::NoDialog.into()),
            _ if !is_of => {
                let former = dialog.former.map(|key| Dialog { key, ..*dialog });
                if !former.is_some_and(|former| message.is_of(variant, &former, ends)) {
                    return Err(Violation::Key.into());
                }
                // Of the dialog before, which it has crossed.
                dialog.former = None;
                self.counts.late += 1;
                return Err(Refusal(CommandStatus::SUBMIT_FAILED, None));
            }
            Turn::Subscriber if !ends => return Err(Violation::Turn.into()),
            Turn::Application | Turn::Subscriber => {}
        }
        let is_source = message.source.0 == self.settings.service_code_of(handset).as_bytes();
        if !is_source {
            return Err(Violation::Source.into());
        }
        is_pdu(variant, message)?;
        if !message.echoes(variant, dialog) {
            return Err(Violation::Echo.into());
        }
        let text = message.text(variant)?;
        if text.is_empty() && !ends {
            return Err(Violation::TextMissing.into());
        }
        let key = dialog.key;
        if ends {
            dialog.turn = Turn::Over;
            dialog.due = now;
            self.outputs.push_back(Output::Last { handset, text });
            self.outputs.push_back(Output::Over { handset, key, status: Status::Success });
            return Ok(());
        }
        dialog.turn = Turn::Subscriber;
        dialog.due =
            now.after(self.settings.subscriber).min(dialog.begun.after(self.settings.session));
        self.timers.set(handset, dialog.due);
        self.outputs.push_back(Output::Screen { handset, text });
        Ok(())
    }

    fn begin_of_network(
        &mut self,
        now: Moment,
        link: u32,
        handset: u32,
        message: &Submitted<'_>,
    ) -> Result<(), Refusal> {
        let text = message.text(&self.settings.variant)?;
        is_pdu(&self.settings.variant, message)?;
        if text.is_empty() {
            return Err(Violation::TextMissing.into());
        }
        let reads_here = self.links.get(&link).is_some_and(super::Link::receives);
        let Some(link) = Some(link).filter(|_| reads_here).or_else(|| self.receiver()) else {
            return Err(Refusal(CommandStatus::SUBMIT_FAILED, None));
        };
        self.counts.by_network += 1;
        self.begin(now, handset, link, Turn::Subscriber);
        if let Some(dialog) = self.dialogs.get_mut(place(handset)) {
            dialog.told = true;
        }
        self.outputs.push_back(Output::Screen { handset, text });
        Ok(())
    }

    fn notify(
        &mut self,
        now: Moment,
        link: u32,
        handset: u32,
        message: &Submitted<'_>,
    ) -> Result<(), Refusal> {
        let text = message.text(&self.settings.variant)?;
        if text.is_empty() {
            return Err(Violation::TextMissing.into());
        }
        if self.is_in_dialog(handset) {
            // The subscriber is busy, which the application cannot know for sure.
            return Err(Refusal(CommandStatus::SUBMIT_FAILED, None));
        }
        let (window, at) = (self.settings.window, self.links.get(&link));
        if at.is_some_and(|at| at.waiting.len() >= window) {
            // What it is owed for earlier ones is not answered.
            return Err(Refusal(CommandStatus::QUEUE_FULL, None));
        }
        self.counts.notices += 1;
        self.outputs.push_back(Output::Notice { handset, text });
        let reads_here = self.links.get(&link).is_some_and(super::Link::receives);
        if self.settings.variant.shown.is_some() && reads_here {
            if let Some(dialog) = self.dialogs.get_mut(place(handset)) {
                dialog.link = link;
            }
            self.say(now, handset, Said::Shown, "");
        }
        Ok(())
    }
}

/// Whether the message is in the PDU that the vendor takes.
fn is_pdu(variant: &Variant, message: &Submitted<'_>) -> Result<(), Violation> {
    match variant.submit {
        Some(carrier) if carrier != message.carrier => Err(Violation::Pdu),
        _ => Ok(()),
    }
}
