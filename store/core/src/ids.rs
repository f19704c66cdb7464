//! Names of things: transaction keys, bridges, stores and accounts.

use std::fmt;

use crate::limits::REFERENCE_BYTES_MAX;
use crate::record::declare::coded;
use tillgate_types::{BusinessDate, SellerId, TerminalId};

/// Short text held in place, so that a transaction allocates nothing.
pub type Text<const N: usize> = arrayvec::ArrayString<N>;

/// Which bridge a top-up goes through: a hash of the bridge's configured name, so that a row
/// finds its way back to the same provider whatever was rerouted or reordered since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BridgeTag(pub u32);

impl BridgeTag {
    /// No bridge, or none that is known.
    pub const NONE: Self = Self(0);

    /// The tag of a name: its CRC-32C.
    pub fn of(name: &str) -> Self {
        Self(crc32c::crc32c(name.as_bytes()).max(1))
    }
}

/// Names one store for its whole life; part of every reference that leaves for a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreId(pub [u8; 8]);

impl StoreId {
    /// A reference towards a provider: the store's id and a number, 16 hexadecimal digits each.
    pub fn reference(self, number: u64) -> Text<REFERENCE_BYTES_MAX> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut reference = Text::new();
        for byte in self.0.into_iter().chain(number.to_be_bytes()) {
            reference.push(char::from(DIGITS[usize::from(byte >> 4)]));
            reference.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        reference
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// One request of one terminal: what makes a repeat recognisable. Row key of the journal, in
/// this order and big-endian, so that a business date is one range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The terminal's business date.
    pub date: BusinessDate,
    /// The terminal.
    pub terminal: TerminalId,
    /// The terminal's trace number, unique on its date.
    pub stan: u32,
}

impl Key {
    /// Bytes of a journal row key.
    pub const BYTES: usize = 10;

    /// The row key: date, terminal, STAN, big-endian.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let [d0, d1] = self.date.0.to_be_bytes();
        let [t0, t1, t2, t3] = self.terminal.0.to_be_bytes();
        let [s0, s1, s2, s3] = self.stan.to_be_bytes();
        [d0, d1, t0, t1, t2, t3, s0, s1, s2, s3]
    }

    /// The key of a row; `None` if the length is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let &[d0, d1, t0, t1, t2, t3, s0, s1, s2, s3] = bytes else {
            return None;
        };
        Some(Self {
            date: BusinessDate(u16::from_be_bytes([d0, d1])),
            terminal: TerminalId(u32::from_be_bytes([t0, t1, t2, t3])),
            stan: u32::from_be_bytes([s0, s1, s2, s3]),
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{:06}", self.date, self.terminal, self.stan)
    }
}

coded! {
    /// Whose money an account holds and what for.
    #[derive(PartialOrd, Ord)]
    AccountKind, "kind of account":
    /// What a seller may sell for; the only kind with a floor and reservations.
    SellerFloat = 1 "seller float",
    /// What a seller has earned.
    SellerCommission = 2 "seller commission",
    /// What a distributor has earned.
    DistributorCommission = 3 "distributor commission",
    /// What is owed to the provider of a service; its owner is the service.
    ProviderClearing = 4 "provider clearing",
    /// Where float loads come from; its owner is 0.
    Funding = 5 "funding",
    /// What a seller is owed for card sales.
    SellerSettlement = 6 "seller settlement",
    /// What the operator has earned in fees; its owner is the service.
    FeeIncome = 7 "fee income",
    /// What the operator passes on in taxes; its owner is the service.
    Tax = 8 "tax",
}

/// One account of the ledger, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId {
    /// Whose and what for.
    pub kind: AccountKind,
    /// Seller, distributor or service id; 0 for funding.
    pub owner: u32,
    /// ISO 4217 numeric currency.
    pub currency: u16,
}

impl AccountId {
    /// The float of a seller.
    pub fn float(seller: SellerId, currency: u16) -> Self {
        Self { kind: AccountKind::SellerFloat, owner: seller.0, currency }
    }

    /// Where a currency's float loads come from.
    pub fn funding(currency: u16) -> Self {
        Self { kind: AccountKind::Funding, owner: 0, currency }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.label();
        write!(f, "{kind} {} in {:03}", self.owner, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::{AccountKind, BusinessDate, Key, TerminalId};

    #[test]
    fn keys_sort_as_bytes_as_they_sort_as_values() {
        let key = |date, terminal, stan| Key {
            date: BusinessDate(date),
            terminal: TerminalId(terminal),
            stan,
        };
        let ordered = [key(1, 9, 9), key(2, 1, 300), key(2, 1, 70_000), key(2, 256, 0)];
        assert!(ordered.is_sorted());
        assert!(ordered.map(|key| key.to_bytes()).is_sorted());
        assert_eq!(Key::from_bytes(&ordered[2].to_bytes()), Some(ordered[2]));
        assert_eq!(Key::from_bytes(&[0; 9]), None);
        assert_eq!(key(0, 7, 12).to_string(), "2000-01-01/00000007/000012");
    }

    #[test]
    fn every_account_kind_is_found_by_its_code() {
        for kind in AccountKind::ALL {
            assert_eq!(AccountKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(AccountKind::from_code(0), None);
    }
}
