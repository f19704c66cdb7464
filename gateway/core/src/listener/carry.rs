//! Card data of a message, read once its sale is known to be one that carries it.

use tillgate_codec::iso8583::View;
use zeroize::Zeroizing;

use super::profile::Profile;
use crate::card::{CardData, CardPart};

impl Profile {
    /// What goes on to the host of the card; nothing is allocated for a sale that has none. `None` if
    /// it is more than there is room for, or the track is another card's than `account`.
    pub(crate) fn carried(
        &self,
        message: &View<'_>,
        account: &str,
    ) -> Option<Option<Box<CardData>>> {
        let mut card: Option<Box<CardData>> = None;
        for (part, number) in &self.carry {
            let Some(value) = message.value(*number).map(Zeroizing::new) else { continue };
            if *part == CardPart::Track2
                && !value.is_empty()
                && card_of(&value) != account.as_bytes()
            {
                return None;
            }
            card.get_or_insert_default().add(*part, &value)?;
        }
        Some(card.filter(|card| !card.is_empty()))
    }
}

/// The card's number in a track.
pub(super) fn card_of(track: &[u8]) -> &[u8] {
    let end = track.iter().position(|byte| matches!(byte, b'=' | b'D' | b'd'));
    end.and_then(|end| track.get(..end)).unwrap_or(track)
}
