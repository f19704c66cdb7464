//! A body into a request for the transaction manager.

use ring::digest::{SHA256, digest};
use tillgate_codec::link::message::{
    Balance, BodyError, BodyErrorKind, Canonical, Confirm, Logon, Lookup, Outline, Ping, Repeat,
    Reversal, Sale, Settle, TerminalMessage,
};
use tillgate_store_core as store;
use tillgate_store_core::commission::ChargeRules;
use tillgate_store_core::{
    Begin, BridgeTag, BusinessDate, ContentDigest, Fulfilment, Key, Kind, ProductId, Registry,
    ResponseCode, Reverse, SaleTerms, ServiceId, Terminal, Text, VerificationResult,
};

use super::Processed;
use super::card::is_card;
use super::verify::{self, Now, sale_date, standing};
use crate::directory::Directory;
use crate::time::{Calendar, UnixMillis};
use crate::transaction::{Answered, Ask, Asked, Content, LookupRequest, Origin, Reply};

/// Decodes and verifies one body that `origin`'s channel opened.
pub fn decode_request(
    body: &[u8],
    origin: Origin,
    wall: UnixMillis,
    calendar: &Calendar,
    directory: &Directory,
) -> Processed {
    let now = Now::of(calendar, wall, directory);
    let message = match TerminalMessage::decode(body) {
        Ok(message) => message,
        Err(error) => return not_understood(body, error, origin, now),
    };
    if !directory.holds_key(origin.terminal, origin.generation) {
        return Processed::Reply(Reply { origin, content: Content::KeyEnded });
    }
    if !origin.logged_on
        && let Some((kind, stan, date)) = served_after_logon(&message)
    {
        return refused(origin, kind, stan, date, ResponseCode::NOT_LOGGED_ON);
    }
    let key = |stan, date: tillgate_codec::link::message::BusinessDate| Key {
        date,
        terminal: origin.terminal,
        stan,
    };
    let asked = match message {
        TerminalMessage::Sale(message) => {
            return sale(&message, body, origin, wall, now, directory);
        }
        TerminalMessage::Balance(message) => return balance(message, origin, directory),
        TerminalMessage::Lookup(message) => {
            return lookup(&message, origin, now, directory).unwrap_or_else(|code| {
                refused(origin, Answered::Lookup, message.stan, message.date, code)
            });
        }
        TerminalMessage::Ping(Ping { nonce }) => {
            return Processed::Reply(Reply { origin, content: Content::Pong { nonce } });
        }
        TerminalMessage::Reversal(message) => {
            return reversal(message, body, origin, wall, now, directory);
        }
        TerminalMessage::Settle(message) => {
            return settle(&message, body, origin, wall, now, directory);
        }
        TerminalMessage::Confirm(message) => {
            Asked::Confirm { original: key(message.stan, message.date) }
        }
        TerminalMessage::Repeat(message) => Asked::Repeat {
            kind: Answered::Sale,
            original: key(message.stan, message.date),
            digest: None,
            new: ResponseCode::UNABLE_TO_LOCATE,
            standing: standing_code(directory, origin),
            today: now.date,
        },
        TerminalMessage::Logon(_) => {
            let ends_a_key = directory.ends_a_key(origin.terminal, origin.generation);
            Asked::Logon { code: standing_code(directory, origin), date: now.date, ends_a_key }
        }
        TerminalMessage::Acknowledge(message) => {
            Asked::Acknowledged { command: message.command, result: message.result }
        }
    };
    Processed::Ask(Ask { origin, asked })
}

/// Answers a body that cannot be read with what can be read of it. A request gets its own answer,
/// so that a terminal that waits for one is not left to its time-out; what has none is rejected.
fn not_understood(body: &[u8], error: BodyError, origin: Origin, now: Now) -> Processed {
    let Outline { message_type, stan, date } = Outline::of(body);
    let refuse = |kind| {
        let (stan, date) = (stan.unwrap_or(0), date.unwrap_or(now.date));
        refused(origin, kind, stan, date, ResponseCode::FORMAT_ERROR)
    };
    let content = match message_type {
        Some(Sale::TYPE | Repeat::TYPE) => return refuse(Answered::Sale),
        Some(Confirm::TYPE) => return refuse(Answered::Confirm),
        Some(Reversal::TYPE) => return refuse(Answered::Reversal),
        Some(Balance::TYPE) => return refuse(Answered::Balance),
        Some(Settle::TYPE) => return refuse(Answered::Settlement),
        Some(Lookup::TYPE) => return refuse(Answered::Lookup),
        Some(Logon::TYPE) => {
            Content::Welcome { code: ResponseCode::FORMAT_ERROR, date: now.date, stan_last: 0 }
        }
        _ => {
            let unknown = matches!(error.kind, BodyErrorKind::UnknownMessage { .. });
            let code =
                if unknown { ResponseCode::NOT_SUPPORTED } else { ResponseCode::FORMAT_ERROR };
            Content::Rejected { message: message_type.unwrap_or(0), stan, date, code }
        }
    };
    Processed::Reply(Reply { origin, content })
}

