//! A deliver_sm of a USSD dialog.

/// deliver_sm.
const COMMAND: u32 = 5;
const USSD_SERVICE_OP: u16 = 0x0501;
const ITS_SESSION_INFO: u16 = 0x1383;
/// Longest C-octet string that is accepted.
const TEXT_BYTES_MAX: usize = 128;

/// What the PDU says, in its order. Texts are without their NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered<'a> {
    /// Status and sequence number.
    pub header: [u32; 2],
    /// service_type, source, destination, schedule_delivery_time, validity_period.
    pub texts: [&'a [u8]; 5],
    /// Types and plans of both addresses, esm_class, protocol_id, priority_flag,
    /// registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id.
    pub numbers: [u8; 11],
    /// The text.
    pub short_message: &'a [u8],
    /// What the message does in its dialog.
    pub service_op: Option<u8>,
    /// Session and dialogue numbers.
    pub session: Option<u16>,
}

/// Walks a whole PDU.
#[must_use]
pub fn deliver_sm(pdu: &[u8]) -> Option<Delivered<'_>> {
    let (head, mut rest) = pdu.split_first_chunk::<16>()?;
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if usize::try_from(word(0)) != Ok(pdu.len()) || word(4) != COMMAND {
        return None;
    }
    let service_type = text(&mut rest)?;
    let [source_ton, source_npi] = bytes(&mut rest)?;
    let source = text(&mut rest)?;
    let [destination_ton, destination_npi] = bytes(&mut rest)?;
    let destination = text(&mut rest)?;
    let [esm_class, protocol_id, priority] = bytes(&mut rest)?;
    let schedule = text(&mut rest)?;
    let validity = text(&mut rest)?;
    let [registered, replace, coding, predefined, length] = bytes(&mut rest)?;
    let (short_message, mut rest) = rest.split_at_checked(usize::from(length))?;
    let (mut service_op, mut session) = (None, None);
    while let Some((&[a, b, c, d], after)) = rest.split_first_chunk() {
        let Some((value, after)) = after.split_at_checked(usize::from(u16::from_be_bytes([c, d])))
        else {
            break;
        };
        match (u16::from_be_bytes([a, b]), value) {
            (USSD_SERVICE_OP, &[op]) => service_op = Some(op),
            (ITS_SESSION_INFO, &[high, low]) => session = Some(u16::from_be_bytes([high, low])),
            _ => {}
        }
        rest = after;
    }
    Some(Delivered {
        header: [word(8), word(12)],
        texts: [service_type, source, destination, schedule, validity],
        numbers: [
            source_ton,
            source_npi,
            destination_ton,
            destination_npi,
            esm_class,
            protocol_id,
            priority,
            registered,
            replace,
            coding,
            predefined,
        ],
        short_message,
        service_op,
        session,
    })
}

#[inline]
fn bytes<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

#[inline]
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().take(TEXT_BYTES_MAX + 1).position(|byte| *byte == 0)?;
    let taken = &rest[..end];
    *rest = &rest[end + 1..];
    Some(taken)
}
