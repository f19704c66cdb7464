//! The binary as an operator meets it: signals, exit codes, what it says when it cannot start.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

struct Installation {
    _dir: TempDir,
    config: PathBuf,
}

struct Serving {
    child: Child,
    said: Value,
}

fn tillgate() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tillgate"))
}

impl Installation {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let home = dir.path().join("tillgate");
        let made = tillgate()
            .args(["init", "--terminals", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .arg(&home)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", text(&made));
        let config = home.join("tillgate.toml");
        let small = fs::read_to_string(&config).unwrap();
        fs::write(&config, limit_sessions(&small, 100)).unwrap();
        Self { _dir: dir, config }
    }

    fn serve(&self) -> Serving {
        let mut child = self.command().stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Serving { child, said: serde_json::from_str(&line).unwrap() }
    }

    fn command(&self) -> Command {
        let mut command = tillgate();
        command.args(["serve", "--config"]).arg(&self.config).stderr(Stdio::piped());
        command
    }
}

/// The configuration with another `link.sessions_max`.
fn limit_sessions(config: &str, sessions_max: u32) -> String {
    let without: Vec<&str> =
        config.lines().filter(|line| !line.trim_start().starts_with("sessions_max")).collect();
    let link = "[link]";
    assert!(without.contains(&link), "{config}");
    without.join("\n").replacen(link, &format!("{link}\nsessions_max = {sessions_max}"), 1)
}

impl Serving {
    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, signal).unwrap();
    }

    fn end(mut self) -> i32 {
        let give_up = Instant::now() + Duration::from_secs(60);
        while Instant::now() < give_up {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.child.kill().unwrap();
        panic!("it does not end");
    }

    fn address(&self, of: &str) -> String {
        self.said[of].as_str().unwrap().to_owned()
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address("admin")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn limits(pid: u32) -> String {
    fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("limits")).unwrap()
}

#[test]
fn a_signal_drains_and_ends_with_0_and_the_next_start_serves_again() {
    let installation = Installation::new();
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let serving = installation.serve();
        assert!(serving.get("/readyz").starts_with("HTTP/1.1 200"));
        assert!(serving.get("/metrics").contains("\ntillgate_serving 1\n"));
        let idle = TcpStream::connect(serving.address("terminals")).unwrap();
        let began = Instant::now();
        serving.signal(signal);
        assert_eq!(serving.end(), 0);
        assert!(began.elapsed() < Duration::from_secs(5), "took {:?}", began.elapsed());
        drop(idle);
    }
}

#[test]
fn a_second_gateway_on_the_same_store_is_refused_with_4_and_a_reason() {
    let installation = Installation::new();
    let serving = installation.serve();
    let second = installation.command().output().unwrap();
    assert_eq!(second.status.code(), Some(4), "{}", text(&second));
    assert!(text(&second).contains("in use by another process"), "{}", text(&second));
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.end(), 0);
}

#[test]
fn too_few_descriptors_are_refused_with_3_and_the_number_that_would_do() {
    let installation = Installation::new();
    let config = fs::read_to_string(&installation.config).unwrap();
    fs::write(&installation.config, limit_sessions(&config, 900_000)).unwrap();
    let refused = installation.command().output().unwrap();
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    let said = text(&refused);
    assert!(said.contains("LimitNOFILE=") && said.contains("sessions_max"), "{said}");
}

#[test]
fn it_leaves_no_core_file_and_lets_nobody_look_into_it() {
    let installation = Installation::new();
    let serving = installation.serve();
    let core = limits(serving.child.id());
    let core = core.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    serving.signal(Signal::SIGTERM);
    assert_eq!(serving.end(), 0);
}
