//! Promises 6, 7 and 9 about lookups, from docs/wire.md 6.4: what a terminal receives as found is
//! what a provider said about the account that it asked for, only where the registry allows it,
//! one at a time, and no more of them at a bridge than half of its places. Nothing of it is
//! written: a row that no sale asked for is found elsewhere.

use rustc_hash::{FxHashMap, FxHashSet};
use tillgate_codec::link::message::{Found, Lookup};
use tillgate_core::id::SessionId;
use tillgate_core::provider::{Bill, ProviderRequest, ProviderResult};
use tillgate_core::transaction::{Content, Origin, Reply};
use tillgate_store_core::{BridgeTag, Key, ResponseCode, TerminalId};

use super::Checker;
use super::postings::charged;
use super::rules::Offered;
use super::tokens::Token;
use crate::time::{Moment, Span};
use crate::world::config::Config;

/// For how long a token is good; docs/limits.md.
pub(super) const GOOD_FOR: Span = Span::s(300);

pub(super) struct Lookups {
    /// Lookups at one bridge at a time.
    places: usize,
    /// Within which a terminal receives something.
    answer: Span,
    bridges: Vec<BridgeTag>,
    /// By the connection and the moment at which they came.
    questions: FxHashMap<(SessionId, u64), Vec<Question>>,
    /// What each terminal asks, or asked last.
    orders: FxHashMap<TerminalId, Order>,
    /// What providers said no to, why and when: a terminal may ask anew while its answer is under
    /// way.
    refused: FxHashMap<TerminalId, Vec<(Asked, ResponseCode, Moment)>>,
    /// Every token that was given, of any life: none comes twice.
    numbers: FxHashSet<u64>,
    /// Those that each terminal was given in this life.
    pub(super) tokens: FxHashMap<TerminalId, Vec<Token>>,
}

/// What is asked about.
#[derive(Clone, PartialEq, Eq)]
struct Asked {
    terminal: TerminalId,
    service: u16,
    product: u16,
    amount_minor: u64,
    account: String,
}

struct Question {
    stan: u32,
    date: u16,
    asked: Asked,
    /// What every registry that may have ruled says to it, on which dates.
    verdicts: Vec<(Result<Offered, ResponseCode>, u16)>,
}

struct Order {
    key: Key,
    asked: Asked,
    bridge: u16,
    at: Moment,
    result: Option<Result<Bill, ResponseCode>>,
    told: Option<Moment>,
}

impl Lookups {
    pub(super) fn new(config: &Config) -> Self {
        let places = usize::try_from(config.writer.inquiries_max).unwrap_or(usize::MAX);
        Self {
            places: places.div_ceil(2),
            answer: config.writer.answer,
            bridges: config.bridges.iter().map(|bridge| BridgeTag::of(&bridge.name)).collect(),
            questions: FxHashMap::default(),
            orders: FxHashMap::default(),
            refused: FxHashMap::default(),
            numbers: FxHashSet::default(),
            tokens: FxHashMap::default(),
        }
    }

    /// Nothing of it survives.
    pub(super) fn crashed(&mut self) {
        self.questions.clear();
        self.orders.clear();
        self.refused.clear();
        self.tokens.clear();
    }

    /// A question came over a connection.
    pub(super) fn entered(&mut self, origin: Origin, lookup: &Lookup<'_>) {
        let asked = Asked {
            terminal: origin.terminal,
            service: lookup.service,
            product: lookup.product,
            amount_minor: lookup.amount_minor,
            account: lookup.subscriber.to_owned(),
        };
        let (stan, date, verdicts) = (lookup.stan, lookup.date.0, Vec::new());
        let question = Question { stan, date, asked, verdicts };
        self.questions.entry((origin.session, origin.received.0)).or_default().push(question);
    }

    fn asked_so(&self, origin: Origin, stan: u32, date: u16) -> impl Iterator<Item = &Question> {
        let here = self.questions.get(&(origin.session, origin.received.0));
        let here = here.into_iter().flatten();
        here.filter(move |question| (question.stan, question.date) == (stan, date))
    }

    /// Whether a question may still be on its way.
    fn is_open(&self, now: Moment, order: &Order) -> bool {
        order.result.is_none() && now < order.at.after(self.answer)
    }
}

