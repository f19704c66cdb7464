//! What the auditor reads: rows of the journal and deals of the provider's book.

use tillgate_codec::link::message::BusinessDate;

/// The state of a transaction in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// The outcome is not known yet.
    Open,
    /// Done.
    Approved,
    /// Not done.
    Declined,
    /// Done and taken back, or taken back before it came.
    Reversed,
}

impl RowState {
    /// Reads the journal's word for it; `None` for a word not known here.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let states = [
            ("intent", Self::Open),
            ("unknown", Self::Open),
            ("approved", Self::Approved),
            ("declined", Self::Declined),
            ("reversed", Self::Reversed),
        ];
        states.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, state)| *state)
    }
}

/// A row of the gateway's journal.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Business date of the request.
    pub date: BusinessDate,
    /// Who asked.
    pub terminal: u32,
    /// STAN of the request.
    pub stan: u32,
    pub state: RowState,
    /// Whether it goes to a provider.
    pub forwarded: bool,
    /// Response code.
    pub code: &'a str,
    /// Retrieval reference number.
    pub rrn: &'a str,
    /// The gateway's own reference towards the provider.
    pub reference: &'a str,
    /// The provider's reference; may be empty.
    pub provider_reference: &'a str,
    /// Service number.
    pub service: u16,
    /// Denomination or plan.
    pub product: u16,
    /// Amount in minor units.
    pub amount_minor: u64,
    /// The subscriber with some characters replaced by `*`; may be empty.
    pub subscriber_masked: &'a str,
    /// Serial of the voucher sold; may be empty.
    pub serial: &'a str,
    /// Whether the receipt was confirmed.
    pub confirmed: bool,
}

impl Row<'_> {
    pub(super) fn name(&self) -> String {
        name(self.terminal, self.date, self.stan)
    }
}

/// How a transaction is named in a verdict: date, terminal, STAN.
pub(super) fn name(terminal: u32, date: BusinessDate, stan: u32) -> String {
    format!("{date} {terminal:08} {stan:06}")
}

/// A deal of the provider's book.
#[derive(Clone, Copy, Debug)]
pub struct ProviderTransaction<'a> {
    /// The gateway's reference.
    pub reference: &'a str,
    /// Amount in minor units.
    pub amount_minor: u64,
    /// Whether the provider did it.
    pub approved: bool,
}
