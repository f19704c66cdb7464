//! Bodies made up by proptest: every message comes back as it was, and no bytes cause a panic.

use crate::common::{down_bytes, up_bytes};
use proptest::option;
use proptest::prelude::*;
use tillgate_codec::limits::{
    ANSWER_BYTES_MAX, BODY_BYTES_MAX, FIRMWARE_BYTES_MAX, LINES_BYTES_MAX, PIN_BYTES_MAX,
    REFERENCE_BYTES_MAX, RRN_BYTES_MAX, SERIAL_BYTES_MAX, SUBSCRIBER_BYTES_MAX, TEXT_BYTES_MAX,
};
use tillgate_codec::link::message::{
    Acknowledge, Answer, AnswerKind, Balance, BusinessDate, Command, Confirm, GatewayMessage,
    Logon, Ping, Pong, Reject, Repeat, ResponseCode, Reversal, Sale, Settle, Settled,
    TerminalCommand, TerminalMessage, Totals, VoucherSlip, Welcome,
};

/// A text of at most `bytes_max` bytes, often with characters of several bytes.
fn text(bytes_max: usize) -> impl Strategy<Value = &'static str> {
    prop_oneof!["[ -~]{0,520}", "\\PC{0,520}"].prop_map(move |long| {
        // Leaked on purpose: a test's strategies need texts that outlive them.
        let kept: &'static str = Box::leak(long.into_boxed_str());
        &kept[..kept.floor_char_boundary(bytes_max)]
    })
}

/// Small and huge values alike, so that every length of an integer occurs.
fn integer() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..=64_u32).prop_map(|(value, shift)| value.checked_shr(shift).unwrap_or(0))
}

fn integer_32() -> impl Strategy<Value = u32> {
    (any::<u32>(), 0..=32_u32).prop_map(|(value, shift)| value.checked_shr(shift).unwrap_or(0))
}

fn date() -> impl Strategy<Value = BusinessDate> {
    any::<u16>().prop_map(BusinessDate)
}

fn any_upward() -> impl Strategy<Value = TerminalMessage<'static>> {
    let logon = (text(FIRMWARE_BYTES_MAX), integer_32(), 1..=u8::MAX).prop_map(
        |(firmware, catalogue, versions)| {
            TerminalMessage::Logon(Logon { firmware, catalogue, versions })
        },
    );
    let sale = (
        (integer_32(), date(), any::<u16>(), any::<u16>()),
        (integer(), any::<u16>(), text(SUBSCRIBER_BYTES_MAX)),
    )
        .prop_map(|((stan, date, service, product), (amount_minor, currency, subscriber))| {
            TerminalMessage::Sale(Sale {
                stan,
                date,
                service,
                product,
                amount_minor,
                currency,
                subscriber,
            })
        });
    let reversal = (integer_32(), date(), integer_32(), date(), integer(), any::<u8>()).prop_map(
        |(stan, date, original_stan, original_date, amount_minor, reason)| {
            TerminalMessage::Reversal(Reversal {
                stan,
                date,
                original_stan,
                original_date,
                amount_minor,
                reason,
            })
        },
    );
    let short =
        (0..5_u8, integer_32(), date(), any::<u8>()).prop_map(|(which, stan, date, result)| {
            match which {
                0 => TerminalMessage::Confirm(Confirm { stan, date }),
                1 => TerminalMessage::Repeat(Repeat { stan, date }),
                2 => TerminalMessage::Balance(Balance { stan, date }),
                3 => TerminalMessage::Ping(Ping { nonce: stan }),
                _ => TerminalMessage::Acknowledge(Acknowledge { command: stan, result }),
            }
        });
    let settle = (integer_32(), date(), date(), any::<u16>(), totals()).prop_map(
        |(stan, date, settled_date, currency, totals)| {
            TerminalMessage::Settle(Settle { stan, date, settled_date, currency, totals })
        },
    );
    prop_oneof![logon, sale, reversal, settle, short]
}

fn totals() -> impl Strategy<Value = Totals> {
    (integer_32(), integer(), integer_32(), integer()).prop_map(
        |(sales_count, sales_minor, reversals_count, reversals_minor)| Totals {
            sales_count,
            sales_minor,
            reversals_count,
            reversals_minor,
        },
    )
}

fn any_settled() -> impl Strategy<Value = GatewayMessage<'static>> {
    let keys = (integer_32(), date(), date(), any::<[u8; 2]>().prop_map(ResponseCode));
    (keys, text(RRN_BYTES_MAX), totals(), integer_32(), integer()).prop_map(
        |((stan, date, settled_date, code), rrn, totals, open_count, time_s)| {
            GatewayMessage::Settled(Settled {
                stan,
                date,
                settled_date,
                code,
                rrn,
                totals,
                open_count,
                time_s,
            })
        },
    )
}

