//! What is sold in a world: vouchers, top-ups, bills and card sales, each a row of properties, and
//! how their receipts are printed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use tillgate_codec::iso8583::Dialect;
use tillgate_core::listener::Profile;
use tillgate_store_core::{
    AccountCheck, AccountField, AccountForm, AmountSource, BusinessDate, ChargeBase, ChargeKind,
    ChargeRule, CommissionRule, Fulfilment, Language, Lookup, MoneyFlow, Product, ProductId,
    ReceiptTag, ReceiptTemplate, ReversalRule, Rounding, Route, RouteRule, Service, ServiceId,
    StockRules, Text, Velocity,
};

use super::config::{Bridge, Config, number};
use super::cuts::Ware;
use super::fault::Fault;
use super::network::today;
use crate::firmware::{Offer, OfferKind};
use crate::iso_terminal::message::processing_code;
use crate::rng::Rng;

/// The voucher service.
pub(super) const VOUCHERS: u16 = 10;
/// The first top-up service; the others follow.
pub(super) const TOP_UPS: u16 = 20;
/// The first bill service; the others follow, of every bridge that can look up.
pub(super) const BILLS: u16 = 30;
/// A top-up service that is paid in another currency.
const DOLLARS: u16 = 40;
/// Goods of the seller's own, paid by card.
const CARDS: u16 = 50;
pub(super) const KES: u16 = 404;
pub(super) const USD: u16 = 840;
/// The voucher service's products and their prices.
pub(super) const PRODUCTS: [(u16, u64); 2] = [(1, 5_000), (2, 1_000)];

/// Digits of a bill's number.
const BILL_DIGITS: u8 = 10;

/// How receipts are printed. The first two are those of vouchers, the others of anything else.
const RECEIPTS: [&str; 5] = [
    "{service}/{product} {amount} {currency}\n{serial} until {expiry}\nPIN {pin}\n{rrn} {date}\n",
    "{{PIN}} {pin}\n{serial} {expiry}\n{amount}",
    "Paid {amount}, fee {fee}, tax {tax}: {total} {currency}\n{account} {reference}\n{rrn}\n",
    "Recu {total} {currency}\n{account}\nterminal {terminal} {date} {seller} {service}\n",
    "{rrn} {total}{{{fee}{tax}}\n",
];

/// In which languages terminals print; of the last one there is no receipt.
pub(super) const LANGUAGES: [Language; 4] =
    [Language([0; 2]), Language(*b"en"), Language(*b"fr"), Language(*b"sw")];

/// The templates that the services print by.
pub(super) fn receipts() -> impl Iterator<Item = ReceiptTemplate> {
    RECEIPTS.iter().map(|text| ReceiptTemplate::of(text))
}

/// Receipts of a service are printed by other templates from now on, or by none.
pub(super) fn print_otherwise(service: &mut Service, rng: &mut Rng) {
    let tags: Vec<ReceiptTag> = receipts().map(|template| template.tag).collect();
    let count = number(rng, 3);
    let mut receipts = Vec::new();
    for language in LANGUAGES.into_iter().skip(1).take(usize::from(count)) {
        let place = number(rng, u16::try_from(tags.len()).unwrap_or(0));
        receipts.push((language, tags[usize::from(place)]));
    }
    service.receipts = receipts;
}

/// What terminals have in their catalogue.
pub(super) fn offers(config: &Config) -> Vec<Offer> {
    let offer = |service, product, (min, max), kind, weight| Offer {
        service,
        product,
        amount_min_minor: min,
        amount_max_minor: max,
        currency: KES,
        kind,
        weight,
    };
    let vouchers = PRODUCTS
        .iter()
        .map(|(product, price)| offer(VOUCHERS, *product, (*price, *price), OfferKind::Voucher, 3));
    let top_ups = (TOP_UPS..).take(config.bridges.len());
    let top_ups = top_ups.map(|service| offer(service, 0, (200, 9_000), OfferKind::TopUp, 3));
    let bills = looked_up(config).map(|(place, _)| place);
    let bills = bills.map(|place| offer(BILLS + place, 0, (500, 9_999), OfferKind::Bill, 3));
    let card = offer(CARDS, 0, (200, 9_000), OfferKind::Card, 2);
    // More than the service allows: refused with 61.
    let too_dear = offer(TOP_UPS, 0, (60_000, 70_000), OfferKind::TopUp, 1);
    let mut dollars = offer(DOLLARS, 0, (200, 900), OfferKind::TopUp, 2);
    dollars.currency = USD;
    let dollars = config.faults.has(Fault::Market).then_some(dollars);
    match config.scripted {
        Some(Ware::Voucher | Ware::IsoVoucher) => vouchers.take(1).collect(),
        Some(
            Ware::TopUp
            | Ware::Rerouted
            | Ware::Host
            | Ware::HostReversal
            | Ware::IsoReversal
            | Ware::IsoAdvice,
        ) => top_ups.take(1).collect(),
        Some(Ware::IsoCard | Ware::IsoCardHost) => vec![card],
        Some(Ware::Bill) => bills.take(1).collect(),
        None => {
            vouchers.chain(top_ups).chain(bills).chain([card, too_dear]).chain(dollars).collect()
        }
    }
}

