//! What the admin may see of the running gateway: who is online, which commands were
//! acknowledged, whether it serves. Read-only for everybody but the supervisor and the writer.

use std::collections::VecDeque;

use parking_lot::{Mutex, RwLock};
use tillgate_core::online::{Online, Presence, PresenceChange};
use tillgate_store_core::TerminalId;

use super::limits::ACKNOWLEDGED_MAX;

/// A snapshot that is always being brought up to date.
#[derive(Default)]
pub(crate) struct View {
    online: RwLock<Online>,
    acknowledged: Mutex<VecDeque<Acknowledged>>,
    stage: RwLock<Stage>,
    /// Of each USSD link, as it was reported last.
    links: RwLock<Vec<LinkShown>>,
}

/// What is known of a USSD link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkShown {
    pub(crate) state: &'static str,
    /// Why it was closed last; may be empty.
    pub(crate) down: String,
}

/// A pushed command that its terminal has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) terminal: TerminalId,
    pub(crate) command: u32,
    /// 0 done, 1 refused, 2 unsupported.
    pub(crate) result: u8,
    /// Unix milliseconds.
    pub(crate) at_ms: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not listening yet.
    #[default]
    Starting,
    /// Takes sales.
    Serving,
    /// Going down: finishes what it has.
    Draining,
}

impl View {
    /// Where `terminal` is online, if it is.
    pub(crate) fn presence(&self, terminal: TerminalId) -> Option<Presence> {
        self.online.read().presence(terminal)
    }

    pub(crate) fn online(&self) -> usize {
        self.online.read().count()
    }

    /// The result of a pushed command, if it came and is still remembered.
    pub(crate) fn acknowledged(&self, terminal: TerminalId, command: u32) -> Option<Acknowledged> {
        let acknowledged = self.acknowledged.lock();
        let found = acknowledged
            .iter()
            .rev()
            .find(|entry| entry.terminal == terminal && entry.command == command);
        found.copied()
    }

    /// How far the gateway is; readiness is [`Stage::Serving`].
    pub(crate) fn stage(&self) -> Stage {
        *self.stage.read()
    }

    pub(super) fn enter(&self, stage: Stage) {
        *self.stage.write() = stage;
    }

    pub(super) fn note_presence(&self, changes: &[PresenceChange]) {
        let mut online = self.online.write();
        changes.iter().for_each(|change| online.note(change));
    }

    /// A USSD link; `None`: nothing was reported yet.
    pub(crate) fn link(&self, index: usize) -> Option<LinkShown> {
        self.links.read().get(index).filter(|link| !link.state.is_empty()).cloned()
    }

    pub(super) fn note_link(&self, index: usize, state: &'static str, down: &str) {
        let mut links = self.links.write();
        if links.len() <= index {
            links.resize_with(index + 1, LinkShown::default);
        }
        links[index] = LinkShown { state, down: down.to_owned() };
    }

    pub(super) fn note_acknowledged(&self, entry: Acknowledged) {
        let mut acknowledged = self.acknowledged.lock();
        if acknowledged.len() == ACKNOWLEDGED_MAX {
            acknowledged.pop_front();
        }
        acknowledged.push_back(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: TerminalId = TerminalId(7);

    #[test]
    fn the_oldest_acknowledgement_makes_room() {
        let view = View::default();
        let last = u32::try_from(ACKNOWLEDGED_MAX).unwrap_or(u32::MAX);
        for command in 0..=last {
            view.note_acknowledged(Acknowledged { terminal: WHO, command, result: 0, at_ms: 1 });
        }
        assert_eq!(view.acknowledged(WHO, 0), None);
        assert!(view.acknowledged(WHO, last).is_some());
    }
}