/// What a refusal names, of a request that is not served before the logon was answered.
fn served_after_logon(message: &TerminalMessage<'_>) -> Option<(Answered, u32, BusinessDate)> {
    let (kind, stan, date) = match message {
        TerminalMessage::Logon(_) | TerminalMessage::Ping(_) | TerminalMessage::Acknowledge(_) => {
            return None;
        }
        TerminalMessage::Sale(message) => (Answered::Sale, message.stan, message.date),
        TerminalMessage::Repeat(message) => (Answered::Sale, message.stan, message.date),
        TerminalMessage::Confirm(message) => (Answered::Confirm, message.stan, message.date),
        TerminalMessage::Reversal(message) => (Answered::Reversal, message.stan, message.date),
        TerminalMessage::Balance(message) => (Answered::Balance, message.stan, message.date),
        TerminalMessage::Settle(message) => (Answered::Settlement, message.stan, message.date),
        TerminalMessage::Lookup(message) => (Answered::Lookup, message.stan, message.date),
    };
    Some((kind, stan, date))
}

fn sale(
    message: &Sale<'_>,
    body: &[u8],
    origin: Origin,
    wall: UnixMillis,
    now: Now,
    directory: &Directory,
) -> Processed {
    let registry = &directory.registry;
    let date = sale_date(message);
    let refuse = |code| refused(origin, Answered::Sale, message.stan, date, code);
    // A terminal without a place in the registry has no journal of its own to be refused in.
    let Some(terminal) = registry.terminal(origin.terminal) else {
        return refuse(ResponseCode::TERMINAL_INACTIVE);
    };
    let Ok(subscriber) = Text::from(message.subscriber) else {
        return refuse(ResponseCode::FORMAT_ERROR);
    };
    if message.stan == 0 {
        return refuse(ResponseCode::FORMAT_ERROR);
    }
    let key = Key { date, terminal: origin.terminal, stan: message.stan };
    let digest = digest_of(&message.canonical(), body);
    if !now.takes(date) {
        return again(
            origin,
            Answered::Sale,
            key,
            (digest, ResponseCode::WRONG_DATE),
            now,
            directory,
        );
    }
    let service = registry.service(ServiceId(message.service));
    let account = service.and_then(|service| service.account.as_ref());
    if is_card(message.subscriber, account.map(|field| field.form)) {
        return again(
            origin,
            Answered::Sale,
            key,
            (digest, ResponseCode::CARD_NUMBER),
            now,
            directory,
        );
    }
    let fulfilment = service.map_or(Fulfilment::Stock, |service| service.fulfilment);
    let kind = Kind::Sale(fulfilment);
    let bridge = service.and_then(|service| directory.bridge(&service.route));
    let verdict = match verify::sale(registry, origin.terminal, message, service, now) {
        Ok(_) if kind.has_provider() && bridge.is_none() => Err(ResponseCode::PROVIDER_UNAVAILABLE),
        verdict => verdict,
    };
    let (verdict, terms) = verdict.unwrap_or_else(|code| {
        (VerificationResult::Refused(code), refused_terms(registry, terminal, kind))
    });
    let begin = Begin {
        key,
        digest,
        at_ms: wall.0,
        today: now.date,
        kind,
        seller: terminal.seller,
        service: ServiceId(message.service),
        product: ProductId(message.product),
        amount_minor: message.amount_minor,
        currency: message.currency,
        subscriber,
        bridge: BridgeTag::NONE,
        terms,
        verdict,
    };
    let lookup = service.map_or(store::Lookup::None, |service| service.lookup);
    let (bridge, token) = (bridge.unwrap_or(0), message.token);
    let asked = Asked::Sale { begin, bridge, token, lookup };
    Processed::Ask(Ask { origin, asked })
}

/// What is refused is journalled with the distributor too.
fn refused_terms(registry: &Registry, terminal: &Terminal, kind: Kind) -> SaleTerms {
    let distributor = registry.seller(terminal.seller).map(|seller| seller.distributor);
    SaleTerms {
        distributor: distributor.unwrap_or_default(),
        reversal: kind.usual_reversal(),
        ..SaleTerms::default()
    }
}

/// A lookup is verified as the sale that may follow it, but for the amount: that is its answer.
fn lookup(
    message: &Lookup<'_>,
    origin: Origin,
    now: Now,
    directory: &Directory,
) -> Result<Processed, ResponseCode> {
    let registry = &directory.registry;
    let standing = standing(registry, origin.terminal)?;
    let service = registry.service(ServiceId(message.service));
    let service = verify::offered(&standing, service, now)?;
    let form = service.account.as_ref().map(|field| field.form);
    if is_card(message.subscriber, form) {
        return Err(ResponseCode::CARD_NUMBER);
    }
    verify::account(service, message.subscriber)?;
    if service.lookup == store::Lookup::None {
        return Err(ResponseCode::NOT_SUPPORTED);
    }
    let bridge = directory.bridge(&service.route).ok_or(ResponseCode::PROVIDER_UNAVAILABLE)?;
    let asked = Asked::Lookup(LookupRequest {
        stan: message.stan,
        date: message.date,
        service: service.id,
        product: ProductId(message.product),
        amount_minor: message.amount_minor,
        currency: service.currency,
        account: Text::from(message.subscriber).map_err(|_| ResponseCode::FORMAT_ERROR)?,
        charges: ChargeRules::of(service, now.date),
        bridge,
    });
    Ok(Processed::Ask(Ask { origin, asked }))
}

