//! The pages of docs/ that can be wrong: limits, metrics, options, exit codes, names of tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::installation::{TestInstallation, demo, tillgate};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// Every source file below these folders.
pub(crate) fn sources(folders: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = folders.iter().map(|name| root().join(name)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    found
}

/// Every `limits.rs` of the product.
fn limit_files() -> Vec<PathBuf> {
    let mut files = sources(&["types", "codec", "store", "gateway"]);
    files.retain(|path| path.file_name().is_some_and(|name| name == "limits.rs"));
    files
}

/// What is run by name: functions behind `#[test]`, cases, test targets, fuzz targets, modules with
/// tests, packages, `make` targets.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in sources(&["types", "codec", "store", "gateway", "sim", "bench", "fuzz"]) {
        let text = fs::read_to_string(&path).unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let target = if ["main", "tests"].contains(&stem) {
            path.parent().unwrap().file_name()
        } else {
            path.file_stem()
        };
        let has_tests = text.contains("#[test]") || text.contains("fuzz_target!");
        names.extend(target.filter(|_| has_tests).map(|name| name.to_str().unwrap().to_owned()));
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            is_test |= line == "#[test]";
            if let Some((_, name)) = line.split_once("fn ").filter(|_| is_test) {
                names.extend(name.split(['(', '<']).next().map(str::to_owned));
                is_test = false;
            }
            // A line of `cases!`: one test for each engine.
            let conformance = line.strip_suffix(';').and_then(|line| line.split_once(": "));
            names.extend(
                conformance
                    .filter(|_| path.ends_with("conformance/src/lib.rs"))
                    .map(|conformance| conformance.1.to_owned()),
            );
        }
    }
    let manifests = ["codec", "store/core", "store/rocks", "gateway/core", "gateway/server"];
    for manifest in manifests.map(|folder| root().join(folder).join("Cargo.toml")) {
        let text = fs::read_to_string(manifest).unwrap();
        let name = text.lines().find_map(|line| line.strip_prefix("name = "));
        names.extend(name.map(|name| name.trim_matches('"').to_owned()));
    }
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let targets =
        makefile.lines().filter_map(|line| line.split_once(": ").or(line.split_once(":")));
    names.extend(targets.map(|(target, _)| format!("make {target}")));
    names
}

/// What stands in code type in a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Name and value of every constant of a source file, the value in one line.
fn constants(source: &str) -> Vec<(String, String)> {
    let mut constants = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(" const ") {
        rest = &rest[at + " const ".len()..];
        let Some((name, after)) = rest.split_once(':') else { break };
        let is_name =
            name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !is_name || name == "_" {
            continue;
        }
        let (_, value) = after.split_once('=').unwrap();
        let (value, _) = value.split_once(';').unwrap();
        let value: Vec<&str> = value.split_whitespace().collect();
        constants.push((name.to_owned(), value.join(" ")));
    }
    constants
}

#[test]
fn every_limit_stands_on_its_page_with_its_value() {
    let page = page("limits.md");
    let files = limit_files();
    assert!(files.len() >= 6, "{files:?}");
    let mut missing = Vec::new();
    for file in files {
        let shown = file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let section = page.split("\n## ").find(|section| section.contains(&format!("`{shown}`")));
        for (name, value) in constants(&fs::read_to_string(&file).unwrap()) {
            let row = format!("| `{name}` | `{value}` |");
            if !section.is_some_and(|section| section.contains(&row)) {
                missing.push(format!("{shown}: {row} ... |"));
            }
        }
    }
    assert!(missing.is_empty(), "docs/limits.md lacks:\n{}", missing.join("\n"));
}

#[test]
fn every_metric_is_explained() {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    let gateway = installation.serve();
    let text = gateway.ask("GET", "/metrics", "", "").body;
    let names: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(names.len() > 10, "{names:?}");
    let page = page("operations.md");
    let missing: Vec<&&str> =
        names.iter().filter(|name| !page.contains(&format!("`{name}"))).collect();
    assert!(missing.is_empty(), "docs/operations.md lacks {missing:?}");
}

