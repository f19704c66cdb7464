//! One dialog: whose it is, where it stands, and what comes next.

use tillgate_store_core::{BusinessDate, TerminalId};
use tillgate_types::{Moment, Msisdn};
use zeroize::Zeroizing;

use super::memory::NotedOrder;
use crate::menu::Dialog;
use crate::menu::limits::DIALOG_BYTES_MAX;
use crate::ussd::{DialogAddress, EndReason};

/// The dialogs by number; a number is used again with another generation.
pub(in crate::ussd) struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

struct Slot<T> {
    generation: u32,
    open: Option<Box<T>>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

/// A dialog, by number and generation, so that whatever comes late reaches no other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ussd) struct Id {
    pub(in crate::ussd) slot: u32,
    pub(in crate::ussd) generation: u32,
}

/// A dialog.
pub(super) struct Open {
    pub(super) at: DialogAddress,
    pub(super) link: u16,
    /// Which menu.
    pub(super) menu: u16,
    pub(super) terminal: TerminalId,
    /// Of the handset when it began.
    pub(super) revision: u32,
    /// See [`crate::processing::HandsetOrigin::dialog`].
    pub(super) nonce: u64,
    /// Of what was dialled.
    pub(super) dialled: u64,
    pub(super) logged_on: bool,
    pub(super) began: Moment,
    /// When its subscriber last did something.
    pub(super) received: Moment,
    /// When to look at it.
    pub(super) due: Moment,
    /// The earliest timer that will.
    pub(super) armed: Moment,
    /// Of what was typed last.
    pub(super) typed: u64,
    /// Whether the centre has the screen that was said last: before, nobody can have answered it.
    pub(super) is_shown: bool,
    /// Of texts said; the low bits are part of tickets.
    pub(super) screens: u16,
    pub(super) dialog: Dialog,
    pub(super) phase: Phase,
    pub(super) sale: Option<Ordered>,
    /// What its subscriber was last shown of a sale's outcome, until the centre has it.
    pub(super) receipt: Option<Zeroizing<String>>,
}

// With the heap of its menu, and its places in tables: what an open dialog costs.
const _: () = assert!(size_of::<Open>() + HEAP_BYTES <= 1_024 - TABLES_BYTES);
/// Of a menu's dialog beside itself: text that is still to be read.
const HEAP_BYTES: usize = DIALOG_BYTES_MAX.saturating_sub(size_of::<Dialog>());
/// Slot, entry of the subscriber and timer.
const TABLES_BYTES: usize = 96;

/// A sale that was ordered.
#[derive(Clone, Copy)]
pub(super) struct Ordered {
    pub(super) date: BusinessDate,
    pub(super) stan: u32,
    /// What is remembered of it.
    pub(super) order: NotedOrder,
    /// Whether its outcome is known.
    pub(super) decided: bool,
    pub(super) approved: bool,
}

/// Where a dialog stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The subscriber reads a screen and may answer.
    Showing,
    /// The gateway is asked.
    Asking(Asked),
    /// The last text is on its way.
    Ending(EndReason),
    /// Nobody sees it any more, but its sale is not over.
    Unseen(Unseen),
}

/// What the gateway is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    LogOn,
    ChangePin,
    Sale,
    Other,
}

/// A sale whose subscriber is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unseen {
    pub(super) does: Does,
    /// How often it was tried.
    pub(super) tries: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// The gateway is asked for the outcome, now and then.
    Asks,
    /// The receipt is on its way.
    Tells,
    /// Waits to send the receipt.
    WaitsToTell,
}

impl Phase {
    /// Whether a subscriber is there.
    pub(super) fn is_seen(self) -> bool {
        matches!(self, Self::Showing | Self::Asking(_))
    }
}

impl Open {
    pub(super) fn msisdn(&self) -> Msisdn {
        self.at.msisdn
    }

