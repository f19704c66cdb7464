//! `tillsim ussdc`

mod link;
mod people;
mod terminals;

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tillsim_core::firmware::Delay;
use tillsim_core::time::Span;
use tillsim_core::ussdc::centre::Settings;
use tillsim_core::ussdc::crowd::Load;
use tillsim_core::ussdc::handset::{Behaviour, DEFAULT_SCRIPT, Script};
use tillsim_core::ussdc::short::Short;
use tillsim_core::ussdc::subscribers::Subscribers;
use tillsim_core::ussdc::variant::{Profile, Variant};

use self::link::LinkOptions;
pub(super) use self::link::password;
use self::people::Person;
use self::terminals::TerminalOptions;
use super::{interrupts, print};
use crate::exit::{About, Exit, Refusal};
use crate::files::read_text;
use crate::number::whole;
use crate::run::Admin;
use crate::text;
use crate::ussdc::{self, Calling, Plan, Report, Sources};

/// Serve a simulated USSD centre, whose subscribers use an application
#[derive(Args)]
#[command(after_help = "\
Examples:
  tillsim ussdc --handsets 200 --pins pins.csv --seconds 60 --log dialogs.jsonl
  tillsim ussdc --profile mica --dialogs-per-s 500 --handsets 5000 --drop 2 --abort 3 --seconds 30
  tillsim ussdc --handsets 100000 --pause 20s --hold --seconds 60
  tillsim ussdc --handsets 0 --terminals 20 --network demo --scenario demo/ussd-terminals.toml
  tillsim ussdc --pins handsets.csv --admin http://127.0.0.1:7401 --token gw/admin.token --seconds 60
  tillsim ussd-responder --connect 127.0.0.1:2775        # an application to try it with

It prints its address when it listens; the load begins when an application has bound, and a report
ends it, also after Ctrl-C. docs/simulation.md describes the script and the report. Exit code 1: the
application broke a rule, or money is wrong.")]
pub(super) struct Ussdc {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2775")]
    listen: SocketAddr,
    /// How the centre speaks: the name of a link's profile, or its file
    #[arg(long, value_name = "NAME|FILE", default_value = "standard")]
    profile: String,
    /// How many handsets there are; 0 only serves
    #[arg(long, value_name = "N", default_value_t = 100)]
    handsets: u32,
    /// Number of the first handset; the others follow
    #[arg(long, value_name = "MSISDN", default_value_t = 254_700_000_001)]
    msisdn_from: u64,
    /// The handsets with their PINs, a CSV file of msisdn,pin or with a headline that has these;
    /// --handsets takes the first ones
    #[arg(long, value_name = "FILE", conflicts_with = "msisdn_from")]
    pins: Option<PathBuf>,
    /// What subscribers dial
    #[arg(long, value_name = "CODE", default_value = "*123#")]
    code: String,
    /// What the centre calls the service [default: the digits of the code]
    #[arg(long, value_name = "TEXT")]
    service_code: Option<String>,
    /// How subscribers use the menu, a TOML file
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Print the default script, to start another from
    #[arg(long, exclusive = true)]
    print_script: bool,
    /// Open load: dialogs begun a second
    #[arg(long, value_name = "N", value_parser = rate, conflicts_with = "pause")]
    dialogs_per_s: Option<f64>,
    /// Closed load: from a subscriber's dialog to the next, such as exp:30s or 0s
    #[arg(long, value_name = "DELAY", default_value = "exp:30s", value_parser = text::delay)]
    pause: Delay,
    /// Closed load: dialogs at once, each of the handset that was free for longest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..),
          conflicts_with_all = ["pause", "dialogs_per_s"])]
    at_once: Option<u32>,
    /// Subscribers read the first screen, answer nothing, and hang up when the load ends
    #[arg(long, conflicts_with_all = ["at_once", "dialogs_per_s"])]
    hold: bool,
    /// How long a subscriber reads and types
    #[arg(long, value_name = "DELAY", default_value = "lognormal:3s,0.6", value_parser = text::delay)]
    think: Delay,
    /// Steps at which the network loses the handset
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    drop: u16,
    /// Steps at which the subscriber hangs up
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    abort: u16,
    /// Answers with a typing error
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = text::permille)]
    typo: u16,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    terminals: TerminalOptions,
    #[command(flatten)]
    money: MoneyOptions,
    /// How long the load lasts; without it, until it is interrupted
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<Span>,
    /// How long the first bind may take; without it, for ever
    #[arg(long, value_name = "DURATION", value_parser = text::span)]
    wait: Option<Span>,
    /// Objective: the 99th percentile of every step
    #[arg(long, value_name = "DURATION", value_parser = text::span)]
    p99: Option<Span>,
    /// Seed of all random decisions
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Write a line of JSON for every dialog
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Write what subscribers saw of their sales, a line of JSON each
    #[arg(long, value_name = "FILE")]
    book: Option<PathBuf>,
    /// Write the report as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What the books of the handsets are compared with.
