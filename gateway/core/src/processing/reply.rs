//! An answer into a body. A journalled answer is a pure function of its row: whatever is not in
//! the row is not in the answer, and so the same request always receives the same bytes.

use tillgate_codec::limits::{PIN_BYTES_MAX, TEXT_BYTES_MAX};
use tillgate_codec::link::message::{
    Answer, AnswerKind, BusinessDate, Command, Found, GatewayMessage, Listing, Pong, Reject,
    ResponseCode, Settled, TerminalCommand, Totals, VoucherSlip, Welcome,
};
use tillgate_store_core::vault::{Secret, voucher_context};
use tillgate_store_core::{Kind, Registry, Settlement, State, Transaction};

use super::receipt::{listing, receipt};
use super::{Keys, LinkParameters};
use crate::limits::FOUND_FOR;
use crate::time::UnixMillis;
use crate::transaction::{Answered, Content, Push, PushedCommand, Reply};

/// Appends the body that answers a request; nothing for [`Content::Nothing`].
pub fn encode_reply(
    reply: &Reply,
    keys: &Keys,
    registry: &Registry,
    parameters: &LinkParameters,
    wall: UnixMillis,
    out: &mut Vec<u8>,
) {
    match &reply.content {
        Content::Journalled(row) => journalled(row, keys, registry, out),
        Content::InProgress(row) => {
            encode(Answer { code: IN_PROGRESS, ..blank_of(row) }, &row.rrn(), out);
        }
        Content::Refused { kind, stan, date, code } => {
            refused(*kind, *stan, *date, *code, out);
        }
        Content::Rejected { message, stan, date, code } => GatewayMessage::Reject(Reject {
            message: *message,
            code: *code,
            stan: *stan,
            date: *date,
            time_s: wall.0 / 1_000,
        })
        .encode(out),
        Content::Confirmed { stan, date, at_ms } => {
            let at = UnixMillis(*at_ms);
            encode(blank(AnswerKind::Confirm, *stan, *date, at), "", out);
        }
        Content::Balance { stan, date, available_minor } => {
            let balance_minor = Some(*available_minor);
            let blank = blank(AnswerKind::Balance, *stan, *date, wall);
            encode(Answer { balance_minor, ..blank }, "", out);
        }
        Content::Recent { stan, date, sales, ahead_min } => {
            let lines = &listing(sales, registry, *ahead_min);
            let (stan, date, code) = (*stan, *date, ResponseCode::APPROVED);
            GatewayMessage::Listing(Listing { stan, date, code, lines }).encode(out);
        }
        Content::Found { stan, date, token, charged_minor, currency, bill } => {
            let (amount_min_minor, amount_max_minor) = bill.amount_range_minor;
            GatewayMessage::Found(Found {
                stan: *stan,
                date: *date,
                code: ResponseCode::APPROVED,
                token: *token,
                amount_minor: bill.amount_minor,
                amount_min_minor,
                amount_max_minor,
                fee_minor: *charged_minor,
                currency: *currency,
                name: &bill.name,
                lines: &bill.text,
                valid_s: u16::try_from(FOUND_FOR.0 / 1_000_000_000).unwrap_or(u16::MAX),
            })
            .encode(out);
        }
        Content::Welcome { code, date, stan_last } => GatewayMessage::Welcome(Welcome {
            code: *code,
            date: *date,
            time_s: wall.0 / 1_000,
            catalogue: parameters.catalogue,
            idle_s: parameters.idle_s,
            answer_s: parameters.answer_s,
            stan_last: *stan_last,
        })
        .encode(out),
        Content::Pong { nonce } => {
            GatewayMessage::Pong(Pong { nonce: *nonce, time_s: wall.0 / 1_000 }).encode(out);
        }
        Content::Nothing | Content::KeyEnded => {}
    }
}

/// Appends the body of a command.
pub fn encode_command(push: &Push, out: &mut Vec<u8>) {
    let order = match &push.order {
        PushedCommand::Block { reason } => TerminalCommand::Block { reason: shown(reason) },
        PushedCommand::Unblock => TerminalCommand::Unblock,
        PushedCommand::Message { text } => TerminalCommand::Message { text: shown(text) },
    };
    GatewayMessage::Command(Command { id: push.command, order }).encode(out);
}

/// As much of an operator's text as a command can carry.
fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

const IN_PROGRESS: ResponseCode = ResponseCode::IN_PROGRESS;

