//! From the raw file to a [`Config`]: every rule about a value, and every range.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use tillgate_core::time::Calendar;
use tillgate_store_core::BridgeTag;
use toml::Spanned;

use super::raw::{self, Str};
use super::value::Check;
use super::{
    Admin, Bridge, BridgeKind, Config, Fault, HttpUrl, Link, Listen, Log, LogFormat, LogLevel,
    Store, Transactions, Workers, zone,
};

/// Bridges are threads and connections, so their number is small.
const BRIDGES_MAX: usize = 64;
/// Earlier key-encryption keys that can still be open.
const KEKS_OLD_MAX: usize = 7;
/// A bridge's name is a column of `services.csv` and a metric label.
const BRIDGE_NAME_BYTES_MAX: usize = 32;
/// The commands of older releases read the token's file.
const ADMIN_TOKEN_UNUSED: &str = "admin.token has no effect: commands use the Unix socket \
    (admin.socket). Remove the key; a later release will refuse it";

/// Checks the whole file; reports every fault, not only the first.
pub(super) fn check(file: &Path, source: &str, raw: raw::Root) -> Result<Config, Vec<Fault>> {
    let mut check = Check { source, base: base(file), faults: Vec::new(), notices: Vec::new() };
    let config = Config {
        file: file.to_owned(),
        listen: check.listen(raw.listen),
        admin: check.admin(raw.admin),
        store: check.store(raw.store),
        link: check.link(raw.link),
        workers: check.workers(raw.workers),
        calendar: check.calendar(raw.calendar),
        transactions: check.transactions(raw.transactions, raw.desk),
        log: check.log(raw.log),
        bridges: Vec::new(),
        notices: Vec::new(),
    };
    let bridges = check.bridges(raw.bridge, config.transactions.answer_s);
    let Check { faults, notices, .. } = check;
    if faults.is_empty() { Ok(Config { bridges, notices, ..config }) } else { Err(faults) }
}

