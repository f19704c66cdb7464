//! The journal of the gateway that the handsets sold over, and what their books say of it.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tillgate_codec::link::message::BusinessDate;
use tillgate_types::Currency;
use tillsim_core::audit::Kind;
use tillsim_core::time::Span;
use tillsim_core::ussdc::audit::{Auditor, Row, Verdict};
use tillsim_core::ussdc::crowd::Crowd;

use crate::exit::Refusal;
use crate::run::journal::{RowLine, pages, text};
use crate::run::{AGAIN_AFTER, Admin, Interrupts};

/// Days before today whose rows may have the greatest number: time zones, and a run at midnight.
const DAYS_BEFORE: u16 = 2;
/// Digits behind the point of a currency that is not known.
const DECIMALS: u32 = 2;

/// What the books of the handsets are compared with.
pub(crate) struct Sources {
    pub(crate) admin: Admin,
    /// The terminal of each handset, by its number.
    pub(crate) terminals: BTreeMap<u64, u32>,
    /// For how long rows that are open are looked at again.
    pub(crate) patience: Span,
}

/// A journal before the run.
pub(super) struct Before {
    sources: Sources,
    /// The query for the days of the run.
    query: String,
    /// The greatest number of a row.
    last: u64,
}

/// Whether the handsets' money is right.
pub(super) enum Money {
    /// No admin interface was given.
    NotChecked,
    /// The journal could not be read.
    Unreadable(Refusal),
    Checked(Verdict),
}

impl Before {
    /// Reads which rows are there before the run.
    ///
    /// # Errors
    /// [`Refusal`] when the journal cannot be read.
    pub(super) fn new(sources: Sources) -> Result<Self, Refusal> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let today = BusinessDate::of_unix(since.as_secs()).unwrap_or_default();
        let query = format!("&from={}", BusinessDate(today.0.saturating_sub(DAYS_BEFORE)));
        let mut last = 0;
        pages(&sources.admin, &query, |row| {
            last = last.max(row.seq);
            Ok(())
        })?;
        Ok(Self { sources, query, last })
    }

    /// Compares the books with the journal; again, while rows are open or it cannot be read, and
    /// the patience lasts.
    pub(super) fn compare(&self, crowd: &Crowd, interrupts: &Interrupts) -> Money {
        let began = Instant::now();
        let patience = Duration::from_nanos(self.sources.patience.0);
        let interrupted = interrupts.load(Ordering::Relaxed);
        loop {
            let is_over =
                began.elapsed() > patience || interrupts.load(Ordering::Relaxed) > interrupted;
            match self.read(crowd) {
                Ok(verdict) if is_over || verdict.count(Kind::Unresolved) == 0 => {
                    return Money::Checked(verdict);
                }
                Err(refusal) if is_over => return Money::Unreadable(refusal),
                // A gateway that was killed comes back.
                Ok(_) | Err(_) => sleep(AGAIN_AFTER),
            }
        }
    }

    fn read(&self, crowd: &Crowd) -> Result<Verdict, Refusal> {
        let mut auditor = Auditor::new(crowd.handsets().filter_map(|(number, handset)| {
            let terminal = self.sources.terminals.get(&number)?;
            Some((number, *terminal, handset.book()))
        }));
        pages(&self.sources.admin, &self.query, |line| {
            if line.is_sale() && line.seq > self.last {
                auditor.row(row(line)?);
            }
            Ok(())
        })?;
        Ok(auditor.finish())
    }
}

fn row(line: &RowLine<'_>) -> Result<Row, String> {
    Ok(Row {
        terminal: line.terminal,
        stan: line.stan,
        state: line.state()?,
        rrn: text(&line.rrn).into(),
        account_masked: text(&line.subscriber_masked).into(),
        amount_minor: line.amount_minor,
        decimals: Currency::numbered(line.currency).map_or(DECIMALS, |of| of.decimals),
    })
}