    /// The sale whose outcome is not known.
    pub(super) fn undecided(&self) -> Option<Ordered> {
        self.sale.filter(|sale| !sale.decided)
    }
}

impl<T> Slots<T> {
    pub(in crate::ussd) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(in crate::ussd) fn insert(&mut self, open: T) -> Id {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, open: None });
            u32::try_from(self.slots.len() - 1).expect("bounded by dialogs_max")
        });
        let place = &mut self.slots[index(slot)];
        place.generation = place.generation.wrapping_add(1) & Id::GENERATION_MAX;
        place.open = Some(Box::new(open));
        Id { slot, generation: place.generation }
    }

    pub(in crate::ussd) fn remove(&mut self, id: Id) -> Option<Box<T>> {
        let place = self.slots.get_mut(index(id.slot))?;
        let open = place.open.take_if(|_| place.generation == id.generation)?;
        self.free.push(id.slot);
        Some(open)
    }

    pub(in crate::ussd) fn get(&self, id: Id) -> Option<&T> {
        let place = self.slots.get(index(id.slot)).filter(|it| it.generation == id.generation)?;
        place.open.as_deref()
    }

    pub(in crate::ussd) fn get_mut(&mut self, id: Id) -> Option<&mut T> {
        let place =
            self.slots.get_mut(index(id.slot)).filter(|it| it.generation == id.generation)?;
        place.open.as_deref_mut()
    }

    /// The dialog that has the number now.
    pub(in crate::ussd) fn at(&self, slot: u32) -> Option<Id> {
        let place = self.slots.get(index(slot)).filter(|place| place.open.is_some())?;
        Some(Id { slot, generation: place.generation })
    }

    /// Every dialog, by rising number.
    pub(in crate::ussd) fn ids(&self) -> Vec<Id> {
        let used = (0..).zip(&self.slots).filter(|(_, place)| place.open.is_some());
        used.map(|(slot, place)| Id { slot, generation: place.generation }).collect()
    }
}

impl Id {
    /// The bit above it is free in tickets.
    const GENERATION_MAX: u32 = u32::MAX >> 1;
    const SLOT_BITS: u32 = 20;
    const SCREEN_BITS: u32 = 12;

    /// The ticket of the text of that number in it.
    pub(in crate::ussd) fn ticket(self, screens: u16) -> u64 {
        let low = u64::from(screens) & ((1 << Self::SCREEN_BITS) - 1);
        u64::from(self.generation) << 32 | low << Self::SLOT_BITS | u64::from(self.slot)
    }

    /// What a ticket names: a dialog, and the low bits of the number of its text.
    pub(in crate::ussd) fn of_ticket(ticket: u64) -> (Self, u16) {
        let bits = |from: u32, count: u32| (ticket >> from) & ((1 << count) - 1);
        let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let id = Self { slot: number(bits(0, Self::SLOT_BITS)), generation: number(ticket >> 32) };
        let screens = bits(Self::SLOT_BITS, Self::SCREEN_BITS);
        (id, u16::try_from(screens).unwrap_or(u16::MAX))
    }

    /// Whether a number of a text is the one of a ticket.
    pub(in crate::ussd) fn is_text(screens: u16, ticket: u16) -> bool {
        u32::from(screens) & ((1 << Self::SCREEN_BITS) - 1) == u32::from(ticket)
    }
}

fn index(slot: u32) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::Id;

    #[test]
    fn a_ticket_names_its_dialog_and_its_text() {
        for id in
            [Id { slot: 0, generation: 1 }, Id { slot: 0xF_FFFF, generation: Id::GENERATION_MAX }]
        {
            for screens in [0, 1, 4_095, 4_096, u16::MAX] {
                let (found, text) = Id::of_ticket(id.ticket(screens));
                assert_eq!(found, id);
                assert!(Id::is_text(screens, text));
                assert!(!Id::is_text(screens.wrapping_add(1), text));
            }
        }
    }
}
