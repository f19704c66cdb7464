//! Every way that a sale can take, in turns under one generator: from stock, through an ISO 8583
//! host, through the same host by a route of 1,000 rules, and through a provider over HTTP; beside
//! them a bare echo and the host without the gateway.
//!
//! Then vouchers alone, beside other terminals that sell through the host, and beside as many whose
//! provider takes every order and answers none. A dead provider must not slow the others' sales.
//!
//! The simulated providers answer at once and share the machine with all the others.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tillgate_codec::iso8583::{Dialect, Message, Mti};
use tillsim::driver::{Plain, PointOfSale};
use tillsim::exit::Refusal;
use tillsim::number::whole;
use tillsim::run::{Driven, Interrupts, drive};
use tillsim_core::time::Span;

use crate::command::Options;
use crate::gateway::{Gateway, GatewayPlan};
use crate::process::{Server, beside};
use crate::ratio::{
    Cpu, Part, Sums, Used, WARM_UP, echo, frames, gateway_round, order, plain_round, thousandths,
};

/// Terminals that sell something else at the same time.
const BESIDE: u32 = 64;
/// What each of them waits between two customers.
const BESIDE_THINK: &str = "50ms";
/// Rules of the long route.
const RULES: u32 = 1_000;
/// Longest answer of the host.
const ANSWER_BYTES_MAX: usize = 4_096;

/// What is sold: service, product and share.
type Sells = &'static [(u16, u16, u32)];
/// The products of which the network has stock, by its shares.
const VOUCHERS: Sells = &[(10, 1, 34), (10, 2, 33), (10, 3, 33)];
const HOST: Sells = &[(21, 0, 1)];
/// Through a provider that never answers.
const DEAD: Sells = &[(24, 0, 1)];
/// The ways of a sale, and what they are called.
const WAYS: [(&str, Sells); 4] =
    [("voucher", VOUCHERS), ("host", HOST), ("routed", &[(22, 0, 1)]), ("http", &[(23, 0, 1)])];

/// The providers, and what the gateway has to know about them.
struct Providers {
    host: SocketAddr,
    plan: GatewayPlan,
    _serving: [Server; 3],
}

impl Providers {
    fn start(options: &Options) -> Result<Self, Refusal> {
        let script = |name: &str, rules: &str| {
            let log = options.directory.join(format!("{name}.log"));
            let text = format!(
                "latency = \"0ms\"\n[iso8583]\nlisten = \"127.0.0.1:0\"\ndialect = \"iso87a\"\n\
                 log = {:?}\n{rules}",
                log.display().to_string()
            );
            let file = options.directory.join(format!("{name}.toml"));
            std::fs::write(&file, text).map_err(|error| Refusal::about(file.display(), error))?;
            Server::start(&beside("tillsim")?, &["provider", "--script", &file.to_string_lossy()])
        };
        let host = script("host", "")?;
        let dead = script("dead", "[[rule]]\non = [\"sale\", \"inquiry\"]\ndo = \"silent\"\n")?;
        let http = ["provider", "--listen", "127.0.0.1:0", "--latency", "0ms"];
        let http = Server::start(&beside("tillsim")?, &http)?;
        let plan = plan(options, &listens(&host)?, &listens(&dead)?, &listens(&http)?);
        let address = listens(&host)?;
        let address = address.parse().map_err(|error| Refusal::about(address, error))?;
        Ok(Self { host: address, plan, _serving: [host, dead, http] })
    }
}

/// Where a simulated provider says that it listens.
fn listens(server: &Server) -> Result<String, Refusal> {
    let place = server.said.split_whitespace().nth(3).map(str::to_owned);
    place.ok_or_else(|| Refusal(format!("a provider said {:?}", server.said)))
}