fn any_downward() -> impl Strategy<Value = GatewayMessage<'static>> {
    let code = any::<[u8; 2]>().prop_map(ResponseCode);
    let welcome = (
        (code.clone(), date(), integer(), integer_32()),
        (any::<u16>(), any::<u16>(), integer_32()),
    )
        .prop_map(|((code, date, time_s, catalogue), (idle_s, answer_s, stan_last))| {
            GatewayMessage::Welcome(Welcome {
                code,
                date,
                time_s,
                catalogue,
                idle_s,
                answer_s,
                stan_last,
            })
        });
    let pong = (integer_32(), integer())
        .prop_map(|(nonce, time_s)| GatewayMessage::Pong(Pong { nonce, time_s }));
    let command = (integer_32(), text(TEXT_BYTES_MAX), 0..4_u8, 4..=u8::MAX).prop_map(
        |(id, text, which, other)| {
            let order = match which {
                0 => TerminalCommand::Block { reason: text },
                1 => TerminalCommand::Unblock,
                2 => TerminalCommand::Message { text },
                _ => TerminalCommand::Unknown(other),
            };
            GatewayMessage::Command(Command { id, order })
        },
    );
    let reject = (any::<u8>(), code, option::of(integer_32()), option::of(date()), integer())
        .prop_map(|(message, code, stan, date, time_s)| {
            GatewayMessage::Reject(Reject { message, code, stan, date, time_s })
        });
    prop_oneof![welcome, any_answer(), any_settled(), pong, command, reject]
}

fn any_answer() -> impl Strategy<Value = GatewayMessage<'static>> {
    let kind = prop_oneof![
        Just(AnswerKind::Sale),
        Just(AnswerKind::Confirm),
        Just(AnswerKind::Reversal),
        Just(AnswerKind::Balance),
    ];
    let slip = (text(SERIAL_BYTES_MAX), text(PIN_BYTES_MAX), date())
        .prop_map(|(serial, pin, expiry)| VoucherSlip { serial, pin, expiry });
    let balance = (any::<i64>(), 0..64_u32).prop_map(|(value, shift)| value >> shift);
    (
        (kind, integer_32(), date(), any::<[u8; 2]>()),
        (text(RRN_BYTES_MAX), text(REFERENCE_BYTES_MAX), text(LINES_BYTES_MAX)),
        (integer(), option::of(balance), option::of(slip), integer()),
    )
        .prop_map(|(key, texts, rest)| {
            let (kind, stan, date, code) = key;
            let (rrn, reference, lines) = texts;
            let (amount_minor, balance_minor, voucher, time_s) = rest;
            let code = ResponseCode(code);
            GatewayMessage::Answer(Answer {
                kind,
                stan,
                date,
                code,
                rrn,
                reference,
                amount_minor,
                balance_minor,
                voucher,
                time_s,
                lines,
            })
        })
}

proptest! {
    #[test]
    fn any_upward_message_comes_back_as_it_was(message in any_upward()) {
        let bytes = up_bytes(&message);
        prop_assert!(bytes.len() <= BODY_BYTES_MAX);
        prop_assert_eq!(TerminalMessage::decode(&bytes), Ok(message));
        for length in 0..bytes.len() {
            prop_assert!(TerminalMessage::decode(&bytes[..length]).is_err(), "prefix of {}", length);
        }
    }

    #[test]
    fn any_downward_message_comes_back_as_it_was(message in any_downward()) {
        let bytes = down_bytes(&message);
        prop_assert!(bytes.len() <= ANSWER_BYTES_MAX);
        prop_assert_eq!(GatewayMessage::decode(&bytes), Ok(message));
        for length in 0..bytes.len() {
            prop_assert!(GatewayMessage::decode(&bytes[..length]).is_err(), "prefix of {}", length);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(
        head in 0..=u8::MAX,
        rest in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let body: Vec<u8> = std::iter::once(head).chain(rest).collect();
        if let Ok(message) = TerminalMessage::decode(&body) {
            let again = up_bytes(&message);
            prop_assert_eq!(TerminalMessage::decode(&again), Ok(message));
        }
        if let Ok(message) = GatewayMessage::decode(&body) {
            let again = down_bytes(&message);
            prop_assert_eq!(GatewayMessage::decode(&again), Ok(message));
        }
    }
}