fn journalled(row: &Transaction, keys: &Keys, registry: &Registry, out: &mut Vec<u8>) {
    let rrn = row.rrn();
    if let Some(settlement) = &row.settlement {
        return settled(row, settlement, &rrn, out);
    }
    if !row.is_answered() {
        return encode(Answer { code: IN_PROGRESS, ..blank_of(row) }, &rrn, out);
    }
    let printed = row.kind.is_sale() && row.state == State::Approved;
    let answer = Answer {
        code: row.code,
        reference: &row.provider_reference,
        balance_minor: row.balance_minor,
        fee_minor: if printed { row.terms.fee_minor } else { 0 },
        tax_minor: if printed { row.terms.tax_minor } else { 0 },
        ..blank_of(row)
    };
    if row.kind.is_sale() && row.state == State::Reversed {
        // Taken back at the terminal's own wish: nobody is to use it, so nobody hears it again.
        return encode(Answer { code: ResponseCode::REVERSED, ..blank_of(row) }, &rrn, out);
    }
    let template = registry.receipt(row.terms.receipt).filter(|_| printed);
    let receipt = |voucher: Option<&VoucherSlip<'_>>| {
        template.map(|template| receipt(template, row, voucher)).unwrap_or_default()
    };
    let Some(dispensed) = &row.voucher else {
        return encode(Answer { lines: &receipt(None), ..answer }, &rrn, out);
    };
    let context = voucher_context(row.service, row.product, &dispensed.serial);
    let mut secret = Secret::new();
    let opened = keys.vault.open(&context, &dispensed.pin, &mut secret).is_ok();
    match std::str::from_utf8(secret.as_bytes()) {
        Ok(pin) if opened && pin.len() <= PIN_BYTES_MAX => {
            let expiry = dispensed.expiry;
            let voucher = Some(VoucherSlip { serial: &dispensed.serial, pin, expiry });
            let lines = &receipt(voucher.as_ref());
            encode(Answer { voucher, lines, ..answer }, &rrn, out);
        }
        // The key that sealed the PIN is not here, or somebody loaded what no slip can hold: the
        // operator's to mend; the sale stands and its repeat will hear the PIN.
        Ok(_) | Err(_) => {
            encode(Answer { code: ResponseCode::MALFUNCTION, ..blank_of(row) }, &rrn, out);
        }
    }
}

fn settled(row: &Transaction, settlement: &Settlement, rrn: &str, out: &mut Vec<u8>) {
    GatewayMessage::Settled(Settled {
        stan: row.key.stan,
        date: row.key.date,
        settled_date: settlement.date,
        code: row.code,
        rrn,
        totals: settlement.counted,
        open_count: settlement.open_count,
        time_s: row.finished_ms / 1_000,
    })
    .encode(out);
}

fn encode(answer: Answer<'_>, rrn: &str, out: &mut Vec<u8>) {
    GatewayMessage::Answer(Answer { rrn, ..answer }).encode(out);
}

fn blank_of(row: &Transaction) -> Answer<'static> {
    Answer {
        kind: if row.kind == Kind::Reversal { AnswerKind::Reversal } else { AnswerKind::Sale },
        stan: row.key.stan,
        date: row.key.date,
        code: row.code,
        rrn: "",
        reference: "",
        amount_minor: row.amount_minor,
        balance_minor: None,
        voucher: None,
        time_s: row.finished_ms / 1_000,
        fee_minor: 0,
        tax_minor: 0,
        lines: "",
    }
}

/// What was refused without a row: nothing in it depends on when it was asked, so that the same
/// request receives the same bytes.
pub(super) fn refused(
    kind: Answered,
    stan: u32,
    date: BusinessDate,
    code: ResponseCode,
    out: &mut Vec<u8>,
) {
    let kind = match kind {
        Answered::Sale => AnswerKind::Sale,
        Answered::Confirm => AnswerKind::Confirm,
        Answered::Reversal => AnswerKind::Reversal,
        Answered::Balance => AnswerKind::Balance,
        Answered::Settlement => {
            let (totals, time_s) = (Totals::default(), 0);
            let (settled_date, rrn, open_count) = (date, "", 0);
            return GatewayMessage::Settled(Settled {
                stan,
                date,
                settled_date,
                code,
                rrn,
                totals,
                open_count,
                time_s,
            })
            .encode(out);
        }
        Answered::Recent => {
            return GatewayMessage::Listing(Listing { stan, date, code, lines: "" }).encode(out);
        }
        Answered::Lookup => {
            return GatewayMessage::Found(Found { stan, date, code, ..NOTHING_FOUND }).encode(out);
        }
    };
    encode(Answer { code, ..blank(kind, stan, date, UnixMillis(0)) }, "", out);
}

/// A lookup that found nothing.
const NOTHING_FOUND: Found<'static> = Found {
    stan: 0,
    date: BusinessDate(0),
    code: ResponseCode::UNABLE_TO_LOCATE,
    token: 0,
    amount_minor: 0,
    amount_min_minor: 0,
    amount_max_minor: 0,
    fee_minor: 0,
    currency: 0,
    name: "",
    lines: "",
    valid_s: 0,
};

/// An approval without a row, to be filled in.
fn blank(kind: AnswerKind, stan: u32, date: BusinessDate, wall: UnixMillis) -> Answer<'static> {
    Answer {
        kind,
        stan,
        date,
        code: ResponseCode::APPROVED,
        rrn: "",
        reference: "",
        amount_minor: 0,
        balance_minor: None,
        voucher: None,
        time_s: wall.0 / 1_000,
        fee_minor: 0,
        tax_minor: 0,
        lines: "",
    }
}
