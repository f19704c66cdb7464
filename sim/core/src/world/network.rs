//! The network of a world: its registry, keys and stock. Everything secret in it
//! begins with [`SECRET`], so that an auditor recognises it wherever it turns up.

use rustc_hash::FxHashMap;
use tillgate_codec::link::channel::{Psk, StaticSecret};
use tillgate_core::processing::Keys;
use tillgate_store_core::vault::{terminal_context, voucher_context};
use tillgate_store_core::{
    BusinessDate, Change, Distributor, DistributorId, Funding, Handset, Legs, Msisdn, PinHash,
    ProductId, RegistryRecord, Sealed, Seller, SellerId, ServiceId, Services, Status, Terminal,
    TerminalId, Text, Vault, Voucher,
};

use super::catalogue::{KES, LANGUAGES, PRODUCTS, USD, VOUCHERS, receipts, routes, services};
use super::config::{Config, Stream, number};
use super::fault::Fault;
use super::handsets::new_pin;
use crate::rng::Rng;

/// How every PIN and key of a world begins.
pub(super) const SECRET: &[u8; 6] = b"SECRET";

/// The number of the first terminal.
pub(super) const TERMINAL_FIRST: u32 = 1_001;
/// The name of the listener.
pub(super) const LISTENER: &str = "pos";
/// The key that every terminal begins with.
pub(super) const KEY_FIRST: u8 = 1;

/// Which voucher: service, product, serial.
pub(super) type VoucherName = (u16, u16, Text<24>);

pub(super) struct Network {
    pub(super) keys: Keys,
    /// The PIN that belongs to each voucher ever made.
    pub(super) pins: FxHashMap<VoucherName, String>,
    rng: Rng,
    serials: u32,
    fundings: u32,
}

