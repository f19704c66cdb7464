//! Registry records that are written: sane in themselves, and what they refer to is there.

use std::ops::ControlFlow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Rejections;
use super::view::View;
use crate::error::{Result, StoreError};
use crate::limits::{
    CHAIN_MAX, CREDIT_LIMIT_MINOR_MAX, NAME_BYTES_MAX, REASON_BYTES_MAX, SERVICES_MAX,
};
use crate::record::{
    Distributor, Handset, ReceiptTemplate, RegistryRecord, Route, Seller, Service, Services,
    Terminal,
};
use crate::rows::Family;
use tillgate_types::DistributorId;

pub(super) fn check(
    view: &View<'_>,
    records: &[RegistryRecord],
    refused: &mut Rejections,
) -> Result<()> {
    let mut given = FxHashSet::default();
    let mut tree_changed = false;
    for (index, record) in records.iter().enumerate() {
        if !given.insert(record.key()) {
            refused.add(index, || name_of(record), "given twice");
        }
        let fault = match record {
            RegistryRecord::Distributor(distributor) => {
                tree_changed = true;
                check_distributor(view, distributor)?
            }
            RegistryRecord::Seller(seller) => check_seller(view, seller)?,
            RegistryRecord::Terminal(terminal) => check_terminal(view, terminal)?,
            RegistryRecord::Service(service) => match super::service::fault_of(service) {
                None => check_receipts(view, service)?,
                fault => fault,
            },
            RegistryRecord::Receipt(receipt) => receipt.fault(),
            RegistryRecord::Route(route) => check_route(view, route)?,
            RegistryRecord::Bridge(order) => order.fault(),
            RegistryRecord::Handset(handset) => check_handset(view, handset)?,
        };
        if let Some(why) = fault {
            refused.add(index, || name_of(record), why);
        }
    }
    if tree_changed && refused.0.is_empty() {
        check_tree(view, records, refused)?;
    }
    Ok(())
}

fn name_of(record: &RegistryRecord) -> String {
    match record {
        RegistryRecord::Distributor(record) => format!("distributor {}", record.id),
        RegistryRecord::Seller(record) => format!("seller {}", record.id),
        RegistryRecord::Terminal(record) => format!("terminal {}", record.id),
        RegistryRecord::Service(record) => format!("service {}", record.id),
        RegistryRecord::Receipt(record) => format!("receipt {:08x}", record.tag.0),
        RegistryRecord::Route(record) => format!("route {}", record.name),
        RegistryRecord::Bridge(record) => format!("bridge {}", record.bridge),
        RegistryRecord::Handset(record) => format!("handset {}", record.msisdn),
    }
}

fn check_receipts(view: &View<'_>, service: &Service) -> Result<Option<String>> {
    for (_, receipt) in &service.receipts {
        if !view.exists(&ReceiptTemplate::key_of(*receipt))? {
            return Ok(Some(format!("no template {:08x} for its receipts", receipt.0)));
        }
    }
    Ok(None)
}

fn check_route(view: &View<'_>, route: &Route) -> Result<Option<String>> {
    if let Some(fault) = route.fault() {
        return Ok(Some(fault));
    }
    for distributor in route.distributors() {
        if !view.exists(&Distributor::key_of(distributor))? {
            return Ok(Some(format!("no distributor {distributor} for its rules")));
        }
    }
    Ok(None)
}

fn check_distributor(view: &View<'_>, distributor: &Distributor) -> Result<Option<String>> {
    if distributor.name.len() > NAME_BYTES_MAX {
        return Ok(Some("name is too long".to_owned()));
    }
    match distributor.parent {
        Some(parent) if !view.exists(&Distributor::key_of(parent))? => {
            Ok(Some(format!("no distributor {parent} to hang below")))
        }
        _ => Ok(None),
    }
}

