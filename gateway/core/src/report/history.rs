//! What may be shown of the registry's history: versions of one record, or the one of a time and
//! the distributors above it then. Never a key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tillgate_store_core::history::{self, Version};
use tillgate_store_core::record::{KeyBytes, Services};
use tillgate_store_core::{
    BusinessDate, Distributor, DistributorId, ReadRows, RegistryRecord, Seller, SellerId, Service,
    ServiceId, StoreError, Terminal, TerminalId,
};

/// A kind of record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// A node of the tree above the sellers.
    Distributor,
    /// An owner of terminals and float.
    Seller,
    /// A terminal, without its keys.
    Terminal,
    /// What is sold.
    Service,
}

impl RecordKind {
    /// The registry key of an id; `None`: no record of this kind can have it.
    fn key(self, id: u32) -> Option<KeyBytes> {
        Some(match self {
            Self::Distributor => Distributor::key_of(DistributorId(id)),
            Self::Seller => Seller::key_of(SellerId(id)),
            Self::Terminal => Terminal::key_of(TerminalId(id)),
            Self::Service => Service::key_of(ServiceId(u16::try_from(id).ok()?)),
        })
    }
}

/// Versions of one record, newest first.
#[derive(Serialize, JsonSchema)]
pub struct History {
    kind: RecordKind,
    id: u32,
    versions: Vec<VersionLine>,
    /// At a time: the distributors above a seller or a terminal, its own first.
    jurisdiction: Option<Vec<u32>>,
    /// The `after` of the next page, if there may be one.
    next: Option<u64>,
}

/// One version.
#[derive(Serialize, JsonSchema)]
struct VersionLine {
    /// When a change ended it, UTC; null: it is in force.
    until: Option<String>,
    until_ms: Option<u64>,
    /// The number of that change in the audit log.
    change: Option<u64>,
    /// Null: it did not exist.
    record: Option<RecordLine>,
}

/// A record.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum RecordLine {
    Distributor {
        name: String,
        status: &'static str,
        /// Null: it is at the top.
        parent: Option<u32>,
    },
    Seller {
        name: String,
        status: &'static str,
        distributor: u32,
        currency: u16,
        credit_limit_minor: i64,
    },
    Terminal {
        seller: u32,
        status: &'static str,
        /// Of a block.
        reason: String,
        /// Null: all.
        services: Option<Vec<u16>>,
    },
    Service {
        name: String,
        status: &'static str,
        fulfilment: &'static str,
        route: String,
        currency: u16,
        amount_min_minor: u64,
        amount_max_minor: u64,
        /// `products`, `open` or `lookup`.
        amount: &'static str,
        /// What the terminal asks the customer for; null: nothing.
        account: Option<&'static str>,
        lookup: &'static str,
        money: &'static str,
        reversal: String,
        products: Vec<ProductLine>,
        commission: Vec<CommissionLine>,
        charges: Vec<ChargeLine>,
    },
    Receipt {
        text: String,
    },
    Handset {
        terminal: u32,
        status: &'static str,
        /// Counts its changes.
        revision: u32,
    },
    Bridge {
        status: &'static str,
        reason: String,
    },
    Route {
        rules: usize,
    },
}

#[derive(Serialize, JsonSchema)]
struct ProductLine {
    product: u16,
    name: String,
    amount_minor: u64,
}

#[derive(Serialize, JsonSchema)]
struct CommissionLine {
    /// 0 the seller, 1 its distributor, and so on.
    level: u8,
    fixed_minor: u64,
    basis_points: u32,
    rounding: &'static str,
    from: String,
}

#[derive(Serialize, JsonSchema)]
struct ChargeLine {
    /// `fee` or `tax`.
    kind: &'static str,
    fixed_minor: u64,
    basis_points: u32,
    /// What the percentage is of: `amount` or `fee`.
    of: &'static str,
    rounding: &'static str,
    from: String,
}

/// At most `most` versions of a record, from the one in force or behind the one that the change
/// `after` ended; none of a record that never existed.
///
/// # Errors
/// A row cannot be read.
pub fn versions(
    rows: &dyn ReadRows,
    (kind, id): (RecordKind, u32),
    after: Option<u64>,
    most: usize,
) -> Result<History, StoreError> {
    let key = kind.key(id);
    let found = key.map(|key| history::versions(rows, &key, after, most.saturating_add(1)));
    let mut found = found.transpose()?.unwrap_or_default();
    let more = found.len() > most;
    found.truncate(most);
    let last = found.last().and_then(|version| version.replaced).map(|(change, _)| change);
    // Behind the one in force comes the newest that was ended.
    let next = more.then(|| last.unwrap_or(history::NEWEST));
    let versions = found.into_iter().map(line).collect();
    Ok(History { kind, id, versions, jurisdiction: None, next })
}