#[test]
fn every_column_of_an_export_is_explained() {
    let installation = TestInstallation::new();
    let header = tillgate(&["export", &installation.config(), "--format=csv"]).out;
    let page = page("operations.md");
    let (_, section) = page.split_once("\n## Export the journal").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    for column in header.trim().split(',') {
        let column = format!("`{column}`");
        let cell = |row: &&str| row.split('|').nth(1).is_some_and(|cell| cell.contains(&column));
        assert!(rows.iter().any(cell), "docs/operations.md lacks the column {column}");
    }
}

#[test]
fn every_command_and_option_is_explained() {
    let page = page("operations.md");
    let commands = [
        "init",
        "import",
        "serve",
        "verify",
        "export",
        "backup",
        "restore",
        "decode",
        "encode",
        "reconcile",
    ];
    let subcommands = [
        ("terminal", ["list", "show", "block", "unblock", "message"].as_slice()),
        ("journal", ["export"].as_slice()),
        ("transaction", ["open", "show", "differences", "resolve", "refund"].as_slice()),
        ("user", ["add", "reset", "remove", "list"].as_slice()),
        ("dialect", ["list", "show", "check", "fields"].as_slice()),
        ("bridge", ["list", "show", "check"].as_slice()),
        ("listener", ["list", "show", "check"].as_slice()),
        ("menu", ["show", "check", "try"].as_slice()),
    ];
    let mut calls: Vec<Vec<&str>> = commands.iter().map(|name| vec![*name]).collect();
    for (command, names) in subcommands {
        calls.extend(names.iter().map(|name| vec![command, name]));
    }
    for call in calls {
        let help = tillgate(&[call.as_slice(), &["--help"]].concat()).out;
        let usage = format!("tillgate {}", call.join(" "));
        assert!(page.contains(&usage), "docs/operations.md lacks `{usage}`");
        let options = help.split_whitespace().filter(|word| word.starts_with("--"));
        for option in options.filter(|option| *option != "--help") {
            let option: &str = option.split(['=', '.', ',', ')', '`']).next().unwrap();
            assert!(page.contains(option), "docs/operations.md lacks {option} of {usage}");
        }
    }
}

/// The third column of the tables, and everything on the page that looks like a test's name: four
/// words or more.
#[test]
fn every_test_that_the_page_on_security_names_exists() {
    let (page, tests) = (page("security.md"), tests());
    let rows = page.lines().filter_map(|line| line.strip_prefix('|')?.split('|').nth(2));
    let mut named: BTreeSet<&str> = rows.flat_map(quoted).collect();
    let in_columns = named.len();
    let is_sentence = |name: &&str| {
        let is_name =
            name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        is_name && name.split('_').count() >= 4
    };
    named.extend(quoted(&page).filter(is_sentence));
    assert!(in_columns > 30 && named.len() > 50, "{in_columns} of {} in the tables", named.len());
    let exists = |name: &&&str| match name.strip_prefix("tillsim ") {
        Some(command) => self::page("simulation.md").contains(&format!("tillsim {command}")),
        // Of `module::name` either is enough for `cargo test`.
        None => name.split("::").all(|part| part == "tests" || tests.contains(part)),
    };
    let missing: Vec<&&str> = named.iter().filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "docs/security.md names tests that do not exist: {missing:?}");
}

#[test]
fn every_path_that_contributing_names_exists() {
    let page = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let is_path = |name: &&str| name.contains('/') && !name.contains([' ', '=']);
    let paths: Vec<&str> = quoted(&page).filter(is_path).collect();
    assert!(paths.len() > 30, "{paths:?}");
    let missing: Vec<_> = paths.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "CONTRIBUTING.md names {missing:?}, which are not there");
}
