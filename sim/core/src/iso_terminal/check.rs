//! Whether everything that terminals of a kind write fits their dialect, before any of them does.

use tillgate_codec::iso8583::{Dialect, EncodeError, MacKey, Message};
use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::message::{BusinessDate, Totals};

use super::card::Card;
use super::clock::Local;
use super::message::{self, Closing, Record};
use super::sale::{Account, Sold};
use super::{Firmware, ProductCode};
use crate::firmware::{Offer, OfferKind};
use crate::rng::Rng;
use crate::sales_log::Asked;

/// Cards that are read, of each way several.
const CARDS: u8 = 24;

/// The message with its code, where there is a key, and without a TPDU where the dialect has none.
pub(super) fn encode(
    dialect: &Dialect,
    message: &mut Message,
    key: Option<&MacKey>,
    to: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    message.tpdu = message.tpdu.filter(|_| dialect.has_tpdu());
    match key {
        Some(key) => dialect.encode_with_mac(message, key, to),
        None => dialect.encode(message, to),
    }
}

impl Firmware {
    /// The processing code of a product.
    #[must_use]
    pub(super) fn code(&self, service: u16, product: u16) -> [u8; 6] {
        let is_it = |of: &&ProductCode| (of.service, of.product) == (service, product);
        let listed = self.codes.iter().find(is_it);
        let made = || message::processing_code(service, product).as_bytes().try_into();
        listed.map_or_else(|| made().unwrap_or(*b"500000"), |listed| listed.code)
    }

    /// Writes one message of each kind as a terminal of this number would.
    ///
    /// # Errors
    /// The message type, and what of it the dialect has no place for.
    pub fn check(&self, terminal: u32) -> Result<(), String> {
        let key = self.mac.and_then(|mac| mac.key(&Psk::new([1; 32])));
        if self.mac.is_some() && key.is_none() {
            return Err("authentication codes: the algorithm has no key of that length".to_owned());
        }
        let local = Local { day: self.day, second: 0 };
        let (stan, totals, is_after_batch) = (1, Totals::default(), true);
        let closing = Closing { stan, local, currency: 978, totals, is_after_batch };
        let mut messages = vec![
            message::service(true, 1, terminal),
            message::service(false, 1, terminal),
            message::settlement(&closing, terminal, false),
        ];
        for offer in self.mix.offers() {
            for (account, subscriber) in accounts(offer.kind) {
                let (asked, sold) = self.sample(offer, (account, subscriber), local);
                messages.push(message::sale(&asked, &sold, terminal, false));
                messages.push(message::reversal(&asked, &sold, terminal, false));
                messages.push(message::advice(&asked, &sold, terminal, false));
                let record = Record { entry: 0, stan, amount_minor: asked.amount_minor };
                messages.push(message::upload(record, &asked, &sold, (terminal, false)));
            }
        }
        for mut message in messages {
            let mti = message.mti;
            encode(&self.dialect, &mut message, key.as_ref(), &mut Vec::new())
                .map_err(|error| format!("{} of these terminals: {error}", mti.as_str()))?;
        }
        Ok(())
    }

    fn sample(
        &self,
        offer: &Offer,
        (account, subscriber): (Account, u64),
        local: Local,
    ) -> (Asked, Sold) {
        let &Offer { service, product, amount_max_minor, currency, .. } = offer;
        let (stan, date) = (1, BusinessDate(local.day.0));
        let amount_minor = amount_max_minor;
        let asked = Asked { stan, date, service, product, amount_minor, subscriber };
        let code = self.code(service, product);
        (asked, Sold { local, currency, code, account, is_advice: true })
    }
}

/// Accounts of a kind, in every way in which they come.
fn accounts(kind: OfferKind) -> Vec<(Account, u64)> {
    match kind {
        OfferKind::Voucher => vec![(Account::None, 0)],
        OfferKind::TopUp | OfferKind::Bill => vec![(Account::Named, 254_700_000_001)],
        OfferKind::Card => {
            let mut rng = Rng::new(1, 1);
            let read = (0..CARDS).map(|number| Card::read([number; 8], &mut rng));
            let cards = std::iter::once(Card::keyed()).chain(read);
            cards.map(|card| (Account::Card(card), 4_000_000_000_000_000)).collect()
        }
    }
}
