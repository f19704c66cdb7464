//! Services: records of properties ([`super::terms`]); whatever is sold is a row of these.

use super::account_field::AccountField;
use super::registry::expect_letter;
use super::terms::{
    AccountForm, AmountSource, ChargeBase, ChargeKind, ChargeRule, Fulfilment, Language, Lookup,
    MoneyFlow, ReceiptTag, ReversalRule, Rounding, SaleTerms,
};
use super::wire::{Flaw, Reader, put_string, put_u16, put_u32, put_u64};
use super::{KeyBytes, Record, Seller, Status, key_of};
use crate::commission::Charges;
use crate::ids::Text;
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
    /// What the terminal asks the customer for; `None`: nothing.
    pub account: Option<AccountField>,
    /// Whether the provider is asked about it first.
    pub lookup: Lookup,
    /// Which way the money flows.
    pub money: MoneyFlow,
    /// Who may take a sale back, and until when.
    pub reversal: ReversalRule,
    /// Blocked: nobody sells it.
    pub status: Status,
    /// ISO 4217 numeric.
    pub currency: u16,
    /// Name of the bridge to its provider; empty for what comes from stock.
    pub route: String,
    /// Least amount, minor units.
    pub amount_min_minor: u64,
    /// Greatest amount, minor units.
    pub amount_max_minor: u64,
    /// Which amounts between the two are sold.
    pub amount: AmountSource,
    /// When it is sold; `None`: always.
    pub hours: Option<Hours>,
    /// Its denominations.
    pub products: Vec<Product>,
    /// Who earns what, per level and date.
    pub commission: Vec<CommissionRule>,
    /// Limits per terminal.
    pub velocity: Velocity,
    /// Fees and taxes beside the amount.
    pub charges: Vec<ChargeRule>,
    /// How its receipts are printed, by language; the first one where a terminal's is not there.
    pub receipts: Vec<(Language, ReceiptTag)>,
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
    /// Minor units, whatever the amount is.
    pub fixed_minor: u64,
    /// Hundredths of a percent of the amount, on top.
    pub basis_points: u32,
    /// Of the percentage.
    pub rounding: Rounding,
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

impl CommissionRule {
    /// A percentage, whose fractions are dropped.
    #[must_use]
    pub const fn percent(level: u8, basis_points: u32, from: BusinessDate) -> Self {
        Self { level, fixed_minor: 0, basis_points, rounding: Rounding::Down, from }
    }
}

impl Service {
    pub(super) const LETTER: u8 = b'v';

    /// The row key of an id.
    pub fn key_of(id: ServiceId) -> KeyBytes {
        key_of(&[&[Self::LETTER], &id.0.to_be_bytes()])
    }

    /// A service of these that says nothing else: active, sold always, without limits per terminal,
    /// products, commission or charges.
    #[must_use]
    pub fn new(id: ServiceId, name: &str, fulfilment: Fulfilment, currency: u16) -> Self {
        Self {
            id,
            name: name.to_owned(),
            fulfilment,
            account: None,
            lookup: Lookup::None,
            money: MoneyFlow::Debit,
            reversal: ReversalRule::usual(fulfilment),
            status: Status::Active,
            currency,
            route: String::new(),
            amount_min_minor: 0,
            amount_max_minor: 0,
            amount: AmountSource::Products,
            hours: None,
            products: Vec::new(),
            commission: Vec::new(),
            velocity: Velocity::default(),
            charges: Vec::new(),
            receipts: Vec::new(),
        }
    }

    /// The terms of a sale by this seller, for what is charged beside the amount.
    #[must_use]
    pub fn terms(&self, seller: &Seller, charges: Charges, language: Language) -> SaleTerms {
        SaleTerms {
            distributor: seller.distributor,
            fee_minor: charges.fee_minor,
            tax_minor: charges.tax_minor,
            reversal: self.reversal,
            receipt: self.receipt(language),
            lookup: Text::new(),
        }
    }

    /// The template of its receipts in a language; the first one where that is not there.
    #[must_use]
    pub fn receipt(&self, language: Language) -> ReceiptTag {
        let of = |wanted: Language| self.receipts.iter().find(|(found, _)| *found == wanted);
        let found = of(language).or(self.receipts.first());
        found.map_or(ReceiptTag::NONE, |(_, receipt)| *receipt)
    }

    /// The product of an id.
    pub fn product(&self, id: ProductId) -> Option<&Product> {
        self.products.iter().find(|product| product.id == id)
    }
}

