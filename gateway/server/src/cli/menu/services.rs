//! The services that a menu is tried with.

use std::collections::BTreeSet;
use std::path::Path;

use tillgate_core::time::{Calendar, UnixMillis};
use tillgate_import::{Context, Existing, Source, Table};
use tillgate_store_core::{
    DistributorId, Registry, RegistryRecord, Seller, SellerId, Status, Vault,
};
use zeroize::Zeroizing;

use super::super::csv_files;
use crate::clock;
use crate::exit::Failure;

/// Those of the demo.
const DEMO: [(&str, &str); 3] = [
    ("services.csv", include_str!("../../../../../demo/services.csv")),
    ("products.csv", include_str!("../../../../../demo/products.csv")),
    ("services.toml", include_str!("../../../../../demo/services.toml")),
];

/// What a menu shows comes from these.
const TABLES: [Table; 8] = [
    Table::Distributors,
    Table::Sellers,
    Table::Routes,
    Table::Services,
    Table::Products,
    Table::Commissions,
    Table::Charges,
    Table::Receipts,
];

/// The services of files to import, with their sellers; one is made up where there is none.
pub(super) fn registry(data: Option<&Path>) -> Result<Registry, Failure> {
    let sources = match data {
        Some(data) => csv_files::read_all(&[data.to_owned()])?,
        None => demo()?,
    };
    let wanted = |source: &Source| source.table.is_none_or(|table| TABLES.contains(&table));
    let sources: Vec<Source> = sources.into_iter().filter(wanted).collect();
    let at_ms = clock::unix_ms();
    let bridges: Vec<String> = words(&sources);
    let known = Registry::new();
    let context = Context {
        known: &known,
        bridges: &bridges,
        listeners: &[],
        vault: &Vault::new(1, [0; 32]),
        today: Calendar::default().date(UnixMillis(at_ms)),
        at_ms,
        existing: Existing::Refuse,
        // No key and no PIN is read.
        nonce: &|| [0; 12],
        random: &|| [0; 32],
    };
    let plan = tillgate_import::plan(&sources, &context, "tillgate menu");
    let mut registry = Registry::new();
    for record in plan.map_err(Failure::refused)?.change.records {
        registry.apply(&record);
    }
    if registry.services().next().is_none() {
        return Err(Failure::refused("no services: services.csv or services.toml has them"));
    }
    if registry.sellers().next().is_none() {
        let first = registry.services().min_by_key(|service| service.id);
        let seller = Seller {
            id: SellerId(1),
            distributor: DistributorId(1),
            name: "Shop".to_owned(),
            status: Status::Active,
            currency: first.map_or(0, |service| service.currency),
            credit_limit_minor: 0,
        };
        registry.apply(&RegistryRecord::Seller(seller));
    }
    Ok(registry)
}

fn demo() -> Result<Vec<Source>, Failure> {
    let source = |(name, text): &(&str, &str)| {
        Source::of_text(name, Zeroizing::new((*text).to_owned())).map_err(Failure::internal)
    };
    DEMO.iter().map(source).collect()
}

/// Every word of the files, as names of bridges: no menu depends on them, and there is no
/// configuration that has them.
fn words(sources: &[Source]) -> Vec<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let words = sources.iter().flat_map(|source| source.text.split(move |c| !is_word(c)));
    let words: BTreeSet<&str> = words.filter(|word| !word.is_empty()).collect();
    words.into_iter().map(str::to_owned).collect()
}
