//! A fleet on the real gateway: kill -9, cuts, a rude provider, a blocked terminal.
//!
//! The gateway's program is looked for beside `tillsim`; a build of the whole workspace puts it
//! there. Without it nothing is tested here, and the test says so.
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

const TERMINALS: u32 = 40;
/// Of another maker, beside them.
const OTHERS: u32 = 10;

/// A gateway and a provider, ended with the test.
struct World {
    dir: TempDir,
    program: PathBuf,
    children: Vec<Child>,
    gateway: Option<Child>,
    terminals: String,
    admin: String,
    listener: String,
    provider: String,
}

impl World {
    /// `None` when there is no program of a gateway.
    fn new(rudeness: &[&str]) -> Option<Self> {
        let program = Path::new(env!("CARGO_BIN_EXE_tillsim")).with_file_name("tillgate");
        if !program.exists() {
            eprintln!("not tested: {} is not built", program.display());
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let provider = Command::new(env!("CARGO_BIN_EXE_tillsim"))
            .args(["provider", "--listen", "127.0.0.1:0", "--latency", "3ms"])
            .args(rudeness)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut world = Self {
            dir,
            program,
            children: vec![provider],
            gateway: None,
            terminals: "127.0.0.1:0".to_owned(),
            admin: "127.0.0.1:0".to_owned(),
            listener: "127.0.0.1:0".to_owned(),
            provider: String::new(),
        };
        let said = first_line(&mut world.children[0]);
        let url = said.trim().rsplit(' ').next().unwrap().to_owned();
        world.provider = url.trim_end_matches("/topups").to_owned();
        let network = world.path("network");
        run(Command::new(env!("CARGO_BIN_EXE_tillsim"))
            .args(["network", &network, "--vouchers", "40000", "--terminals"])
            .args([(TERMINALS + OTHERS).to_string(), "--iso8583".to_owned(), OTHERS.to_string()]));
        let (install, bridge) = (world.path("gateway"), format!("topup={url}"));
        let any = ["--terminals", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
        run(world.tillgate(&["init", &install, "--bridge", &bridge]).args(any));
        world.claim_capabilities();
        tillsim::generator::unbound(Path::new(&world.config())).unwrap();
        world.listen();
        run(&mut world.tillgate(&["import", &network, "--config", &world.config()]));
        world.serve();
        world.pin_ports();
        Some(world)
    }

    /// What our provider can do; `init` claims nothing.
    fn claim_capabilities(&self) {
        let mut text = std::fs::read_to_string(self.config()).unwrap();
        for capability in ["idempotent", "inquiry", "reversal"] {
            let none = format!("\n{capability} = false");
            assert!(text.contains(&none), "{capability}");
            text = text.replacen(&none, &format!("\n{capability} = true"), 1);
        }
        std::fs::write(self.config(), text).unwrap();
    }

    /// A listener for terminals of another maker.
    fn listen(&self) {
        let profile = self.path("network/pos.toml");
        let text = std::fs::read_to_string(self.config()).unwrap();
        let listener = format!(
            "\n[[iso8583_listener]]\nname = \"pos\"\naddress = \"127.0.0.1:0\"\n\
             profile = {profile:?}\nnetworks = [\"127.0.0.0/8\"]\nrequests_per_s = 0\nconnections_max = 100\n"
        );
        std::fs::write(self.config(), text + &listener).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    fn config(&self) -> String {
        self.path("gateway/tillgate.toml")
    }

    fn tillgate(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments);
        command
    }

    fn serve(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.path("log"));
        let mut child = self
            .tillgate(&["serve", "--config", &self.config()])
            .stdout(Stdio::piped())
            .stderr(log.unwrap())
            .spawn()
            .unwrap();
        let line = first_line(&mut child);
        let log = || std::fs::read_to_string(self.path("log")).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{}", log()));
        self.terminals = said["terminals"].as_str().unwrap().to_owned();
        self.admin = said["admin"].as_str().unwrap().to_owned();
        self.listener = said["iso8583"][0].as_str().unwrap().to_owned();
        self.gateway = Some(child);
    }

    /// Writes the ports that the gateway got into its configuration, so that it comes back there.
    fn pin_ports(&self) {
        let text = std::fs::read_to_string(self.config()).unwrap();
        let pinned = [&self.terminals, &self.admin, &self.listener]
            .into_iter()
            .fold(text, |text, port| text.replacen("\"127.0.0.1:0\"", &format!("{port:?}"), 1));
        std::fs::write(self.config(), pinned).unwrap();
    }

    fn kill(&mut self) {
        let mut gateway = self.gateway.take().unwrap();
        gateway.kill().unwrap();
        gateway.wait().unwrap();
    }

    fn fleet(&self, scenario: &str) -> Child {
        let file = self.path("scenario.toml");
        std::fs::write(&file, scenario).unwrap();
        Command::new(env!("CARGO_BIN_EXE_tillsim"))
            .args(["run", &file, "--network", &self.path("network"), "--json", "-"])
            .args(["--gateway", &self.terminals, "--pub", &self.path("gateway/keys/gateway.pub")])
            .args(["--admin", &format!("http://{}", self.admin)])
            .args(["--token", &self.path("gateway/admin.token"), "--provider", &self.provider])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for mut child in self.gateway.take().into_iter().chain(self.children.drain(..)) {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The exit code and the report of a fleet.
fn report(fleet: Child) -> (Option<i32>, Value) {
    let output = fleet.wait_with_output().unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code(), report)
}

#[test]
fn a_gateway_killed_again_and_again_loses_nothing_and_doubles_nothing() {
    let rudeness = ["--decline", "3", "--deaf", "1", "--silence", "0.2", "--pending", "1"];
    let Some(mut world) = World::new(&rudeness) else { return };
    let fleet = world.fleet(
        "seconds = 5.0\n[load]\nthink = \"exp:20ms\"\n[faults]\ncuts_per_s = 5.0\n\
         [terminal]\nreconnect_base = \"50ms\"\nreconnect_cap = \"500ms\"\nretry_percent = 3.0\n",
    );
    for _ in 0..3 {
        sleep(Duration::from_millis(1_300));
        world.kill();
        world.serve();
    }
    let (exit, report) = report(fleet);
    assert_eq!(exit, Some(0), "{report:#}");
    assert_eq!(report["money"]["verdict"], "exact");
    assert!(report["sent_again"].as_u64().unwrap() > 0, "{report:#}");
    assert!(report["money"]["provider"]["approved"].as_u64().unwrap() > 0, "{report:#}");
    world.kill();
    let config = world.path("gateway");
    run(&mut world.tillgate(&["verify", &config]));
}

/// Adds the terminals of another maker to a scenario.
fn with_others(world: &World, scenario: &str, more: &str) -> String {
    let (address, profile) = (&world.listener, world.path("network/pos.toml"));
    format!("{scenario}\n[iso8583]\naddress = {address:?}\nprofile = {profile:?}\n{more}")
}

/// The counts of the terminals of another maker.
fn others(report: &Value) -> &Value {
    let others = &report["kinds"][1];
    assert_eq!(others["kind"], "ISO 8583", "{report:#}");
    others
}

#[test]
fn terminals_of_another_maker_sell_beside_ours_through_cuts_and_a_kill_to_the_last_minor_unit() {
    let rudeness = ["--decline", "3", "--deaf", "1", "--silence", "0.2", "--pending", "1"];
    let Some(mut world) = World::new(&rudeness) else { return };
    let scenario = "seconds = 4.0\n[load]\nthink = \"exp:20ms\"\n[faults]\ncuts_per_s = 20.0\n\
                    [terminal]\nreconnect_base = \"50ms\"\nreconnect_cap = \"500ms\"\n\
                    retry_percent = 3.0\ncancel_percent = 3.0\ngive_back_percent = 50.0\n\
                    clash_percent = 2.0\nlate_percent = 20.0\nsettles = true\n";
    let fleet = world.fleet(&with_others(&world, scenario, "answer = \"5s\"\n"));
    sleep(Duration::from_millis(1_500));
    world.kill();
    world.serve();
    let (exit, first) = report(fleet);
    assert_eq!(exit, Some(0), "{first:#}");
    assert_eq!((&first["money"]["verdict"], &first["online"]), (&"exact".into(), &50.into()));
    let sold = others(&first);
    assert!(sold["approved"].as_u64().unwrap() > 50, "{first:#}");
    assert!(sold["reversed"].as_u64().unwrap() > 0, "{first:#}");
    assert_eq!((&sold["terminals"], &sold["in_doubt"]), (&OTHERS.into(), &0.into()));
    assert_eq!(sold["settlements"]["agree"], OTHERS, "{first:#}");
    // The numbers of this run go on above those of the first; they close the connection each time.
    let scenario = "seconds = 1.0\n[load]\nthink = \"exp:20ms\"\n[terminal]\nsettles = true\n";
    let fleet = world.fleet(&with_others(&world, scenario, "hangs_up = true\n"));
    let (exit, second) = report(fleet);
    assert_eq!(exit, Some(0), "{second:#}");
    let (sold, money) = (others(&second), &second["money"]);
    assert!(sold["approved"].as_u64().unwrap() > 50, "{second:#}");
    assert_eq!(sold["settlements"]["excused"], OTHERS, "{second:#}");
    assert_eq!(
        (&money["verdict"], &money["rows_of_other_terminals"]),
        (&"exact".into(), &0.into())
    );
    assert!(money["rows_of_earlier_runs"].as_u64().unwrap() > 50, "{second:#}");
}

#[test]
fn a_listener_that_does_not_know_its_terminals_is_named_and_the_run_does_not_pass() {
    let Some(world) = World::new(&[]) else { return };
    // Without codes, where the listener wants them.
    let run = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_tillsim"))
            .args(["run", "--network", &world.path("network"), "--terminals", "0", "--quiet"])
            .args(["--seconds", "1", "--iso8583", &world.listener])
            .args(more)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let scenario = world.path("soon.toml");
    std::fs::write(&scenario, "[connect]\nwithin_seconds = 1.0\n").unwrap();
    let (exit, said) = run(&[&scenario, "--profile", "nac-terminal", "--drain", "1"]);
    assert_eq!(exit, Some(2), "{said}");
    assert!(said.contains("10 terminals of ISO 8583 never logged on at 127.0.0.1:"), "{said}");
    assert!(said.contains("the first is 41: is that listener \"pos\""), "{said}");
    let (exit, said) = run(&["--profile", &world.path("network/pos.toml")]);
    assert_eq!(exit, Some(0), "no terminal of ours is needed, and no journal: {said}");
    assert!(said.contains("10 terminals of ISO 8583: ") && said.contains("not checked"), "{said}");
    // Their business day is not the gateway's: what they sold today is yesterday's in their books.
    let other_day = world.path("day.toml");
    std::fs::write(&other_day, "[iso8583]\ncutoff = \"23:59\"\n").unwrap();
    let (admin, token) = (format!("http://{}", world.admin), world.path("gateway/admin.token"));
    let pos = world.path("network/pos.toml");
    let (exit, said) = run(&[&other_day, "--profile", &pos, "--admin", &admin, "--token", &token]);
    assert_eq!(exit, Some(1), "{said}");
    assert!(said.contains("iso8583.cutoff is not the gateway's calendar.cutoff"), "{said}");
    let (exit, said) = run(&["--profile", "pos"]);
    assert_eq!(exit, Some(4), "{said}");
    assert!(said.contains("iso8583.profile is \"pos\"; there is nac-terminal"), "{said}");
}

#[test]
fn a_blocked_terminal_that_tries_on_sells_nothing_more() {
    let Some(world) = World::new(&[]) else { return };
    let fleet = world
        .fleet("seconds = 4.0\n[load]\nthink = \"20ms\"\n[terminal]\nwhen_blocked = \"try\"\n");
    sleep(Duration::from_millis(1_500));
    let config = world.config();
    run(&mut world.tillgate(&["terminal", "block", "7", "--reason", "test", "--config", &config]));
    let (exit, report) = report(fleet);
    assert_eq!(exit, Some(0), "{report:#}");
    assert!(report["tried_blocked"].as_u64().unwrap() > 5, "{report:#}");
    let refused = report["declined"]["58"].as_u64().unwrap();
    assert!(refused >= report["tried_blocked"].as_u64().unwrap(), "{report:#}");
    assert_eq!(report["orders"], 1);
}

#[test]
fn an_open_load_with_a_second_handshake_pattern_and_no_public_key_is_served() {
    let Some(world) = World::new(&[]) else { return };
    let output = Command::new(env!("CARGO_BIN_EXE_tillsim"))
        .args(["run", "--network", &world.path("network"), "--gateway", &world.terminals])
        .args(["--admin", &format!("http://{}", world.admin), "--rate", "100", "--seconds", "2"])
        .args(["--token", &world.path("gateway/admin.token"), "--json", "-", "--quiet"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["money"]["verdict"], "exact", "{report:#}");
    let offered = report["offered"].as_u64().unwrap();
    assert!((120..290).contains(&offered), "{report:#}");
    assert_eq!(report["completed"], offered, "{report:#}");
}
