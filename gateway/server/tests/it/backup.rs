//! Backup, restore and the journal's export, as commands beside a real gateway.

use crate::installation;

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::installation::{TestInstallation, demo, tillgate};
use serde_json::{Value, json};

/// A house with the demo network, and where its backups go.
fn installation() -> (TestInstallation, PathBuf) {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    let backups = installation.dir.path().join("backups");
    fs::create_dir(&backups).unwrap();
    (installation, backups)
}

fn back_up(installation: &TestInstallation, to: &Path) -> installation::Said {
    tillgate(&["backup", text(to), &installation.config()])
}

fn manifest(backup: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(backup.join("backup.json")).unwrap()).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_backup_of_a_serving_gateway_is_restored_on_another_machine_and_serves_there() {
    let (installation, backups) = installation();
    let gateway = installation.serve();
    let backup = backups.join("one");
    let taken = back_up(&installation, &backup);
    assert_eq!(taken.code, 0, "{}", taken.err);
    assert!(taken.out.contains("The keys are not in it"), "{}", taken.out);
    assert!(!installation.file("data/checkpoint").exists(), "the links are gone");
    let said = manifest(&backup);
    assert_eq!((said["format"].as_u64(), said["audits"].as_u64()), (Some(1), Some(2)));
    assert_eq!(tillgate(&["verify", text(&backup)]).code, 0);
    // What comes afterwards is not in it.
    let blocked = gateway.ask(
        "POST",
        "/api/v1/terminals/70001/block",
        &installation.token(),
        &json!({ "reason": "later" }).to_string(),
    );
    assert_eq!(blocked.status, 200, "{}", blocked.body);
    assert_eq!(gateway.stop(), 0);

    let other = TestInstallation::new();
    fs::remove_dir_all(other.file("data")).unwrap();
    let strange = tillgate(&["restore", text(&backup), &other.config()]);
    assert!(strange.err.contains("another key-encryption key 1"), "{}", strange.err);
    // The key that opens what is sealed comes another way.
    fs::copy(installation.file("keys/kek-1.key"), other.dir.path().join("kek")).unwrap();
    fs::rename(other.dir.path().join("kek"), other.file("keys/kek-1.key")).unwrap();
    let restored = tillgate(&["restore", text(&backup), &other.config()]);
    assert_eq!(restored.code, 0, "{}", restored.err);
    assert!(restored.out.contains("Every invariant holds"), "{}", restored.out);
    assert!(restored.out.contains("Book what is missing"), "{}", restored.out);
    let verified = tillgate(&["verify", &other.config()]);
    assert_eq!(verified.code, 0, "{}", verified.err);
    let counts: Value = serde_json::from_str(&verified.out).unwrap();
    assert_eq!(counts["counts"]["batches"], said["batch_no"]);
    let refused = tillgate(&["serve", &other.config()]);
    assert_eq!(refused.code, 4, "{}", refused.err);
    assert!(refused.err.contains("was restored from the backup of store"), "{}", refused.err);
    let accepted = tillgate(&["restore", "--accept", &other.config()]);
    assert_eq!(accepted.code, 0, "{}", accepted.err);
    let gateway = other.serve();
    let shown = gateway.ask("GET", "/api/v1/terminals/70001", &other.token(), "").json();
    assert_eq!(shown["status"], "active", "as at the time of the backup");
    assert_eq!(gateway.stop(), 0);
}

#[test]
fn a_stopped_store_is_backed_up_and_put_back_and_accepted_in_one_go() {
    let (installation, backups) = installation();
    let backup = backups.join("cold");
    let taken = back_up(&installation, &backup);
    assert_eq!(taken.code, 0, "{}", taken.err);
    let to = installation.dir.path().join("back");
    let restored =
        tillgate(&["restore", text(&backup), text(&to), "--accept", &installation.config()]);
    assert_eq!(restored.code, 0, "{}", restored.err);
    assert!(restored.out.contains("it may serve"), "{}", restored.out);
    assert_eq!(tillgate(&["verify", text(&to)]).code, 0);
    let again = back_up(&installation, &backup);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("is there already"), "{}", again.err);
}

