//! What the host does with each request.

use std::cmp::Ordering;

use tillgate_codec::iso8583::MacVerdict;

use super::super::script::{Effect, Facts, Kind};
use super::super::{DealStatus, bill};
use super::book::{Deal, DealKey, DealKind};
use super::reply::{
    APPROVED, DO_NOT_HONOUR, DUPLICATE, FORMAT_ERROR, IN_PROGRESS, INVALID_AMOUNT,
    INVALID_TRANSACTION, MALFUNCTION, NO_KEY, NOT_SIGNED_ON, Reply, UNKNOWN_ORIGINAL,
};
use super::request::Asked;
use super::respond::Answered;
use super::settings::LOOKUP_CHARS;
use super::{ConnectionId, IsoHost, Output, SESSION_KEY_BYTES};
use crate::limits::DEALS_MAX;
use crate::rng::Rng;
use crate::sales_log::digest;
use crate::time::{Moment, Span};

/// Network management information codes (DE70).
mod network {
    pub(super) const SIGN_ON: u64 = 1;
    pub(super) const SIGN_OFF: u64 = 2;
    pub(super) const KEY_EXCHANGE: u64 = 161;
    pub(super) const ECHO: u64 = 301;
}

/// Session keys kept: the newest and the one before it.
const SESSION_KEYS: usize = 2;
/// Keeps session keys apart from other draws.
const KEY_STREAM: u64 = 0x5345_5353_4B45_5931;

impl IsoHost {
    /// Takes a request whose bytes were read.
    pub(super) fn request(
        &mut self,
        now: Moment,
        connection: ConnectionId,
        asked: &Asked,
        verdict: MacVerdict,
        key: usize,
    ) {
        // A key exchange changes the places of keys.
        let mac = self.mac_key(key);
        let refusal = self.refusal(connection, asked, verdict);
        let (reply, effect, latency) = match (refusal, asked.kind) {
            (Some(code), _) => (Reply::code(&code), Effect::Answer, Span::ZERO),
            (None, Some(kind)) => {
                let (effect, latency) = self.director.decide(&self.facts(kind, asked));
                let Some(reply) = self.carry_out(now, connection, kind, asked, &effect) else {
                    return;
                };
                (reply, effect, latency)
            }
            (None, None) => (Reply::code(INVALID_TRANSACTION), Effect::Answer, Span::ZERO),
        };
        let to = Answered { connection, asked, reply: &reply, key: mac.as_ref() };
        self.respond(now, to, &effect, latency);
    }

    /// The code of a request that is not even looked at.
    fn refusal(
        &self,
        connection: ConnectionId,
        asked: &Asked,
        verdict: MacVerdict,
    ) -> Option<String> {
        let is_network = asked.kind == Some(Kind::Network);
        if let Some(mac) = &self.settings.mac {
            let is_missing = verdict == MacVerdict::Missing && !is_network;
            if verdict == MacVerdict::Wrong || is_missing {
                return Some(mac.refusal.clone());
            }
        }
        let link = self.connections.get(&connection);
        let may = is_network || !self.settings.sign_on || link.is_some_and(|l| l.is_signed_on);
        (!may).then(|| NOT_SIGNED_ON.to_owned())
    }

