//! An answer into a body. A journalled answer is a pure function of its row: whatever is not in
//! the row is not in the answer, and so the same request always hears the same bytes.

use tillgate_codec::limits::{PIN_BYTES_MAX, TEXT_BYTES_MAX};
use tillgate_codec::link::message::{
    Answer, AnswerKind, BusinessDate, Command, Downward, Order, Pong, ResponseCode, Slip, Welcome,
};
use tillgate_store_core::vault::{Secret, voucher_context};
use tillgate_store_core::{Code, Kind, State, Transaction};

use super::{Keys, Terms};
use crate::desk::{Answered, Content, Push, PushOrder, Reply};
use crate::time::Wall;

/// Appends the body that answers a request; nothing for [`Content::Nothing`].
pub fn reply(reply: &Reply, keys: &Keys, terms: &Terms, wall: Wall, out: &mut Vec<u8>) {
    match &reply.content {
        Content::Journalled(row) => journalled(row, keys, out),
        Content::InProgress(row) => {
            encode(Answer { code: IN_PROGRESS, ..blank_of(row) }, &row.rrn(), out);
        }
        Content::Refused { kind, stan, date, code } => {
            encode(blank(*kind, *stan, *date, *code, wall), "", out);
        }
        Content::Confirmed { stan, date } => {
            encode(blank(Answered::Confirm, *stan, *date, Code::APPROVED, wall), "", out);
        }
        Content::Balance { stan, date, available_minor } => {
            let balance_minor = Some(*available_minor);
            let blank = blank(Answered::Balance, *stan, *date, Code::APPROVED, wall);
            encode(Answer { balance_minor, ..blank }, "", out);
        }
        Content::Welcome { code, date, stan_last } => Downward::Welcome(Welcome {
            code: ResponseCode(code.0),
            date: BusinessDate(date.0),
            time_s: wall.0 / 1_000,
            catalogue: terms.catalogue,
            idle_s: terms.idle_s,
            answer_s: terms.answer_s,
            stan_last: *stan_last,
        })
        .encode(out),
        Content::Pong { nonce } => {
            Downward::Pong(Pong { nonce: *nonce, time_s: wall.0 / 1_000 }).encode(out);
        }
        Content::Nothing => {}
    }
}

/// Appends the body of a command.
pub fn push(push: &Push, out: &mut Vec<u8>) {
    let order = match &push.order {
        PushOrder::Block { reason } => Order::Block { reason: shown(reason) },
        PushOrder::Unblock => Order::Unblock,
        PushOrder::Message { text } => Order::Message { text: shown(text) },
    };
    Downward::Command(Command { id: push.command, order }).encode(out);
}

/// As much of an operator's text as a command can carry.
fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

const IN_PROGRESS: ResponseCode = ResponseCode::IN_PROGRESS;

fn journalled(row: &Transaction, keys: &Keys, out: &mut Vec<u8>) {
    let rrn = row.rrn();
    let answer = Answer {
        code: ResponseCode(row.code.0),
        reference: &row.provider_reference,
        balance_minor: row.balance_minor,
        ..blank_of(row)
    };
    if row.kind.is_sale() && row.state == State::Reversed {
        // Taken back at the terminal's own wish: nobody is to use it, so nobody hears it again.
        return encode(Answer { code: ResponseCode::REVERSED, ..blank_of(row) }, &rrn, out);
    }
    let Some(dispensed) = &row.voucher else {
        return encode(answer, &rrn, out);
    };
    let context = voucher_context(row.service, row.product, &dispensed.serial);
    let mut secret = Secret::new();
    let opened = keys.vault.open(&context, &dispensed.pin, &mut secret).is_ok();
    match std::str::from_utf8(secret.as_bytes()) {
        Ok(pin) if opened && pin.len() <= PIN_BYTES_MAX => {
            let expiry = BusinessDate(dispensed.expiry.0);
            let voucher = Some(Slip { serial: &dispensed.serial, pin, expiry });
            encode(Answer { voucher, ..answer }, &rrn, out);
        }
        // The key that sealed the PIN is not here, or somebody loaded what no slip can hold: the
        // operator's to mend; the sale stands and its repeat will hear the PIN.
        Ok(_) | Err(_) => {
            encode(Answer { code: ResponseCode::MALFUNCTION, ..blank_of(row) }, &rrn, out);
        }
    }
}

fn encode(answer: Answer<'_>, rrn: &str, out: &mut Vec<u8>) {
    Downward::Answer(Answer { rrn, ..answer }).encode(out);
}

fn blank_of(row: &Transaction) -> Answer<'static> {
    Answer {
        kind: if row.kind == Kind::Reversal { AnswerKind::Reversal } else { AnswerKind::Sale },
        stan: row.key.stan,
        date: BusinessDate(row.key.date.0),
        code: ResponseCode(row.code.0),
        rrn: "",
        reference: "",
        amount_minor: row.amount_minor,
        balance_minor: None,
        voucher: None,
        time_s: row.finished_ms / 1_000,
        lines: "",
    }
}

fn blank(
    kind: Answered,
    stan: u32,
    date: tillgate_store_core::BusinessDate,
    code: Code,
    wall: Wall,
) -> Answer<'static> {
    Answer {
        kind: match kind {
            Answered::Sale => AnswerKind::Sale,
            Answered::Confirm => AnswerKind::Confirm,
            Answered::Reversal => AnswerKind::Reversal,
            Answered::Balance => AnswerKind::Balance,
        },
        stan,
        date: BusinessDate(date.0),
        code: ResponseCode(code.0),
        rrn: "",
        reference: "",
        amount_minor: 0,
        balance_minor: None,
        voucher: None,
        time_s: wall.0 / 1_000,
        lines: "",
    }
}
