//! Promises 1 and 10 about cards: the host of a card receives what the terminal sent, and nobody else
//! does; what it answers for the chip reaches the terminal, each time.

use std::collections::BTreeMap;

use tillgate_codec::iso8583::View;
use tillgate_codec::link::message::{AnswerKind, GatewayMessage};
use tillgate_core::provider::{ProviderRequest, ProviderRequestKind};
use tillgate_store_core::{Key, ResponseCode, State, TerminalId};

use super::Listener;
use crate::time::Moment;
use crate::world::audit::Checker;

/// Expiry, entry mode, card sequence, track, PIN block, its key's number, chip data.
const FIELDS: [u8; 7] = [14, 22, 23, 35, 52, 53, 55];
/// Those that are never kept: in seven bytes or fewer there is not enough to look for.
const SECRET: [u8; 4] = [35, 52, 53, 55];
/// Where the cryptogram is in what a test card's chip says.
const CRYPTOGRAM: std::ops::Range<usize> = 3..11;

/// What of a card is in a message, by field; numbers without what fills them up.
pub(super) type Carried = BTreeMap<u8, Vec<u8>>;

fn carried(view: &View<'_>) -> Carried {
    let value = |field: u8| match field {
        22 | 23 => view.number(field).map(|number| number.to_string().into_bytes()),
        _ => view.value(field),
    };
    FIELDS.into_iter().filter_map(|field| Some((field, value(field)?))).collect()
}

impl Listener {
    /// A sale, and what of a card is in it.
    pub(super) fn read_card(&mut self, sale: (Key, u64), view: &View<'_>) {
        let card = carried(view);
        self.cards.extend(SECRET.iter().filter_map(|field| card.get(field)).cloned());
        let cryptogram = card.get(&55).and_then(|chip| chip.get(CRYPTOGRAM));
        self.cards.extend(cryptogram.map(<[u8]>::to_vec));
        self.carried.insert(sale, card);
    }
}

impl Checker {
    /// What a message to a host has of a card otherwise than the sale that it is about.
    pub(in super::super) fn carries_otherwise(
        &self,
        request: &ProviderRequest,
        view: &View<'_>,
    ) -> Option<String> {
        let is_first = request.kind == ProviderRequestKind::Authorize;
        let of = self.listener.carried.get(&(request.key, request.amount_minor));
        let wanted = of.filter(|_| is_first).cloned().unwrap_or_default();
        let has = carried(view);
        let field = FIELDS.into_iter().find(|field| has.get(field) != wanted.get(field))?;
        Some(format!("and field {field} is not what its terminal sent"))
    }

    /// A request reaches a provider whose protocol has no place for card data.
    pub(in super::super::super) fn reached_without_card(
        &mut self,
        now: Moment,
        request: &ProviderRequest,
    ) {
        let of = self.listener.carried.get(&(request.key, request.amount_minor));
        let proves = of.is_some_and(|card| card.contains_key(&52) || card.contains_key(&55));
        if proves && request.kind == ProviderRequestKind::Authorize {
            let text = format!("{}: ordered without the PIN or chip data that it has", request.key);
            self.violate(now, 1, text);
        }
    }

    /// Whether a text has something of a card that a terminal sent, as it is or in hexadecimal.
    pub(in super::super) fn bears_card(&self, text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        self.listener.cards.iter().any(|card| {
            let hex: String = card.iter().map(|byte| format!("{byte:02x}")).collect();
            let digits = std::str::from_utf8(card).is_ok_and(|digits| lower.contains(digits));
            digits || lower.contains(&hex)
        })
    }

    /// What the chip of a sale receives with an answer that leaves now.
    pub(super) fn chip_due(&self, terminal: TerminalId, body: &[u8]) -> Option<Vec<u8>> {
        let Ok(GatewayMessage::Answer(answer)) = GatewayMessage::decode(body) else { return None };
        let row = self.journal.get(&Key { date: answer.date, terminal, stan: answer.stan })?;
        let code = ResponseCode(answer.code.0);
        // What was said before it was taken back may still be on its way.
        let tells = row.state != State::Reversed || code.is_approved();
        let is_outcome = answer.kind == AnswerKind::Sale && !answer.rrn.is_empty();
        let chip = row.chip.as_ref().filter(|_| is_outcome && tells && &code.0 != b"09");
        chip.map(|chip| chip.as_bytes().to_vec())
    }
}
