//! Services: what is sold, by which bridge, within which limits, for which commission.

use super::registry::expect_letter;
use super::wire::{Flaw, Reader, put_string, put_u16, put_u32, put_u64};
use super::{KeyBytes, Record, Status, key_of};
use crate::rows::Family;
use tillgate_types::BusinessDate;
use tillgate_types::{ProductId, ServiceId};

/// What is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// From stock or by a provider.
    pub fulfilment: Fulfilment,
    /// Blocked: nobody sells it.
    pub status: Status,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// Name of the bridge that a top-up goes through.
    pub route: String,
    /// Least amount, minor units.
    pub amount_min_minor: u64,
    /// Greatest amount, minor units.
    pub amount_max_minor: u64,
    /// Whether product 0 with any amount between the two is sold.
    pub open_amount: bool,
    /// When it is sold; `None`: always.
    pub hours: Option<Hours>,
    /// Its denominations.
    pub products: Vec<Product>,
    /// Who earns what, per level and date.
    pub commission: Vec<CommissionRule>,
    /// Limits per terminal.
    pub velocity: Velocity,
    /// What kind of number a top-up is for.
    pub account: AccountForm,
}

/// What kind of number the account of a top-up is. It decides which numbers may be card numbers,
/// and must not be journalled in clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountForm {
    /// A telephone number: at most 15 digits (ITU-T E.164).
    #[default]
    Phone,
    /// A meter; any digits.
    Meter,
    /// A contract or customer number; any digits.
    Contract,
}

/// Where the goods of a service come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fulfilment {
    /// Vouchers from the store's stock.
    Stock,
    /// A provider, over the bridge that the service is routed to.
    Provider,
}

/// When a service is sold, local minutes of the day; `from > to` spans midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// First minute.
    pub from_min: u16,
    /// First minute that is too late.
    pub to_min: u16,
}

/// A denomination or plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id within the service; not 0.
    pub id: ProductId,
    /// Its name.
    pub name: String,
    /// Its price, minor units.
    pub amount_minor: u64,
}

/// What one level earns from a date on, until a later rule of that level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommissionRule {
    /// 0 the seller, 1 its distributor, 2 that one's parent, and so on.
    pub level: u8,
    /// Hundredths of a percent of the amount; the fraction of a minor unit is dropped.
    pub basis_points: u32,
    /// First business date.
    pub from: BusinessDate,
}

/// Limits per terminal and service; a zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Velocity {
    /// Sales within any `window_s`.
    pub count_max: u32,
    /// Length of that window, seconds.
    pub window_s: u32,
    /// Sum of a business date's sales, minor units.
    pub day_amount_max_minor: u64,
}

impl Service {
    pub(super) const LETTER: u8 = b'v';

    /// The row key of an id.
    pub fn key_of(id: ServiceId) -> KeyBytes {
        key_of(&[&[Self::LETTER], &id.0.to_be_bytes()])
    }

    /// The product of an id.
    pub fn product(&self, id: ProductId) -> Option<&Product> {
        self.products.iter().find(|product| product.id == id)
    }
}

impl AccountForm {
    const fn code(self) -> u8 {
        match self {
            Self::Phone => 0,
            Self::Meter => 1,
            Self::Contract => 2,
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        match from.u8()? {
            0 => Ok(Self::Phone),
            1 => Ok(Self::Meter),
            2 => Ok(Self::Contract),
            _ => Err(Flaw("unknown form of account")),
        }
    }
}

impl Fulfilment {
    /// The byte for it, in services and transactions.
    pub const fn code(self) -> u8 {
        match self {
            Self::Stock => 1,
            Self::Provider => 2,
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Flaw> {
        match from.u8()? {
            1 => Ok(Self::Stock),
            2 => Ok(Self::Provider),
            _ => Err(Flaw("unknown fulfilment of a service")),
        }
    }
}

impl Record for Service {
    const FAMILY: Family = Family::Registry;
    /// 2: with `account`.
    const VERSION: u8 = 2;

    fn key(&self) -> KeyBytes {
        Self::key_of(self.id)
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_string(out, &self.name);
        out.extend_from_slice(&[self.fulfilment.code(), self.status.code()]);
        put_u16(out, self.currency);
        put_string(out, &self.route);
        put_u64(out, self.amount_min_minor);
        put_u64(out, self.amount_max_minor);
        out.push(u8::from(self.open_amount));
        out.push(u8::from(self.hours.is_some()));
        if let Some(hours) = self.hours {
            put_u16(out, hours.from_min);
            put_u16(out, hours.to_min);
        }
        put_u32(out, self.velocity.count_max);
        put_u32(out, self.velocity.window_s);
        put_u64(out, self.velocity.day_amount_max_minor);
        put_u16(out, u16::try_from(self.products.len()).expect("bounded by PRODUCTS_MAX"));
        for product in &self.products {
            put_u16(out, product.id.0);
            put_string(out, &product.name);
            put_u64(out, product.amount_minor);
        }
        let rules = u16::try_from(self.commission.len()).expect("bounded by COMMISSION_RULES_MAX");
        put_u16(out, rules);
        for rule in &self.commission {
            out.push(rule.level);
            put_u32(out, rule.basis_points);
            put_u16(out, rule.from.0);
        }
        out.push(self.account.code());
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, version: u8) -> Result<Self, Flaw> {
        expect_letter(key, Self::LETTER)?;
        Ok(Self {
            id: ServiceId(key.u16()?),
            name: body.string()?,
            fulfilment: Fulfilment::read(body)?,
            status: Status::read(body)?,
            currency: body.u16()?,
            route: body.string()?,
            amount_min_minor: body.u64()?,
            amount_max_minor: body.u64()?,
            open_amount: body.flag()?,
            hours: if body.flag()? {
                Some(Hours { from_min: body.u16()?, to_min: body.u16()? })
            } else {
                None
            },
            velocity: Velocity {
                count_max: body.u32()?,
                window_s: body.u32()?,
                day_amount_max_minor: body.u64()?,
            },
            products: read_list(body, read_product)?,
            commission: read_list(body, read_rule)?,
            account: if version >= 2 { AccountForm::read(body)? } else { AccountForm::Phone },
        })
    }
}

fn read_list<T>(
    body: &mut Reader<'_>,
    read: fn(&mut Reader<'_>) -> Result<T, Flaw>,
) -> Result<Vec<T>, Flaw> {
    let count = body.u16()?;
    (0..count).map(|_| read(body)).collect()
}

fn read_product(body: &mut Reader<'_>) -> Result<Product, Flaw> {
    let (id, name) = (ProductId(body.u16()?), body.string()?);
    Ok(Product { id, name, amount_minor: body.u64()? })
}

fn read_rule(body: &mut Reader<'_>) -> Result<CommissionRule, Flaw> {
    Ok(CommissionRule { level: body.u8()?, basis_points: body.u32()?, from: body.date()? })
}
