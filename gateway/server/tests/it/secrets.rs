//! Keys, files and what nobody may see, with the real program.

use std::fs::{self, File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::installation::{TestInstallation, demo, tillgate};
use serde_json::{Value, json};

fn stocked() -> TestInstallation {
    let installation = TestInstallation::new();
    let done = tillgate(&["import", &demo(), &installation.config()]);
    assert_eq!(done.code, 0, "{}", done.err);
    installation
}

fn replace(installation: &TestInstallation, name: &str, text: &str) {
    let file = installation.file(name);
    fs::remove_file(&file).unwrap();
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o400)).unwrap();
}

fn configure(installation: &TestInstallation, from: &str, to: &str) {
    let file = installation.file("tillgate.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&file, text.replace(from, to)).unwrap();
}

/// From key 1 to key 2, key 1 kept as an old one.
fn rotate(installation: &TestInstallation) {
    replace_new(installation, "keys/kek-2.key", &format!("{}\n", "5a".repeat(32)));
    configure(installation, "kek_id = 1", "kek_id = 2");
    configure(installation, "keys/kek-1.key", "keys/kek-2.key");
    let file = installation.file("tillgate.toml");
    let mut text = fs::read_to_string(&file).unwrap();
    text.push_str("\n[[store.kek_old]]\nid = 1\nfile = \"keys/kek-1.key\"\n");
    fs::write(file, text).unwrap();
}

fn replace_new(installation: &TestInstallation, name: &str, text: &str) {
    fs::write(installation.file(name), text).unwrap();
    fs::set_permissions(installation.file(name), Permissions::from_mode(0o400)).unwrap();
}

fn forget_old(installation: &TestInstallation) {
    let file = installation.file("tillgate.toml");
    let text = fs::read_to_string(&file).unwrap();
    let (kept, _) = text.split_once("\n[[store.kek_old]]").unwrap();
    fs::write(file, kept).unwrap();
}

fn keks(installation: &TestInstallation) -> Value {
    let said = tillgate(&["verify", &installation.config()]);
    assert_eq!(said.code, 0, "{}", said.err);
    serde_json::from_str::<Value>(&said.out).unwrap()["keks"].clone()
}

#[test]
fn an_exchanged_key_is_refused_by_whoever_would_use_it_and_named() {
    let installation = stocked();
    let sound = fs::read_to_string(installation.file("keys/kek-1.key")).unwrap();
    replace(&installation, "keys/kek-1.key", &format!("{}\n", "11".repeat(32)));
    for call in [vec!["serve"], vec!["verify"], vec!["rewrap"], vec!["import", &demo(), "--update"]]
    {
        let config = installation.config();
        let said = tillgate(&[call.as_slice(), &[config.as_str()]].concat());
        assert_eq!(said.code, 3, "{call:?}: {}", said.err);
        assert!(said.err.contains("kek-1.key: not the key-encryption key 1"), "{}", said.err);
    }
    replace(&installation, "keys/kek-1.key", &sound);
    assert_eq!(installation.serve().stop(), 0);
}

#[test]
fn stock_under_a_key_that_was_tidied_away_is_refused_at_the_start() {
    let installation = stocked();
    rotate(&installation);
    assert_eq!(installation.serve().stop(), 0);
    forget_old(&installation);
    for call in ["serve", "verify"] {
        let said = tillgate(&[call, &installation.config()]);
        assert_eq!(said.code, 3, "{call}: {}", said.err);
        assert!(said.err.contains("key-encryption key 1, which is not configured"), "{}", said.err);
        assert!(said.err.contains("[[store.kek_old]]"), "{}", said.err);
    }
}

#[test]
fn after_rewrap_the_old_key_may_leave_the_configuration() {
    let installation = stocked();
    let before = keks(&installation);
    assert_eq!(before.as_array().unwrap().len(), 1);
    assert_eq!((&before[0]["kek_id"], &before[0]["canary"]), (&json!(1), &json!(true)));
    rotate(&installation);
    let gateway = installation.serve();
    let beside = tillgate(&["rewrap", &installation.config()]);
    assert_eq!(beside.code, 4, "{}", beside.err);
    assert!(beside.err.contains("stop it, run this again"), "{}", beside.err);
    assert_eq!(gateway.stop(), 0);
    let done = tillgate(&["rewrap", &installation.config()]);
    assert_eq!(done.code, 0, "{}", done.err);
    let terminals = before[0]["terminals"].as_u64().unwrap();
    assert!(done.out.contains(&format!("{terminals} terminal keys")), "{}", done.out);
    assert!(done.out.contains("Nothing is sealed under 1 any more"), "{}", done.out);
    let mut after = before;
    after[0]["kek_id"] = json!(2);
    assert_eq!(keks(&installation), after, "the same secrets, all under the new key");
    forget_old(&installation);
    fs::remove_file(installation.file("keys/kek-1.key")).unwrap();
    assert_eq!(keks(&installation), after);
    assert_eq!(installation.serve().stop(), 0);
    let again = tillgate(&["rewrap", &installation.config()]);
    assert!(
        again.out.contains(": 0 terminal keys, 0 PINs of handsets, 0 PINs for sale"),
        "{}{}",
        again.out,
        again.err
    );
}

#[test]
fn a_rewrap_that_is_killed_loses_nothing_and_goes_on_when_it_is_run_again() {
    let installation = stocked();
    let before = keks(&installation);
    rotate(&installation);
    for wait_ms in [5, 20, 40, 80] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tillgate"))
            .args(["rewrap", &installation.config()])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = keks(&installation);
        let sum = |name: &str| {
            let keks = found.as_array().unwrap();
            keks.iter().map(|kek| kek[name].as_u64().unwrap()).sum::<u64>()
        };
        for name in ["terminals", "vouchers_in_stock", "vouchers_sold"] {
            assert_eq!(json!(sum(name)), before[0][name], "{name} after {wait_ms} ms");
        }
    }
    assert_eq!(tillgate(&["rewrap", &installation.config()]).code, 0);
    assert_eq!(keks(&installation).as_array().unwrap().len(), 1);
}

