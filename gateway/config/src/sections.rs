//! The file as serde sees it: every key optional and with its place, so that [`super::check`] can
//! say which one is missing or wrong, and where.

use serde::Deserialize;
use toml::Spanned;

/// A whole number with its place.
pub(super) type Int = Option<Spanned<i64>>;
/// A text with its place.
pub(super) type Str = Option<Spanned<String>>;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Root {
    pub(super) listen: Option<Spanned<Listen>>,
    pub(super) admin: Option<Spanned<Admin>>,
    pub(super) store: Option<Spanned<Store>>,
    pub(super) link: Option<Spanned<Link>>,
    pub(super) workers: Option<Spanned<Workers>>,
    pub(super) calendar: Option<Spanned<Calendar>>,
    pub(super) transactions: Option<Spanned<Transactions>>,
    /// What `[transactions]` was called until 0.1; read for one release.
    pub(super) desk: Option<Spanned<Transactions>>,
    pub(super) log: Option<Spanned<Log>>,
    pub(super) bridge: Vec<Spanned<Bridge>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Listen {
    pub(super) terminals: Str,
    pub(super) reactors: Int,
    pub(super) backlog: Int,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Admin {
    pub(super) listen: Str,
    /// Of releases whose commands showed a token.
    pub(super) token: Str,
    pub(super) token_sha256: Str,
    pub(super) socket: Str,
    pub(super) users: Str,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Store {
    pub(super) dir: Str,
    pub(super) kek: Str,
    pub(super) kek_id: Int,
    pub(super) kek_old: Vec<Spanned<KekOld>>,
    pub(super) high_water: Str,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct KekOld {
    pub(super) id: Int,
    pub(super) file: Str,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Link {
    pub(super) key: Str,
    pub(super) idle_s: Int,
    pub(super) handshake_s: Int,
    pub(super) record_s: Int,
    pub(super) sessions_max: Int,
    pub(super) unproven_percent: Int,
    pub(super) unproven_address_percent: Int,
    pub(super) requests_per_s: Int,
    pub(super) requests_burst: Int,
    pub(super) handshakes_per_min: Int,
    pub(super) handshakes_burst: Int,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Workers {
    pub(super) pool: Int,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Calendar {
    pub(super) utc_offset: Str,
    pub(super) time_zone: Str,
    pub(super) cutoff: Str,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Transactions {
    pub(super) answer_s: Int,
    pub(super) batch_max: Int,
    pub(super) pending_max: Int,
    pub(super) reprint_days: Int,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Log {
    pub(super) format: Str,
    pub(super) level: Str,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Bridge {
    pub(super) name: Str,
    pub(super) kind: Str,
    pub(super) url: Str,
    pub(super) connections: Int,
    pub(super) deadline_s: Int,
    pub(super) idempotent: Option<bool>,
    pub(super) inquiry: Option<bool>,
    pub(super) reversal: Option<bool>,
    pub(super) confirmation: Option<bool>,
}
