//! Laws of the registry's history.

use std::ops::ControlFlow;

use super::Factory;
use super::network::{distributor, sealed, seller, terminal};
use super::world::World;
use tillgate_store_core::history::{self, Version};
use tillgate_store_core::journal;
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{
    Former, KeyBytes, RegistryRecord, Seller, Services, Status, Terminal,
};
use tillgate_store_core::rows::{Family, ReadRows};
use tillgate_types::{DistributorId, SellerId, TerminalId};

const HOUR_MS: u64 = 3_600_000;

impl<F: Factory> World<F> {
    /// Applies these records an hour later; the time of the change.
    fn replace(&mut self, records: Vec<RegistryRecord>) -> u64 {
        self.now_ms += HOUR_MS;
        assert_eq!(self.change(records, vec![], vec![]), Outcome::Applied);
        self.now_ms
    }

    fn versions(&self, key: &KeyBytes) -> Vec<Version> {
        history::versions(self.book().backend(), key, None, 100).expect("the engine reads")
    }

    fn at(&self, key: &KeyBytes, at_ms: u64) -> Option<RegistryRecord> {
        let rows = self.book().backend();
        let audit_no = history::last_audit(rows, at_ms).expect("the engine reads");
        history::as_of(rows, key, audit_no).expect("the engine reads").record
    }

    fn jurisdiction(&self, seller: u32, at_ms: u64) -> Option<Vec<u32>> {
        let rows = self.book().backend();
        let audit_no = history::last_audit(rows, at_ms).expect("the engine reads");
        let chain = history::jurisdiction(rows, SellerId(seller), audit_no);
        let ids = |chain: &[DistributorId]| chain.iter().map(|id| id.0).collect();
        chain.expect("the tree was sound at any time").map(|chain| ids(&chain))
    }
}

/// Whoever was above it then stays above its past, also when the tree above moves, too.
pub fn a_moved_seller_leaves_its_past_with_its_old_distributor<F: Factory>(factory: F) {
    let mut world = World::new(factory);
    let began = world.now_ms;
    let hung = world.replace(vec![distributor(3, Some(2)), distributor(4, None)]);
    let moved = world.replace(vec![seller(1, 3, 0)]);
    let rehung = world.replace(vec![distributor(2, Some(4))]);
    let returned = world.replace(vec![seller(1, 1, 0)]);
    world.reopen();
    let expected: [(u64, &[u32]); 9] = [
        (began, &[2, 1]),
        (hung, &[2, 1]),
        (moved - 1, &[2, 1]),
        (moved, &[3, 2, 1]),
        (rehung - 1, &[3, 2, 1]),
        (rehung, &[3, 2, 4]),
        (returned - 1, &[3, 2, 4]),
        (returned, &[1]),
        (u64::MAX, &[1]),
    ];
    for (at_ms, chain) in expected {
        assert_eq!(world.jurisdiction(1, at_ms).as_deref(), Some(chain), "{} ms on", at_ms - began);
    }
    let records: Vec<_> = world.versions(&Seller::key_of(SellerId(1)));
    let ends: Vec<_> = records.iter().map(|version| version.replaced).collect();
    assert_eq!(ends, [None, Some((5, returned)), Some((3, moved)), Some((1, began))]);
    let records: Vec<_> = records.into_iter().map(|version| version.record).collect();
    assert_eq!(
        records,
        [Some(seller(1, 1, 0)), Some(seller(1, 3, 0)), Some(seller(1, 2, 0)), None]
    );
}

/// Neither it nor a jurisdiction above it.
pub fn a_record_did_not_exist_before_the_change_that_created_it<F: Factory>(factory: F) {
    let mut world = World::new(factory);
    let created = world.replace(vec![seller(3, 2, 10)]);
    let key = Seller::key_of(SellerId(3));
    assert_eq!(world.at(&key, created - 1), None);
    assert_eq!(world.jurisdiction(3, created - 1), None);
    assert_eq!(world.at(&key, created), Some(seller(3, 2, 10)));
    assert_eq!(world.at(&Seller::key_of(SellerId(4)), created), None, "it never did");
    assert_eq!(world.versions(&Seller::key_of(SellerId(4))), []);
}

/// A secret that was taken out of use must not be found in the history, by anybody.
pub fn a_change_of_keys_alone_leaves_no_trace_and_no_key_outlives_itself<F: Factory>(factory: F) {
    let mut world = World::new(factory);
    let key = Terminal::key_of(TerminalId(1));
    let stored = |world: &World<F>| match world.registry.terminal(TerminalId(1)) {
        Some(terminal) => terminal.clone(),
        None => panic!("the network has terminal 1"),
    };
    let mut rekeyed = stored(&world);
    rekeyed.replace_keys(2, sealed(0x1234)).expect("generations are left");
    let as_before = vec![seller(1, 2, 0)];
    world.replace([as_before, vec![RegistryRecord::Terminal(rekeyed)]].concat());
    assert_eq!(world.versions(&key).len(), 2, "in force, and before it was created");

    let mut blocked = stored(&world);
    (blocked.status, blocked.reason) = (Status::Blocked, "lost".to_owned());
    blocked.services = Services::Only(vec![]);
    blocked.add_key(3, sealed(0x4321)).expect("there is room");
    let at_ms = world.replace(vec![RegistryRecord::Terminal(blocked)]);
    let versions = world.versions(&key);
    assert_eq!(versions.len(), 3);
    let before = RegistryRecord::without_keys(terminal(1, 1));
    assert_eq!(versions[1].record.as_ref(), Some(&before));
    assert_eq!(world.at(&key, at_ms - 1), Some(before));
    let Some(RegistryRecord::Terminal(now)) = world.at(&key, at_ms) else {
        panic!("the terminal is there")
    };
    assert_eq!((now.reason.as_str(), now.keys()), ("lost", &[][..]));

    let secrets = [sealed(u16::MAX), sealed(0x1234), sealed(0x4321)];
    let scanned = world.book().backend().scan(Family::History, &[], &mut |_, value| {
        for secret in &secrets {
            let found = value.windows(secret.bytes.len()).any(|part| part == &secret.bytes[..]);
            assert!(!found, "a sealed key is in the history");
        }
        ControlFlow::Continue(())
    });
    scanned.expect("the engine reads");
}

/// What does not happen has no past.
pub fn a_refused_change_leaves_no_trace<F: Factory>(factory: F) {
    let mut world = World::new(factory);
    let count = |world: &World<F>| {
        let mut count = 0;
        let counted = journal::records::<Former>(world.book().backend(), &[], |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        counted.map(|()| count).expect("every row is sound")
    };
    assert_eq!(count(&world), 9, "the network was created");
    let wrong = vec![seller(1, 1, 0), seller(2, 77, 0)];
    assert!(matches!(world.change(wrong, vec![], vec![]), Outcome::Rejected(_)));
    let keyless = vec![terminal(1, 1).without_keys()];
    assert!(matches!(world.change(keyless, vec![], vec![]), Outcome::Rejected(_)));
    world.replace(vec![seller(1, 2, 0), distributor(1, None)]);
    assert_eq!(count(&world), 9, "nothing differed");
    world.replace(vec![seller(1, 1, 0), distributor(1, None)]);
    assert_eq!(count(&world), 10);
}