impl Record for Service {
    const FAMILY: Family = Family::Registry;
    /// 2: with the form of the account; 3: with its field, lookup, money, reversal, charges and
    /// receipts.
    const VERSION: u8 = 3;

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
        out.push(self.amount.code());
        out.push(u8::from(self.hours.is_some()));
        if let Some(hours) = self.hours {
            put_u16(out, hours.from_min);
            put_u16(out, hours.to_min);
        }
        put_u32(out, self.velocity.count_max);
        put_u32(out, self.velocity.window_s);
        put_u64(out, self.velocity.day_amount_max_minor);
        put_list(out, &self.products, |out, product| {
            put_u16(out, product.id.0);
            put_string(out, &product.name);
            put_u64(out, product.amount_minor);
        });
        put_list(out, &self.commission, |out, rule| {
            out.push(rule.level);
            put_u32(out, rule.basis_points);
            put_u16(out, rule.from.0);
            put_u64(out, rule.fixed_minor);
            out.push(rule.rounding.code());
        });
        out.push(u8::from(self.account.is_some()));
        if let Some(account) = &self.account {
            account.write(out);
        }
        out.extend_from_slice(&[self.lookup.code(), self.money.code()]);
        self.reversal.write(out);
        put_list(out, &self.charges, |out, rule| {
            out.extend_from_slice(&[rule.kind.code(), rule.base.code(), rule.rounding.code()]);
            put_u64(out, rule.fixed_minor);
            put_u32(out, rule.basis_points);
            put_u16(out, rule.from.0);
        });
        put_list(out, &self.receipts, |out, (language, receipt)| {
            out.extend_from_slice(&language.0);
            put_u32(out, receipt.0);
        });
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, version: u8) -> Result<Self, Flaw> {
        expect_letter(key, Self::LETTER)?;
        let id = ServiceId(key.u16()?);
        let (name, fulfilment) = (body.string()?, Fulfilment::read(body)?);
        let mut service = Self {
            id,
            name,
            fulfilment,
            account: None,
            lookup: Lookup::None,
            money: MoneyFlow::Debit,
            reversal: ReversalRule::usual(fulfilment),
            status: Status::read(body)?,
            currency: body.u16()?,
            route: body.string()?,
            amount_min_minor: body.u64()?,
            amount_max_minor: body.u64()?,
            // Before version 3 a flag of the same two values.
            amount: AmountSource::read(body)?,
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
            commission: read_list(body, |body| read_rule(body, version))?,
            charges: Vec::new(),
            receipts: Vec::new(),
        };
        if version >= 3 {
            service.account = if body.flag()? { Some(AccountField::read(body)?) } else { None };
            (service.lookup, service.money) = (Lookup::read(body)?, MoneyFlow::read(body)?);
            service.reversal = ReversalRule::read(body)?;
            service.charges = read_list(body, read_charge)?;
            service.receipts =
                read_list(body, |body| Ok((Language(body.array()?), ReceiptTag(body.u32()?))))?;
        } else {
            let form = if version == 2 { AccountForm::read(body)? } else { AccountForm::Phone };
            let asked = fulfilment == Fulfilment::Provider;
            service.account = asked.then(|| AccountField::of(form));
        }
        Ok(service)
    }
}

fn put_list<T>(out: &mut Vec<u8>, list: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    put_u16(out, u16::try_from(list.len()).expect("every list of a service has a bound"));
    list.iter().for_each(|item| put(out, item));
}

fn read_list<'a, T>(
    body: &mut Reader<'a>,
    read: impl Fn(&mut Reader<'a>) -> Result<T, Flaw>,
) -> Result<Vec<T>, Flaw> {
    let count = body.u16()?;
    (0..count).map(|_| read(body)).collect()
}

fn read_product(body: &mut Reader<'_>) -> Result<Product, Flaw> {
    let (id, name) = (ProductId(body.u16()?), body.string()?);
    Ok(Product { id, name, amount_minor: body.u64()? })
}

fn read_rule(body: &mut Reader<'_>, version: u8) -> Result<CommissionRule, Flaw> {
    let (level, basis_points, from) = (body.u8()?, body.u32()?, body.date()?);
    let (fixed_minor, rounding) =
        if version >= 3 { (body.u64()?, Rounding::read(body)?) } else { (0, Rounding::Down) };
    Ok(CommissionRule { level, fixed_minor, basis_points, rounding, from })
}

fn read_charge(body: &mut Reader<'_>) -> Result<ChargeRule, Flaw> {
    let (kind, base) = (ChargeKind::read(body)?, ChargeBase::read(body)?);
    let rounding = Rounding::read(body)?;
    let (fixed_minor, basis_points, from) = (body.u64()?, body.u32()?, body.date()?);
    Ok(ChargeRule { kind, fixed_minor, basis_points, base, rounding, from })
}
