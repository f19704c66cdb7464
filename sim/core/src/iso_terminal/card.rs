//! What a terminal reads of a card, made up from eight bytes that are drawn for each sale: test values.

use tillgate_codec::iso8583::Message;

use crate::issuer::CRYPTOGRAM;
use crate::rng::Rng;
use crate::sales_log::digest;

/// A card in a terminal.
#[derive(Clone, Copy)]
pub(super) struct Card {
    way: Way,
    /// The PIN, encrypted by the keypad; what else the card says is made of it.
    pin_block: [u8; 8],
}

/// How a card is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Keyed,
    Stripe,
    Chip,
    /// Without a PIN.
    Contactless,
}

impl Card {
    /// Its number is typed in.
    pub(super) fn keyed() -> Self {
        Self { way: Way::Keyed, pin_block: [0; 8] }
    }

    pub(super) fn read(pin_block: [u8; 8], rng: &mut Rng) -> Self {
        let way = match rng.below(6) {
            0 => Way::Stripe,
            1 => Way::Contactless,
            _ => Way::Chip,
        };
        Self { way, pin_block }
    }

    /// What of it is in a sale.
    pub(super) fn put(&self, account: &str, message: &mut Message) {
        let Self { way, pin_block } = self;
        let number = digest(pin_block);
        if *way == Way::Keyed {
            message.set(2, account).set(14, "2912").set_number(22, 12);
            return;
        }
        message.set(35, &format!("{account}=2912201{:010}", number % 10_000_000_000));
        let mode = match way {
            Way::Keyed | Way::Stripe => 21,
            Way::Chip => 51,
            Way::Contactless => 72,
        };
        message.set_number(22, mode);
        if *way != Way::Contactless {
            message.set_bytes(52, pin_block);
            message.set(53, &format!("{:016}", number % 10_000_000_000_000_000));
        }
        if *way == Way::Chip {
            message.set_number(23, number % 3);
        }
        if let Some(chip) = self.chip() {
            message.set_bytes(55, &chip);
        }
    }

    /// What its chip says of the sale: a cryptogram (9F26), its kind (9F27), its counter (9F36), and
    /// data of its issuer (9F10) of any length.
    pub(super) fn chip(&self) -> Option<Vec<u8>> {
        if matches!(self.way, Way::Keyed | Way::Stripe) {
            return None;
        }
        let backwards: Vec<u8> = self.pin_block.iter().rev().copied().collect();
        let [length, data, ..] = digest(&backwards).to_be_bytes();
        let length = 7 + length % 26;
        let said = [0x9F, 0x27, 0x01, 0x80, 0x9F, 0x36, 0x02, 0, 1, 0x9F, 0x10, length];
        let data = vec![data; length.into()];
        Some([&CRYPTOGRAM[..], &backwards, &said, &data].concat())
    }
}