/// The version of a record at a time, Unix milliseconds; none of a record that never existed.
///
/// # Errors
/// A row cannot be read.
pub fn version_at(
    rows: &dyn ReadRows,
    (kind, id): (RecordKind, u32),
    at_ms: u64,
) -> Result<History, StoreError> {
    let audit_no = history::last_audit(rows, at_ms)?;
    let found = kind.key(id).map(|key| history::as_of(rows, &key, audit_no)).transpose()?;
    let found = found.filter(|found| found.record.is_some() || found.replaced.is_some());
    let seller = match found.as_ref().and_then(|found| found.record.as_ref()) {
        Some(RegistryRecord::Seller(seller)) => Some(seller.id),
        Some(RegistryRecord::Terminal(terminal)) => Some(terminal.seller),
        _ => None,
    };
    let chain = seller.map(|seller| history::jurisdiction(rows, seller, audit_no)).transpose()?;
    let jurisdiction = chain.flatten().map(|chain| chain.iter().map(|id| id.0).collect());
    let versions = found.into_iter().map(line).collect();
    Ok(History { kind, id, versions, jurisdiction, next: None })
}

fn line(version: Version) -> VersionLine {
    VersionLine {
        until: version.replaced.and_then(|(_, at_ms)| utc(at_ms)),
        until_ms: version.replaced.map(|(_, at_ms)| at_ms),
        change: version.replaced.map(|(audit_no, _)| audit_no),
        record: version.record.map(record),
    }
}

fn record(record: RegistryRecord) -> RecordLine {
    match record {
        RegistryRecord::Distributor(record) => RecordLine::Distributor {
            name: record.name,
            status: record.status.label(),
            parent: record.parent.map(|parent| parent.0),
        },
        RegistryRecord::Seller(record) => RecordLine::Seller {
            name: record.name,
            status: record.status.label(),
            distributor: record.distributor.0,
            currency: record.currency,
            credit_limit_minor: record.credit_limit_minor,
        },
        RegistryRecord::Terminal(record) => RecordLine::Terminal {
            seller: record.seller.0,
            status: record.status.label(),
            reason: record.reason,
            services: match record.services {
                Services::All => None,
                Services::Only(only) => Some(only.iter().map(|service| service.0).collect()),
            },
        },
        RegistryRecord::Service(record) => service(record),
        RegistryRecord::Receipt(record) => RecordLine::Receipt { text: record.text },
        RegistryRecord::Route(record) => RecordLine::Route { rules: record.rules.len() },
        RegistryRecord::Handset(record) => RecordLine::Handset {
            terminal: record.terminal.0,
            status: record.status.label(),
            revision: record.revision,
        },
        RegistryRecord::Bridge(record) => {
            RecordLine::Bridge { status: record.status.label(), reason: record.reason }
        }
    }
}

fn service(record: Service) -> RecordLine {
    let products = record.products.into_iter().map(|product| ProductLine {
        product: product.id.0,
        name: product.name,
        amount_minor: product.amount_minor,
    });
    let commission = record.commission.iter().map(|rule| CommissionLine {
        level: rule.level,
        fixed_minor: rule.fixed_minor,
        basis_points: rule.basis_points,
        rounding: rule.rounding.label(),
        from: rule.from.to_string(),
    });
    let charges = record.charges.iter().map(|rule| ChargeLine {
        kind: rule.kind.label(),
        fixed_minor: rule.fixed_minor,
        basis_points: rule.basis_points,
        of: rule.base.label(),
        rounding: rule.rounding.label(),
        from: rule.from.to_string(),
    });
    RecordLine::Service {
        name: record.name,
        status: record.status.label(),
        fulfilment: record.fulfilment.label(),
        route: record.route,
        currency: record.currency,
        amount_min_minor: record.amount_min_minor,
        amount_max_minor: record.amount_max_minor,
        amount: record.amount.label(),
        account: record.account.map(|field| field.form.label()),
        lookup: record.lookup.label(),
        money: record.money.label(),
        reversal: record.reversal.to_string(),
        products: products.collect(),
        commission: commission.collect(),
        charges: charges.collect(),
    }
}

/// A time as `2026-11-23T08:15:00.000Z`; `None` outside the years that dates have.
fn utc(at_ms: u64) -> Option<String> {
    let date = BusinessDate::of_unix(at_ms / 1_000)?;
    let (second, ms) = (at_ms / 1_000 % 86_400, at_ms % 1_000);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    Some(format!("{date}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"))
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn a_time_is_shown_in_utc_to_the_millisecond() {
        assert_eq!(utc(1_795_751_640_007).as_deref(), Some("2026-11-27T03:54:00.007Z"));
        assert_eq!(utc(u64::MAX), None);
    }
}