impl Checker {
    /// A pool thread has just verified a lookup.
    pub(super) fn verified_lookup(
        &mut self,
        origin: Origin,
        lookup: &Lookup<'_>,
        acknowledged: usize,
        (dates, minute): (std::ops::RangeInclusive<u16>, u16),
    ) {
        let found = self.versions.lookups(acknowledged, origin.terminal, lookup, minute);
        let questions = self.lookups.questions.get_mut(&(origin.session, origin.received.0));
        let asked = (lookup.stan, lookup.date.0);
        for question in questions.into_iter().flatten() {
            if (question.stan, question.date) == asked {
                question.verdicts.extend(found.iter().cloned().map(|found| (found, *dates.end())));
            }
        }
    }

    /// A lookup leaves for a bridge; what is wrong with that.
    pub(super) fn looks_up(
        &mut self,
        now: Moment,
        order: &ProviderRequest,
    ) -> Option<(u8, String)> {
        let terminal = order.key.terminal;
        let asked = Asked {
            terminal,
            service: order.service.0,
            product: order.product.0,
            amount_minor: order.amount_minor,
            account: order.subscriber.to_string(),
        };
        let (key, bridge, at) = (order.key, order.bridge, now);
        let order = Order { key, asked, bridge, at, result: None, told: None };
        let lookups = &mut self.lookups;
        let allows = |question: &Question| {
            let route = |verdict: &Result<Offered, ResponseCode>| {
                verdict.as_ref().is_ok_and(|offered| offered.bridge == bridge)
            };
            question.verdicts.iter().any(|(verdict, _)| route(verdict))
        };
        let asked = lookups.questions.values().flatten();
        let mut asked = asked.filter(|question| question.asked == order.asked);
        let wrong = if !asked.any(allows) {
            Some((7, "and nobody asked for it, or nobody may".to_owned()))
        } else if lookups.orders.get(&terminal).is_some_and(|last| lookups.is_open(now, last)) {
            Some((9, "and the terminal's last one is on its way".to_owned()))
        } else {
            let others = lookups.orders.values().filter(|other| lookups.is_open(now, other));
            let others = others.filter(|other| other.bridge == bridge).count();
            let most = lookups.places;
            (others >= most).then(|| (9, format!("beside {others}, and {most} are the most")))
        };
        lookups.orders.insert(terminal, order);
        wrong
    }

    /// A bridge reports what a lookup found.
    pub(super) fn looked_up(&mut self, now: Moment, key: &Key, result: &ProviderResult) {
        let ProviderResult::Lookup(result) = result else { return };
        let Lookups { orders, refused, .. } = &mut self.lookups;
        let order = orders.get_mut(&key.terminal).filter(|order| order.key == *key);
        let Some(order) = order.filter(|order| order.result.is_none()) else { return };
        if let Err(code) = result {
            refused.entry(key.terminal).or_default().push((order.asked.clone(), *code, now));
        }
        order.result = Some(result.clone().map(|bill| *bill));
    }

    /// The writer says what was found, and gives a token for it.
    pub(super) fn found(&mut self, now: Moment, reply: &Reply) {
        let Content::Found { stan, date, token, charged_minor, currency, bill } = &reply.content
        else {
            return;
        };
        let terminal = reply.origin.terminal;
        let lookups = &mut self.lookups;
        let said = |order: &Order| order.result.as_ref() == Some(&Ok(Bill::clone(bill)));
        let order = lookups.orders.get_mut(&terminal);
        let Some(order) = order.filter(|order| said(order) && order.told.is_none()) else {
            let text = format!("{terminal}: receives {bill:?}, which no provider said to it now");
            return self.violate(now, 6, text);
        };
        order.told = Some(now);
        let (asked, bridge) = (order.asked.clone(), usize::from(order.bridge));
        let answers = lookups.asked_so(reply.origin, *stan, date.0);
        let answers: Vec<&Question> = answers.filter(|question| question.asked == asked).collect();
        let charges = |question: &&Question| question.charges(bill, *charged_minor, *currency);
        let wrong = if answers.is_empty() {
            Some((6, "which answers another question"))
        } else {
            (!answers.iter().any(charges))
                .then_some((7, "and charged otherwise than the rules say"))
        };
        let again = !lookups.numbers.insert(*token) || *token == 0;
        let wrong = wrong.or_else(|| again.then_some((7, "with the token of another")));
        let Asked { service, product, account, .. } = asked;
        let tokens = lookups.tokens.entry(terminal).or_default();
        // What it was told before does not count any more.
        for older in tokens.iter_mut() {
            older.until = older.until.min(now);
        }
        tokens.push(Token {
            number: *token,
            service,
            product,
            account,
            bill: Bill::clone(bill),
            charged_minor: *charged_minor,
            bridge: lookups.bridges.get(bridge).copied().unwrap_or(BridgeTag::NONE),
            from: now,
            until: now.after(GOOD_FOR),
            spent: None,
        });
        if let Some((promise, text)) = wrong {
            let text = format!("{terminal}: receives {bill:?} for {charged_minor} more, {text}");
            self.violate(now, promise, text);
        }
    }

