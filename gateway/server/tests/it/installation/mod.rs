//! An installation in a directory that goes away, and its gateway as a process of its own.

#![allow(dead_code, reason = "each test file uses its part of this")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A directory with an installation in it.
pub(crate) struct TestInstallation {
    /// Where it is.
    pub(crate) dir: TempDir,
    /// The password that `init` printed.
    pub(crate) password: String,
}

/// What a command did.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A serving gateway; killed when dropped.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) admin: SocketAddr,
    pub(crate) terminals: SocketAddr,
}

/// What an HTTP server said.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs `tillgate` to its end, which must come within a minute.
pub(crate) fn tillgate(args: &[&str]) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tillgate"))
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    said(child.wait_with_output().unwrap())
}

/// The demo network of the tree.
pub(crate) fn demo() -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo");
    dir.canonicalize().unwrap().to_str().unwrap().to_owned()
}

impl TestInstallation {
    /// An installation whose gateway lets the system choose its ports.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let gate = dir.path().join("gate");
        let made = tillgate(&[
            "init",
            gate.to_str().unwrap(),
            "--terminals=127.0.0.1:0",
            "--admin=127.0.0.1:0",
            "--bridge=topup=http://127.0.0.1:9/topups",
        ]);
        assert_eq!(made.code, 0, "{}", made.err);
        let password = made.out.lines().find_map(|line| line.split("password ").nth(1)).unwrap();
        Self { password: password.trim().to_owned(), dir }
    }

    /// A file of the installation.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("gate").join(name)
    }

    /// `--config=FILE`
    pub(crate) fn config(&self) -> String {
        format!("--config={}", self.file("tillgate.toml").display())
    }

    pub(crate) fn token(&self) -> String {
        std::fs::read_to_string(self.file("admin.token")).unwrap().trim().to_owned()
    }

    /// Writes CSV files into a directory of their own.
    pub(crate) fn csv(&self, name: &str, files: &[(&str, &str)]) -> String {
        let dir = self.dir.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        for (file, text) in files {
            std::fs::write(dir.join(file), text).unwrap();
        }
        dir.to_str().unwrap().to_owned()
    }

    pub(crate) fn serve(&self) -> Gateway {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tillgate"));
        command.args(["serve", &self.config()]);
        serve_as(command)
    }

    /// As [`TestInstallation::serve`], by a process whose files may have this many blocks of 1 KiB at
    /// most.
    pub(crate) fn serve_on_a_small_disk(&self, blocks: u32) -> Gateway {
        let mut command = Command::new("bash");
        command.args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; exec \"$0\" serve \"$2\""]);
        command.args([env!("CARGO_BIN_EXE_tillgate"), &blocks.to_string(), &self.config()]);
        serve_as(command)
    }
}

/// Starts a gateway and waits until it says where it is.
fn serve_as(mut command: Command) -> Gateway {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let where_: Value = serde_json::from_str(&line).unwrap();
    let address = |name: &str| where_[name].as_str().unwrap().parse().unwrap();
    Gateway { admin: address("admin"), terminals: address("terminals"), child }
}

impl Gateway {
    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// One request with a token.
    pub(crate) fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.raw(&[head.as_bytes(), body.as_bytes()].concat())
    }

    /// These bytes, and what comes back until the end.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.admin).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        // The server may answer and close before it has read everything.
        let _written = stream.write_all(bytes);
        let mut text = Vec::new();
        let _read = stream.read_to_end(&mut text);
        let text = String::from_utf8_lossy(&text);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// SIGTERM, and the exit code.
    pub(crate) fn stop(self) -> i32 {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.end()
    }

    /// Waits until it ends by itself; the exit code.
    pub(crate) fn end(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
