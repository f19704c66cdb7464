//! A body into a request for the transaction manager.

use ring::digest::{SHA256, digest};
use tillgate_codec::link::message::{
    Balance, BodyError, BodyErrorKind, Canonical, Confirm, Logon, Lookup, Outline, Ping, Recent,
    Repeat, Reversal, Sale, Settle, TerminalMessage,
};
use tillgate_store_core as store;
use tillgate_store_core::commission::ChargeRules;
use tillgate_store_core::limits::{HANDSET_STANS_FROM, STAN_MAX};
use tillgate_store_core::{
    Asker, Begin, BridgeTag, BusinessDate, ContentDigest, Fulfilment, Key, Kind, ProductId,
    ResponseCode, Reverse, ServiceId, Terminal, TerminalId, Text, VerificationResult,
};
use zeroize::Zeroizing;

use super::Processed;
use super::card::is_card;
use super::route::candidates;
use super::verify::{self, Now, refused_terms, standing};
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
    process(&message, Via::Link(body), origin, now, wall, directory)
}

/// How a request came, as far as that says what makes two of them the same.
#[derive(Clone, Copy)]
pub(super) enum Via<'a> {
    /// As this body of the sealed link.
    Link(&'a [u8]),
    /// From a handset, in this dialog.
    Handset(u64),
    /// As a message of an ISO 8583 listener.
    Listener {
        /// Fields that its answer repeats.
        repeated: &'a [u8],
        /// Whether its authentication code has proved the terminal's key.
        has_proved: bool,
    },
}

impl Via<'_> {
    /// Who counts the numbers of what came so.
    const fn asker(self) -> Asker {
        match self {
            Self::Handset(_) => Asker::Handset,
            Self::Link(_) | Self::Listener { .. } => Asker::Terminal,
        }
    }
}

/// Verifies one message of a terminal whose key is in force.
pub(super) fn process(
    message: &TerminalMessage<'_>,
    via: Via<'_>,
    origin: Origin,
    now: Now,
    wall: UnixMillis,
    directory: &Directory,
) -> Processed {
    let Some((kind, stan, date)) = named(message) else {
        return without_number(message, via, origin, now, directory);
    };
    if !origin.logged_on {
        return refused(origin, kind, stan, date, ResponseCode::NOT_LOGGED_ON);
    }
    let key = Key { date, terminal: origin.terminal, stan };
    match (Request { key, via, wall, now, directory }).asked(message) {
        Ok(asked) => Processed::Ask(Ask { origin, asked }),
        Err(Stop::Refused(code)) => refused(origin, kind, stan, date, code),
        Err(Stop::Again(digest, new)) => again((kind, key, digest), new, origin, now, directory),
    }
}

/// A request that must not be kept: what it was answered before, or the code `new`.
pub(super) fn again(
    (kind, original, digest): (Answered, Key, ContentDigest),
    new: ResponseCode,
    origin: Origin,
    now: Now,
    directory: &Directory,
) -> Processed {
    let (digest, standing) = (Some(digest), standing_code(directory, origin.terminal));
    // Its content says whose it is.
    let asker = Asker::Terminal;
    let asked = Asked::Repeat { asker, kind, original, digest, new, standing, today: now.date };
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
        Some(Recent::TYPE) => return refuse(Answered::Recent),
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

/// The kind of its answer, STAN and date of a request that has them; it is served only once the
/// logon was answered.
pub(super) fn named(message: &TerminalMessage<'_>) -> Option<(Answered, u32, BusinessDate)> {
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
        TerminalMessage::Recent(message) => (Answered::Recent, message.stan, message.date),
    };
    Some((kind, stan, date))
}

/// What the others ask for.
fn without_number(
    message: &TerminalMessage<'_>,
    via: Via<'_>,
    origin: Origin,
    now: Now,
    directory: &Directory,
) -> Processed {
    let asked = match message {
        TerminalMessage::Acknowledge(message) => {
            Asked::Acknowledged { command: message.command, result: message.result }
        }
        TerminalMessage::Ping(Ping { nonce }) => {
            return Processed::Reply(Reply { origin, content: Content::Pong { nonce: *nonce } });
        }
        _ => {
            // A logon in clear proves no key.
            let has_proved = !matches!(via, Via::Listener { has_proved: false, .. });
            let ends_a_key = has_proved && directory.ends_a_key(origin.terminal, origin.generation);
            let code = standing_code(directory, origin.terminal);
            Asked::Logon { code, date: now.date, ends_a_key }
        }
    };
    Processed::Ask(Ask { origin, asked })
}

/// A request with a STAN of its own, and what it is read against.
struct Request<'a> {
    key: Key,
    via: Via<'a>,
    wall: UnixMillis,
    now: Now,
    directory: &'a Directory,
}

/// Why a request goes no further.
enum Stop {
    Refused(ResponseCode),
    /// A request of a day that takes no new ones, or one that must not be kept: only what it was
    /// answered before, or this code.
    Again(ContentDigest, ResponseCode),
}