#[derive(Args)]
#[command(next_help_heading = "Money")]
struct MoneyOptions {
    /// Compare what subscribers and terminals saw with the journal of the gateway with this admin
    /// interface; the file of --pins needs the column terminal
    #[arg(long, value_name = "URL")]
    admin: Option<String>,
    /// File with the admin interface's bearer token
    #[arg(long, value_name = "FILE", requires = "admin")]
    token: Option<PathBuf>,
    /// How long sales that are open in the journal may take to be decided
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = text::span)]
    wait_for_doubts: Span,
}

impl MoneyOptions {
    /// Of the handsets; none without a file of them.
    fn sources(&self, people: &[Person], pins: Option<&Path>) -> Result<Option<Sources>, Refusal> {
        let Some(pins) = pins else { return Ok(None) };
        let Some(base) = self.admin.clone() else { return Ok(None) };
        let token = self.token.as_deref().map(read_text).transpose()?;
        let token = token.map(|token| token.trim().to_owned());
        let terminals = people::terminals(people).about(pins.display())?;
        let admin = Admin { base, token };
        Ok(Some(Sources { admin, terminals, patience: self.wait_for_doubts }))
    }
}

impl Ussdc {
    pub(super) fn run(self) -> Result<Exit, Refusal> {
        if self.print_script {
            print::line(DEFAULT_SCRIPT.trim_end());
            return Ok(Exit::Pass);
        }
        let json = self.json.clone();
        for (name, path) in [("--json", &self.json), ("--book", &self.book)] {
            // Better now than after an hour.
            let open = |path| OpenOptions::new().create(true).append(true).open(path);
            if let Some(Err(error)) = path.as_ref().map(open) {
                let path = path.as_deref().unwrap_or(Path::new("")).display();
                return Err(Refusal::about(format!("{name} {path}"), error));
            }
        }
        let plan = self.plan()?;
        let profile = plan.settings.variant.name.clone();
        let bound = |address| print::line(&format!("USSD centre listens on {address} ({profile})"));
        let Report { exit, text, json: value } = ussdc::serve(plan, &interrupts()?, bound)?;
        if let Some(path) = json {
            std::fs::write(&path, format!("{value}\n"))
                .about(format!("--json {}", path.display()))?;
        }
        print::line(text.trim_end());
        Ok(exit)
    }

    fn plan(self) -> Result<Plan, Refusal> {
        let variant = variant(&self.profile)?;
        let code = &self.code;
        let digits = code.trim_matches(['*', '#']);
        if digits.is_empty() || code.len() > 20 || variant.fault(code).is_some() {
            let text = "expected what a subscriber dials, such as *123#";
            return Err(Refusal::about(format!("--code {code:?}"), text));
        }
        let service_code = self.service_code.clone().unwrap_or_else(|| digits.to_owned());
        if service_code.is_empty() || service_code.len() > 20 || !service_code.is_ascii() {
            return Err(Refusal("--service-code: expected 1 to 20 ASCII characters".to_owned()));
        }
        let calls = [
            ("--dialogs-per-s", self.dialogs_per_s.is_some()),
            ("--at-once", self.at_once.is_some()),
            ("--hold", self.hold),
        ];
        if let Some((name, _)) = calls.iter().find(|(_, is)| *is && self.handsets == 0) {
            return Err(Refusal(format!("{name}: nobody dials with --handsets 0")));
        }
        let people = self.people()?;
        if self.money.admin.is_some() && self.pins.is_none() && self.terminals.is_none() {
            return Err(Refusal("--admin: needs --pins, or --terminals".to_owned()));
        }
        let sources = self.money.sources(&people, self.pins.as_deref())?;
        let terminals = self.terminals.build(&variant, self.drop, &self.money, self.seed)?;
        let settings = self.settings(variant, &people, &service_code)?;
        let source = self.script.as_deref().map(read_text).transpose()?;
        let what = self.script.as_deref().unwrap_or(Path::new("the default script"));
        let script = Script::parse(source.as_deref().unwrap_or(DEFAULT_SCRIPT));
        let script = Arc::new(script.about(what.display())?);
        let behaviour = Behaviour {
            think: self.think,
            typo_permille: self.typo,
            abort_permille: self.abort,
            drop_permille: self.drop,
        };
        let calling = match (self.dialogs_per_s, self.at_once) {
            (Some(rate), _) => Calling::Open { per_s: rate },
            (_, Some(most)) => Calling::AtOnce { most: usize::try_from(most).about("--at-once")? },
            (None, None) => Calling::Own,
        };
        let pause = (calling == Calling::Own).then_some(self.pause);
        Ok(Plan {
            listen: self.listen,
            settings,
            load: Load { code: self.code, script, behaviour, pause, holds: self.hold },
            calling,
            seconds: self.seconds,
            wait: self.wait,
            seed: self.seed,
            log: self.log,
            book: self.book,
            p99: self.p99,
            sources,
            terminals,
        })
    }