#[test]
fn a_backup_goes_over_nothing_and_a_restore_neither() {
    let (installation, backups) = installation();
    let backup = backups.join("one");
    assert_eq!(back_up(&installation, &backup).code, 0);
    let refused = tillgate(&["restore", text(&backup), &installation.config()]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(refused.err.contains("is not empty"), "{}", refused.err);
    assert_eq!(tillgate(&["verify", &installation.config()]).code, 0, "nothing was touched");
    for call in [vec!["restore"], vec!["restore", text(&backup)], vec!["restore", "--accept"]] {
        assert_eq!(tillgate(&call).code, 2, "{call:?}");
    }
}

#[test]
fn no_damage_to_any_file_of_a_backup_is_restored() {
    let (installation, backups) = installation();
    let backup = backups.join("one");
    assert_eq!(back_up(&installation, &backup).code, 0);
    let files: Vec<PathBuf> = manifest(&backup)["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| backup.join("data").join(part["path"].as_str().unwrap()))
        .chain(
            ["backup.json", "backup.json.sha256", "backup.json.hmac"].map(|name| backup.join(name)),
        )
        .collect();
    assert!(files.len() >= 6, "{files:?}");
    let to = installation.dir.path().join("back");
    for file in files {
        let sound = fs::read(&file).unwrap();
        let mut flipped = sound.clone();
        if let Some(byte) = flipped.get_mut(sound.len() / 2) {
            *byte ^= 0x10;
        } else {
            flipped.push(0);
        }
        let mut harms = vec![Some(flipped)];
        if let Some((_, shorter)) = sound.split_last() {
            harms.push(Some(shorter.to_vec()));
        }
        harms.push(None);
        for damaged in harms {
            match &damaged {
                Some(bytes) => fs::write(&file, bytes).unwrap(),
                None => fs::remove_file(&file).unwrap(),
            }
            let refused = tillgate(&["restore", text(&backup), text(&to), &installation.config()]);
            // The line ends of checksum and code are all that may be missing.
            let line = ["backup.json.sha256", "backup.json.hmac"].map(|name| file.ends_with(name));
            let harmless = line.contains(&true) && refused.code == 0;
            assert!(harmless || refused.code == 1, "{}: {}", file.display(), refused.err);
            if harmless {
                fs::remove_dir_all(&to).unwrap();
            }
            let left = fs::read_dir(&to).map_or(0, Iterator::count);
            assert_eq!(left, 0, "{} left something behind", file.display());
        }
        fs::write(&file, sound).unwrap();
    }
    assert_eq!(tillgate(&["restore", text(&backup), text(&to), &installation.config()]).code, 0);
}

#[test]
fn a_restore_that_broke_off_is_not_taken_for_a_store() {
    let (installation, backups) = installation();
    let backup = backups.join("one");
    assert_eq!(back_up(&installation, &backup).code, 0);
    let to = installation.dir.path().join("back");
    assert_eq!(tillgate(&["restore", text(&backup), text(&to), &installation.config()]).code, 0);
    // Written last, so this is how everything looks that breaks off earlier.
    fs::remove_file(to.join("rows/CURRENT")).unwrap();
    assert_eq!(tillgate(&["verify", text(&to)]).code, 4);
    assert_eq!(tillgate(&["restore", "--accept", text(&to)]).code, 4);
    let again = tillgate(&["restore", text(&backup), text(&to), &installation.config()]);
    assert!(again.err.contains("is not empty"), "{}", again.err);
}

/// A batch more, so that what the one before replaced lies in a table that nobody asks.
fn another_batch(installation: &TestInstallation, backups: &Path, name: &str) {
    assert_eq!(back_up(installation, &backups.join(name)).code, 0);
}

#[test]
fn damage_beneath_a_replaced_row_is_no_store_to_accept() {
    let (installation, backups) = installation();
    for name in ["one", "two", "three"] {
        another_batch(&installation, &backups, name);
    }
    let data = installation.file("data");
    let mark = fs::read(data.join("high-water")).unwrap();
    let mut tables: Vec<PathBuf> =
        fs::read_dir(data.join("rows")).unwrap().map(|entry| entry.unwrap().path()).collect();
    tables.retain(|path| path.extension().is_some_and(|end| end == "sst"));
    assert!(tables.len() > 11, "two generations of tables: {}", tables.len());
    for table in tables {
        let sound = fs::read(&table).unwrap();
        let mut flipped = sound.clone();
        // The first bytes are rows.
        flipped[20] ^= 0x10;
        fs::write(&table, flipped).unwrap();
        let name = table.display();
        let verified = tillgate(&["verify", &installation.config()]);
        assert_ne!(verified.code, 0, "{name} passes verification");
        let accepted = tillgate(&["restore", "--accept", &installation.config()]);
        assert_ne!(accepted.code, 0, "{name} is accepted: {}", accepted.out);
        assert_eq!(fs::read(data.join("high-water")).unwrap(), mark, "the mark is untouched");
        fs::write(&table, sound).unwrap();
    }
    assert_eq!(tillgate(&["verify", &installation.config()]).code, 0);
}

#[test]
fn only_who_may_change_things_begins_a_backup_and_the_audit_log_has_it() {
    let (installation, backups) = installation();
    let added = tillgate(&["user", "add", "eve", "--role", "auditor", &installation.config()]);
    let password = added.out.lines().find_map(|line| line.split("password ").nth(1)).unwrap();
    let gateway = installation.serve();
    let login = json!({ "user": "eve", "password": password.trim() }).to_string();
    let login = gateway.ask("POST", "/api/v1/login", "", &login).json();
    let token = login["token"].as_str().unwrap();
    assert_eq!(gateway.ask("POST", "/api/v1/backup", token, "{}").status, 403);
    assert_eq!(gateway.ask("POST", "/api/v1/backup", "", "{}").status, 401);
    let before = gateway.ask("GET", "/api/v1/status", token, "").json()["audits"].as_u64();
    assert_eq!(back_up(&installation, &backups.join("one")).code, 0);
    let after = gateway.ask("GET", "/api/v1/status", token, "").json()["audits"].as_u64();
    assert_eq!(after, before.map(|rows| rows + 1));
}

#[test]
fn a_client_that_hangs_up_does_not_give_its_checkpoint_to_the_next() {
    let (installation, _) = installation();
    let gateway = installation.serve();
    let token = installation.token();
    for patience_ms in (1..=60).step_by(3) {
        let request = format!(
            "POST /api/v1/backup HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: 2\r\n\r\n{{}}"
        );
        let mut hasty = TcpStream::connect(gateway.admin).unwrap();
        hasty.write_all(request.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(patience_ms));
        drop(hasty);
        let made = gateway.ask("POST", "/api/v1/backup", &token, "{}");
        assert_eq!(made.status, 200, "after {patience_ms} ms: {}", made.body);
        let checkpoint = made.json()["checkpoint"].as_str().unwrap().to_owned();
        let verified = tillgate(&["verify", &checkpoint]);
        assert_eq!(verified.code, 0, "after {patience_ms} ms: {}", verified.err);
    }
}

#[test]
fn a_backup_that_could_not_begin_leaves_no_checkpoint_behind() {
    let (installation, backups) = installation();
    let gateway = installation.serve();
    let made = gateway.ask("POST", "/api/v1/backup", &installation.token(), "{}");
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(installation.file("data/checkpoint").exists());
    // The store is in use, and nobody answers where the gateway should.
    let to = backups.join("one");
    let nowhere = format!("--socket={}", backups.join("nobody.sock").display());
    let failed =
        tillgate(&["backup", text(&to), &installation.config(), &nowhere, "--rate=100000"]);
    assert_eq!(failed.code, 1, "{}", failed.err);
    assert!(failed.err.contains("no gateway answers"), "{}", failed.err);
    assert!(!installation.file("data/checkpoint").exists(), "its links would keep old tables");
    assert!(!to.exists());
}

#[test]
fn a_mark_elsewhere_says_how_much_an_old_backup_lacks() {
    let (installation, backups) = installation();
    let file = installation.file("tillgate.toml");
    let config = fs::read_to_string(&file).unwrap();
    let elsewhere = installation.dir.path().join("high-water");
    fs::rename(installation.file("data/high-water"), &elsewhere).unwrap();
    let line = format!("kek_id = 1\nhigh_water = {:?}", text(&elsewhere));
    fs::write(&file, config.replacen("kek_id = 1", &line, 1)).unwrap();
    let backup = backups.join("old");
    assert_eq!(back_up(&installation, &backup).code, 0);
    // Another backup is another batch: its audit row.
    assert_eq!(back_up(&installation, &backups.join("new")).code, 0);
    fs::remove_dir_all(installation.file("data")).unwrap();
    let restored = tillgate(&["restore", text(&backup), &installation.config()]);
    assert_eq!(restored.code, 0, "{}", restored.err);
    assert!(restored.out.contains("1 batches are missing"), "{}", restored.out);
    let verified = tillgate(&["verify", &installation.config()]);
    assert!(verified.err.contains("the end is lost"), "{}", verified.err);
    assert_eq!(tillgate(&["restore", "--accept", &installation.config()]).code, 0);
    assert_eq!(tillgate(&["verify", &installation.config()]).code, 0);
}

#[test]
fn an_export_has_its_columns_and_its_totals_also_without_a_row() {
    let (installation, _) = installation();
    let totals = installation.dir.path().join("totals.json");
    let flag = format!("--totals={}", totals.display());
    let call = ["journal", "export", &installation.config(), "--format=csv", &flag];
    let said = tillgate(&call);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.starts_with("date,terminal,stan,seq,kind,state,code,rrn,"), "{}", said.out);
    let totals: Value = serde_json::from_str(&fs::read_to_string(&totals).unwrap()).unwrap();
    // One batch of init with the key's canary, one of the import.
    assert_eq!((&totals["transactions"], &totals["batch_no"]), (&json!(0), &json!(2)));
    assert_eq!(totals["bytes"].as_u64(), u64::try_from(said.out.len()).ok());
    for wrong in ["--from=yesterday", "--format=xml", "--after=1"] {
        assert_eq!(
            tillgate(&["journal", "export", &installation.config(), wrong]).code,
            2,
            "{wrong}"
        );
    }
    let gateway = installation.serve();
    let page = gateway.ask("GET", "/api/v1/journal?format=csv", &installation.token(), "");
    assert_eq!(page.body, said.out);
    for wrong in ["from=x", "format=xml", "terminal=x", "colour=red"] {
        let path = format!("/api/v1/journal?{wrong}");
        assert_eq!(gateway.ask("GET", &path, &installation.token(), "").status, 400, "{wrong}");
    }
}