fn balance(message: Balance, origin: Origin, directory: &Directory) -> Processed {
    let date = message.date;
    match standing(&directory.registry, origin.terminal) {
        Ok(standing) => {
            let (seller, currency) = (standing.seller.id, standing.seller.currency);
            let asked = Asked::Balance { stan: message.stan, date, seller, currency };
            Processed::Ask(Ask { origin, asked })
        }
        Err(code) => refused(origin, Answered::Balance, message.stan, date, code),
    }
}

/// A reversal is taken from a blocked terminal too: it gives money back.
fn reversal(
    message: Reversal,
    body: &[u8],
    origin: Origin,
    wall: UnixMillis,
    now: Now,
    directory: &Directory,
) -> Processed {
    let terminal = origin.terminal;
    let date = message.date;
    let original_date = message.original_date;
    let refuse = |code| refused(origin, Answered::Reversal, message.stan, date, code);
    if message.stan == 0 || message.original_stan == 0 {
        return refuse(ResponseCode::FORMAT_ERROR);
    }
    let key = Key { date, terminal, stan: message.stan };
    let digest = digest_of(&message.canonical(), body);
    // Its original may be of a day that is over; itself it is booked on a day that is not.
    if !now.takes(date) || original_date > now.date {
        return again(
            origin,
            Answered::Reversal,
            key,
            (digest, ResponseCode::WRONG_DATE),
            now,
            directory,
        );
    }
    let asked = Asked::Reverse(Reverse {
        key,
        digest,
        original: Key { date: original_date, terminal, stan: message.original_stan },
        amount_minor: message.amount_minor,
        reason: message.reason,
        at_ms: wall.0,
        today: now.date,
    });
    Processed::Ask(Ask { origin, asked })
}

/// As a reversal, a settlement is taken from a blocked terminal too: it moves no money.
fn settle(
    message: &Settle,
    body: &[u8],
    origin: Origin,
    wall: UnixMillis,
    now: Now,
    directory: &Directory,
) -> Processed {
    let date = message.date;
    let settled = message.settled_date;
    let refuse = |code| refused(origin, Answered::Settlement, message.stan, date, code);
    let Some(terminal) = directory.registry.terminal(origin.terminal) else {
        return refuse(ResponseCode::TERMINAL_INACTIVE);
    };
    if message.stan == 0 {
        return refuse(ResponseCode::FORMAT_ERROR);
    }
    let key = Key { date, terminal: origin.terminal, stan: message.stan };
    let digest = digest_of(&message.canonical(), body);
    if !now.takes(date) || settled > now.date {
        return again(
            origin,
            Answered::Settlement,
            key,
            (digest, ResponseCode::WRONG_DATE),
            now,
            directory,
        );
    }
    let seller = directory.registry.seller(terminal.seller);
    let asked = Asked::Settle(tillgate_store_core::Settle {
        key,
        digest,
        at_ms: wall.0,
        seller: terminal.seller,
        distributor: seller.map_or_else(Default::default, |seller| seller.distributor),
        date: settled,
        currency: message.currency,
        claimed: message.totals,
    });
    Processed::Ask(Ask { origin, asked })
}

/// A request of a day that takes no new ones, or one that must not be kept: only what it was
/// answered before, or this code.
fn again(
    origin: Origin,
    kind: Answered,
    original: Key,
    (digest, new): (ContentDigest, ResponseCode),
    now: Now,
    directory: &Directory,
) -> Processed {
    let (digest, standing) = (Some(digest), standing_code(directory, origin));
    let asked = Asked::Repeat { kind, original, digest, new, standing, today: now.date };
    Processed::Ask(Ask { origin, asked })
}

/// 00, or why the terminal may not trade now.
fn standing_code(directory: &Directory, origin: Origin) -> ResponseCode {
    standing(&directory.registry, origin.terminal).err().unwrap_or(ResponseCode::APPROVED)
}

fn refused(
    origin: Origin,
    kind: Answered,
    stan: u32,
    date: BusinessDate,
    code: ResponseCode,
) -> Processed {
    let content = Content::Refused { kind, stan, date, code };
    Processed::Reply(Reply { origin, content })
}

/// What makes two requests the same: the values of their fields. The digest of the bytes beside it
/// is for rows that builds up to 0.1.0 wrote.
fn digest_of(canonical: &Canonical, body: &[u8]) -> ContentDigest {
    let values = half_digest(canonical.as_bytes());
    let is_canonical = canonical.as_bytes() == body;
    ContentDigest { values, bytes: if is_canonical { values } else { half_digest(body) } }
}

fn half_digest(bytes: &[u8]) -> [u8; 16] {
    let digest = digest(&SHA256, bytes);
    let (half, _) = digest.as_ref().split_first_chunk().expect("SHA-256 gives 32 bytes");
    *half
}
