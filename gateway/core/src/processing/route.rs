//! The bridges that a sale may go to.

use schemars::JsonSchema;
use serde::Serialize;
use tillgate_store_core::{Fulfilment, Key, SellerId, Service, ServiceId, TerminalId};
use tillgate_types::Currency;

use super::verify::{Now, foreseen};
use crate::directory::Directory;
use crate::routing::{Candidates, Chain, Explained, Question, spread};

/// The bridges that a sale (or, without an amount, a lookup) may go to, the first choice first;
/// none of what comes from stock.
pub(super) fn candidates(
    directory: &Directory,
    (service, key): (Option<&Service>, &Key),
    (account, amount_minor): (&str, Option<u64>),
    now: Now,
) -> Candidates {
    let provided = |service: &&Service| service.fulfilment == Fulfilment::Provider;
    let Some(service) = service.filter(provided) else { return Candidates::new() };
    let (registry, route) = (&directory.registry, service.route.as_str());
    let seller = registry.terminal(key.terminal).map(|terminal| terminal.seller);
    let chain = match seller.filter(|_| directory.routes.asks_for_chain(route)) {
        Some(seller) => chain_of(directory, seller),
        None => Chain::new(),
    };
    let question = Question {
        account,
        amount_minor,
        currency: service.currency,
        chain: &chain,
        minute: now.minute,
        spread: spread(key),
    };
    directory.routes.choose(route, &question)
}

/// The distributors above a seller, its own first; none where a request of it is refused anyway.
fn chain_of(directory: &Directory, seller: SellerId) -> Chain {
    let registry = &directory.registry;
    let chain = registry.seller(seller).map(|seller| registry.chain(seller.distributor));
    let chain = chain.and_then(Result::ok).unwrap_or_default();
    chain.iter().map(|distributor| distributor.id).collect()
}

/// A sale that somebody wants to know the way of.
#[derive(Clone, Debug)]
pub struct RouteQuestion {
    pub service: ServiceId,
    pub account: String,
    /// Major units of the service's currency; `None`: every amount matches.
    pub amount: Option<String>,
    /// Whose distributors count.
    pub seller: Option<SellerId>,
    /// As `seller`: the one that it belongs to.
    pub terminal: Option<TerminalId>,
    /// Minutes after local midnight.
    pub minute: u16,
    /// Of a sale: rules that are equal share sales out by it.
    pub key: Option<Key>,
}

/// The way of a sale, and why it takes it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RouteExplained {
    pub service: u16,
    /// What its service names.
    pub route: String,
    #[serde(flatten)]
    pub explained: Explained,
    /// Candidates that sales go to last now: nobody is reached there, or the breaker is open.
    pub shunned: Vec<String>,
    /// Why the sale is declined before any route is looked at.
    pub declined: Option<DeclinedExplained>,
}

/// A response code and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeclinedExplained {
    pub code: String,
    pub meaning: String,
}

impl RouteExplained {
    /// Puts the candidates that are shunned now behind the others, as sales do.
    #[must_use]
    pub fn shunning(mut self, is_shunned: impl Fn(&str) -> bool) -> Self {
        let candidates = &mut self.explained.candidates;
        candidates.sort_by_key(|name| is_shunned(name));
        self.shunned = candidates.iter().filter(|name| is_shunned(name)).cloned().collect();
        self
    }
}

/// Explains where a sale would go now, by the code that sends sales there.
///
/// # Errors
/// What of the question does not exist or cannot be read, in words.
pub fn explain_route(
    directory: &Directory,
    asked: &RouteQuestion,
) -> Result<RouteExplained, String> {
    let (registry, id) = (&directory.registry, asked.service);
    let service = registry.service(id).ok_or(format!("there is no service {id}"))?;
    if service.fulfilment == Fulfilment::Stock {
        return Err(format!("service {id} sells from stock: no bridge takes part in it"));
    }
    let currency = Currency::numbered(service.currency).ok_or("the service has no currency")?;
    let minor = |text: &String| {
        let minor = currency.minor(text).map_err(|why| format!("amount {text}: expected {why}"));
        minor?.try_into().map_err(|_| format!("amount {text}: expected one above 0"))
    };
    let terminal = asked.terminal.or(asked.key.map(|key| key.terminal));
    let owner = terminal
        .map(|id| registry.terminal(id).ok_or(format!("there is no terminal {id}")))
        .transpose()?;
    let seller = asked.seller.or(owner.map(|terminal| terminal.seller));
    if let Some(seller) = seller.filter(|seller| registry.seller(*seller).is_none()) {
        return Err(format!("there is no seller {seller}"));
    }
    let chain = seller.map(|seller| chain_of(directory, seller)).unwrap_or_default();
    let amount_minor = asked.amount.as_ref().map(minor).transpose()?;
    let declined = foreseen(registry, service, asked, amount_minor).err();
    let declined = declined.map(|code| DeclinedExplained {
        code: code.to_string(),
        meaning: code.meaning().to_owned(),
    });
    let question = Question {
        account: &asked.account,
        amount_minor,
        currency: service.currency,
        chain: &chain,
        minute: asked.minute,
        spread: asked.key.as_ref().map(spread).unwrap_or_default(),
    };
    let route = service.route.clone();
    let explained = directory.routes.explain(&route, &question).ok_or_else(|| {
        format!(
            "service {id} names {route}, which is neither a bridge of the configuration nor a route"
        )
    })?;
    Ok(RouteExplained { service: id.0, route, explained, shunned: Vec::new(), declined })
}
