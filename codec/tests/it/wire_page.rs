//! `docs/wire.md` holds together: each requirement has one number, and a test that exists shows it.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/wire.md")).unwrap()
}

/// Every `[LINK-...]` in a text.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    text.split("[LINK-").skip(1).map(|rest| rest.split(']').next().unwrap())
}

/// The requirements: bullets that begin with their number.
fn requirements(page: &str) -> Vec<&str> {
    let bullets = page.lines().filter_map(|line| line.strip_prefix("* [LINK-"));
    bullets.map(|rest| rest.split(']').next().unwrap()).collect()
}

/// The rows of the table of tests: number, file, function.
fn table(page: &str) -> Vec<(&str, &str, &str)> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| LINK-"));
    rows.map(|row| {
        let mut cells = row.split('|').map(|cell| cell.trim().trim_matches('`'));
        let mut next = || cells.next().unwrap_or_else(|| panic!("a row is short: {row}"));
        (next(), next(), next())
    })
    .collect()
}

#[test]
fn every_requirement_has_a_number_of_its_own() {
    let page = page();
    let requirements = requirements(&page);
    let once: BTreeSet<_> = requirements.iter().collect();
    assert!(requirements.len() > 50, "{} requirements", requirements.len());
    assert_eq!(once.len(), requirements.len(), "a number is given twice");
    for id in ids(&page) {
        assert!(once.contains(&id), "[LINK-{id}] is named, and no requirement");
    }
}

#[test]
fn every_requirement_is_shown_by_a_test_that_exists() {
    let page = page();
    let requirements = requirements(&page);
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    let mut shown = BTreeSet::new();
    for (id, file, test) in table(&page) {
        assert!(requirements.contains(&id), "LINK-{id} is tested, and no requirement");
        let text = files.entry(file).or_insert_with(|| {
            fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
        });
        let is_there = [format!("fn {test}("), format!("def {test}("), format!("fn {test}<")];
        assert!(is_there.iter().any(|head| text.contains(head)), "{file} has no test {test}");
        shown.insert(id);
    }
    let orphans: Vec<_> = requirements.iter().filter(|id| !shown.contains(*id)).collect();
    assert!(orphans.is_empty(), "no test is named for {orphans:?}");
}
