//! The market: the operator moves terminals to other sellers and sellers to other distributors,
//! changes prices, and routes services through other bridges.

use tillgate_store_core::{
    Change, DistributorId, Fulfilment, Lookup, RegistryRecord, SellerId, Service, Velocity,
};

use super::config::{Config, number};
use super::fault::Fault;
use super::network::Network;
use super::operator::{Operator, Plan};
use crate::rng::Rng;

/// Of 1000 moves, how many load a serial that was loaded before.
const TWINS_PERMILLE: u16 = 60;

/// Of 1000 orders, how many are the market's.
pub(super) fn share(config: &Config) -> u16 {
    match (config.faults.has(Fault::Market), config.faults.has(Fault::Operator)) {
        (false, _) => 0,
        (true, true) => 400,
        (true, false) => 1_000,
    }
}

impl Operator {
    /// Whether the next order is the market's.
    pub(super) fn trades(&mut self) -> bool {
        let share = self.market_permille;
        self.market.chance(share)
    }

    /// One move of the market.
    pub(super) fn trade(&mut self, today: u16, network: &mut Network) -> Option<Plan> {
        let places: Vec<usize> = (0..self.records.len()).collect();
        if self.market.chance(TWINS_PERMILLE) {
            let (vouchers, note) = (network.twin(today).into_iter(), "a mistake".to_owned());
            return self.change(Change { vouchers: vouchers.collect(), note, ..Change::default() });
        }
        let wanted = self.market.below(5);
        let fits = |record: &RegistryRecord| match record {
            RegistryRecord::Terminal(_) => wanted == 0,
            RegistryRecord::Seller(_) => wanted == 1,
            RegistryRecord::Service(_) if wanted == 4 => true,
            RegistryRecord::Service(service) => match service.fulfilment {
                Fulfilment::Stock => wanted == 2,
                Fulfilment::Provider => wanted == 3,
            },
            RegistryRecord::Distributor(_)
            | RegistryRecord::Receipt(_)
            | RegistryRecord::Route(_)
            | RegistryRecord::Bridge(_)
            | RegistryRecord::Handset(_) => false,
        };
        let places = places.into_iter().filter(|place| fits(&self.records[*place]));
        let place = pick(&mut self.market, &places.collect::<Vec<_>>())?;
        let mut record = self.records[place].clone();
        match &mut record {
            RegistryRecord::Service(service) if wanted == 4 => self.pace(service),
            record => self.move_one(record)?,
        }
        let note = "the market moves".to_owned();
        self.change(Change { records: vec![record], note, ..Change::default() })
    }

    fn move_one(&mut self, record: &mut RegistryRecord) -> Option<()> {
        match record {
            RegistryRecord::Terminal(terminal) => {
                let sellers: Vec<SellerId> = self.ids(|record| match record {
                    RegistryRecord::Seller(seller) => Some(seller.id),
                    _ => None,
                });
                terminal.seller = pick(&mut self.market, &sellers)?;
            }
            RegistryRecord::Seller(seller) => {
                let distributors: Vec<DistributorId> = self.ids(|record| match record {
                    RegistryRecord::Distributor(distributor) => Some(distributor.id),
                    _ => None,
                });
                seller.distributor = pick(&mut self.market, &distributors)?;
            }
            RegistryRecord::Service(service) if service.fulfilment == Fulfilment::Stock => {
                self.reprice(service);
            }
            RegistryRecord::Service(service) => {
                // What was looked up is paid there, so that it goes on nowhere.
                let asks = service.lookup != Lookup::None;
                let ways: Vec<String> = self.ids(|record| match record {
                    RegistryRecord::Route(route) => Some(route.name.to_string()),
                    _ => None,
                });
                let fits = |route: &String| !asks || !ways.contains(route);
                let routes: Vec<String> = self.ids(|record| match record {
                    RegistryRecord::Service(other) if fits(&other.route) => {
                        Some(other.route.clone())
                    }
                    _ => None,
                });
                service.route = pick(&mut self.market, &routes)?;
            }
            RegistryRecord::Distributor(_)
            | RegistryRecord::Receipt(_)
            | RegistryRecord::Route(_)
            | RegistryRecord::Bridge(_)
            | RegistryRecord::Handset(_) => return None,
        }
        Some(())
    }

    /// At most this many in a window, and this amount a day.
    fn pace(&mut self, service: &mut Service) {
        let rng = &mut self.market;
        let count_max = u32::from(number(rng, 7));
        let window_s = [15, 60, 3_600, 86_400][usize::from(number(rng, 4))];
        service.velocity = Velocity {
            count_max,
            window_s: if count_max > 0 { window_s } else { 0 },
            day_amount_max_minor: [0, 6_000, 15_000, 60_000][usize::from(number(rng, 4))],
        };
    }

    /// A price goes up, or back to what it was before it went up; and vouchers are to be good for
    /// longer, or for less long.
    fn reprice(&mut self, service: &mut Service) {
        let count = u16::try_from(service.products.len()).unwrap_or(0);
        let place = usize::from(number(&mut self.market, count));
        if let Some(product) = service.products.get_mut(place) {
            let more = product.amount_minor % 100;
            product.amount_minor = if more > 0 {
                product.amount_minor - more
            } else {
                product.amount_minor + 1 + self.market.below(99)
            };
            product.stock.least_days = [0, 0, 1, 9][usize::from(number(&mut self.market, 4))];
        }
    }

    fn ids<T>(&self, id: impl Fn(&RegistryRecord) -> Option<T>) -> Vec<T> {
        self.records.iter().filter_map(id).collect()
    }
}

fn pick<T: Clone>(rng: &mut Rng, from: &[T]) -> Option<T> {
    let count = u64::try_from(from.len()).unwrap_or(0);
    from.get(usize::try_from(rng.below(count)).unwrap_or(0)).cloned()
}
