//! The centre's own log: one line of JSON per dialog. And the books of the handsets, likewise.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use tillsim_core::time::{Moment, Span};
use tillsim_core::ussdc::crowd::{Crowd, Record};
use tillsim_core::ussdc::handset::{Event, Mark};

use crate::exit::{About, Refusal};

/// Octets that are written at once.
const BUFFER_BYTES: usize = 256 * 1024;

pub(super) struct Log {
    file: Option<(PathBuf, File)>,
    lines: Vec<u8>,
    /// The moment 0, as milliseconds since 1970.
    epoch_ms: u64,
}

impl Log {
    pub(super) fn new(path: Option<&Path>) -> Result<Self, Refusal> {
        let create = |path: &Path| {
            Ok((path.to_owned(), File::create(path).about(format!("--log {}", path.display()))?))
        };
        let file = path.map(create).transpose()?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let epoch_ms = u64::try_from(since.as_millis()).unwrap_or(0);
        Ok(Self { file, lines: Vec::new(), epoch_ms })
    }

    /// The moment 0, as milliseconds since 1970.
    pub(super) const fn epoch_ms(&self) -> u64 {
        self.epoch_ms
    }

    pub(super) fn bound(&mut self, system_id: &str) {
        if self.file.is_some() {
            let line = json!({"event": "bound", "system_id": system_id});
            // Writing into memory does not fail.
            drop(writeln!(self.lines, "{line}"));
        }
    }

    pub(super) fn dialog(&mut self, record: &Record) {
        if self.file.is_none() {
            return;
        }
        let at = |moment: Moment| unix_ms(self.epoch_ms, moment);
        let Record { number, key, begun, ended, steps, status, .. } = record;
        let (label, begun, ended) = (status.label(), at(*begun), at(*ended));
        let violation = status.violation().map_or("", |violation| violation.label());
        // No value needs to be escaped.
        drop(writeln!(
            self.lines,
            "{{\"msisdn\":\"{number}\",\"session\":{key},\"begun_ms\":{begun},\
             \"ended_ms\":{ended},\"steps\":{steps},\"status\":\"{label}\",\
             \"violation\":\"{violation}\"}}"
        ));
    }

    pub(super) fn flush_if_full(&mut self) -> Result<(), Refusal> {
        if self.lines.len() < BUFFER_BYTES { Ok(()) } else { self.end() }
    }

    pub(super) fn end(&mut self) -> Result<(), Refusal> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        file.write_all(&self.lines).about(format!("--log {}", path.display()))?;
        self.lines.clear();
        Ok(())
    }
}

fn unix_ms(epoch_ms: u64, moment: Moment) -> u64 {
    epoch_ms + moment.since(Moment(0)).0 / Span::ms(1).0
}

/// Writes what the owners saw of their sales, one line of JSON each.
pub(super) fn books(path: &Path, crowd: &Crowd, epoch_ms: u64) -> Result<(), Refusal> {
    let mut lines = Vec::new();
    for (number, handset) in crowd.handsets() {
        for entry in handset.book().entries() {
            let at_ms = unix_ms(epoch_ms, entry.at);
            let msisdn = number.to_string();
            let line = match &entry.event {
                Event::Ordered { account, amount } => json!({
                    "msisdn": msisdn, "at_ms": at_ms, "event": "ordered",
                    "account": account.as_str(), "amount": amount.as_str(),
                }),
                Event::Seen { mark, reference } => json!({
                    "msisdn": msisdn, "at_ms": at_ms, "event": word(*mark),
                    "reference": reference.as_str(),
                }),
                Event::Unknown => json!({"msisdn": msisdn, "at_ms": at_ms, "event": "unknown"}),
                Event::Notified { mark, reference } => json!({
                    "msisdn": msisdn, "at_ms": at_ms, "event": "notified", "mark": word(*mark),
                    "reference": reference.as_str(),
                }),
            };
            drop(writeln!(lines, "{line}"));
        }
    }
    std::fs::write(path, lines).about(format!("--book {}", path.display()))
}

/// The word of the books.
pub(super) const fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Approved => "approved",
        Mark::Declined => "declined",
        Mark::InProgress => "in_progress",
    }
}
