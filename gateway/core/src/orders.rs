//! The operator's orders about terminals: what changes in the record, what the audit log says, and
//! which terminals are notified.

use tillgate_store_core::{Change, KeyError, RegistryRecord, Sealed, Status, Terminal, TerminalId};

use crate::directory::Directory;
use crate::transaction::{ControlOrder, PushedCommand};

/// Stops a terminal from selling; its screen shows the reason.
#[must_use]
pub fn block(mut terminal: Terminal, reason: String) -> ControlOrder {
    let note = format!("block terminal {}: {reason}", terminal.id);
    terminal.status = Status::Blocked;
    terminal.reason.clone_from(&reason);
    let tell = vec![(terminal.id, PushedCommand::Block { reason })];
    change(terminal, note, tell)
}

/// Lets a terminal sell again.
#[must_use]
pub fn unblock(mut terminal: Terminal) -> ControlOrder {
    let note = format!("unblock terminal {}", terminal.id);
    terminal.status = Status::Active;
    terminal.reason.clear();
    let tell = vec![(terminal.id, PushedCommand::Unblock)];
    change(terminal, note, tell)
}

/// What is done to the keys of a terminal.
pub enum KeyChange {
    /// One more.
    Add {
        /// Its number.
        key_id: u8,
        /// The key.
        sealed: Sealed,
    },
    /// This one ends.
    Retire(u8),
    /// Handshake counters begin at 0.
    ResetCounters,
}

/// Changes the keys of a terminal; sessions of keys that are not in force any more end.
///
/// # Errors
/// The terminal cannot have its keys so.
pub fn change_keys(
    mut terminal: Terminal,
    what: KeyChange,
    directory: &Directory,
) -> Result<ControlOrder, KeyError> {
    let id = terminal.id;
    let note = match what {
        KeyChange::Add { key_id, sealed } => {
            drop_void(&mut terminal, directory);
            terminal.add_key(key_id, sealed)?;
            format!("add key {key_id} of terminal {id}")
        }
        KeyChange::Retire(key_id) => {
            terminal.retire_key(key_id)?;
            format!("retire key {key_id} of terminal {id}")
        }
        KeyChange::ResetCounters => {
            terminal.reset_counters()?;
            format!("reset the handshake counters of terminal {id}")
        }
    };
    Ok(change(terminal, note, Vec::new()))
}

/// Keys that ended when a newer one proved itself make room for the next one.
fn drop_void(terminal: &mut Terminal, directory: &Directory) {
    let keys = terminal.keys().iter();
    let void = keys.filter(|key| !directory.holds_key(terminal.id, key.generation));
    for key_id in void.map(|key| key.id).collect::<Vec<_>>() {
        // The newest key is never void.
        terminal.retire_key(key_id).unwrap_or_default();
    }
}

/// The terminals that a change of the registry blocks or unblocks, by their status before it.
pub fn notified(
    change: &Change,
    before: impl Fn(TerminalId) -> Option<Status>,
) -> Vec<(TerminalId, PushedCommand)> {
    let told = |record: &RegistryRecord| {
        let RegistryRecord::Terminal(terminal) = record else { return None };
        let command = match (before(terminal.id)?, terminal.status) {
            (Status::Active, Status::Blocked) => {
                PushedCommand::Block { reason: terminal.reason.clone() }
            }
            (Status::Blocked, Status::Active) => PushedCommand::Unblock,
            _ => return None,
        };
        Some((terminal.id, command))
    };
    change.records.iter().filter_map(told).collect()
}

fn change(
    terminal: Terminal,
    note: String,
    tell: Vec<(TerminalId, PushedCommand)>,
) -> ControlOrder {
    let records = vec![RegistryRecord::Terminal(terminal)];
    ControlOrder::Change { change: Change { note, records, ..Change::default() }, tell }
}