    fn facts<'a>(&self, kind: Kind, asked: &'a Asked) -> Facts<'a> {
        let known = match kind {
            Kind::Sale | Kind::Advice => self.book.deal(&asked.key),
            Kind::Reversal => asked.original.as_ref().and_then(|key| self.book.deal(key)),
            Kind::Lookup | Kind::Inquiry | Kind::Network => None,
        };
        let is_known = match kind {
            Kind::Reversal => known.is_some_and(|deal| deal.reversals > 0),
            _ => known.is_some_and(|deal| deal.kind != DealKind::Unseen),
        };
        Facts {
            kind,
            account: &asked.account,
            amount_minor: asked.amount_minor,
            digest: asked.key.digest(),
            is_repeat: is_known || asked.mti.is_repeat(),
        }
    }

    /// `None` if the request is lost.
    fn carry_out(
        &mut self,
        now: Moment,
        connection: ConnectionId,
        kind: Kind,
        asked: &Asked,
        effect: &Effect,
    ) -> Option<Reply> {
        match (kind, effect) {
            (_, Effect::Lose) => None,
            (Kind::Sale, _) => Some(self.sale(now, asked, effect)),
            (_, Effect::Decline(code)) => Some(Reply::code(code)),
            (Kind::Lookup, _) => Some(self.lookup(asked)),
            (Kind::Inquiry, _) => Some(self.inquiry(now, asked)),
            (Kind::Advice, _) => Some(self.advice(now, asked)),
            (Kind::Reversal, _) => Some(self.reversal(now, asked)),
            (Kind::Network, _) => Some(self.network(connection, asked)),
        }
    }

    fn network(&mut self, connection: ConnectionId, asked: &Asked) -> Reply {
        let link = self.connections.get_mut(&connection);
        match asked.network_code {
            code @ (network::SIGN_ON | network::SIGN_OFF) => {
                link.into_iter().for_each(|link| link.is_signed_on = code == network::SIGN_ON);
                Reply::code(APPROVED)
            }
            network::ECHO => Reply::code(APPROVED),
            network::KEY_EXCHANGE => self.key_exchange(),
            _ => Reply::code(INVALID_TRANSACTION),
        }
    }

    /// A new session key. The answer that carries it still has the code of the key before.
    fn key_exchange(&mut self) -> Reply {
        let Some(mac) = &self.settings.mac else { return Reply::code(INVALID_TRANSACTION) };
        let seed = self.director.script().seed;
        let drawn = Rng::new(seed, KEY_STREAM ^ self.exchanges).bytes();
        let Some(key) = drawn.first_chunk::<SESSION_KEY_BYTES>() else {
            return Reply::code(NO_KEY);
        };
        let kek = mac.key_encryption_key.as_ref();
        let Some(sealed) = kek.and_then(|kek| mac.algorithm.sealed(kek, key)) else {
            return Reply::code(NO_KEY);
        };
        let reply = Reply::code(APPROVED).with(mac.key_field, sealed);
        self.exchanges += 1;
        self.session_keys.insert(0, *key);
        self.session_keys.truncate(SESSION_KEYS);
        reply
    }

    fn lookup(&self, asked: &Asked) -> Reply {
        let found = bill(0, &asked.account);
        let settings = &self.settings;
        let reference: String = found.reference.chars().take(LOOKUP_CHARS).collect();
        let text = match found.range_minor {
            (0, 0) => "To be paid whole".to_owned(),
            (least, _) => format!("At least {least}"),
        };
        Reply::code(APPROVED)
            .with(4, format!("{:012}", found.amount_minor))
            .with(settings.found_field, reference)
            .with(settings.name_field, found.name)
            .with(settings.text_field, text)
    }

    /// What came of the request that DE90 names.
    fn inquiry(&self, now: Moment, asked: &Asked) -> Reply {
        let Some(original) = &asked.original else { return Reply::code(FORMAT_ERROR) };
        match self.book.deal(original).filter(|deal| deal.kind != DealKind::Unseen) {
            Some(_) => self.outcome(now, original),
            None => Reply::code(UNKNOWN_ORIGINAL),
        }
    }

    fn sale(&mut self, now: Moment, asked: &Asked, effect: &Effect) -> Reply {
        if asked.amount_minor == 0 {
            return Reply::code(INVALID_AMOUNT);
        }
        let content = asked.content();
        if let Some(deal) = self.book.deal_mut(&asked.key) {
            if deal.kind == DealKind::Unseen {
                // It was taken back before it came: it is kept with what it would have been.
                let (status, reversals) = (DealStatus::Reversed, deal.reversals);
                *deal = new_deal(asked, DealStatus::Reversed, DO_NOT_HONOUR);
                (deal.status, deal.reversals, deal.times) = (status, reversals, 0);
            } else if deal.content != content {
                return Reply::code(DUPLICATE);
            } else if !self.director.script().idempotent && deal.status == DealStatus::Approved {
                deal.times += 1;
            }
        } else if self.book.len() >= DEALS_MAX {
            return Reply::code(MALFUNCTION);
        } else {
            let (status, code) = match effect {
                Effect::Decline(code) => (DealStatus::Declined, code.as_str()),
                Effect::Pending(span) => (DealStatus::Pending(now.after(*span)), ""),
                _ => (DealStatus::Approved, ""),
            };
            self.book.insert(asked.key.clone(), new_deal(asked, status, code));
            if let DealStatus::Pending(until) = status {
                self.pending.insert((until, asked.key.clone()));
            }
        }
        self.log(now, &asked.key);
        self.outcome(now, &asked.key)
    }

    /// Does what was pending until now.
    pub(super) fn settle(&mut self, now: Moment) {
        while self.pending.first().is_some_and(|(until, _)| *until <= now) {
            let Some((_, key)) = self.pending.pop_first() else { return };
            let deal = self.book.deal_mut(&key);
            if let Some(deal) = deal.filter(|deal| matches!(deal.status, DealStatus::Pending(_))) {
                deal.status = DealStatus::Approved;
                self.log(now, &key);
            }
        }
    }

    /// What a deal answers now.
    fn outcome(&self, now: Moment, key: &DealKey) -> Reply {
        let Some(deal) = self.book.deal(key) else { return Reply::code(MALFUNCTION) };
        match deal.status_at(now) {
            DealStatus::Approved => Reply::code(APPROVED).with(38, &*deal.authorisation),
            DealStatus::Declined => Reply::code(&deal.code),
            DealStatus::Pending(_) => Reply::code(IN_PROGRESS),
            DealStatus::Reversed => Reply::code(DO_NOT_HONOUR),
        }
    }

    /// An advice about a deal of the book confirms it; any other is a deal that was done elsewhere.
    fn advice(&mut self, now: Moment, asked: &Asked) -> Reply {
        let named = asked.original.clone().unwrap_or_else(|| asked.key.clone());
        if let Some(deal) = self.book.deal_mut(&named) {
            deal.confirmed = true;
            self.log(now, &named);
            return Reply::code(APPROVED);
        }
        if self.book.len() >= DEALS_MAX {
            return Reply::code(MALFUNCTION);
        }
        let deal = Deal {
            kind: DealKind::Advice,
            confirmed: true,
            ..new_deal(asked, DealStatus::Approved, "")
        };
        self.book.insert(asked.key.clone(), deal);
        self.log(now, &asked.key);
        self.outcome(now, &asked.key)
    }

    fn reversal(&mut self, now: Moment, asked: &Asked) -> Reply {
        let Some(original) = &asked.original else { return Reply::code(FORMAT_ERROR) };
        let unknown = self.settings.unknown_original.clone();
        let has_room = self.book.len() < DEALS_MAX;
        let code = match self.book.deal_mut(original) {
            Some(deal) if deal.kind == DealKind::Unseen => {
                deal.reversals += 1;
                unknown
            }
            // A part of a deal cannot be taken back.
            Some(deal) if deal.amount_minor.cmp(&asked.amount_minor) != Ordering::Equal => {
                return Reply::code(INVALID_AMOUNT);
            }
            Some(deal) => {
                deal.reversals += 1;
                if deal.status != DealStatus::Declined {
                    deal.status = DealStatus::Reversed;
                }
                APPROVED.to_owned()
            }
            None if !has_room => return Reply::code(MALFUNCTION),
            None => {
                let deal = Deal {
                    kind: DealKind::Unseen,
                    reversals: 1,
                    times: 0,
                    ..new_deal(asked, DealStatus::Reversed, "")
                };
                self.book.insert(original.clone(), deal);
                unknown
            }
        };
        self.log(now, original);
        Reply::code(&code)
    }

    fn log(&mut self, now: Moment, key: &DealKey) {
        self.ready.extend(self.book.line(key, now).map(Output::Log));
    }
}

fn new_deal(asked: &Asked, status: DealStatus, code: &str) -> Deal {
    let is_done = matches!(status, DealStatus::Approved | DealStatus::Pending(_));
    let number = digest(&asked.key.digest().to_be_bytes()) % 1_000_000;
    Deal {
        kind: if asked.mti.class() == b'1' { DealKind::Authorisation } else { DealKind::Sale },
        reference: asked.reference.as_str().into(),
        rrn: asked.rrn.as_str().into(),
        account: asked.account_masked.as_str().into(),
        content: asked.content(),
        amount_minor: asked.amount_minor,
        currency: asked.currency.as_str().into(),
        lookup: asked.lookup.as_str().into(),
        status,
        code: code.into(),
        authorisation: if is_done { format!("{number:06}").into() } else { "".into() },
        times: u32::from(is_done),
        reversals: 0,
        confirmed: false,
    }
}