/// The profile of terminals of another maker: what needs no lookup, by processing codes 50SSPP.
pub(super) fn profile(config: &Config) -> Profile {
    let text = Profile::builtin("nac-terminal").expect("it comes with the gateway");
    let (head, rest) = text.split_once("[products]\n").expect("it has products");
    let (_, tail) = rest.split_once("\n\n").expect("they end with an empty line");
    let head = head.replace("dialect = \"nac\"", "dialect = \"nac\"\nmac = \"retail\"");
    let products: String = iso_offers(config)
        .map(|Offer { service, product, .. }| {
            let of = match product {
                0 => service.to_string(),
                product => format!("{service}/{product}"),
            };
            format!("\"{}\" = \"{of}\"\n", processing_code(service, product))
        })
        .collect::<BTreeSet<String>>()
        .into_iter()
        .collect();
    let text = format!("{head}[products]\n{products}\n{tail}");
    Profile::parse(&text, |_| Ok(nac().clone())).expect("it is a profile but for what is sold")
}

/// What messages of terminals of another maker look like.
pub(super) fn nac() -> &'static Dialect {
    static NAC: LazyLock<Dialect> =
        LazyLock::new(|| Dialect::builtin("nac").expect("it comes with the codec"));
    &NAC
}

/// What terminals of another maker sell.
pub(super) fn iso_offers(config: &Config) -> impl Iterator<Item = Offer> {
    offers(config).into_iter().filter(|offer| offer.kind != OfferKind::Bill)
}

/// The bridges that can look up, and their places.
fn looked_up(config: &Config) -> impl Iterator<Item = (u16, &Bridge)> {
    (0..).zip(&config.bridges).filter(|(_, bridge)| bridge.capabilities.lookup)
}

/// By each route a sale begins at another bridge, and may go on to all others, in their order.
pub(super) fn routes(config: &Config) -> Vec<Route> {
    let names: Vec<&str> = config.bridges.iter().map(|bridge| bridge.name.as_str()).collect();
    let route = |first: usize| {
        let way = names[first..].iter().chain(&names[..first]);
        let rule = |(priority, bridge): (u16, &&str)| RouteRule {
            priority,
            ..RouteRule::to(Text::from(bridge).expect("their names are short"))
        };
        let name = Text::from(&route_from(names[first])).expect("their names are short");
        Route { name, rules: (1..).zip(way).map(rule).collect() }
    };
    if config.routed { (0..names.len()).map(route).collect() } else { Vec::new() }
}

fn route_from(bridge: &str) -> String {
    format!("from-{bridge}")
}

/// Where what can be looked up nowhere goes.
fn route(config: &Config, bridge: &Bridge) -> String {
    if config.routed { route_from(&bridge.name) } else { bridge.name.clone() }
}

pub(super) fn services(config: &Config) -> Vec<Service> {
    let vouchers = vouchers(config);
    let top_ups = (0..).zip(&config.bridges);
    let top_ups: Vec<Service> =
        top_ups.map(|(place, bridge)| top_up(config, &vouchers, place, bridge)).collect();
    let dollars = top_ups.first().filter(|_| config.faults.has(Fault::Market));
    let dollars = dollars.map(|first| Service {
        id: ServiceId(DOLLARS),
        name: "dollars".to_owned(),
        currency: USD,
        ..first.clone()
    });
    let bills = looked_up(config).map(|(place, bridge)| bill(config, &vouchers, place, bridge));
    let bills: Vec<Service> = bills.collect();
    let card = config.bridges.last().map(|bridge| card(config, &vouchers, bridge));
    let services = std::iter::once(vouchers).chain(top_ups).chain(dollars);
    services.chain(bills).chain(card).collect()
}

