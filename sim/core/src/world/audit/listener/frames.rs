//! Reading messages of terminals of another maker, as `docs/iso8583.md` has them.

use tillgate_codec::iso8583::{MacKey, MacPadding, MacVerdict, View};
use tillgate_codec::link::message::{Confirm, Logon, Ping, Sale, TerminalMessage, Totals};
use tillgate_store_core::{BusinessDate, Key, TerminalId};

use super::Listener;
use crate::world::network::{KEY_FIRST, Network};

/// The highest number that a key may have here.
const KEYS_MAX: u8 = 40;

impl Listener {
    pub(super) fn key(&self, terminal: TerminalId, key_id: u8) -> MacKey {
        let psk = Network::psk(self.seed, terminal.0, key_id);
        let (key, _) = psk.bytes().split_first_chunk().expect("a key has 32 bytes");
        MacKey::retail(key, MacPadding::Zeros)
    }

    /// The number of the key that a message's code is of; `None` if of none of this terminal.
    pub(super) fn proved(&self, terminal: TerminalId, view: &View<'_>) -> Option<u8> {
        let mut keys = KEY_FIRST..KEYS_MAX;
        keys.find(|id| view.verify_mac(&self.key(terminal, *id)) == MacVerdict::Valid)
    }

    /// The business date that a message bears: its local date, or the day before until the cut-off.
    pub(super) fn date(&self, view: &View<'_>, today: u16) -> Option<BusinessDate> {
        let (date, time) = (view.text(13)?, view.text(12)?);
        let (month, day) = (date.get(..2)?.parse().ok()?, date.get(2..)?.parse().ok()?);
        let (year, _, _) = BusinessDate(today).ymd();
        let of = |year| BusinessDate::from_ymd(year, month, day);
        let days = [year - 1, year, year + 1].into_iter().filter_map(of);
        let day = days.min_by_key(|day| day.0.abs_diff(today))?;
        let part = |at: usize| time.get(at..at + 2)?.parse::<u16>().ok();
        let before = part(0)? * 60 + part(2)? < self.cutoff_min;
        Some(BusinessDate(day.0 - u16::from(before)))
    }

    /// Reads a proved message; gives what a terminal of the sealed link would send, if there is such a
    /// thing, and keeps what there is not.
    pub(super) fn read(
        &mut self,
        terminal: TerminalId,
        view: &View<'_>,
        today: u16,
    ) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        let number = |field| view.number(field);
        let stan = u32::try_from(number(11)?).ok()?;
        match (view.mti().as_str(), view.text(3)?.as_str()) {
            ("0800", "920000") => {
                let logon = Logon { firmware: "", catalogue: 0, versions: 1 };
                TerminalMessage::Logon(logon).encode(&mut body);
            }
            ("0800", _) => TerminalMessage::Ping(Ping { nonce: stan }).encode(&mut body),
            ("0200" | "0201", processing) => {
                let date = self.date(view, today)?;
                let (service, product) = processing.strip_prefix("50")?.split_at(2);
                let track =
                    view.text(35).and_then(|track| Some(track.split_once('=')?.0.to_owned()));
                let card = view.text(2).or(track);
                self.cards.extend(card.clone().map(String::into_bytes));
                self.read_card((Key { date, terminal, stan }, number(4)?), view);
                let sale = Sale {
                    stan,
                    date,
                    service: service.parse().ok()?,
                    product: product.parse().ok()?,
                    amount_minor: number(4)?,
                    currency: view.text(49)?.parse().ok()?,
                    subscriber: &view.text(102).or(card).unwrap_or_default(),
                    token: 0,
                    fee_minor: 0,
                };
                TerminalMessage::Sale(sale).encode(&mut body);
            }
            ("0400" | "0401" | "0420" | "0421", _) => {
                let date = self.date(view, today)?;
                self.reversals.insert(Key { date, terminal, stan }, number(4)?);
            }
            ("0220" | "0221", _) => {
                let confirm = Confirm { stan, date: self.date(view, today)? };
                TerminalMessage::Confirm(confirm).encode(&mut body);
            }
            ("0320" | "0321", _) => {}
            _ => {
                let (date, text) = (self.date(view, today)?, view.text(63)?);
                let digits = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
                let count = |from, to| digits(from, to).and_then(|count| count.try_into().ok());
                let totals = Totals {
                    sales_count: count(0, 4)?,
                    sales_minor: digits(4, 16)?,
                    reversals_count: count(16, 20)?,
                    reversals_minor: digits(20, 32)?,
                };
                self.settlements.entry(terminal).or_default().push((stan, date, totals));
            }
        }
        Some(body)
    }
}