    /// The centre, with the handsets and behind them the terminals.
    fn settings(
        &self,
        variant: Variant,
        people: &[Person],
        service_code: &str,
    ) -> Result<Settings, Refusal> {
        let pins = people.iter().map(|person| (person.msisdn, person.pin));
        let numbers = self.terminals.numbers().map(|number| (number, Short::default()));
        let handsets = Subscribers::new(pins.clone()).count();
        let all = Subscribers::new(pins.chain(numbers));
        if all.count() != handsets + self.terminals.numbers().count() {
            return Err(Refusal("--terminals-from: a handset has one of these numbers".to_owned()));
        }
        let first = u32::try_from(handsets).about("--handsets")?;
        let terminals = (first, self.terminals.service_code().to_owned());
        let terminals = Some(terminals).filter(|_| !self.terminals.is_none());
        let settings = self.link.settings(variant, Arc::new(all), service_code)?;
        Ok(Settings { terminals, ..settings })
    }

    /// The handsets; those of a file, or made up.
    fn people(&self) -> Result<Vec<Person>, Refusal> {
        let count = usize::try_from(self.handsets).about("--handsets")?;
        let Some(path) = &self.pins else {
            if !(10_000..=999_999_999_999_999).contains(&self.msisdn_from) {
                return Err(Refusal("--msisdn-from: expected 5 to 15 digits".to_owned()));
            }
            let numbers = (self.msisdn_from..).take(count);
            let pin = Short::new("1234");
            return Ok(numbers.map(|msisdn| Person { msisdn, pin, terminal: None }).collect());
        };
        let mut list = people::parse(&read_text(path)?, &path.display().to_string())?;
        if list.is_empty() {
            return Err(Refusal::about(path.display(), "no handsets in it"));
        }
        list.truncate(count);
        Ok(list)
    }
}

/// A link's profile: built in, or of a file.
pub(super) fn variant(profile: &str) -> Result<Variant, Refusal> {
    if let Some(text) = Profile::builtin(profile) {
        return Ok(Variant::of(&Profile::parse(text).about(profile)?));
    }
    let path = Path::new(profile);
    if !path.exists() && !profile.contains(['/', '.']) {
        let names: Vec<_> = Profile::builtin_names().collect();
        let text = format!("no such profile and no such file; built in are {}", names.join(", "));
        return Err(Refusal::about(format!("--profile {profile}"), text));
    }
    Ok(Variant::of(&Profile::parse(&read_text(path)?).about(path.display())?))
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    let is_rate = rate > 0.0 && rate <= 1e6;
    if is_rate { Ok(rate) } else { Err("expected more than 0 and at most 1000000".to_owned()) }
}

fn seconds(text: &str) -> Result<Span, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text:?} is not a number of seconds"))?;
    let is_span = seconds > 0.0 && seconds <= 1e6;
    let span = || Span(whole(seconds * 1e9));
    if is_span { Ok(span()) } else { Err("expected more than 0 and at most 1000000".to_owned()) }
}
