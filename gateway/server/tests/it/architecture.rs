//! The arrows of the house, read from the manifests, the sources and the lock file.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the tree has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each package with the packages of ours that it may import.
const ARROWS: &[(&str, &str, &[&str])] = &[
    ("tillgate-types", "types", &[]),
    ("tillgate-codec", "codec", &["tillgate-types"]),
    ("tillgate-inspect", "codec/inspect", &["tillgate-codec"]),
    ("tillgate-store-core", "store/core", &["tillgate-types"]),
    ("tillgate-store-conformance", "store/conformance", &["tillgate-types", "tillgate-store-core"]),
    ("tillgate-store-rocks", "store/rocks", &["tillgate-store-core"]),
    ("tillgate-core", "gateway/core", &["tillgate-types", "tillgate-codec", "tillgate-store-core"]),
    ("tillgate-config", "gateway/config", &["tillgate-core", "tillgate-store-core"]),
    ("tillgate-edge", "gateway/edge", &["tillgate-types"]),
    ("tillgate-import", "gateway/import", &["tillgate-types", "tillgate-store-core"]),
    (
        "tillgate",
        "gateway/server",
        &[
            "tillgate-types",
            "tillgate-codec",
            "tillgate-store-core",
            "tillgate-store-rocks",
            "tillgate-config",
            "tillgate-core",
            "tillgate-edge",
            "tillgate-import",
            "tillgate-inspect",
        ],
    ),
    ("tillgate-examples", "examples", &["tillgate-codec", "tillgate-core", "tillgate-store-core"]),
    ("tillsim-core", "sim/core", &["tillgate-codec", "tillgate-core", "tillgate-store-core"]),
    ("tillsim", "sim/fleet", &["tillsim-core", "tillgate-codec", "tillgate-types"]),
];

/// The crates that touch nothing.
const PURE: &[&str] = &[
    "types",
    "codec",
    "codec/inspect",
    "store/core",
    "store/conformance",
    "gateway/config",
    "gateway/core",
    "gateway/import",
    "sim/core",
];

/// What a pure crate may not depend on.
const TOUCHING: &[&str] = &[
    "mio",
    "tokio",
    "tokio-rustls",
    "rocksdb",
    "crossbeam-channel",
    "warp",
    "hyper",
    "hyper-util",
    "socket2",
    "nix",
    "libc",
    "signal-hook",
    "getrandom",
    "tracing",
];

/// Who may depend on what touches most, besides nobody.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("mio", &["tillgate", "tillsim", "tillgate-bench"]),
    ("rocksdb", &["tillgate-store-rocks"]),
    ("warp", &["tillgate"]),
    ("tokio", &["tillgate", "tillgate-edge", "tillsim"]),
    ("rustls", &["tillgate"]),
    ("tokio-rustls", &["tillgate"]),
    ("crossbeam-channel", &["tillgate", "tillsim"]),
];

/// What no source line of a pure crate may name.
const BANNED: &[&str] = &[
    "std::net",
    "std::fs",
    "std::thread",
    "std::env",
    "std::process",
    "std::time::Instant",
    "std::time::SystemTime",
    "SystemRandom",
    "unsafe {",
];

/// Advisories as of 2026-08: the lowest versions without one.
const LOWEST: &[(&str, (u64, u64, u64))] = &[
    ("mio", (0, 8, 11)),
    ("bytes", (1, 11, 1)),
    ("crossbeam-channel", (0, 5, 15)),
    ("rocksdb", (0, 19, 0)),
    ("lz4-sys", (1, 9, 4)),
    ("ring", (0, 17, 12)),
    ("warp", (0, 3, 3)),
    ("h2", (0, 4, 4)),
    ("snow", (0, 9, 5)),
    ("rustls", (0, 23, 18)),
    ("rustls-webpki", (0, 103, 13)),
    ("time", (0, 3, 47)),
];

