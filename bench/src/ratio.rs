//! Sales per second of the whole gateway beside a bare echo of the same frame sizes, under the same
//! generator, in turns.
//!
//! ```text
//!   warm-up: frame sizes, rate ─▶ stock ─▶ [ echo round ─▶ gateway round ─▶ books compared ]*
//!                                                    ─▶ stop, verify ─▶ one line of JSON
//! ```
//!
//! Both sides share the machine with the generator, and the machine has faster and slower phases:
//! only what was measured in turns is compared.

use std::net::SocketAddr;
use std::time::Instant;

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tillsim::cpu;
use tillsim::driver::{FleetSnapshot, Plain, Plan, PointOfSale, Share, Stage, latencies};
use tillsim::exit::Refusal;
use tillsim::number::{float, whole};
use tillsim::run::{
    Course, Driven, Interrupts, Money, Order, Watcher, drive, drive_stations, reconcile,
};
use tillsim::scenario::{Offer, Scenario, resolve};
use tillsim_core::audit::Kind;
use tillsim_core::time::Span;

use crate::command::Options;
use crate::echo::Frames;
use crate::gateway::{Gateway, GatewayPlan};
use crate::hops::Hops;
use crate::process::{Server, beside};

/// Length of the warm-up.
pub(crate) const WARM_UP: Span = Span::ms(1_000);
/// Connection attempts a second; a handshake each for the gateway.
const CONNECTS_PER_S: u32 = 2_000;
/// For connecting, and for resolving doubts.
pub(crate) const PATIENCE: Span = Span::s(120);

/// Processor time of the gateway in a round, seconds, and where the time of its sales went.
pub(crate) type Used = (f64, Hops);

/// One side's sums over its rounds.
pub(crate) struct Sums {
    pub(crate) completed: u64,
    sold_s: f64,
    pub(crate) generator_cpu_s: f64,
    pub(crate) cpu_s: f64,
    pub(crate) hops: Hops,
    pub(crate) response: Histogram<u64>,
}

/// Measures, and gives the line of JSON; its `verdict` is `exact` when everything is right.
///
/// # Errors
/// [`Refusal`] when something could not be started.
pub fn measure(options: &Options) -> Result<Value, Refusal> {
    let plan = GatewayPlan { terminals: options.terminals, ..GatewayPlan::default() };
    let mut gateway = Gateway::start(&options.program, &options.directory, plan)?;
    let mut wrong = Vec::new();
    let all = Part { terminals: options.terminals, threads: options.threads, ..Part::default() };
    let (warm, _) = gateway_round(&gateway, &all, WARM_UP, &mut wrong)?;
    let frames = frames(&warm);
    let per_s = float(warm.done.tally.completed()) / (float(WARM_UP.0) / 1e9);
    // A gateway that has warmed up is faster; what is left over does no harm.
    gateway.restock(whole(per_s * options.seconds * 1.6))?;
    let (address, _echo) = echo(frames)?;

    let (mut echoed, mut sold) = (Sums::new(), Sums::new());
    let length = Span(whole(options.seconds * 1e9 / f64::from(options.rounds)));
    for _ in 0..options.rounds {
        let client = || Plain::new(frames.request, frames.answer);
        let clients = (0..options.terminals).map(|_| client()).collect();
        plain_round(address, clients, options.threads, length, &mut echoed)?;
        let (driven, used) = gateway_round(&gateway, &all, length, &mut wrong)?;
        sold.add(&driven, used);
    }
    let vouchers = gateway.vouchers();
    if let Err(refusal) = gateway.stop_and_verify() {
        wrong.push(refusal.to_string());
    }
    let quantile = |quantile| sold.response.value_at_quantile(quantile);
    Ok(json!({
        "terminals": options.terminals,
        "echo_per_s": echoed.per_s().round(),
        "gateway_per_s": sold.per_s().round(),
        "ratio": thousandths(sold.per_s() / echoed.per_s()),
        "p50_us": quantile(0.5),
        "p99_us": quantile(0.99),
        "p999_us": quantile(0.999),
        "gateway_cpu_s": thousandths(sold.cpu_s),
        "generator_cpu_s": thousandths(sold.generator_cpu_s),
        "verdict": if wrong.is_empty() { "exact".to_owned() } else { wrong.join("; ") },
        "gateway_cpu_us_per_sale": sold.each_us(sold.cpu_s),
        "generator_cpu_us_per_sale": sold.each_us(sold.generator_cpu_s),
        "generator_cpu_us_per_echo": echoed.each_us(echoed.generator_cpu_s),
        "hops_us": sold.hops.means_us(),
        "echo_p99_us": echoed.response.value_at_quantile(0.99),
        "sales": sold.completed,
        "vouchers": vouchers,
        "request_bytes": frames.request,
        "answer_bytes": frames.answer,
        "seconds": options.seconds,
        "rounds": options.rounds,
    }))
}

