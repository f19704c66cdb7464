//! The server: connections, binds, the PDUs that are about the link alone, and time.

use tillgate_codec::smpp::{
    Bind, BindResp, Body, CommandId, CommandStatus, INTERFACE_VERSION, Pdu, Tag, Text, Tlv, Tlvs,
    deframe,
};

use super::link::{Bound, Link};
use super::{Centre, Output, Status, Turn, Violation, place};
use crate::limits::CENTRE_LINKS_MAX;
use crate::time::Moment;

/// What the centre calls itself.
const SYSTEM_ID: &str = "tillsim";
/// Sequence numbers that are allowed (SMPP 3.4, 5.1.4).
const SEQUENCES: std::ops::RangeInclusive<u32> = 1..=0x7FFF_FFFF;

impl Centre {
    pub(super) fn open(&mut self, now: Moment, link: u32) {
        if self.links.len() >= CENTRE_LINKS_MAX {
            self.closing.push_back(link);
            return;
        }
        self.links.insert(link, Link::new(now));
    }

    /// The connection is gone, and with it the dialogs that the application read on it.
    pub(super) fn lose(&mut self, now: Moment, link: u32) {
        let Some(gone) = self.links.remove(&link) else { return };
        self.receivers.retain(|receiver| *receiver != link);
        if gone.bound != Bound::No {
            self.outputs.push_back(Output::Unbound { link });
        }
        if !gone.receives() {
            return;
        }
        for handset in 0..u32::try_from(self.dialogs.len()).unwrap_or(u32::MAX) {
            let is_here = |dialog: &super::Dialog| dialog.is_open() && dialog.link == link;
            if self.dialogs.get(place(handset)).is_some_and(is_here) {
                self.end(now, handset, Status::LinkLost);
            }
        }
    }

    pub(super) fn receive(&mut self, now: Moment, link: u32, bytes: &[u8]) {
        let Some(at) = self.links.get_mut(&link) else { return };
        at.received = now;
        at.asked = None;
        if at.partial.is_empty() {
            let used = self.pdus(now, link, bytes);
            if let Some(at) = self.links.get_mut(&link) {
                at.partial.extend_from_slice(bytes.get(used..).unwrap_or(&[]));
            }
            return;
        }
        let mut joined = std::mem::take(&mut at.partial);
        joined.extend_from_slice(bytes);
        let used = self.pdus(now, link, &joined);
        if let Some(at) = self.links.get_mut(&link) {
            joined.drain(..used.min(joined.len()));
            at.partial = joined;
        }
    }

