//! What the terminals of the tests say, and what their providers find out.

use tillgate_codec::link::message::{Confirm, Repeat, Reversal, TerminalMessage};
use tillgate_core::limits::TransactionLimits;
use tillgate_core::provider::{Capabilities, ProviderResult};
use tillgate_store_core::ProviderOutcome;

use super::{Rig, top_up_key, top_up_sale, voucher_sale};

pub(crate) fn rig(capabilities: Capabilities) -> Rig {
    Rig::with(TransactionLimits::default(), capabilities)
}

pub(crate) fn sale(stan: u32) -> TerminalMessage<'static> {
    TerminalMessage::Sale(top_up_sale(stan))
}

pub(crate) fn reversal(stan: u32, original_stan: u32) -> TerminalMessage<'static> {
    let (date, original_date) = (voucher_sale(1).date, voucher_sale(1).date);
    let (amount_minor, reason) = (2_500, Reversal::CANCELLED);
    TerminalMessage::Reversal(Reversal {
        stan,
        date,
        original_stan,
        original_date,
        amount_minor,
        reason,
    })
}

pub(crate) fn repeat(stan: u32) -> TerminalMessage<'static> {
    TerminalMessage::Repeat(Repeat { stan, date: voucher_sale(1).date })
}

pub(crate) fn confirm(stan: u32) -> TerminalMessage<'static> {
    TerminalMessage::Confirm(Confirm { stan, date: voucher_sale(1).date })
}

pub(crate) fn found(finding: ProviderOutcome) -> ProviderResult {
    ProviderResult::Outcome(finding)
}

/// An approved top-up of terminal 100; the bytes it was answered with.
pub(crate) fn sold(rig: &mut Rig, stan: u32) -> Vec<u8> {
    rig.ask(100, &sale(stan));
    rig.approve(top_up_key(stan));
    rig.reply_bytes()
}

/// The code that a message of terminal 100 is answered with at once.
pub(crate) fn code_of(rig: &mut Rig, message: &TerminalMessage<'_>) -> String {
    rig.ask(100, message);
    rig.reply_code()
}