    /// What was found, or why nothing was, on its way to its session manager.
    pub(super) fn found_answer(&mut self, now: Moment, origin: Origin, found: &Found<'_>) {
        let wrong = if found.code.is_approved() {
            self.found_otherwise(origin, found)
        } else {
            let code = ResponseCode(found.code.0);
            let said = self.is_said_of(origin, found, code);
            (!said).then(|| (7, format!("with {code}, for no reason")))
        };
        if let Some((promise, text)) = wrong {
            let terminal = origin.terminal;
            self.violate(now, promise, format!("{terminal}: a lookup is answered {text}"));
        }
    }

    fn found_otherwise(&self, origin: Origin, found: &Found<'_>) -> Option<(u8, String)> {
        let tokens = self.lookups.tokens.get(&origin.terminal).into_iter().flatten();
        let token = tokens.rev().find(|token| token.number == found.token);
        let Some(Token { bill, charged_minor, .. }) = token else {
            return Some((7, "with a token that it was not given".to_owned()));
        };
        let shown = (found.amount_minor, found.amount_min_minor, found.amount_max_minor);
        let (low, high) = bill.amount_range_minor;
        let same = shown == (bill.amount_minor, low, high)
            && (found.name, found.lines) == (&bill.name, &bill.text)
            && found.fee_minor == *charged_minor
            && Span::s(u64::from(found.valid_s)) == GOOD_FOR;
        (!same).then(|| (6, format!("otherwise than {bill:?}")))
    }

    /// Whether there was a reason to find nothing.
    fn is_said_of(&self, origin: Origin, found: &Found<'_>, code: ResponseCode) -> bool {
        let lookups = &self.lookups;
        let mut questions = lookups.asked_so(origin, found.stan, found.date.0);
        let order = lookups.orders.get(&origin.terminal);
        let refused = lookups.refused.get(&origin.terminal).map_or(&[][..], Vec::as_slice);
        match &code.0 {
            // Nobody receives anything before the logon.
            b"L1" => !origin.logged_on,
            b"09" => order.is_some_and(|order| order.told.is_none_or(|at| at >= origin.received)),
            // Full, ending, silent, or too late: whoever asks again is served.
            b"91" => true,
            _ => questions.any(|question| {
                let is_its = |(asked, why, at): &(Asked, ResponseCode, Moment)| {
                    (asked, *why) == (&question.asked, code) && origin.received <= *at
                };
                refused.iter().any(is_its)
                    || question.verdicts.iter().any(|(verdict, _)| *verdict == Err(code))
            }),
        }
    }
}

impl Question {
    /// Whether some registry charges so much beside a bill.
    fn charges(&self, bill: &Bill, charged_minor: u64, currency: u16) -> bool {
        self.verdicts.iter().any(|(verdict, date)| {
            let Ok(offered) = verdict else { return false };
            // Nothing was chosen where nothing may be.
            let (low, high) = bill.amount_range_minor;
            let open = high > 0 || bill.amount_minor == 0;
            let within = high == 0 || (low..=high).contains(&self.asked.amount_minor);
            let chosen = self.asked.amount_minor > 0 && open && within;
            let paid_minor = if chosen { self.asked.amount_minor } else { bill.amount_minor };
            let (fee, tax) = charged(&offered.charges, paid_minor, *date);
            offered.currency == currency && i64::try_from(charged_minor) == Ok(fee + tax)
        })
    }
}
