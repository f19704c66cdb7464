//! The operator's orders about terminals.

use tillgate_core::directory::Directory;
use tillgate_core::orders::{KeyChange, block, change_keys, notified, unblock};
use tillgate_core::transaction::{ControlOrder, PushedCommand};
use tillgate_store_conformance::network::sealed;
use tillgate_store_core::{
    Change, Counter, Registry, RegistryRecord, SellerId, Services, Status, Terminal, TerminalId,
};

const ID: TerminalId = TerminalId(7);

fn terminal() -> Terminal {
    Terminal::new(ID, SellerId(1), Services::All, (1, sealed(1)))
}

fn parts(order: ControlOrder) -> (Terminal, String, Vec<(TerminalId, PushedCommand)>) {
    let ControlOrder::Change { mut change, tell } = order else { panic!("not a change") };
    match (change.records.pop(), change.records.pop()) {
        (Some(RegistryRecord::Terminal(terminal)), None) => (terminal, change.note, tell),
        other => panic!("not one terminal: {other:?}"),
    }
}

#[test]
fn a_block_is_in_the_record_in_the_audit_log_and_on_the_screen() {
    let (blocked, note, tell) = parts(block(terminal(), "stolen".to_owned()));
    assert_eq!((blocked.status, blocked.reason.as_str()), (Status::Blocked, "stolen"));
    assert_eq!(note, "block terminal 00000007: stolen");
    assert!(matches!(&tell[..], [(ID, PushedCommand::Block { reason })] if reason == "stolen"));
    let (free, note, tell) = parts(unblock(blocked));
    assert_eq!((free.status, free.reason.as_str()), (Status::Active, ""));
    assert_eq!(note, "unblock terminal 00000007");
    assert!(matches!(&tell[..], [(ID, PushedCommand::Unblock)]));
}

#[test]
fn only_terminals_whose_status_changes_are_notified() {
    let with = |id, status| {
        let mut terminal = terminal();
        (terminal.id, terminal.status) = (TerminalId(id), status);
        RegistryRecord::Terminal(terminal)
    };
    let records = vec![
        with(1, Status::Blocked),
        with(2, Status::Blocked),
        with(3, Status::Active),
        with(4, Status::Active),
        with(5, Status::Blocked),
    ];
    let before = |id: TerminalId| match id.0 {
        1 | 4 => Some(Status::Active),
        2 | 3 => Some(Status::Blocked),
        _ => None,
    };
    let told = notified(&Change { records, ..Change::default() }, before);
    let ids: Vec<u32> = told.iter().map(|(id, _)| id.0).collect();
    assert_eq!(ids, [1, 3], "not those that are new or as they were");
}

#[test]
fn a_key_that_ended_makes_room_for_the_next_one() {
    let mut held = terminal();
    for key_id in 2..=4 {
        held.add_key(key_id, sealed(u16::from(key_id))).unwrap();
    }
    let add = || KeyChange::Add { key_id: 5, sealed: sealed(5) };
    let mut registry = Registry::new();
    registry.apply(&RegistryRecord::Terminal(held.clone()));
    let mut directory = Directory::new(registry, &[]);
    assert!(change_keys(held.clone(), add(), &directory).is_err(), "all four are in force");
    let newest = held.newest_key().generation;
    let mut proved = Counter::new(ID);
    proved.raise(newest, 1, true);
    directory.load(&proved);
    let (changed, note, _) = parts(change_keys(held, add(), &directory).unwrap());
    let ids: Vec<u8> = changed.keys().iter().map(|key| key.id).collect();
    assert_eq!((ids, note.as_str()), (vec![4, 5], "add key 5 of terminal 00000007"));
}