#[test]
fn no_command_leaves_its_memory_open() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    let program = dir.path().join("tillgate");
    fs::copy(env!("CARGO_BIN_EXE_tillgate"), &program).unwrap();
    let us = fs::metadata(dir.path()).unwrap().uid();
    let mut command = Command::new(&program);
    // Reads its input to the end, which does not come.
    command.args(["decode", "--dialect=iso87a"]).stdin(Stdio::piped()).stdout(Stdio::null());
    if us == 0 {
        command.uid(65_534);
    }
    let mut child = command.spawn().unwrap();
    let proc = Path::new("/proc").join(child.id().to_string());
    let begun = Instant::now();
    let limit = || fs::read_to_string(proc.join("limits")).unwrap();
    let no_cores = || {
        let limits = limit();
        let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        line.split_whitespace().nth(4) == Some("0")
    };
    // The kernel gives what must not be read to root, and what may be read to its user.
    let closed = || fs::metadata(proc.join("mem")).unwrap().uid() == 0;
    while !(no_cores() && closed()) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", limit());
        std::thread::sleep(Duration::from_millis(5));
    }
    if us != 0 {
        assert!(File::open(proc.join("mem")).is_err());
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn users_and_configuration_that_others_may_change_are_refused_with_the_remedy() {
    let installation = TestInstallation::new();
    for (name, mode, remedy) in [
        ("users.toml", 0o666, "chmod 0400"),
        ("users.toml", 0o644, "chmod 0400"),
        ("keys/gateway.key", 0o440, "chmod 0400"),
        ("keys/admin.sha256", 0o666, "chmod go-w"),
        ("tillgate.toml", 0o666, "chmod go-w"),
        ("keys", 0o777, "chmod go-w"),
        (".", 0o777, "chmod go-w"),
    ] {
        let path = installation.file(name);
        let mode_before = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let said = tillgate(&["serve", &installation.config()]);
        assert_eq!(said.code, 3, "{name}: {}", said.err);
        assert!(said.err.contains(remedy), "{name}: {}", said.err);
        fs::set_permissions(&path, mode_before).unwrap();
    }
    assert_eq!(installation.serve().stop(), 0);
}

#[test]
fn a_fifo_as_a_file_is_refused_and_not_waited_for() {
    let installation = TestInstallation::new();
    let fifo = installation.dir.path().join("vouchers.csv");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let begun = Instant::now();
    let said = tillgate(&["import", fifo.to_str().unwrap(), &installation.config()]);
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("is a FIFO, expected a regular file"), "{}", said.err);
    let config = installation.dir.path().join("tillgate.toml");
    fs::rename(&fifo, &config).unwrap();
    let said = tillgate(&["serve", "--config", config.to_str().unwrap()]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.err.contains("is a FIFO"), "{}", said.err);
}