fn check_seller(view: &View<'_>, seller: &Seller) -> Result<Option<String>> {
    if seller.name.len() > NAME_BYTES_MAX {
        return Ok(Some("name is too long".to_owned()));
    }
    if !(0..=CREDIT_LIMIT_MINOR_MAX).contains(&seller.credit_limit_minor) {
        return Ok(Some("credit limit is negative or too large".to_owned()));
    }
    if !view.exists(&Distributor::key_of(seller.distributor))? {
        return Ok(Some(format!("no distributor {} to hang below", seller.distributor)));
    }
    Ok(match view.stored(&Seller::key_of(seller.id))? {
        Some(RegistryRecord::Seller(stored)) if stored.currency != seller.currency => {
            Some(format!("its currency is {:03} and stays so", stored.currency))
        }
        _ => None,
    })
}

fn check_terminal(view: &View<'_>, terminal: &Terminal) -> Result<Option<String>> {
    if terminal.reason.len() > REASON_BYTES_MAX {
        return Ok(Some("reason is too long".to_owned()));
    }
    if terminal.keys().is_empty() || terminal.keys().iter().any(|key| key.sealed.bytes.is_empty()) {
        return Ok(Some("no key".to_owned()));
    }
    if !view.exists(&Seller::key_of(terminal.seller))? {
        return Ok(Some(format!("no seller {} to belong to", terminal.seller)));
    }
    let Services::Only(services) = &terminal.services else {
        return Ok(None);
    };
    if services.len() > SERVICES_MAX {
        return Ok(Some("too many services".to_owned()));
    }
    for service in services {
        if !view.exists(&Service::key_of(*service))? {
            return Ok(Some(format!("no service {service} to sell")));
        }
    }
    Ok(None)
}

/// What is there already may be given again as it is.
fn check_handset(view: &View<'_>, handset: &Handset) -> Result<Option<String>> {
    if !view.exists(&Terminal::key_of(handset.terminal))? {
        return Ok(Some(format!("no terminal {} to sell for", handset.terminal)));
    }
    let stored = match view.stored(&Handset::key_of(handset.msisdn))? {
        Some(RegistryRecord::Handset(stored)) => Some(stored),
        _ => None,
    };
    let revision = stored.as_ref().map_or(0, |stored| stored.revision);
    let is_next = revision.checked_add(1) == Some(handset.revision);
    let is_same = stored.as_ref() == Some(handset);
    Ok((!is_next && !is_same).then(|| "it has changed meanwhile; read it again".to_owned()))
}

/// Every distributor, stored or changed, has at most [`CHAIN_MAX`] levels up to a top. A
/// changed one can push what hangs below it too deep, so all are walked.
fn check_tree(view: &View<'_>, records: &[RegistryRecord], refused: &mut Rejections) -> Result<()> {
    let mut parents: FxHashMap<DistributorId, Option<DistributorId>> = FxHashMap::default();
    let mut order = Vec::new();
    view.rows().try_scan(Family::Registry, &[Distributor::LETTER], |key, value| {
        let RegistryRecord::Distributor(stored) = RegistryRecord::decode(key, value)? else {
            return Ok(ControlFlow::Break(()));
        };
        order.push(stored.id);
        parents.insert(stored.id, stored.parent);
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    for record in records {
        if let RegistryRecord::Distributor(changed) = record {
            order.push(changed.id);
            parents.insert(changed.id, changed.parent);
        }
    }
    for bottom in order {
        let mut next = Some(bottom);
        for _ in 0..CHAIN_MAX {
            next = next.and_then(|id| parents.get(&id).copied().flatten());
        }
        if next.is_some() {
            let changed =
                |record: &RegistryRecord| matches!(record, RegistryRecord::Distributor(_));
            let index = records.iter().position(changed).unwrap_or(0);
            let what = || format!("distributor {bottom}");
            let why = format!("more than {CHAIN_MAX} levels up to the top, or a circle");
            refused.add(index, what, why);
            break;
        }
    }
    Ok(())
}
