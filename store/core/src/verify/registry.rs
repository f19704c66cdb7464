//! The registry: every reference leads somewhere, no distributor is above itself.

use rustc_hash::{FxHashMap, FxHashSet};

use super::each_row;
use super::report::{Promise, Report};
use crate::ids::AccountId;
use crate::limits::CHAIN_MAX;
use crate::record::{Handset, ReceiptTag, RegistryRecord, Seller};
use crate::rows::{Family, ReadRows};
use tillgate_types::{DistributorId, SellerId, TerminalId};

/// Credit limit of every seller's float, minor units.
pub(super) type Credit = FxHashMap<AccountId, i64>;

type Parents = FxHashMap<DistributorId, Option<DistributorId>>;

/// Reads the registry. Rows come by letter: distributors, routes, receipts, sellers,
/// terminals, handsets, services.
pub(super) fn check(rows: &dyn ReadRows, report: &mut Report) -> Credit {
    let mut parents = Parents::default();
    let mut sellers: FxHashSet<SellerId> = FxHashSet::default();
    let mut terminals: FxHashSet<TerminalId> = FxHashSet::default();
    let mut receipts: FxHashSet<ReceiptTag> = FxHashSet::default();
    let mut credit = Credit::default();
    each_row(rows, Family::Registry, report, |report, key, value| {
        match RegistryRecord::decode(key, value)? {
            RegistryRecord::Distributor(record) => {
                report.counts.distributors += 1;
                parents.insert(record.id, record.parent);
            }
            RegistryRecord::Seller(record) => {
                report.counts.sellers += 1;
                sellers.insert(record.id);
                let float = AccountId::float(record.id, record.currency);
                credit.insert(float, record.credit_limit_minor);
                check_seller(&record, &parents, report);
            }
            RegistryRecord::Terminal(record) => {
                report.counts.terminals += 1;
                terminals.insert(record.id);
                for (_, key) in record.sealed_keys() {
                    report.kek(key.kek_id).terminals += 1;
                }
                if !sellers.contains(&record.seller) {
                    let (id, seller) = (record.id, record.seller);
                    let text = format_args!("its seller {seller} does not exist");
                    report.violated(Promise::Undamaged, format_args!("terminal {id}"), text);
                }
            }
            RegistryRecord::Route(record) => {
                let fault = record.fault().or_else(|| {
                    let missing = |id: &DistributorId| !parents.contains_key(id);
                    let missing = record.distributors().into_iter().find(missing)?;
                    Some(format!("its distributor {missing} does not exist"))
                });
                if let Some(fault) = fault {
                    let subject = format_args!("route {}", record.name);
                    report.violated(Promise::Undamaged, subject, format_args!("{fault}"));
                }
            }
            RegistryRecord::Bridge(record) => {
                if let Some(fault) = record.fault() {
                    let subject = format_args!("bridge {}", record.bridge);
                    report.violated(Promise::Undamaged, subject, format_args!("{fault}"));
                }
            }
            RegistryRecord::Handset(record) => check_handset(&record, &terminals, report),
            RegistryRecord::Receipt(record) => {
                receipts.insert(record.tag);
            }
            RegistryRecord::Service(record) => {
                report.counts.services += 1;
                let (id, mut tags) = (record.id, record.receipts.iter().map(|(_, tag)| tag));
                if let Some(ReceiptTag(tag)) = tags.find(|tag| !receipts.contains(tag)) {
                    let text =
                        format_args!("the template {tag:08x} of its receipts does not exist");
                    report.violated(Promise::Undamaged, format_args!("service {id}"), text);
                }
            }
        }
        Ok(())
    });
    check_chains(&parents, report);
    credit
}

fn check_seller(seller: &Seller, parents: &Parents, report: &mut Report) {
    if !parents.contains_key(&seller.distributor) {
        let text = format_args!("its distributor {} does not exist", seller.distributor);
        report.violated(Promise::Undamaged, format_args!("seller {}", seller.id), text);
    }
}

fn check_handset(handset: &Handset, terminals: &FxHashSet<TerminalId>, report: &mut Report) {
    report.counts.handsets += 1;
    if let Some(pin) = &handset.pin {
        report.kek(pin.key.kek_id).handsets += 1;
    }
    if !terminals.contains(&handset.terminal) {
        let subject = format_args!("handset {}", handset.msisdn);
        let text = format_args!("its terminal {} does not exist", handset.terminal);
        report.violated(Promise::Undamaged, subject, text);
    }
}

fn check_chains(parents: &Parents, report: &mut Report) {
    let mut ids: Vec<_> = parents.keys().copied().collect();
    ids.sort_unstable();
    for id in ids {
        let subject = format_args!("distributor {id}");
        let mut next = parents.get(&id).copied().flatten();
        let mut levels = 1;
        while let Some(above) = next {
            levels += 1;
            if levels > CHAIN_MAX {
                let text = "more levels above it than allowed, or it is above itself";
                report.violated(Promise::Undamaged, subject, text);
                break;
            }
            let Some(parent) = parents.get(&above) else {
                let text = format_args!("distributor {above} above it does not exist");
                report.violated(Promise::Undamaged, subject, text);
                break;
            };
            next = *parent;
        }
    }
}