#[test]
fn a_backup_with_a_link_in_it_is_not_restored() {
    let installation = stocked();
    let backup = installation.dir.path().join("backup");
    let to = installation.dir.path().join("back");
    let [from, to] = [&backup, &to].map(|path| path.to_str().unwrap().to_owned());
    assert_eq!(tillgate(&["backup", &from, &installation.config()]).code, 0);
    let sound = backup.join("data/rows/CURRENT");
    let moved = installation.dir.path().join("elsewhere");
    fs::rename(&sound, &moved).unwrap();
    symlink(&moved, &sound).unwrap();
    let refused = tillgate(&["restore", &from, &to, &installation.config()]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(refused.err.contains("symbolic link"), "{}", refused.err);
    fs::remove_file(&sound).unwrap();
    fs::rename(&moved, &sound).unwrap();
    let rows = backup.join("data/rows");
    fs::rename(&rows, &moved).unwrap();
    symlink(&moved, &rows).unwrap();
    let refused = tillgate(&["restore", &from, &to, &installation.config()]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(refused.err.contains("is not a directory"), "{}", refused.err);
    fs::remove_file(&rows).unwrap();
    fs::rename(&moved, &rows).unwrap();
    let other = TestInstallation::new();
    let refused = tillgate(&["restore", &from, &to, &other.config()]);
    assert!(refused.err.contains("another key-encryption key 1"), "{}", refused.err);
    let bare = tillgate(&["restore", &from, &to]);
    assert_eq!(bare.code, 2, "{}", bare.err);
    let done = tillgate(&["restore", &from, &to, &installation.config()]);
    assert_eq!(done.code, 0, "{}", done.err);
}

#[test]
fn a_password_typed_as_a_name_is_not_logged() {
    let installation = TestInstallation::new();
    let log = installation.dir.path().join("log");
    let mut child = Command::new(env!("CARGO_BIN_EXE_tillgate"))
        .args(["serve", &installation.config()])
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut line = Vec::new();
    let mut byte = [0];
    while byte != *b"\n" {
        out.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    let line: Value = serde_json::from_slice(&line).unwrap();
    let ask = |user: &str| {
        let body = json!({ "user": user, "password": "x" }).to_string();
        let address = line["admin"].as_str().unwrap();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST /api/v1/login HTTP/1.1\r\nHost: g\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        assert!(head.ends_with(b"401"), "{}", String::from_utf8_lossy(&head));
    };
    ask("correct-horse-battery");
    ask("admin");
    child.kill().unwrap();
    child.wait().unwrap();
    let log = fs::read_to_string(log).unwrap();
    assert!(!log.contains("correct-horse"), "{log}");
    assert!(
        log.contains("login refused user=\"(not ours)\"") && log.contains("user=\"admin\""),
        "{log}"
    );
}

#[test]
fn a_store_of_many_tables_is_read_with_few_descriptors() {
    let installation = stocked();
    // Every start writes the log of the one before into tables.
    for round in 0..12 {
        let name = format!("floats-{round}");
        let text = format!("reference,seller,amount\nR-{round},101,1\n");
        let dir = installation.csv(&name, &[("floats.csv", &text)]);
        assert_eq!(tillgate(&["import", &dir, &installation.config()]).code, 0);
    }
    let tables = fs::read_dir(installation.file("data/rows")).unwrap();
    let is_table = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|e| e == "sst");
    let tables = tables.flatten().filter(is_table).count();
    assert!(tables > 8, "only {tables} tables prove nothing");
    for command in ["verify", "export"] {
        let said = Command::new("bash")
            .args(["-c", "ulimit -S -n 24; exec \"$0\" \"$1\" \"$2\""])
            .args([env!("CARGO_BIN_EXE_tillgate"), command, &installation.config()])
            .output()
            .unwrap();
        let err = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.success(), "{command}: {err}");
    }
}
