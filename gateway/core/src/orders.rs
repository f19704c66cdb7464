//! The operator's orders: what changes in the record, what the audit log says, which terminals are
//! notified, and what only a person may order.

use tillgate_store_core::{
    BridgeOrder, BusinessDate, Change, Handset, Key, KeyError, PinHash, RefundStep, RegistryRecord,
    Sealed, Status, Terminal, TerminalId,
};

use crate::access::Caller;
use crate::directory::Directory;
use crate::time::UnixMillis;
use crate::transaction::{Control, ControlOrder, PushedCommand};

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

/// Shows a text on a terminal; nothing changes.
#[must_use]
pub fn message(terminal: TerminalId, text: String) -> ControlOrder {
    let note = format!("message to terminal {terminal}: {text}");
    let tell = vec![(terminal, PushedCommand::Message { text })];
    ControlOrder::Change { change: Change { note, ..Change::default() }, tell }
}

/// Says what a bridge may do from now on.
#[must_use]
pub fn order_bridge(order: BridgeOrder) -> ControlOrder {
    let BridgeOrder { bridge, status, reason } = &order;
    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    let note = format!("bridge {bridge} is {}{why}", status.label());
    let change = Change { note, records: vec![RegistryRecord::Bridge(order)], ..Change::default() };
    ControlOrder::Change { change, tell: Vec::new() }
}

/// What is done to a handset.
pub enum HandsetChange {
    Block,
    Unblock,
    /// Wrong PINs are forgiven, as with every change.
    Unlock,
    /// This PIN, which its holder has to change first.
    Pin(PinHash),
}

/// Changes a handset; its dialogs end. `None`: the number of its changes is used up.
#[must_use]
pub fn change_handset(mut handset: Handset, what: HandsetChange) -> Option<ControlOrder> {
    handset.revision = handset.revision.checked_add(1)?;
    let verb = match what {
        HandsetChange::Block => {
            handset.status = Status::Blocked;
            "block"
        }
        HandsetChange::Unblock => {
            handset.status = Status::Active;
            "unblock"
        }
        HandsetChange::Unlock => "unlock",
        HandsetChange::Pin(pin) => {
            (handset.pin, handset.initial) = (Some(pin), true);
            "another PIN for"
        }
    };
    let note = format!("{verb} handset {}", handset.msisdn);
    let records = vec![RegistryRecord::Handset(handset)];
    let change = Change { note, records, ..Change::default() };
    Some(ControlOrder::Change { change, tell: Vec::new() })
}

/// What is done to the keys of a terminal.
pub enum KeyChange {
    /// One more.
    Add { key_id: u8, sealed: Sealed },
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

/// A change of the registry by a person or a file, with what it tells terminals; see [`notified`].
pub fn change_registry(
    change: Change,
    before: impl Fn(TerminalId) -> Option<Status>,
) -> ControlOrder {
    let tell = notified(&change, before);
    ControlOrder::Change { change, tell }
}

/// A step of a refund, booked on `today`.
///
/// # Errors
/// It takes two people, each with a login of its own.
pub fn refund(
    caller: &Caller,
    (key, step): (Key, RefundStep),
    today: BusinessDate,
    note: String,
) -> Result<ControlOrder, NotAPerson> {
    if !caller.is_person() {
        return Err(NotAPerson);
    }
    Ok(ControlOrder::Refund { key, step, today, note })
}

/// A refund takes two people, each with a login of its own: neither the token nor this machine is
/// one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPerson;

/// An order as the writer gets it from `caller`: its row in the audit log ends with its `origin`.
#[must_use]
pub fn signed(
    mut order: ControlOrder,
    caller: &Caller,
    origin: &str,
    (ticket, at): (u64, UnixMillis),
) -> Control {
    match &mut order {
        ControlOrder::Change { change: Change { note, .. }, .. }
        | ControlOrder::Resolve { note, .. }
        | ControlOrder::Refund { note, .. }
        | ControlOrder::Withdraw { note, .. } => {
            note.push_str(&format!(" ({origin})"));
        }
    }
    Control { ticket, at_ms: at.0, actor: caller.name(), order }
}

fn change(
    terminal: Terminal,
    note: String,
    tell: Vec<(TerminalId, PushedCommand)>,
) -> ControlOrder {
    let records = vec![RegistryRecord::Terminal(terminal)];
    ControlOrder::Change { change: Change { note, records, ..Change::default() }, tell }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::TokenHash;

    #[test]
    fn a_refund_is_ordered_by_a_person_and_by_nothing_else() {
        let (key, today) = (Key::default(), BusinessDate(9_000));
        let order = |caller: &Caller| {
            refund(caller, (key, RefundStep::Approve), today, "returned".to_owned())
        };
        for nobody in [Caller::Anybody, Caller::Local("root".to_owned()), Caller::Token] {
            assert_eq!(order(&nobody).err(), Some(NotAPerson), "{nobody:?}");
        }
        let ann = Caller::Person { name: "ann".to_owned(), login: TokenHash::of("ann") };
        let order = order(&ann).unwrap();
        let Control { actor, at_ms, order, .. } =
            signed(order, &ann, "from 192.0.2.1", (7, UnixMillis(5)));
        assert_eq!((actor.as_str(), at_ms), ("user ann", 5));
        let ControlOrder::Refund { note, .. } = order else { panic!("it is the refund") };
        assert_eq!(note, "returned (from 192.0.2.1)");
    }
}