fn plan(options: &Options, host: &str, dead: &str, http: &str) -> GatewayPlan {
    let mut config = String::new();
    for (name, address) in [("host", host), ("dead", dead)] {
        write!(
            config,
            "\n[[bridge]]\nname = \"{name}\"\nkind = \"iso8583\"\nprofile = \"iso87-host\"\n\
             addresses = [\"{address}\"]\nconnections = 2\nwindow = 1024\ninquiry = true\n\
             reversal = true\n"
        )
        .expect("text takes text");
    }
    let capabilities = "idempotent = true\ninquiry = true\nreversal = true";
    write!(
        config,
        "\n[[bridge]]\nname = \"http\"\nkind = \"http\"\nurl = \"{http}\"\nconnections = 64\n\
         {capabilities}\n"
    )
    .expect("text takes text");
    let service = |(id, route): (u16, &str)| {
        format!("{id},{route} top-up,topup,USD,{route},0.50,100.00,yes,,active,,,\n")
    };
    let routes = [(21, "host"), (22, "rules"), (23, "http"), (24, "dead")];
    let mut rules = "route,bridge,priority,weight,prefix\n".to_owned();
    for rule in 0..RULES - 1 {
        // Every subscriber's number begins with one of them, and ten match each of the longer ones.
        let (priority, prefix) = (1 + rule % 10, 200 + rule % 100);
        writeln!(rules, "rules,host,{priority},1,{prefix}{}", rule / 100).expect("text takes text");
    }
    rules.push_str("rules,host,20,1,\n");
    GatewayPlan {
        terminals: options.terminals + BESIDE,
        config,
        services: routes.map(service).concat(),
        routes: rules,
    }
}

/// One line of sums for each way, by its name.
struct Ways {
    names: Vec<&'static str>,
    sums: Vec<Sums>,
}

impl Ways {
    fn of(&mut self, name: &'static str) -> &mut Sums {
        let place = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.sums.push(Sums::new());
            self.names.len() - 1
        });
        &mut self.sums[place]
    }

    fn each(&self, value: impl Fn(&Sums) -> Value) -> Value {
        let named = self.names.iter().zip(&self.sums);
        named.map(|(name, sums)| ((*name).to_owned(), value(sums))).collect::<Map<_, _>>().into()
    }

    /// Sales a second of one way, of those of another.
    fn ratio(&self, [one, other]: [&str; 2]) -> f64 {
        let per_s = |name: &str| {
            let place = self.names.iter().position(|known| *known == name);
            place.map_or(0.0, |place| self.sums[place].per_s())
        };
        thousandths(per_s(one) / per_s(other).max(1e-9))
    }
}

/// Measures, and gives the line of JSON; its `verdict` is `exact` when everything is right.
///
/// # Errors
/// [`Refusal`] when something could not be started.
pub fn measure(options: &Options) -> Result<Value, Refusal> {
    let providers = Providers::start(options)?;
    let Providers { host, plan, _serving } = providers;
    let mut gateway = Gateway::start(&options.program, &options.directory, plan)?;
    let mut wrong = Vec::new();
    let (warm, _) = gateway_round(&gateway, &part(options, VOUCHERS), WARM_UP, &mut wrong)?;
    let frames = frames(&warm);
    let mut sums = Sums::new();
    sums.add(&warm, Used::default());
    // Vouchers are sold in four ways, and a gateway that has warmed up is faster.
    gateway.restock(whole(sums.per_s() * options.seconds * 4.0 * 2.5))?;
    let (address, _echo) = echo(frames)?;
    let length = Span(whole(options.seconds * 1e9 / f64::from(options.rounds)));
    let mut ways = Ways { names: Vec::new(), sums: Vec::new() };
    let answer_bytes = probe(host)?;
    for round in 0..options.rounds {
        eprintln!("round {} of {}", round + 1, options.rounds);
        let echoes = (0..options.terminals).map(|_| Plain::new(frames.request, frames.answer));
        plain_round(address, echoes.collect(), options.threads, length, ways.of("echo"))?;
        let direct = (0..options.terminals).map(|at| Plain::of(request(at), answer_bytes));
        plain_round(host, direct.collect(), options.threads, length, ways.of("direct"))?;
        for (name, sells) in WAYS {
            let sold = gateway_round(&gateway, &part(options, sells), length, &mut wrong)?;
            ways.of(name).add(&sold.0, sold.1);
        }
    }
    // Behind the others: what a dead provider owes is asked about for long.
    let neighbours = beside_neighbours(&gateway, options, length, &mut ways, &mut wrong)?;
    if let Err(refusal) = gateway.stop_and_verify() {
        wrong.push(refusal.to_string());
    }
    let quantile = |quantile| move |sums: &Sums| json!(sums.response.value_at_quantile(quantile));
    Ok(json!({
        "terminals": options.terminals,
        "per_s": ways.each(|sums| json!(sums.per_s().round())),
        "p50_us": ways.each(quantile(0.5)),
        "mean_us": ways.each(|sums| json!(sums.response.mean().round())),
        "hops_us": ways.each(|sums| sums.hops.means_us().into()),
        "p99_us": ways.each(quantile(0.99)),
        "gateway_cpu_us_per_sale": ways.each(|sums| json!(sums.each_us(sums.cpu_s))),
        "voucher_to_echo": ways.ratio(["voucher", "echo"]),
        "host_to_echo": ways.ratio(["host", "echo"]),
        "host_to_direct": ways.ratio(["host", "direct"]),
        "host_to_voucher": ways.ratio(["host", "voucher"]),
        "routed_to_host": ways.ratio(["routed", "host"]),
        "http_to_voucher": ways.ratio(["http", "voucher"]),
        "beside_host_to_alone": ways.ratio(["voucher_beside_host", "voucher_alone"]),
        "beside_dead_to_alone": ways.ratio(["voucher_beside_dead", "voucher_alone"]),
        "neighbours_per_s": neighbours.each(|sums| json!(sums.per_s().round())),
        "verdict": if wrong.is_empty() { "exact".to_owned() } else { wrong.join("; ") },
        "seconds": options.seconds,
        "rounds": options.rounds,
    }))
}

