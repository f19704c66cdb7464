//! An installation to do harm to: directory, network, provider.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Plan;
use crate::exit::{About, Refusal};
use crate::network::{Currency, NetworkOptions, generate, parts};
use crate::run::Admin;

const TERMINALS_A_SELLER: u32 = 5;
/// Float of a seller, in minor units: more than can be sold in a night.
const FLOAT_MINOR: u64 = 100_000_000_000;
/// No command of the gateway takes longer on a store of this size.
const COMMAND: Duration = Duration::from_secs(120);
/// What our provider can do; `tillgate init` claims none of it.
const CAPABILITIES: [&str; 4] = ["idempotent", "inquiry", "reversal", "confirmation"];
/// A provider that is late, unresponsive, unreachable or undecided now and then, of 100 orders.
const PROVIDER: [&str; 8] =
    ["--latency", "lognormal:4ms,0.6", "--silence", "0.3", "--pending", "0.5", "--deaf", "0.2"];

/// An installation of the gateway with its network and its provider.
pub(super) struct TestInstallation {
    tillgate: PathBuf,
    pub(super) gate: PathBuf,
    /// The network's CSV files.
    pub(super) network: PathBuf,
    /// Where the gateway's log goes, over all its lives.
    pub(super) log: PathBuf,
    /// Where terminals connect.
    pub(super) terminals: SocketAddr,
    pub(super) admin: SocketAddr,
    /// The provider's base address.
    pub(super) provider: String,
    provider_process: Child,
}

impl TestInstallation {
    /// Makes the installation in `gate` and everything beside it in `beside`, with this many
    /// vouchers.
    pub(super) fn build(
        plan: &Plan,
        beside: &Path,
        gate: &Path,
        vouchers: u64,
    ) -> Result<Self, Refusal> {
        let network = beside.join("network");
        let (provider_process, provider) = start_provider(plan.extent.seed)?;
        let [terminals, admin] = [free_port()?, free_port()?];
        let house = Self {
            tillgate: plan.tillgate.clone(),
            gate: gate.to_owned(),
            network: network.clone(),
            log: beside.join("gateway.log"),
            terminals,
            admin,
            provider,
            provider_process,
        };
        let options = NetworkOptions {
            seed: plan.extent.seed,
            terminals: plan.extent.terminals,
            iso8583: 0,
            sellers: (plan.extent.terminals / TERMINALS_A_SELLER).max(1),
            vouchers,
            vouchers_from: 0,
            float_minor: FLOAT_MINOR,
            currency: Currency::parse("EUR").ok_or_else(|| Refusal("no EUR".to_owned()))?,
            bridge: Some("topup".to_owned()),
            stock_only: false,
        };
        generate(&network, &options)?;
        house.install()?;
        Ok(house)
    }

    fn install(&self) -> Result<(), Refusal> {
        let gate = self.gate.display().to_string();
        let bridge = format!("topup={}/topups", self.provider);
        let (terminals, admin) = (self.terminals.to_string(), self.admin.to_string());
        let at = ["--terminals", &terminals, "--admin", &admin, "--bridge", &bridge];
        self.done(&[&["init", &gate], &at[..]].concat())?;
        // A silent provider is asked again soon, so that a run of a minute sees the end of it.
        let config = self.config();
        let text = fs::read_to_string(&config).about(config.display())?;
        let text = text.replacen("\ndeadline_s = 10", "\ndeadline_s = 2", 1);
        let text = text.replacen("# answer_s = 25", "answer_s = 6", 1);
        // Our provider can do everything.
        let text = CAPABILITIES.iter().fold(text, |text, capability| {
            text.replacen(&format!("\n{capability} = false"), &format!("\n{capability} = true"), 1)
        });
        fs::write(&config, text).about(config.display())?;
        crate::generator::unbound(&config)?;
        let config = config.display().to_string();
        for part in parts(&self.network)? {
            self.done(&["import", &part.display().to_string(), "--config", &config])?;
        }
        Ok(())
    }

    /// Its admin API, with the token.
    pub(super) fn api(&self) -> Result<Admin, Refusal> {
        let token = fs::read_to_string(self.gate.join("admin.token")).about("admin.token")?;
        Ok(Admin { base: format!("http://{}", self.admin), token: Some(token.trim().to_owned()) })
    }

    pub(super) fn config(&self) -> PathBuf {
        self.gate.join("tillgate.toml")
    }

    pub(super) fn data(&self) -> PathBuf {
        self.gate.join("data")
    }

    /// The gateway's program, called with these arguments.
    pub(super) fn tillgate(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.tillgate);
        command.args(arguments);
        command
    }

    /// Runs a command of the gateway's to its end.
    pub(super) fn call(&self, arguments: &[&str]) -> Result<Output, Refusal> {
        finish(self.tillgate(arguments), COMMAND)
    }

    /// Runs a command that must succeed.
    pub(super) fn done(&self, arguments: &[&str]) -> Result<Output, Refusal> {
        let output = self.call(arguments)?;
        if output.status.success() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(Refusal(format!("tillgate {}: {said}", arguments.join(" "))))
    }
}

impl Drop for TestInstallation {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.provider_process.kill());
        drop(self.provider_process.wait());
    }
}

/// Runs a program to its end, but not longer than `within`.
pub(super) fn finish(mut command: Command, within: Duration) -> Result<Output, Refusal> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().about(&name)?;
    let pid = child.id();
    let watched = std::thread::spawn(move || child.wait_with_output());
    let begun = Instant::now();
    while !watched.is_finished() {
        if begun.elapsed() > within {
            super::gateway::signal(pid, nix::sys::signal::Signal::SIGKILL);
        }
        sleep(Duration::from_millis(2));
    }
    watched.join().map_err(|_| Refusal::about(&name, "was lost"))?.about(&name)
}

fn start_provider(seed: u64) -> Result<(Child, String), Refusal> {
    let starting = "starting the provider";
    let program = std::env::current_exe().about(starting)?;
    let mut child = Command::new(program)
        .args(["provider", "--listen", "127.0.0.1:0", "--seed", &seed.to_string()])
        .args(PROVIDER)
        .stdout(Stdio::piped())
        .spawn()
        .about(starting)?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).about(starting)?;
    }
    let url = line.trim().rsplit(' ').next().unwrap_or_default();
    match url.strip_suffix("/topups") {
        Some(base) => Ok((child, base.to_owned())),
        None => {
            drop(child.kill());
            Err(Refusal(format!("the provider said {line:?}")))
        }
    }
}

/// A port that nobody listens on: the gateway has to come back where it was.
fn free_port() -> Result<SocketAddr, Refusal> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .about("a free port")
}