fn base(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

impl Check<'_> {
    fn listen(&mut self, raw: Option<Spanned<raw::Listen>>) -> Listen {
        let (place, raw) = self.section(raw, "listen");
        Listen {
            terminals: self.address(place, raw.terminals, "listen.terminals", "127.0.0.1:7400"),
            reactors: self.number(raw.reactors, "listen.reactors", 1..=64, 1),
            backlog: self.number(raw.backlog, "listen.backlog", 1..=65_535, 4_096),
        }
    }

    fn admin(&mut self, raw: Option<Spanned<raw::Admin>>) -> Admin {
        let (place, raw) = self.section(raw, "admin");
        if raw.token.is_some() {
            self.notices.push(ADMIN_TOKEN_UNUSED.to_owned());
        }
        Admin {
            listen: self.address(place, raw.listen, "admin.listen", "127.0.0.1:7401"),
            socket: self.path_or(raw.socket, "admin.socket", "admin.sock"),
            token_sha256: self.path_or(raw.token_sha256, "admin.token_sha256", "keys/admin.sha256"),
            users: self.path_or(raw.users, "admin.users", "users.toml"),
        }
    }

    fn store(&mut self, raw: Option<Spanned<raw::Store>>) -> Store {
        let (place, raw) = self.section(raw, "store");
        let dir = self.path(place, raw.dir, "store.dir", "data");
        let kek = self.path(place, raw.kek, "store.kek", "keys/kek-1.key");
        if raw.kek_id.is_none() && place.is_some() {
            self.missing(place, "store.kek_id", "1");
        }
        let kek_id = self.number(raw.kek_id, "store.kek_id", 1..=4_294_967_295, 1);
        if raw.kek_old.len() > KEKS_OLD_MAX {
            let text = format!("at most {KEKS_OLD_MAX} earlier keys can be open");
            self.fault(raw.kek_old[KEKS_OLD_MAX].span().start, text);
        }
        let mut seen = BTreeSet::from([kek_id]);
        let mut keks_old = Vec::new();
        for old in raw.kek_old {
            let place = old.span().start;
            let old = old.into_inner();
            if old.id.is_none() {
                self.missing(Some(place), "store.kek_old.id", "1");
            }
            let id = self.number(old.id, "store.kek_old.id", 1..=4_294_967_295, 1);
            if !seen.insert(id) {
                self.fault(place, format!("key number {id} is already taken by another key"));
            }
            let key = self.path(Some(place), old.file, "store.kek_old.file", "keys/kek-1.key");
            keks_old.push((id, key));
        }
        let high_water = raw.high_water.map(|path| {
            let place = Some(path.span().start);
            self.path(place, Some(path), "store.high_water", "/mnt/other/high-water")
        });
        Store { dir, kek, kek_id, keks_old, high_water }
    }

    fn link(&mut self, raw: Option<Spanned<raw::Link>>) -> Link {
        let (place, raw) = self.section(raw, "link");
        Link {
            key: self.path(place, raw.key, "link.key", "keys/gateway.key"),
            idle_s: self.number(raw.idle_s, "link.idle_s", 30..=65_535, 600),
            handshake_s: self.number(raw.handshake_s, "link.handshake_s", 1..=120, 20),
            record_s: self.number(raw.record_s, "link.record_s", 1..=120, 20),
            sessions_max: self.number(raw.sessions_max, "link.sessions_max", 1..=1_000_000, 18_000),
            unproven_percent: self.number(
                raw.unproven_percent,
                "link.unproven_percent",
                1..=100,
                75,
            ),
            unproven_address_percent: self.number(
                raw.unproven_address_percent,
                "link.unproven_address_percent",
                1..=100,
                50,
            ),
            requests_per_s: NonZeroU32::new(self.number(
                raw.requests_per_s,
                "link.requests_per_s",
                0..=1_000_000,
                10,
            )),
            requests_burst: self.number(raw.requests_burst, "link.requests_burst", 1..=10_000, 30),
            handshakes_per_min: NonZeroU32::new(self.number(
                raw.handshakes_per_min,
                "link.handshakes_per_min",
                0..=1_000_000,
                30,
            )),
            handshakes_burst: self.number(
                raw.handshakes_burst,
                "link.handshakes_burst",
                1..=10_000,
                20,
            ),
        }
    }

    fn workers(&mut self, raw: Option<Spanned<raw::Workers>>) -> Workers {
        let raw = raw.map(Spanned::into_inner).unwrap_or_default();
        Workers { pool: self.number(raw.pool, "workers.pool", 1..=64, 1) }
    }

    fn calendar(&mut self, raw: Option<Spanned<raw::Calendar>>) -> Calendar {
        let (place, raw) = self.section(raw, "calendar");
        let cutoff_min = raw.cutoff.map_or(0, |cutoff| {
            clock_minutes(cutoff.as_ref()).unwrap_or_else(|| {
                let what = format!(
                    "calendar.cutoff is {:?}; allowed are \"00:00\" to \"23:59\"",
                    cutoff.as_ref()
                );
                self.fault(cutoff.span().start, what);
                0
            })
        });
        match (raw.time_zone, raw.utc_offset) {
            (Some(zone), None) => {
                let shifts = zone::shifts(zone.as_ref()).unwrap_or_else(|| {
                    let what = format!(
                        "calendar.time_zone is {:?}; give a name of the IANA database, for \
                         example \"Africa/Accra\" or \"Europe/Berlin\"",
                        zone.as_ref()
                    );
                    self.fault(zone.span().start, what);
                    Vec::new()
                });
                Calendar::zoned(&shifts, cutoff_min)
            }
            (Some(zone), Some(_)) => {
                let what = "calendar.time_zone and calendar.utc_offset say the same; give one";
                self.fault(zone.span().start, what);
                Calendar::default()
            }
            (None, offset) => {
                let offset = self.text(place, offset, "calendar.utc_offset", "+00:00");
                let minutes = offset.map_or(0, |(at, text)| self.offset(at, &text));
                Calendar::fixed(minutes, cutoff_min)
            }
        }
    }

    fn offset(&mut self, at: usize, text: &str) -> i32 {
        offset_minutes(text).unwrap_or_else(|| {
            let what = format!(
                "calendar.utc_offset is {text:?}; allowed are \"-12:00\" to \"+14:00\", with \
                 the sign"
            );
            self.fault(at, what);
            0
        })
    }

    fn transactions(
        &mut self,
        raw: Option<Spanned<raw::Transactions>>,
        desk: Option<Spanned<raw::Transactions>>,
    ) -> Transactions {
        let raw = self.renamed(raw, desk, "desk", "transactions");
        let raw = raw.map(Spanned::into_inner).unwrap_or_default();
        Transactions {
            answer_s: self.number(raw.answer_s, "transactions.answer_s", 2..=120, 25),
            batch_max: self.number(raw.batch_max, "transactions.batch_max", 1..=4_096, 1_024),
            pending_max: self.number(
                raw.pending_max,
                "transactions.pending_max",
                1..=1_000_000,
                100_000,
            ),
            // At least 1: the retry of a lost answer may come over the cut-off.
            reprint_days: self.number(raw.reprint_days, "transactions.reprint_days", 1..=365, 7),
        }
    }

    fn log(&mut self, raw: Option<Spanned<raw::Log>>) -> Log {
        let raw = raw.map(Spanned::into_inner).unwrap_or_default();
        let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        let levels = [
            ("error", LogLevel::Error),
            ("warn", LogLevel::Warn),
            ("info", LogLevel::Info),
            ("debug", LogLevel::Debug),
        ];
        Log {
            format: self.choice(raw.format, "log.format", &formats, LogFormat::Text),
            level: self.choice(raw.level, "log.level", &levels, LogLevel::Info),
        }
    }

    fn bridges(&mut self, raw: Vec<Spanned<raw::Bridge>>, answer_s: u16) -> Vec<Bridge> {
        if raw.len() > BRIDGES_MAX {
            let text = format!("{} bridges; at most {BRIDGES_MAX} are allowed", raw.len());
            self.fault(raw[BRIDGES_MAX].span().start, text);
        }
        let mut names = BTreeSet::new();
        raw.into_iter().map(|bridge| self.bridge(bridge, answer_s, &mut names)).collect()
    }

    fn bridge(
        &mut self,
        raw: Spanned<raw::Bridge>,
        answer_s: u16,
        names: &mut BTreeSet<String>,
    ) -> Bridge {
        let place = Some(raw.span().start);
        let raw = raw.into_inner();
        let name = self.text(place, raw.name, "bridge.name", "topup");
        if let Some((at, name)) = &name {
            if !is_bridge_name(name) {
                let text = format!(
                    "bridge.name is {name:?}; allowed are 1 to {BRIDGE_NAME_BYTES_MAX} of \
                     a-z 0-9 _ -"
                );
                self.fault(*at, text);
            } else if names.contains(name) {
                self.fault(*at, format!("two bridges are called {name:?}; names are unique"));
            } else if let Some(other) =
                names.iter().find(|other| BridgeTag::of(other) == BridgeTag::of(name))
            {
                let text = format!(
                    "{name:?} cannot be distinguished from {other:?} in the journal, which keeps a \
                     hash of the name; rename the newer bridge"
                );
                self.fault(*at, text);
            }
            names.insert(name.clone());
        }
        if self.text(place, raw.kind.clone(), "bridge.kind", "http").is_some() {
            self.choice(raw.kind, "bridge.kind", &[("http", ())], ());
        }
        let deadline_at = raw.deadline_s.as_ref().map(|d| d.span().start);
        let deadline_s = self.number(raw.deadline_s, "bridge.deadline_s", 1..=119, 10);
        if deadline_s >= answer_s {
            let text = format!(
                "bridge.deadline_s is {deadline_s} and transactions.answer_s is {answer_s}; a bridge must \
                 give up before the terminal's answer is due: allowed are 1 to {}",
                answer_s - 1
            );
            self.fault(deadline_at.or(place).unwrap_or(0), text);
        }
        Bridge {
            name: name.map(|(_, name)| name).unwrap_or_default(),
            kind: BridgeKind::Http { url: self.url(place, raw.url) },
            connections: self.number(raw.connections, "bridge.connections", 1..=1_024, 32),
            deadline_s,
            idempotent: raw.idempotent.unwrap_or(false),
            inquiry: raw.inquiry.unwrap_or(false),
            reversal: raw.reversal.unwrap_or(false),
            confirmation: raw.confirmation.unwrap_or(false),
        }
    }

    fn url(&mut self, place: Option<usize>, raw: Str) -> HttpUrl {
        let none = HttpUrl { host: String::new(), port: 0, path: String::new() };
        let Some((at, text)) = self.text(place, raw, "bridge.url", "http://127.0.0.1:7402/topups")
        else {
            return none;
        };
        HttpUrl::parse(&text).unwrap_or_else(|why| {
            self.fault(at, format!("bridge.url: {why}"));
            none
        })
    }
}

fn is_bridge_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    (1..=BRIDGE_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(allowed)
}

/// `HH:MM` as minutes after midnight.
fn clock_minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if digits { part.parse::<u16>().ok() } else { None }
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// `+HH:MM` or `-HH:MM` as minutes east of UTC.
fn offset_minutes(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let minutes = sign * i32::from(clock_minutes(rest)?);
    (-12 * 60..=14 * 60).contains(&minutes).then_some(minutes)
}