    /// Takes whole PDUs from the start; gives how many octets they had.
    fn pdus(&mut self, now: Moment, link: u32, bytes: &[u8]) -> usize {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or(&[]);
            match deframe(rest) {
                Ok(Some(frame)) => {
                    used += frame.range.end;
                    let Some(octets) = rest.get(frame.range) else { return used };
                    self.counts.received_pdus += 1;
                    self.pdu(now, link, octets);
                    if !self.links.contains_key(&link) || self.closing.contains(&link) {
                        return bytes.len();
                    }
                }
                Ok(None) => return used,
                Err(error) => {
                    let status = CommandStatus::INVALID_COMMAND_LENGTH;
                    self.write(link, &Pdu::nack(status, error.header.sequence));
                    self.fault(link, Violation::Malformed);
                    self.closing.push_back(link);
                    return bytes.len();
                }
            }
        }
    }

    fn pdu(&mut self, now: Moment, link: u32, octets: &[u8]) {
        let pdu = match Pdu::decode(octets) {
            Ok(pdu) => pdu,
            Err(error) => {
                self.fault(link, Violation::Malformed);
                if !error.command.is_response() {
                    let status = CommandStatus::INVALID_COMMAND_LENGTH;
                    self.write(link, &Pdu::nack(status, error.sequence));
                }
                return;
            }
        };
        let command = pdu.body.command();
        if !command.is_response() && !SEQUENCES.contains(&pdu.sequence) {
            self.fault(link, Violation::Sequence);
        }
        match &pdu.body {
            Body::BindTransceiver(bind) => self.bind(link, &pdu, bind, Bound::Transceiver),
            Body::BindReceiver(bind) => self.bind(link, &pdu, bind, Bound::Receiver),
            Body::BindTransmitter(bind) => self.bind(link, &pdu, bind, Bound::Transmitter),
            Body::EnquireLink => self.write(link, &Pdu::new(pdu.sequence, Body::EnquireLinkResp)),
            Body::Unbind => {
                self.write(link, &Pdu::new(pdu.sequence, Body::UnbindResp));
                self.closing.push_back(link);
            }
            Body::SubmitSm(_) | Body::DataSm(_) => self.submitted(now, link, &pdu),
            Body::DeliverSmResp(_) | Body::DataSmResp(_) | Body::EnquireLinkResp => {
                self.acknowledged(now, link, pdu.sequence, pdu.status);
            }
            Body::GenericNack => {
                let status = match pdu.status {
                    CommandStatus::OK => CommandStatus::UNKNOWN_ERROR,
                    status => status,
                };
                self.acknowledged(now, link, pdu.sequence, status);
            }
            _ if command.is_response() => {}
            _ => {
                let status = match command {
                    CommandId::DELIVER_SM => CommandStatus::INVALID_BIND_STATUS,
                    _ => CommandStatus::INVALID_COMMAND_ID,
                };
                self.fault(link, Violation::Malformed);
                self.write(link, &Pdu::nack(status, pdu.sequence));
            }
        }
    }

    fn bind(&mut self, link: u32, pdu: &Pdu<'_>, bind: &Bind<'_>, bound: Bound) {
        let settings = &self.settings;
        let Some(at) = self.links.get_mut(&link) else { return };
        let is = |wanted: &Option<String>, found: &[u8]| {
            wanted.as_ref().is_none_or(|wanted| wanted.as_bytes() == found)
        };
        let status = if at.bound != Bound::No {
            CommandStatus::ALREADY_BOUND
        } else if !is(&settings.system_id, bind.system_id.0) {
            CommandStatus::INVALID_SYSTEM_ID
        } else if !is(&settings.password, bind.password.0) {
            CommandStatus::INVALID_PASSWORD
        } else {
            CommandStatus::OK
        };
        let is_bound = status == CommandStatus::OK;
        let system_id = Text(if is_bound { SYSTEM_ID.as_bytes() } else { &[] });
        let resp = BindResp { system_id };
        let body = match bound {
            Bound::Receiver => Body::BindReceiverResp(resp),
            Bound::Transmitter => Body::BindTransmitterResp(resp),
            Bound::Transceiver | Bound::No => Body::BindTransceiverResp(resp),
        };
        let version = [INTERFACE_VERSION];
        let version = [Tlv::new(Tag::SC_INTERFACE_VERSION, &version)];
        let tlvs = if is_bound { Tlvs::list(&version) } else { Tlvs::NONE };
        if is_bound {
            at.bound = bound;
            if at.receives() {
                self.receivers.push(link);
            }
            let system_id = bind.system_id.to_string();
            self.outputs.push_back(Output::Bound { link, system_id });
        }
        self.write(link, &Pdu { status, tlvs, ..Pdu::new(pdu.sequence, body) });
        if !is_bound && status != CommandStatus::ALREADY_BOUND {
            self.closing.push_back(link);
        }
    }

    /// An answer of the application to a message of the centre.
    fn acknowledged(&mut self, now: Moment, link: u32, sequence: u32, status: CommandStatus) {
        let Some(at) = self.links.get_mut(&link) else { return };
        let Some(pending) = at.answered(sequence) else { return };
        if let Some((handset, serial)) = pending.about {
            let is_it = |dialog: &super::Dialog| dialog.serial == serial;
            let is_here = self.dialogs.get(place(handset)).is_some_and(is_it);
            if is_here && status != CommandStatus::OK {
                self.end(now, handset, Status::Rejected);
            }
        }
        self.refill(now, link);
    }

    /// Sends what waited for a place in the window.
    fn refill(&mut self, now: Moment, link: u32) {
        loop {
            let window = self.settings.window;
            let Some(at) = self.links.get_mut(&link).filter(|at| at.unanswered() < window) else {
                return;
            };
            let Some(waiting) = at.waiting.pop_front() else { return };
            let is_it = |dialog: &super::Dialog| {
                use super::Said;
                let says_end = !matches!(waiting.said, Said::Begin | Said::Input);
                dialog.serial == waiting.serial && (says_end || dialog.is_open())
            };
            if self.dialogs.get(place(waiting.handset)).is_some_and(is_it) {
                self.deliver(now, waiting.handset, waiting.said, &waiting.text);
            }
        }
    }

    pub(super) fn write(&mut self, link: u32, pdu: &Pdu<'_>) {
        if let Some(at) = self.links.get_mut(&link) {
            at.write(pdu);
            self.counts.sent_pdus += 1;
            self.queue(link);
        }
    }

    /// When something of the link is due.
    pub(super) fn link_deadline(&self, link: &Link) -> Option<Moment> {
        if link.bound == Bound::No {
            return Some(link.opened.after(self.settings.response));
        }
        let oldest = link.oldest().map(|pending| pending.sent.after(self.settings.response));
        let enquire = link.received.after(self.settings.enquire);
        // While something is unanswered, that is what is waited for.
        let next = Some(oldest.unwrap_or(enquire));
        link.answer_due().into_iter().chain(next).chain(self.silence_ends(link)).min()
    }

    /// When a link from which nothing comes is given up, whatever is sent on it meanwhile.
    fn silence_ends(&self, link: &Link) -> Option<Moment> {
        Some(link.asked?.after(self.settings.enquire).after(self.settings.response))
    }

    pub(super) fn tick(&mut self, now: Moment) {
        while let Some(handset) = self.timers.due(now) {
            let Some(dialog) = self.dialogs.get(place(handset)).filter(|it| it.is_open()) else {
                continue;
            };
            if dialog.due > now {
                self.timers.set(handset, dialog.due);
                continue;
            }
            let is_session_over = dialog.begun.after(self.settings.session) <= now;
            let status = match dialog.turn {
                _ if is_session_over => Status::SessionTimeout,
                Turn::Application => Status::ApplicationTimeout,
                _ => Status::SubscriberTimeout,
            };
            self.end(now, handset, status);
        }
        let links: Vec<u32> = self.links.keys().copied().collect();
        for link in links {
            self.tick_link(now, link);
        }
    }

    fn tick_link(&mut self, now: Moment, link: u32) {
        loop {
            let Some(at) = self.links.get_mut(&link) else { return };
            if at.answer_due().is_some_and(|due| due <= now) {
                at.write_answers(now);
                self.queue(link);
            }
            let Some(at) = self.links.get(&link) else { return };
            if self.link_deadline(at).is_none_or(|due| due > now) {
                return;
            }
            let is_bound = at.bound != Bound::No;
            match at.oldest() {
                _ if !is_bound => {
                    self.closing.push_back(link);
                    return self.lose(now, link);
                }
                _ if self.silence_ends(at).is_some_and(|end| end <= now) => {
                    self.fault(link, Violation::EnquireUnanswered);
                    self.closing.push_back(link);
                    return self.lose(now, link);
                }
                Some(pending) => {
                    self.unanswered(now, link, pending.about);
                    if pending.about.is_none() {
                        return;
                    }
                }
                None => {
                    let Some(at) = self.links.get_mut(&link) else { return };
                    let sequence = at.send(now, None);
                    self.write(link, &Pdu::new(sequence, Body::EnquireLink));
                }
            }
        }
    }

    /// Something that was sent got no answer in time.
    fn unanswered(&mut self, now: Moment, link: u32, about: Option<(u32, u16)>) {
        let Some(at) = self.links.get_mut(&link) else { return };
        at.give_up();
        let Some((handset, serial)) = about else {
            self.fault(link, Violation::EnquireUnanswered);
            self.closing.push_back(link);
            return self.lose(now, link);
        };
        let is_open = |it: &super::Dialog| it.serial == serial && it.is_open();
        if self.dialogs.get(place(handset)).is_some_and(is_open) {
            self.end(now, handset, Status::Bad(Violation::DeliverUnanswered));
        } else {
            self.fault(link, Violation::DeliverUnanswered);
        }
        self.refill(now, link);
    }
}
