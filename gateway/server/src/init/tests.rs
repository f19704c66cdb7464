use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tillgate_core::access::Role;

use super::install;
use crate::config::{self, Config, HttpUrl, InstallOptions};
use crate::exit::Exit;
use crate::keyfile;
use crate::password::{self, PasswordVerdict};

fn options() -> InstallOptions {
    InstallOptions {
        terminals: "127.0.0.1:7400".parse().unwrap(),
        admin: "127.0.0.1:7401".parse().unwrap(),
        descriptors: 1_048_576,
        bridges: vec![("topup".into(), HttpUrl::parse("http://127.0.0.1:7402/topups").unwrap())],
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_installation_loads_and_its_secrets_are_its_owners_only() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("gate");
    let installed = install(&dir, &options()).unwrap();
    assert_eq!(names(&dir), ["admin.token", "data", "keys", "tillgate.toml", "users.toml"]);
    let config = config::load(&dir.join("tillgate.toml")).unwrap();
    assert_eq!(config.bridges[0].name, "topup");
    keyfile::read(&config.store.kek).unwrap();
    keyfile::read(&config.link.key).unwrap();
    keyfile::read(&dir.join("admin.token")).unwrap();
    keyfile::read_public(&config.admin.token_sha256).unwrap();
    assert_eq!(installed.public_key.len(), 64);
    for secret in ["keys/gateway.key", "keys/kek-1.key", "admin.token", "users.toml"] {
        let mode = fs::metadata(dir.join(secret)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o400, "{secret}");
    }
    assert_eq!(names(place.path()), ["gate"], "nothing is left beside it");
}

#[test]
fn a_new_bridge_claims_nothing_that_could_cost_money() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("gate");
    install(&dir, &options()).unwrap();
    let text = fs::read_to_string(dir.join("tillgate.toml")).unwrap();
    for key in ["idempotent", "inquiry", "reversal", "confirmation"] {
        let line = format!("\n{key} = false\n");
        let (before, _) = text.split_once(&line).unwrap_or_else(|| panic!("{key}: {text}"));
        let risk = before.lines().next_back().unwrap();
        assert!(risk.starts_with("# If that is wrong: "), "{key}: {risk}");
        // Claiming it is one word.
        let claimed = text.replace(&line, &format!("\n{key} = true\n"));
        Config::parse(Path::new("tillgate.toml"), &claimed).unwrap();
    }
    let bridge = &config::load(&dir.join("tillgate.toml")).unwrap().bridges[0];
    let claimed = [bridge.idempotent, bridge.inquiry, bridge.reversal, bridge.confirmation];
    assert_eq!(claimed, [false; 4]);
}

#[test]
fn the_first_admins_password_is_the_one_whose_hash_is_kept() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("gate");
    let installed = install(&dir, &options()).unwrap();
    let users = password::Users::load(&dir.join("users.toml")).unwrap();
    let verify = |name, password| users.verify(name, password);
    let verdict = verify("admin", &installed.password);
    assert!(matches!(verdict, PasswordVerdict::Right(Role::Operator, _)), "{verdict:?}");
    assert_eq!(verify("admin", "guess"), PasswordVerdict::Wrong);
    assert_eq!(verify("nobody", &installed.password), PasswordVerdict::NoSuchUser);
    assert!(!fs::read_to_string(dir.join("users.toml")).unwrap().contains(&*installed.password));
}

#[test]
fn a_directory_in_use_is_refused_and_left_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("precious"), "x").unwrap();
    let failure = install(place.path(), &options()).err().unwrap();
    assert_eq!(failure.exit, Exit::Refused);
    assert!(failure.text.contains("is not empty (there is \"precious\")"), "{failure}");
    assert_eq!(names(place.path()), ["precious"]);
}

#[test]
fn an_empty_directory_is_taken() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("gate");
    fs::create_dir(&dir).unwrap();
    install(&dir, &options()).unwrap();
    assert!(dir.join("tillgate.toml").exists());
}

#[test]
fn a_wish_that_is_not_allowed_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let mut options = options();
    options.bridges[0].0 = "Not A Name".into();
    let failure = install(&place.path().join("gate"), &options).err().unwrap();
    assert_eq!(failure.exit, Exit::Config);
    assert!(names(place.path()).is_empty());
}

#[test]
fn a_missing_parent_directory_is_named() {
    let place = tempfile::tempdir().unwrap();
    let failure = install(&place.path().join("no/gate"), &options()).err().unwrap();
    assert!(failure.text.contains("No such file"), "{failure}");
}

#[test]
fn where_descriptors_are_few_the_configuration_asks_for_fewer_sessions() {
    let place = tempfile::tempdir().unwrap();
    for (descriptors, sessions) in [(1_048_576, 18_000), (4_096, 3_072), (256, 100)] {
        let dir = place.path().join(descriptors.to_string());
        install(&dir, &InstallOptions { descriptors, ..options() }).unwrap();
        let config = config::load(&dir.join("tillgate.toml")).unwrap();
        assert_eq!(config.link.sessions_max, sessions);
    }
}