impl Network {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Stream::Entropy.rng(seed);
        let kek = secret(&mut rng);
        let keys = Keys { vault: Vault::new(1, kek), secret: StaticSecret::new(secret(&mut rng)) };
        Self { keys, pins: FxHashMap::default(), rng, serials: 0, fundings: 0 }
    }

    /// 32 bytes that nobody can foretell but who knows the seed.
    pub(super) fn entropy(&mut self) -> [u8; 32] {
        self.rng.bytes()
    }

    /// The first change of a new store.
    pub(super) fn opening(&mut self, config: &Config) -> Change {
        let levels = config.shop.levels;
        let sellers = sellers(config);
        let mut records = Vec::new();
        for level in 1..=levels {
            records.push(RegistryRecord::Distributor(Distributor {
                id: DistributorId(level),
                parent: (level > 1).then(|| DistributorId(level - 1)),
                name: format!("distributor {level}"),
                status: Status::Active,
            }));
        }
        for number in 1..=sellers {
            records.push(RegistryRecord::Seller(Seller {
                id: SellerId(number),
                distributor: DistributorId(1 + number % levels),
                name: format!("seller {number}"),
                status: Status::Active,
                currency: if deals_in_dollars(config, number) { USD } else { KES },
                credit_limit_minor: config.shop.credit_minor,
            }));
        }
        // Those that have USSD and no TCP come last.
        for place in 0..u32::from(config.ussd_terminals().end) {
            let terminal = self.terminal(config, TERMINAL_FIRST + place);
            records.push(RegistryRecord::Terminal(terminal));
        }
        for place in 0..config.handsets.count {
            records.push(RegistryRecord::Handset(self.handset(config, place)));
        }
        records.extend(receipts().map(RegistryRecord::Receipt));
        records.extend(routes(config).into_iter().map(RegistryRecord::Route));
        records.extend(services(config).into_iter().map(RegistryRecord::Service));
        let mut vouchers = Vec::new();
        for (product, _) in PRODUCTS {
            // Some have their last day where the market is alive.
            let today = today(config) - u16::from(config.faults.has(Fault::Market));
            vouchers.extend(self.vouchers(product, config.shop.vouchers, today));
        }
        let funds = (1..=sellers).map(|seller| self.funding(seller, config.shop.float_minor));
        let funds = funds.collect();
        Change { records, vouchers, funds, note: "opening".to_owned(), ..Change::default() }
    }

    /// A handset's number.
    pub(super) fn msisdn(place: u16) -> u64 {
        254_712_345_600 + u64::from(place)
    }

    /// The PIN that a handset begins with.
    pub(super) fn handset_pin(seed: u64, place: u16) -> String {
        new_pin(&mut Rng::new(seed, 0x5049_4E00 + u64::from(place)))
    }

    fn handset(&mut self, config: &Config, place: u16) -> Handset {
        let pin = Self::handset_pin(config.seed, place);
        let terminal = TERMINAL_FIRST + u32::from(config.place_of_handset(place));
        let msisdn = Msisdn::of_number(Self::msisdn(place)).expect("it is a number");
        let pin = self.pin_hash(msisdn, &pin);
        let initial = self.rng.chance(config.handsets.initial_permille);
        let (terminal, status) = (TerminalId(terminal), Status::Active);
        Handset { msisdn, terminal, status, revision: 1, initial, pin: Some(pin) }
    }

    /// A PIN as an import would keep it.
    pub(super) fn pin_hash(&mut self, msisdn: Msisdn, pin: &str) -> PinHash {
        let (key, nonce) = (self.rng.bytes(), self.nonce());
        let hash = PinHash::of(&self.keys.vault, msisdn, pin.as_bytes(), &key, nonce);
        hash.expect("a key is short")
    }

    /// A terminal's pre-shared key of a number.
    pub(super) fn psk(seed: u64, terminal: u32, key_id: u8) -> Psk {
        let number = u64::from(key_id - KEY_FIRST);
        Psk::new(secret(&mut Rng::new(seed, u64::from(terminal) << 32 | number)))
    }

    /// The same, sealed as an import would.
    pub(super) fn sealed_psk(&mut self, seed: u64, terminal: TerminalId, key_id: u8) -> Sealed {
        let context = terminal_context(terminal, key_id);
        let (psk, nonce) = (Self::psk(seed, terminal.0, key_id), self.nonce());
        self.keys.vault.seal(&context, nonce, psk.bytes()).expect("a key is short")
    }

    /// New vouchers, their PINs noted.
    pub(super) fn vouchers(&mut self, product: u16, count: u32, today: u16) -> Vec<Voucher> {
        (0..count).map(|_| self.voucher(product, today)).collect()
    }

    /// A voucher whose serial was loaded before, as another product: the ledger refuses it.
    pub(super) fn twin(&mut self, today: u16) -> Option<Voucher> {
        let number = 1 + self.rng.below(u64::from(self.serials.max(1)));
        let serial = Text::from(&format!("S{number:07}")).ok()?;
        let (service, (first, _), (second, _)) = (VOUCHERS, PRODUCTS[0], PRODUCTS[1]);
        let known = self.pins.contains_key(&(service, first, serial));
        let product = if known { second } else { first };
        Some(self.sealed(product, serial, today))
    }

    /// A float load that was never made before.
    pub(super) fn funding(&mut self, seller: u32, amount_minor: i64) -> Funding {
        self.fundings += 1;
        let reference = format!("deposit-{}", self.fundings);
        let reference = Text::from(&reference).expect("a reference has room for a number");
        let legs = Legs::new();
        Funding { reference, seller: SellerId(seller), amount_minor, at_ms: 0, legs }
    }

    fn voucher(&mut self, product: u16, today: u16) -> Voucher {
        self.serials += 1;
        let serial = Text::from(&format!("S{:07}", self.serials)).expect("a serial is short");
        self.sealed(product, serial, today)
    }

    fn sealed(&mut self, product: u16, serial: Text<24>, today: u16) -> Voucher {
        let (service, product) = (ServiceId(VOUCHERS), ProductId(product));
        let digits = self.rng.below(10_000_000_000);
        let pin = format!("SECRET{digits:010}");
        let context = voucher_context(service, product, &serial);
        let nonce = self.nonce();
        let sealed = self.keys.vault.seal(&context, nonce, pin.as_bytes());
        // That of the first one of a name: the ledger refuses every other.
        self.pins.entry((service.0, product.0, serial)).or_insert(pin);
        Voucher {
            service,
            product,
            serial,
            expiry: BusinessDate(today + 1 + number(&mut self.rng, 30)),
            pin: sealed.expect("a PIN is short"),
        }
    }

    fn terminal(&mut self, config: &Config, id: u32) -> Terminal {
        let sealed = self.sealed_psk(config.seed, TerminalId(id), KEY_FIRST);
        let seller = SellerId(1 + (id - TERMINAL_FIRST) % sellers(config));
        let place = usize::try_from(id).unwrap_or(0) % LANGUAGES.len();
        let is_iso = config.is_iso(u16::try_from(id - TERMINAL_FIRST).unwrap_or(u16::MAX));
        let id = TerminalId(id);
        let mut terminal = Terminal::new(id, seller, Services::All, (KEY_FIRST, sealed));
        terminal.language = LANGUAGES[place];
        if is_iso {
            LISTENER.clone_into(&mut terminal.listener);
        }
        terminal
    }

    fn nonce(&mut self) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce.copy_from_slice(&self.rng.bytes()[..12]);
        nonce
    }
}

/// How many sellers share the terminals.
pub(super) fn sellers(config: &Config) -> u32 {
    1 + u32::from(config.terminals) / 4
}

/// Whether a seller's float is in the second currency.
fn deals_in_dollars(config: &Config, seller: u32) -> bool {
    config.faults.has(Fault::Market) && seller > 1 && seller == sellers(config)
}

/// The business date on which the world begins.
pub(super) fn today(config: &Config) -> u16 {
    config.calendar.date(config.wall).0
}

fn secret(rng: &mut Rng) -> [u8; 32] {
    let mut bytes = rng.bytes();
    bytes[..SECRET.len()].copy_from_slice(SECRET);
    bytes
}
