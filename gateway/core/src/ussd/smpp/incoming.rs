//! PDUs from the centre, one after the other. Whatever comes is answered, with its own sequence
//! number; only an impossible length ends the connection.

use tillgate_codec::smpp::{
    Body, CommandId, CommandStatus, DataSm, Header, MessageResp, Pdu, ShortMessage, Tag, deframe,
};
use zeroize::Zeroize;

use super::message::Message;
use super::{DownReason, Seen, SmppLink};

impl SmppLink {
    /// Reads until something is to be reported, or there is no whole PDU.
    pub(super) fn read(&mut self) -> Option<Seen> {
        for index in 0..self.legs.len() {
            while self.legs[index].is_reading() && self.queue.is_empty() {
                // What is read borrows from the buffer, not from the link.
                let inbound = std::mem::take(&mut self.legs[index].inbound);
                let at = self.legs[index].read;
                let (seen, is_complete) = match deframe(&inbound[at..]) {
                    Ok(None) => (None, false),
                    Ok(Some(frame)) => {
                        let end = at + frame.range.end;
                        self.legs[index].read = end;
                        (self.on_pdu(index, &frame.header, &inbound[at..end]), true)
                    }
                    Err(error) => {
                        let status = CommandStatus::INVALID_COMMAND_LENGTH;
                        self.send(index, &Pdu::nack(status, error.header.sequence));
                        self.stats.unparsable += 1;
                        self.go_down(DownReason::InvalidLength);
                        (None, false)
                    }
                };
                let leg = &mut self.legs[index];
                leg.inbound = inbound;
                if !leg.is_reading() {
                    leg.forget_inbound();
                } else if !is_complete {
                    leg.keep_rest();
                }
                if seen.is_some() {
                    return seen;
                }
                if !is_complete {
                    break;
                }
            }
        }
        None
    }

    fn on_pdu(&mut self, index: usize, header: &Header, octets: &[u8]) -> Option<Seen> {
        if header.command.is_response() {
            self.on_answer(index, header, octets);
            return None;
        }
        match Pdu::decode(octets) {
            Ok(pdu) => self.on_request(index, &pdu, octets),
            Err(error) => {
                // Permanent: the same octets would be refused again.
                self.stats.unparsable += 1;
                self.send(index, &Pdu::nack(CommandStatus::PERMANENT_ERROR, error.sequence));
                None
            }
        }
    }

    fn on_request(&mut self, index: usize, pdu: &Pdu<'_>, octets: &[u8]) -> Option<Seen> {
        let sequence = pdu.sequence;
        match &pdu.body {
            Body::DeliverSm(message) => {
                let (status, seen) =
                    self.on_once(index, (sequence, octets), &of_deliver(pdu, message));
                let body = Body::DeliverSmResp(MessageResp::default());
                self.send(index, &Pdu { status, ..Pdu::new(sequence, body) });
                seen
            }
            Body::DataSm(message) => {
                let (status, seen) =
                    self.on_once(index, (sequence, octets), &of_data(pdu, message));
                let body = Body::DataSmResp(MessageResp::default());
                self.send(index, &Pdu { status, ..Pdu::new(sequence, body) });
                seen
            }
            Body::EnquireLink => {
                self.send(index, &Pdu::new(sequence, Body::EnquireLinkResp));
                None
            }
            Body::Unbind => {
                self.send(index, &Pdu::new(sequence, Body::UnbindResp));
                self.go_down(DownReason::UnboundByCentre);
                None
            }
            Body::Other(_) => {
                self.send(index, &Pdu::nack(CommandStatus::INVALID_COMMAND_ID, sequence));
                None
            }
            _ => {
                self.send(index, &Pdu::nack(CommandStatus::INVALID_BIND_STATUS, sequence));
                None
            }
        }
    }