impl From<ResponseCode> for Stop {
    fn from(code: ResponseCode) -> Self {
        Self::Refused(code)
    }
}

impl Request<'_> {
    fn asked(&self, message: &TerminalMessage<'_>) -> Result<Asked, Stop> {
        match message {
            TerminalMessage::Sale(message) => self.sale(message),
            TerminalMessage::Lookup(message) => Ok(self.lookup(message)?),
            TerminalMessage::Reversal(message) => self.reversal(message),
            TerminalMessage::Settle(message) => self.settle(message),
            TerminalMessage::Balance(_) => {
                let Key { stan, date, terminal } = self.key;
                let standing = standing(&self.directory.registry, terminal)?;
                let (seller, currency) = (standing.seller.id, standing.seller.currency);
                Ok(Asked::Balance { stan, date, seller, currency })
            }
            TerminalMessage::Recent(message) => {
                let Key { stan, date, terminal } = self.key;
                standing(&self.directory.registry, terminal)?;
                let count = message.count;
                Ok(Asked::Recent { stan, date, count, ahead_min: self.ahead_min() })
            }
            TerminalMessage::Confirm(_) => {
                let asker = self.via.asker();
                Ok(Asked::Confirm { asker, original: self.key, amount_minor: None })
            }
            _ => Ok(Asked::Repeat {
                asker: self.via.asker(),
                kind: Answered::Sale,
                original: self.key,
                digest: None,
                new: ResponseCode::UNABLE_TO_LOCATE,
                standing: standing_code(self.directory, self.key.terminal),
                today: self.now.date,
            }),
        }
    }

    fn sale(&self, message: &Sale<'_>) -> Result<Asked, Stop> {
        let registry = &self.directory.registry;
        let terminal = self.terminal()?;
        let service = registry.service(ServiceId(message.service));
        let account = Text::from(message.subscriber).map_err(|_| ResponseCode::FORMAT_ERROR)?;
        // From here on a card is what the journal has of it; its number goes to the provider only.
        let subscriber = service.map_or(account, |service| service.journalled(account));
        let kept = Sale { subscriber: &subscriber, ..*message };
        let digest = self.new_digest(&kept.canonical())?;
        self.counts(digest)?;
        if !self.now.takes(self.key.date) {
            return Err(Stop::Again(digest, ResponseCode::WRONG_DATE));
        }
        let field = service.and_then(|service| service.account.as_ref());
        if is_card(message.subscriber, field.map(|field| field.form)) {
            return Err(Stop::Again(digest, ResponseCode::CARD_NUMBER));
        }
        let fulfilment = service.map_or(Fulfilment::Stock, |service| service.fulfilment);
        let kind = Kind::Sale(fulfilment);
        // What was looked up is paid where it was found, so the same rules decide about it.
        let amount_minor = (message.token == 0).then_some(message.amount_minor);
        let sold = (message.subscriber, amount_minor);
        let bridges = candidates(self.directory, (service, &self.key), sold, self.now);
        let verdict = match verify::sale(registry, terminal.id, message, service, self.now) {
            Ok(_) if kind.has_provider() && bridges.is_empty() => {
                Err(ResponseCode::PROVIDER_UNAVAILABLE)
            }
            verdict => verdict,
        };
        let (verdict, terms) = verdict.unwrap_or_else(|code| {
            let masked = service.is_some_and(store::Service::masks_account);
            let terms = store::SaleTerms { masked, ..refused_terms(registry, terminal, kind) };
            (VerificationResult::Refused(code), terms)
        });
        let begin = Begin {
            key: self.key,
            digest,
            at_ms: self.wall.0,
            today: self.now.date,
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
        Ok(Asked::Sale { begin, account, card: None, bridges, token: message.token, lookup })
    }

    /// How far the clock on the wall is ahead of UTC, in minutes of the day.
    fn ahead_min(&self) -> u16 {
        let utc = u16::try_from(self.wall.0 / 60_000 % 1_440).unwrap_or(0);
        (self.now.minute + 1_440 - utc) % 1_440
    }

    /// A lookup is verified as the sale that may follow it, but for the amount: that is its answer.
    fn lookup(&self, message: &Lookup<'_>) -> Result<Asked, ResponseCode> {
        let Self { directory, now, .. } = *self;
        let standing = standing(&directory.registry, self.key.terminal)?;
        let service = directory.registry.service(ServiceId(message.service));
        let service = verify::offered(&standing, service, now)?;
        let form = service.account.as_ref().map(|field| field.form);
        if is_card(message.subscriber, form) {
            return Err(ResponseCode::CARD_NUMBER);
        }
        verify::account(service, message.subscriber)?;
        if service.lookup == store::Lookup::None {
            return Err(ResponseCode::NOT_SUPPORTED);
        }
        let asked = (message.subscriber, None);
        let bridges = candidates(directory, (Some(service), &self.key), asked, now);
        if bridges.is_empty() {
            return Err(ResponseCode::PROVIDER_UNAVAILABLE);
        }
        let account = Text::from(message.subscriber).map_err(|_| ResponseCode::FORMAT_ERROR)?;
        Ok(Asked::Lookup(LookupRequest {
            stan: message.stan,
            date: message.date,
            seller: standing.seller.id,
            service: service.id,
            product: ProductId(message.product),
            amount_minor: message.amount_minor,
            currency: service.currency,
            account,
            charges: ChargeRules::of(service, now.date),
            bridges,
        }))
    }

    /// A reversal is taken from a blocked terminal too: it gives money back. Its original may be of
    /// a day that is over; itself it is booked on a day that is not.
    fn reversal(&self, message: &Reversal) -> Result<Asked, Stop> {
        if message.original_stan == 0 {
            return Err(Stop::Refused(ResponseCode::FORMAT_ERROR));
        }
        let digest = self.new_digest(&message.canonical())?;
        self.counts(digest)?;
        let (date, stan) = (message.original_date, message.original_stan);
        match self.via {
            Via::Link(_) | Via::Handset(_) => self.takes(digest, date)?,
            // Its own date is open, and a terminal of a listener cannot be told another one: it repeats
            // its reversal until it is acknowledged, and a sale of a date to come is refused then.
            Via::Listener { .. } => {}
        }
        Ok(Asked::Reverse(Reverse {
            key: self.key,
            digest,
            original: Key { date, stan, ..self.key },
            amount_minor: message.amount_minor,
            reason: message.reason,
            at_ms: self.wall.0,
            today: self.now.date,
        }))
    }

    /// As a reversal, a settlement is taken from a blocked terminal too: it moves no money.
    fn settle(&self, message: &Settle) -> Result<Asked, Stop> {
        let seller = self.terminal()?.seller;
        let digest = self.new_digest(&message.canonical())?;
        self.counts(digest)?;
        self.takes(digest, message.settled_date)?;
        let distributor = self.directory.registry.seller(seller).map(|seller| seller.distributor);
        Ok(Asked::Settle(store::Settle {
            key: self.key,
            digest,
            at_ms: self.wall.0,
            seller,
            distributor: distributor.unwrap_or_default(),
            date: message.settled_date,
            currency: message.currency,
            claimed: message.totals,
        }))
    }

    /// A terminal without a place in the registry has no journal of its own to be refused in.
    fn terminal(&self) -> Result<&Terminal, Stop> {
        let terminal = self.directory.registry.terminal(self.key.terminal);
        terminal.ok_or(Stop::Refused(ResponseCode::TERMINAL_INACTIVE))
    }

    /// Of a request that becomes a row.
    fn new_digest(&self, canonical: &Canonical) -> Result<ContentDigest, ResponseCode> {
        if self.key.stan == 0 {
            return Err(ResponseCode::FORMAT_ERROR);
        }
        Ok(digest_of(canonical, self.via))
    }

    /// Whether its number is one of those that it may give: a terminal and its handsets have each their
    /// own. What was answered under another one, by an earlier build, is answered so again.
    fn counts(&self, digest: ContentDigest) -> Result<(), Stop> {
        let may = match self.via {
            Via::Link(_) => !(HANDSET_STANS_FROM..=STAN_MAX).contains(&self.key.stan),
            Via::Handset(_) => self.key.stan <= STAN_MAX,
            Via::Listener { .. } => true,
        };
        if may { Ok(()) } else { Err(Stop::Again(digest, ResponseCode::DUPLICATE)) }
    }

    /// Whether its day still takes requests, about a day that has begun.
    fn takes(&self, digest: ContentDigest, about: BusinessDate) -> Result<(), Stop> {
        if self.now.takes(self.key.date) && about <= self.now.date {
            return Ok(());
        }
        Err(Stop::Again(digest, ResponseCode::WRONG_DATE))
    }
}

/// 00, or why the terminal may not trade now.
pub(super) fn standing_code(directory: &Directory, terminal: TerminalId) -> ResponseCode {
    standing(&directory.registry, terminal).err().unwrap_or(ResponseCode::APPROVED)
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
fn digest_of(canonical: &Canonical, via: Via<'_>) -> ContentDigest {
    match via {
        Via::Link(body) => {
            let values = half_digest(canonical.as_bytes());
            let is_canonical = canonical.as_bytes() == body;
            ContentDigest { values, bytes: if is_canonical { values } else { half_digest(body) } }
        }
        Via::Handset(dialog) => {
            let content = [canonical.as_bytes(), b"handset", &dialog.to_be_bytes()].concat();
            ContentDigest::of_handset(half_digest(&content))
        }
        Via::Listener { repeated, .. } => {
            let content = Zeroizing::new([canonical.as_bytes(), repeated].concat());
            half_digest(&content).into()
        }
    }
}

fn half_digest(bytes: &[u8]) -> [u8; 16] {
    let digest = digest(&SHA256, bytes);
    let (half, _) = digest.as_ref().split_first_chunk().expect("SHA-256 gives 32 bytes");
    *half
}
