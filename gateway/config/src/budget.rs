//! How many descriptors the gateway can need, against how many it may have. Computed once, at
//! start: a gateway that would run out under load refuses to start instead.

use std::fmt;

use super::Config;

/// Standard streams, the poll of the runtimes, the log, libraries.
const BASE: u64 = 64;
/// Poll, waker, listening socket, reserve, and a turn's new connections before they are refused.
const PER_REACTOR: u64 = 4 + 64;
/// Connections of the admin's port and socket, and their listening sockets.
const ADMIN: u64 = 384 + 32 + 2;
/// Connections of a bridge's callbacks, and the listening socket.
const PER_CALLBACK: u64 = 2 * 64 + 2;
/// Of a USSD link over HTTP: connections without a request, one that is let in, the listening socket;
/// all such links share a runtime's poll and waker.
const PER_USSD_HTTP: u64 = 256 + 2 + 4;
/// Beside the table files: logs, manifest, locks, directories, the mark, and those of a checkpoint
/// while a backup begins.
const STORE: u64 = 96;

/// What needs how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    sessions: u64,
    reactors: u64,
    bridges: u64,
    listeners: u64,
    ussd: u64,
    store: u64,
}

/// The limit is lower than the need.
#[derive(Debug)]
pub struct Short {
    budget: Budget,
    allowed: u64,
}

impl Budget {
    /// The need of this configuration; `table_files` is what the store may hold open.
    #[must_use]
    pub fn of(config: &Config, table_files: u64) -> Self {
        Self {
            sessions: u64::from(config.link.sessions_max),
            reactors: u64::from(config.listen.reactors) * PER_REACTOR,
            bridges: config
                .bridges
                .iter()
                .map(|bridge| {
                    let callback = if bridge.callback.is_some() { PER_CALLBACK } else { 0 };
                    u64::from(bridge.connections) + callback
                })
                .sum(),
            listeners: config
                .iso8583_listeners
                .iter()
                .map(|listener| u64::from(listener.connections_max) + PER_REACTOR)
                .sum(),
            // A transmitter and a receiver, and the attempt that follows.
            ussd: u64::try_from(config.ussd_links.len()).unwrap_or(u64::MAX).saturating_mul(4)
                + config
                    .ussd_http
                    .iter()
                    .map(|link| u64::from(link.requests_max) + PER_USSD_HTTP)
                    .sum::<u64>(),
            store: STORE + table_files,
        }
    }

    fn total(&self) -> u64 {
        self.sessions
            + self.reactors
            + self.bridges
            + self.listeners
            + self.ussd
            + self.store
            + ADMIN
            + BASE
    }

    /// Whether a process that may have `allowed` can serve.
    ///
    /// # Errors
    /// [`Short`], which says what needs how many and what to change.
    pub fn check(&self, allowed: u64) -> Result<(), Short> {
        if allowed >= self.total() { Ok(()) } else { Err(Short { budget: *self, allowed }) }
    }
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Budget { sessions, reactors, bridges, listeners, ussd, store } = self.budget;
        let total = self.budget.total();
        let fixed = total - sessions;
        write!(
            f,
            "{total} file descriptors are needed ({sessions} sessions, {reactors} reactors, \
             {bridges} bridges, {listeners} ISO 8583 listeners, {ussd} USSD links, {store} store, {ADMIN} admin, {BASE} others) and this process may \
             have {}: raise the limit (ulimit -n {total}, or LimitNOFILE={total} in the unit), or ",
            self.allowed
        )?;
        match self.allowed.checked_sub(fixed) {
            Some(room) if room > 0 => write!(f, "set link.sessions_max to at most {room}"),
            _ => write!(f, "use fewer reactors and bridges"),
        }
    }
}

impl std::error::Error for Short {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_too_low_is_refused_with_the_number_that_would_do() {
        let budget = Budget {
            sessions: 18_000,
            reactors: 68,
            bridges: 32,
            listeners: 0,
            ussd: 0,
            store: 320,
        };
        assert!(budget.check(budget.total()).is_ok());
        let said = budget.check(10_000).map_err(|short| short.to_string());
        let said = said.expect_err("10,000 are too few");
        let room = 10_000 - (budget.total() - 18_000);
        assert!(said.contains(&format!("sessions_max to at most {room}")), "{said}");
        assert!(said.contains(&format!("LimitNOFILE={}", budget.total())), "{said}");
    }

    #[test]
    fn a_limit_below_the_fixed_need_does_not_suggest_a_session_count() {
        let budget =
            Budget { sessions: 10, reactors: 68, bridges: 32, listeners: 0, ussd: 0, store: 320 };
        let said = budget.check(50).map_err(|short| short.to_string());
        assert!(said.expect_err("50 are too few").contains("fewer reactors"));
    }
}
