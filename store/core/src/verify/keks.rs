//! Key-encryption keys: whatever is sealed is sealed under one that has its canary, so that its
//! loss is noticed at the start. A store from before there were canaries has none at all.

use super::report::{Promise, Report};
use crate::reseal::canaries;
use crate::rows::{Family, ReadRows};

/// Comes after the families with secrets, which were counted as they were read.
pub(super) fn check(rows: &dyn ReadRows, report: &mut Report) {
    match canaries(rows) {
        Ok(canaries) => {
            for canary in canaries {
                report.kek(canary.sealed.kek_id).canary = true;
            }
        }
        Err(error) => return report.damaged(Family::Meta, &error),
    }
    if report.keks.values().all(|kek| !kek.canary) {
        return;
    }
    let without: Vec<u32> =
        report.keks.iter().filter(|(_, kek)| !kek.canary).map(|(kek_id, _)| *kek_id).collect();
    for kek_id in without {
        let subject = format_args!("key-encryption key {kek_id}");
        report.violated(Promise::Undamaged, subject, "it seals secrets, and has no canary");
    }
}