#[test]
fn every_crate_imports_only_what_the_house_allows() {
    for (package, folder, allowed) in ARROWS {
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        for dependency in dependencies(folder) {
            let ours = dependency.starts_with("tillgate") || dependency.starts_with("tillsim");
            assert!(
                !ours || allowed.contains(dependency.as_str()),
                "{package} may not import {dependency}"
            );
        }
    }
}

#[test]
fn pure_crates_depend_on_nothing_that_touches() {
    for folder in PURE {
        for dependency in dependencies(folder) {
            assert!(!TOUCHING.contains(&dependency.as_str()), "{folder} may not use {dependency}");
        }
    }
}

#[test]
fn what_touches_is_wrapped_by_its_shell_alone() {
    for (package, folder) in members() {
        for dependency in dependencies(&folder) {
            let wrapper = WRAPPERS.iter().find(|(name, _)| *name == dependency);
            if let Some((name, wrappers)) = wrapper {
                assert!(wrappers.contains(&package.as_str()), "{package} may not use {name}");
            }
        }
    }
}

#[test]
fn pure_sources_name_no_clock_socket_thread_or_file() {
    for folder in PURE {
        for path in sources(&root().join(folder).join("src")) {
            for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
                let code = line.split("//").next().unwrap();
                for banned in BANNED {
                    let place = format!("{}:{}", path.display(), number + 1);
                    assert!(!code.contains(banned), "{place} names {banned}");
                }
            }
        }
    }
}

#[test]
fn pure_crates_forbid_unsafe_code() {
    for folder in PURE {
        let lib = fs::read_to_string(root().join(folder).join("src/lib.rs")).unwrap();
        assert!(lib.contains("#![forbid(unsafe_code)]"), "{folder}/src/lib.rs must forbid unsafe");
    }
}

#[test]
fn no_locked_version_is_older_than_its_last_advisory() {
    let locked = locked_versions();
    for (name, lowest) in LOWEST {
        for version in locked.get(*name).into_iter().flatten() {
            assert!(version >= lowest, "{name} {version:?} is older than {lowest:?}");
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn members() -> Vec<(String, String)> {
    let manifest: toml::Table = manifest(&root());
    let members = manifest["workspace"]["members"].as_array().unwrap();
    members
        .iter()
        .map(|folder| {
            let folder = folder.as_str().unwrap().to_owned();
            let package = self::manifest(&root().join(&folder));
            (package["package"]["name"].as_str().unwrap().to_owned(), folder)
        })
        .collect()
}

fn manifest(folder: &Path) -> toml::Table {
    fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap()
}

/// What a crate links; what only its tests use is not part of it.
fn dependencies(folder: &str) -> Vec<String> {
    let manifest = manifest(&root().join(folder));
    manifest
        .get("dependencies")
        .and_then(toml::Value::as_table)
        .map_or_else(Vec::new, |table| table.keys().cloned().collect())
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn locked_versions() -> BTreeMap<String, Vec<(u64, u64, u64)>> {
    let lock: toml::Table = fs::read_to_string(root().join("Cargo.lock")).unwrap().parse().unwrap();
    let mut versions: BTreeMap<String, Vec<(u64, u64, u64)>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap().to_owned();
        let version = package["version"].as_str().unwrap();
        let mut parts = version.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        versions.entry(name).or_default().push((next(), next(), next()));
    }
    versions
}

/// make says of a name without a recipe that there is nothing to be done, and passes.
#[test]
fn every_target_of_the_makefile_has_a_recipe() {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let phony = makefile.lines().filter_map(|line| line.strip_prefix(".PHONY:"));
    for target in phony.flat_map(str::split_whitespace) {
        let rule = makefile.find(&format!("\n{target}:")).map(|at| &makefile[at + 1..]);
        let recipe = rule.and_then(|rule| rule.lines().nth(1));
        let has_recipe = recipe.is_some_and(|line| line.starts_with('\t'));
        assert!(has_recipe, "make {target} does nothing");
    }
}