    /// An answer counts by its header: with an error, and from some centres always, there is nothing
    /// else.
    fn on_answer(&mut self, index: usize, header: &Header, octets: &[u8]) {
        if let Ok(pdu) = Pdu::decode(octets)
            && let Some(tlv) = pdu.tlvs.find(Tag::CONGESTION_STATE)
        {
            let load = tlv.number().and_then(|load| u8::try_from(load).ok());
            self.congestion = load.filter(|load| *load <= 100).or(self.congestion);
        }
        let is_of_message = matches!(
            header.command,
            CommandId::SUBMIT_SM_RESP | CommandId::DATA_SM_RESP | CommandId::GENERIC_NACK
        );
        let pending = self.legs[index].pending.map(|(sequence, _)| sequence);
        let is_nack = header.command == CommandId::GENERIC_NACK;
        if pending == Some(header.sequence) && (is_nack || !is_of_message) {
            self.on_session_answer(index, header.command, header.status);
        } else if !(is_of_message && self.on_said(header.sequence, header.status)) {
            self.stats.unmatched += 1;
        }
    }

    /// As [`Self::on_message`], but for a message that came before.
    fn on_once(
        &mut self,
        index: usize,
        (sequence, octets): (u32, &[u8]),
        message: &Message<'_>,
    ) -> (CommandStatus, Option<Seen>) {
        let now = self.now;
        if self.legs[index].received.is_repeat(now, sequence, octets) {
            self.stats.ignored += 1;
            return (CommandStatus::OK, None);
        }
        let (status, seen) = self.on_message(message);
        if seen.is_some() {
            self.legs[index].received.note(now, sequence, octets);
        }
        (status, seen)
    }

    /// The status that a message is answered with, and what it was.
    fn on_message(&mut self, message: &Message<'_>) -> (CommandStatus, Option<Seen>) {
        if !self.is_ready {
            return (CommandStatus::TEMPORARY_ERROR, None);
        }
        match self.read_message(message) {
            Ok(Some(Seen::Begin)) if self.is_draining => (CommandStatus::TEMPORARY_ERROR, None),
            Ok(seen) => {
                match seen {
                    Some(Seen::Begin) => {
                        self.stats.begins += 1;
                        if let Some(at) = self.address.as_ref().filter(|at| at.key.is_empty()) {
                            self.outgoing.forget(self.now, at.msisdn);
                        }
                    }
                    Some(Seen::Input) => self.stats.inputs += 1,
                    Some(Seen::Ended(_)) => self.stats.aborts += 1,
                    None => self.stats.ignored += 1,
                }
                (CommandStatus::OK, seen)
            }
            Err(status) => {
                self.stats.unparsable += 1;
                (status, None)
            }
        }
    }
}

fn of_deliver<'a>(pdu: &Pdu<'a>, message: &ShortMessage<'a>) -> Message<'a> {
    let (_, text) = message.split_header(pdu.message().unwrap_or_default());
    Message {
        service_type: message.service_type.0,
        source: message.source,
        destination: message.destination,
        esm_class: message.esm_class,
        coding: message.data_coding,
        text,
        tlvs: pdu.tlvs,
    }
}

fn of_data<'a>(pdu: &Pdu<'a>, message: &DataSm<'a>) -> Message<'a> {
    Message {
        service_type: message.service_type.0,
        source: message.source,
        destination: message.destination,
        esm_class: message.esm_class,
        coding: message.data_coding,
        text: pdu.message().unwrap_or_default(),
        tlvs: pdu.tlvs,
    }
}

impl super::Leg {
    /// Moves what is no whole PDU yet to the front.
    fn keep_rest(&mut self) {
        let (length, read) = (self.inbound.len(), std::mem::take(&mut self.read));
        if read > 0 {
            self.inbound.copy_within(read.., 0);
            self.inbound[length - read..].zeroize();
            self.inbound.truncate(length - read);
        }
    }

    pub(super) fn forget_inbound(&mut self) {
        self.inbound.as_mut_slice().zeroize();
        self.inbound.clear();
        self.read = 0;
    }
}