/// All terminals that are measured.
fn part(options: &Options, sells: Sells) -> Part {
    let Options { terminals, threads, .. } = *options;
    Part { terminals, threads, sells, ..Part::default() }
}

/// Vouchers alone and beside others, in turns; what the others sold meanwhile.
fn beside_neighbours(
    gateway: &Gateway,
    options: &Options,
    length: Span,
    ways: &mut Ways,
    wrong: &mut Vec<String>,
) -> Result<Ways, Refusal> {
    let mut neighbours = Ways { names: Vec::new(), sums: Vec::new() };
    let part = part(options, VOUCHERS);
    for _ in 0..options.rounds {
        let (driven, used) = gateway_round(gateway, &part, length, wrong)?;
        ways.of("voucher_alone").add(&driven, used);
        for (name, sells) in [("voucher_beside_host", HOST), ("voucher_beside_dead", DEAD)] {
            let (first, think) = (options.terminals, Some(BESIDE_THINK));
            let beside = Part { first, terminals: BESIDE, threads: 1, sells, think };
            let measured = || gateway_round(gateway, &part, length, wrong);
            let ((driven, used), others) = beside_others(gateway, &beside, measured)?;
            ways.of(name).add(&driven, used);
            neighbours.of(name).add(&others, Used::default());
        }
    }
    Ok(neighbours)
}

/// Measures while another part of the fleet sells, whatever the outcome of its sales is.
fn beside_others<T>(
    gateway: &Gateway,
    beside: &Part,
    measured: impl FnOnce() -> Result<T, Refusal>,
) -> Result<(T, Driven<PointOfSale>), Refusal> {
    let mut order = order(gateway, beside, Span::s(3_600))?;
    // Nobody waits for what a dead provider owes.
    order.course.drain = Span::ms(200);
    let interrupts = Interrupts::default();
    let flag = Interrupts::clone(&interrupts);
    std::thread::scope(|scope| {
        let others = scope.spawn(move || drive(&order, &flag, &mut Cpu::new(None)));
        // For its terminals to come online and its first orders to be out.
        std::thread::sleep(Duration::from_secs(1));
        let result = measured();
        interrupts.store(1, Ordering::Relaxed);
        let others = others.join();
        let others = others.map_err(|_| Refusal("the terminals beside it failed".to_owned()))??;
        Ok((result?, others))
    })
}

/// A sale as the gateway sends it to the host, for one terminal without the gateway.
fn request(terminal: u32) -> Vec<u8> {
    let dialect = Dialect::builtin("iso87a").expect("it is built in");
    let mut message = Message::new(Mti(*b"0200"));
    message
        .set(3, "500000")
        .set(4, "000000002500")
        .set(7, "1126120000")
        .set(11, "000001")
        .set(12, "120000")
        .set(13, "1126")
        .set(37, "633000000001")
        .set(41, &format!("D{terminal:07}"))
        .set(42, "000000000000005")
        .set(49, "840")
        .set(62, &format!("direct-{terminal:08}"))
        .set(102, "254700000000");
    let mut frame = Vec::new();
    dialect.encode_framed(&message, &mut frame).expect("the dialect has these fields");
    frame
}

/// How many bytes the host's answer has.
fn probe(host: SocketAddr) -> Result<usize, Refusal> {
    let asked = || -> std::io::Result<usize> {
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(&request(9_999_999))?;
        let mut answer = vec![0; ANSWER_BYTES_MAX];
        stream.read(&mut answer)
    };
    asked().map_err(|error| Refusal::about(host, error))
}
