//! A gateway of its own for a measurement: installed, stocked, served, verified and thrown away.

use std::io::{BufRead, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tillsim::exit::Refusal;
use tillsim::network::{Currency, NetworkOptions, generate};

/// Vouchers of one import.
const STOCK_PART: u64 = 80_000;
/// Float of each seller: more than any measurement sells.
const FLOAT_MINOR: u64 = 1_000_000_000_000;
/// How long a gateway may take to end.
const END: Duration = Duration::from_secs(60);

/// What a gateway is installed with.
#[derive(Default)]
pub struct GatewayPlan {
    /// How many there are.
    pub terminals: u32,
    /// Further lines of the configuration.
    pub config: String,
    /// Further rows of services.csv.
    pub services: String,
    /// The whole of routes.csv; empty: none.
    pub routes: String,
}

/// An installation, and the gateway that serves it.
pub struct Gateway {
    program: PathBuf,
    directory: PathBuf,
    serving: Option<Child>,
    vouchers: u64,
    parts: usize,
    plan: GatewayPlan,
    /// Where terminals connect.
    pub address: SocketAddr,
    /// The admin interface.
    pub admin: String,
}

impl Gateway {
    /// Installs a gateway in an empty `directory` and serves it.
    ///
    /// # Errors
    /// [`Refusal`] with what the program said.
    pub fn start(program: &Path, directory: &Path, plan: GatewayPlan) -> Result<Self, Refusal> {
        let mut gateway = Self {
            program: program.to_owned(),
            directory: directory.to_owned(),
            serving: None,
            vouchers: 0,
            parts: 0,
            plan,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            admin: String::new(),
        };
        let install = gateway.install();
        let any = ["--terminals", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
        gateway.command(&["init", &install.to_string_lossy()], &any)?;
        tillsim::generator::unbound(Path::new(&gateway.config()))?;
        let network = gateway.network();
        gateway.make(&network, false, 0, STOCK_PART)?;
        let GatewayPlan { config, services, routes, .. } = &gateway.plan;
        append(Path::new(&gateway.config()), config)?;
        append(&network.join("services.csv"), services)?;
        append(&network.join("routes.csv"), routes)?;
        gateway.vouchers = STOCK_PART;
        for part in tillsim::network::parts(&gateway.network())? {
            gateway.import(&part)?;
        }
        gateway.serve()?;
        Ok(gateway)
    }

    /// The network's directory, with all vouchers ever imported.
    #[must_use]
    pub fn network(&self) -> PathBuf {
        self.directory.join("network")
    }

    /// File with the gateway's public key.
    #[must_use]
    pub fn public_key(&self) -> PathBuf {
        self.install().join("keys/gateway.pub")
    }

    /// File with the admin interface's token.
    #[must_use]
    pub fn token(&self) -> PathBuf {
        self.install().join("admin.token")
    }

    /// Process number of the serving gateway.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.serving.as_ref().map_or(0, Child::id)
    }

    /// Vouchers imported so far.
    #[must_use]
    pub fn vouchers(&self) -> u64 {
        self.vouchers
    }

    /// Imports at least this many further vouchers into the serving gateway.
    ///
    /// # Errors
    /// [`Refusal`] with what the program said.
    pub fn restock(&mut self, vouchers: u64) -> Result<(), Refusal> {
        for _ in 0..vouchers.div_ceil(STOCK_PART) {
            let part = self.network().join(format!("part-9{:04}", self.parts));
            self.parts += 1;
            self.make(&part, true, self.vouchers, STOCK_PART)?;
            self.vouchers += STOCK_PART;
            self.import(&part)?;
        }
        Ok(())
    }

    /// Ends the gateway in good order and lets it verify its store.
    ///
    /// # Errors
    /// [`Refusal`] when it does not end, or when an invariant does not hold.
    pub fn stop_and_verify(mut self) -> Result<(), Refusal> {
        if let Some(mut child) = self.serving.take() {
            let pid =
                i32::try_from(child.id()).map_err(|error| Refusal::about("gateway", error))?;
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGTERM)
                .map_err(|error| Refusal::about("gateway", error))?;
            let until = Instant::now() + END;
            loop {
                let ended = child.try_wait().map_err(|error| Refusal::about("gateway", error))?;
                match ended {
                    Some(status) if status.success() => break,
                    Some(status) => return Err(Refusal::about("the gateway ended with", status)),
                    None if Instant::now() > until => {
                        drop(child.kill());
                        return Err(Refusal("the gateway did not end".to_owned()));
                    }
                    None => std::thread::sleep(Duration::from_millis(20)),
                }
            }
        }
        let install = self.install();
        self.command(&["verify", &install.to_string_lossy()], &[]).map(drop)
    }

    fn install(&self) -> PathBuf {
        self.directory.join("gateway")
    }

    fn make(&self, into: &Path, stock_only: bool, from: u64, count: u64) -> Result<(), Refusal> {
        let currency = Currency::parse("USD").expect("dollars are known");
        let options = NetworkOptions {
            seed: 1,
            terminals: self.plan.terminals,
            iso8583: 0,
            sellers: (self.plan.terminals / 10).max(1),
            vouchers: count,
            vouchers_from: from,
            float_minor: FLOAT_MINOR,
            currency,
            bridge: None,
            stock_only,
        };
        generate(into, &options).map(drop)
    }

    fn import(&self, part: &Path) -> Result<(), Refusal> {
        let part = part.to_string_lossy();
        let config = self.config();
        self.command(&["import", &part], &["--config", &config]).map(drop)
    }

    fn config(&self) -> String {
        self.install().join("tillgate.toml").to_string_lossy().into_owned()
    }

    fn serve(&mut self) -> Result<(), Refusal> {
        let log = std::fs::File::create(self.directory.join("gateway.log"))
            .map_err(|error| Refusal::about("gateway.log", error))?;
        let mut child = Command::new(&self.program)
            .args(["serve", "--config", &self.config()])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|error| Refusal::about(self.program.display(), error))?;
        let stdout = child.stdout.take().expect("the output is piped");
        self.serving = Some(child);
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .map_err(|error| Refusal::about("gateway", error))?;
        let said: Value = serde_json::from_str(&line)
            .map_err(|_| Refusal(format!("the gateway did not serve: {}", self.log())))?;
        let address = said["terminals"].as_str().unwrap_or_default();
        self.address = address.parse().map_err(|error| Refusal::about(address, error))?;
        self.admin = format!("http://{}", said["admin"].as_str().unwrap_or_default());
        Ok(())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("gateway.log")).unwrap_or_default()
    }

    fn command(&self, arguments: &[&str], options: &[&str]) -> Result<Output, Refusal> {
        let output = Command::new(&self.program)
            .args(arguments)
            .args(options)
            .output()
            .map_err(|error| Refusal::about(self.program.display(), error))?;
        if output.status.success() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let shown = String::from_utf8_lossy(&output.stdout);
        Err(Refusal(format!("tillgate {}: {said}{shown}", arguments.join(" "))))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(mut child) = self.serving.take() {
            // Something went wrong before: nothing more is to be learnt from this gateway.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Writes text behind what is in a file; nothing to write makes no file.
fn append(file: &Path, text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Ok(());
    }
    let opened = std::fs::OpenOptions::new().create(true).append(true).open(file);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Refusal::about(file.display(), error))
}