pub(crate) fn thousandths(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

impl Sums {
    pub(crate) fn new() -> Self {
        let response = latencies();
        let hops = Hops::default();
        Self { completed: 0, sold_s: 0.0, generator_cpu_s: 0.0, cpu_s: 0.0, hops, response }
    }

    pub(crate) fn add<S>(&mut self, driven: &Driven<S>, (cpu_s, hops): Used) {
        let shares = &driven.done.shares;
        self.completed += shares.iter().map(|share| share.completed).sum::<u64>();
        self.sold_s += shares.iter().map(|share| float(share.sold.0) / 1e9).fold(0.0, f64::max);
        self.generator_cpu_s += shares.iter().map(|share| share.cpu_s).sum::<f64>();
        self.cpu_s += cpu_s;
        self.hops.add(hops);
        let response = &driven.done.tally.response;
        self.response.add(response).expect("histograms have the same bounds");
    }

    pub(crate) fn per_s(&self) -> f64 {
        float(self.completed) / self.sold_s.max(1e-9)
    }

    pub(crate) fn each_us(&self, cpu_s: f64) -> f64 {
        (cpu_s * 1e8 / float(self.completed.max(1))).round() / 100.0
    }
}

/// The part of a fleet that sells in a round, and what.
#[derive(Clone, Default)]
pub(crate) struct Part {
    /// The first of its terminals.
    pub(crate) first: u32,
    pub(crate) terminals: u32,
    pub(crate) threads: usize,
    /// Service, product and share; the whole catalogue if there are none.
    pub(crate) sells: &'static [(u16, u16, u32)],
    /// Between two customers of a terminal.
    pub(crate) think: Option<&'static str>,
}

/// An echo for these frames, and where it listens.
pub(crate) fn echo(frames: Frames) -> Result<(SocketAddr, Server), Refusal> {
    let (request, answer) = (frames.request.to_string(), frames.answer.to_string());
    let server = Server::start(&beside("echo")?, &["127.0.0.1:0", &request, &answer])?;
    let address = server.said.trim().parse().map_err(|error| Refusal::about("echo", error))?;
    Ok((address, server))
}

/// One round of stations without a protocol.
pub(crate) fn plain_round(
    address: SocketAddr,
    clients: Vec<Plain>,
    threads: usize,
    length: Span,
    sums: &mut Sums,
) -> Result<(), Refusal> {
    let count = u64::try_from(clients.len()).unwrap_or(u64::MAX);
    let plan = Plan {
        target: address,
        listener: None,
        sources: Vec::new(),
        connects_per_s: 10_000,
        cuts_per_s: 0.0,
        seed: 1,
        epoch: Instant::now(),
    };
    let course = Course {
        plan,
        open: None,
        threads,
        online_within: PATIENCE,
        sell: Some(length),
        drain: PATIENCE,
    };
    let mut watcher = Cpu::new(None);
    let driven = drive_stations(&course, clients, &Interrupts::default(), &mut watcher)?;
    if driven.online < count || !driven.drained {
        return Err(Refusal(format!("only {} connections to {address}", driven.online)));
    }
    sums.add(&driven, Used::default());
    Ok(())
}

/// One round of sales; whatever is not right is added to `wrong`.
pub(crate) fn gateway_round(
    gateway: &Gateway,
    part: &Part,
    length: Span,
    wrong: &mut Vec<String>,
) -> Result<(Driven<PointOfSale>, Used), Refusal> {
    let order = order(gateway, part, length)?;
    let before = Hops::of(gateway)?;
    let mut watcher = Cpu::new(Some(gateway.pid()));
    let driven = drive(&order, &Interrupts::default(), &mut watcher)?;
    if driven.online < u64::from(part.terminals) {
        wrong.push(format!("only {} terminals came online", driven.online));
    }
    let tally = &driven.done.tally;
    for (code, count) in &tally.declined {
        wrong.push(format!("{count} sales declined with {code}"));
    }
    for (label, count) in &tally.troubles {
        wrong.push(format!("{label}: {count}"));
    }
    wrong.extend(money(&order, &driven));
    Ok((driven, (watcher.used_s, Hops::of(gateway)?.since(before))))
}

/// What the three books say against this round.
fn money(order: &Order, driven: &Driven<PointOfSale>) -> Option<String> {
    let books: Vec<_> = driven.done.clients.iter().map(PointOfSale::book).collect();
    match reconcile(&books, &order.sources, Span::ZERO) {
        Money::NotChecked => Some("the money was not checked".to_owned()),
        Money::Unreadable(refusal) => Some(refusal.to_string()),
        Money::Checked(verdict) => {
            let counts = Kind::ALL.iter().map(|kind| (kind.label(), verdict.count(*kind)));
            let bad: Vec<String> = counts
                .filter(|(_, count)| *count > 0)
                .map(|(label, count)| format!("{count} {label}"))
                .collect();
            (!bad.is_empty()).then(|| bad.join(", "))
        }
    }
}

pub(crate) fn order(gateway: &Gateway, part: &Part, length: Span) -> Result<Order, Refusal> {
    let mut scenario = Scenario { network: Some(gateway.network()), ..Scenario::default() };
    scenario.gateway.address = gateway.address.to_string();
    scenario.gateway.public_key = Some(gateway.public_key());
    scenario.gateway.admin = Some(gateway.admin.clone());
    scenario.gateway.token = Some(gateway.token());
    let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    (scenario.first, scenario.terminals) = (number(part.first), Some(number(part.terminals)));
    let offer = |(service, product, weight)| Offer { service, product, weight };
    scenario.mix.extend(part.sells.iter().copied().map(offer));
    if let Some(think) = part.think {
        scenario.load.think = think.to_owned();
    }
    scenario.connect.threads = part.threads;
    scenario.connect.per_s = CONNECTS_PER_S;
    // One request a sale, as the echo has it.
    scenario.terminal.confirm_percent = 0.0;
    let mut order = resolve(&scenario)?;
    order.course.sell = Some(length);
    (order.course.online_within, order.course.drain) = (PATIENCE, PATIENCE);
    Ok(order)
}

/// The sizes of a sale's and its answer's records, as the warm-up had them.
pub(crate) fn frames(warm: &Driven<PointOfSale>) -> Frames {
    let sum = |of: fn(&Share) -> u64| warm.done.shares.iter().map(of).sum::<u64>();
    let each = |bytes: u64, records: u64| {
        let rounded = (float(bytes) / float(records.max(1))).round().max(1.0);
        usize::try_from(whole(rounded)).unwrap_or(1)
    };
    Frames {
        request: each(sum(|share| share.sent_bytes), sum(|share| share.started)),
        answer: each(sum(|share| share.received_bytes), sum(|share| share.completed)),
    }
}

/// Takes the processor time that another process used while the fleet sold.
pub(crate) struct Cpu {
    pid: Option<u32>,
    used_s: f64,
}

impl Cpu {
    pub(crate) fn new(pid: Option<u32>) -> Self {
        Self { pid, used_s: 0.0 }
    }

    fn now_s(&self) -> f64 {
        self.pid.and_then(cpu::of_process_s).unwrap_or(0.0)
    }
}

impl Watcher for Cpu {
    fn look(&mut self, _: Stage, _: &FleetSnapshot) {}

    fn begun(&mut self, _: &FleetSnapshot) {
        self.used_s = self.now_s();
    }

    fn ending(&mut self) {
        self.used_s = self.now_s() - self.used_s;
    }
}
