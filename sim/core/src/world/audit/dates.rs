//! The business date as terminals see it: what a welcome tells, and which dates new sales may bear.
//! It is the one in force by the auditors' own calendar; where the clock on the wall was set back
//! over the cut-off, the day that had begun may go on.

use rustc_hash::FxHashMap;
use tillgate_codec::link::message::TerminalMessage;
use tillgate_core::id::SessionId;
use tillgate_core::time::UnixMillis;
use tillgate_core::transaction::Origin;
use tillgate_store_core::{Key, ResponseCode};

use super::Checker;
use crate::time::Moment;

const WRONG_DATE: ResponseCode = ResponseCode(*b"B1");

/// The dates that a welcome over each session may tell.
#[derive(Default)]
pub(super) struct Dates(FxHashMap<SessionId, Vec<u16>>);

impl Dates {
    pub(super) fn crashed(&mut self) {
        self.0.clear();
    }
}

impl Checker {
    /// A pool thread has just read a logon.
    pub(super) fn dated(
        &mut self,
        origin: Origin,
        body: &[u8],
        (wall, wall_high): (UnixMillis, UnixMillis),
    ) {
        if !matches!(TerminalMessage::decode(body), Ok(TerminalMessage::Logon(_))) {
            return;
        }
        self.dated_welcome(origin, (wall, wall_high));
    }

    /// A welcome that is under way tells the date of now.
    pub(super) fn dated_welcome(
        &mut self,
        origin: Origin,
        (wall, wall_high): (UnixMillis, UnixMillis),
    ) {
        let (today, _) = self.calendar.now(wall);
        let (begun, _) = self.calendar.now(wall_high);
        let dates = self.dates.0.entry(origin.session).or_default();
        dates.push(today);
        dates.extend((begun > today).then_some(today + 1));
    }

    /// A welcome, encoded, on its way to its session manager.
    pub(super) fn welcomed(&mut self, now: Moment, origin: Origin, date: u16) {
        let dates = self.dates.0.get(&origin.session).map_or(&[][..], Vec::as_slice);
        if !dates.contains(&date) {
            let text = format!("{}: welcomed on {date}, and it is {dates:?}", origin.terminal);
            self.violate(now, 7, text);
        }
    }

    /// A sale is refused for its date: some calendar must have said so.
    pub(super) fn dated_wrongly(&self, key: &Key, code: ResponseCode) -> Option<(u8, String)> {
        let asked = self.requests.sales.get(key).map_or(&[][..], Vec::as_slice);
        let right = code != WRONG_DATE || asked.is_empty() || asked.iter().any(|one| one.outside);
        (!right).then(|| (7, "and its date is in force".to_owned()))
    }
}