/// From when on commissions and charges are in force.
fn begun(config: &Config) -> BusinessDate {
    BusinessDate(today(config).saturating_sub(3))
}

fn vouchers(config: &Config) -> Service {
    let from = begun(config);
    let rule = |level, basis_points| CommissionRule::percent(level, basis_points, from);
    Service {
        amount_min_minor: 100,
        amount_max_minor: 50_000,
        products: PRODUCTS.map(|(id, amount_minor)| product(id, amount_minor)).to_vec(),
        commission: vec![rule(0, 433), rule(1, 127), rule(2, 61)],
        velocity: Velocity {
            count_max: config.shop.velocity,
            window_s: if config.shop.velocity > 0 { 60 } else { 0 },
            day_amount_max_minor: 0,
        },
        receipts: vec![(LANGUAGES[1], tag(0)), (LANGUAGES[2], tag(1))],
        ..Service::new(ServiceId(VOUCHERS), "vouchers", Fulfilment::Stock, KES)
    }
}

fn top_up(config: &Config, vouchers: &Service, place: u16, bridge: &Bridge) -> Service {
    Service {
        account: Some(AccountField::of(AccountForm::Phone)),
        // Each is of another make: charged for, or with less time to take back.
        charges: if place % 3 == 1 { charges(config) } else { Vec::new() },
        reversal: if place % 3 == 2 {
            ReversalRule::Within(20)
        } else {
            ReversalRule::UntilConfirmed
        },
        receipts: if place == 0 { vec![(LANGUAGES[2], tag(4))] } else { Vec::new() },
        route: route(config, bridge),
        ..provided(vouchers, (TOP_UPS + place, "top-ups"), bridge)
    }
}

/// The first has to be looked up, and can be taken back; another may be, and cannot.
fn bill(config: &Config, vouchers: &Service, place: u16, bridge: &Bridge) -> Service {
    let account = AccountField {
        length_min: BILL_DIGITS,
        length_max: BILL_DIGITS,
        check: AccountCheck::Luhn,
        ..AccountField::of(AccountForm::Bill)
    };
    let first = place == 0;
    Service {
        account: Some(account),
        amount: if first { AmountSource::Lookup } else { AmountSource::Open },
        lookup: if first { Lookup::Required } else { Lookup::Offered },
        charges: charges(config),
        reversal: if first { ReversalRule::UntilConfirmed } else { ReversalRule::ByOperator },
        receipts: vec![(LANGUAGES[1], tag(2)), (LANGUAGES[2], tag(3))],
        ..provided(vouchers, (BILLS + place, "bills"), bridge)
    }
}

/// A card sale: the seller is credited, less what is charged.
fn card(config: &Config, vouchers: &Service, bridge: &Bridge) -> Service {
    Service {
        account: Some(AccountField::of(AccountForm::Card)),
        money: MoneyFlow::Credit,
        charges: charges(config),
        receipts: vec![(LANGUAGES[2], tag(3)), (LANGUAGES[1], tag(2))],
        route: route(config, bridge),
        ..provided(vouchers, (CARDS, "cards"), bridge)
    }
}

/// What a bridge carries out, of any amount within the bounds.
fn provided(vouchers: &Service, (id, name): (u16, &str), bridge: &Bridge) -> Service {
    Service {
        route: bridge.name.clone(),
        amount_min_minor: vouchers.amount_min_minor,
        amount_max_minor: vouchers.amount_max_minor,
        amount: AmountSource::Open,
        commission: vouchers.commission.clone(),
        velocity: vouchers.velocity,
        ..Service::new(ServiceId(id), &format!("{name} {id}"), Fulfilment::Provider, KES)
    }
}

/// A fee of 10 and 1.5 %, and 16 % tax on it.
fn charges(config: &Config) -> Vec<ChargeRule> {
    let from = begun(config);
    let rule = |kind, fixed_minor, basis_points, base, rounding| ChargeRule {
        kind,
        fixed_minor,
        basis_points,
        base,
        rounding,
        from,
    };
    vec![
        rule(ChargeKind::Fee, 10, 150, ChargeBase::Amount, Rounding::HalfUp),
        rule(ChargeKind::Tax, 0, 1_600, ChargeBase::Fee, Rounding::Up),
    ]
}

fn tag(place: usize) -> ReceiptTag {
    ReceiptTag::of(RECEIPTS[place])
}

fn product(id: u16, amount_minor: u64) -> Product {
    let stock = StockRules::default();
    Product { id: ProductId(id), name: format!("product {id}"), amount_minor, stock }
}
