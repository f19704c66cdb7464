//! The way of a sale: what is asked next, and its order.

use tillgate_codec::link::message::{Balance, Lookup, Recent, Repeat, Sale, TerminalMessage};
use tillgate_store_core::{AmountSource, ProductId, Service, ServiceId};
use tillgate_types::Currency;

use super::super::document::PartWord;
use super::super::draft::{Missing, needs_lookup};
use super::super::entry::Kept;
use super::super::limits::LISTED_SALES;
use super::super::offer::is_sold;
use super::super::screens::again_min;
use super::super::texts::Key;
use super::super::{Menu, Shortcut, View, amount};
use super::{At, Awaits, Dialog, Pin, Step};

impl Dialog {
    /// Takes the parts of a short-cut; the PIN, if it is among them. A part that is wrong is asked
    /// for, and so is what was left out.
    pub(super) fn take(
        &mut self,
        view: &View<'_>,
        shortcut: &Shortcut,
        parts: &[&str],
    ) -> Option<Pin> {
        let mut pin = None;
        let part = |wanted| {
            let at = shortcut.parts.iter().position(|part| *part == wanted)?;
            parts.get(at).copied().filter(|part| !part.is_empty())
        };
        if let Some(text) = part(PartWord::Pin) {
            pin = Pin::of(text);
            self.note = pin.is_none().then_some(Key::PinForm);
        }
        let said = part(PartWord::Service).and_then(|text| text.parse().ok().map(ServiceId));
        let service = shortcut.service.or(said).and_then(|id| view.registry.service(id));
        let Some(service) = service.filter(|service| is_sold(service, view)) else {
            self.note = Some(Key::Code57);
            return pin;
        };
        self.draft.service = Some(service.id);
        let product = part(PartWord::Product).and_then(|text| text.parse().ok().map(ProductId));
        if let Some(product) = shortcut.product.or(product) {
            match service.product(product) {
                Some(product) => self.draft.choose(product),
                None => self.note = Some(Key::WrongChoice),
            }
        }
        if let Some(text) = part(PartWord::Account) {
            let fits = service.account.as_ref().is_some_and(|field| field.accepts(text));
            match Kept::of(text).filter(|_| fits) {
                Some(account) => self.draft.account = account,
                None => self.note = Some(Key::WrongAccount),
            }
            if service.account.is_none() {
                // Somebody means another service.
                self.drop_draft();
                self.note = Some(Key::WrongShortcut);
                return pin;
            }
        }
        if let Some(text) = part(PartWord::Amount) {
            let currency = Currency::numbered(service.currency);
            let minor = currency.and_then(|currency| amount::minor(text, currency));
            let is_taken = minor.is_some_and(|minor| self.draft.set_amount(service, minor));
            if !is_taken {
                self.note = Some(Key::WrongAmount);
            }
        }
        let missing = self.draft.missing(service);
        let is_whole = self.draft.amount > 0 && self.note.is_none();
        if missing == Some(Missing::Lookup) && is_whole && !needs_lookup(service) {
            self.draft.looked_up = true;
        }
        self.quick = self.draft.missing(service).is_none();
        pin
    }

    /// Asks for what is missing next; at last, for the confirmation.
    pub(super) fn advance(&mut self, menu: &Menu, view: &View<'_>, out: &mut String) -> Step {
        let service = self.draft.service(view.registry);
        let Some(service) = service.filter(|service| is_sold(service, view)) else {
            return self.unsold(menu, view, out);
        };
        match self.draft.missing(service) {
            Some(Missing::Product) => self.go(At::Products),
            Some(Missing::Account) => self.go(At::Account),
            Some(Missing::Lookup) => return self.look_up(service),
            Some(Missing::Amount) => self.go(At::Amount),
            None => self.go(At::Confirm),
        }
        self.show(menu, view, out)
    }

    /// The service was blocked, or its hours are over, since it was chosen.
    pub(super) fn unsold(&mut self, menu: &Menu, view: &View<'_>, out: &mut String) -> Step {
        self.go_home();
        self.note = Some(Key::Code57);
        self.show(menu, view, out)
    }

    /// The confirmation of a sale: it is ordered, unless the fee is another one by now, or the same
    /// was ordered before and that was not shown.
    pub(super) fn confirm(&mut self, menu: &Menu, view: &View<'_>, out: &mut String) -> Step {
        let Some(service) = self.draft.service(view.registry) else {
            return self.unsold(menu, view, out);
        };
        let again = again_min(menu, &self.draft, view).is_some();
        let charged = self.draft.charged(service, self.date);
        let changed = self.draft.charged_shown.is_some_and(|shown| shown != charged);
        if changed || again && !self.draft.again_shown {
            self.quick = false;
            self.go(At::Confirm);
            return self.show(menu, view, out);
        }
        self.order(service)
    }

    /// Orders a sale, once.
    fn order(&mut self, service: &Service) -> Step {
        self.quick = false;
        self.at = At::Confirm;
        self.stan = self.stan.saturating_add(1);
        let account = std::mem::replace(&mut self.draft.account, Kept::new());
        let sale = TerminalMessage::Sale(Sale {
            stan: self.stan,
            date: self.date,
            service: service.id.0,
            product: self.draft.product.unwrap_or_default().0,
            amount_minor: self.draft.amount,
            currency: service.currency,
            subscriber: account.as_str(),
            token: self.draft.token,
            fee_minor: self.draft.charged_shown.unwrap_or_default(),
        });
        let step = self.ask(Awaits::Sale, &sale);
        self.draft.account = account;
        step
    }

    /// Asks the provider about the account.
    fn look_up(&mut self, service: &Service) -> Step {
        let account = std::mem::replace(&mut self.draft.account, Kept::new());
        let amount = if service.amount == AmountSource::Lookup { 0 } else { self.draft.amount };
        let lookup = TerminalMessage::Lookup(Lookup {
            stan: self.stan.saturating_add(1),
            date: self.date,
            service: service.id.0,
            product: self.draft.product.unwrap_or_default().0,
            amount_minor: amount,
            subscriber: account.as_str(),
        });
        let step = self.ask(Awaits::Found, &lookup);
        self.draft.account = account;
        step
    }

    /// Asks for the seller's float. Its number is not used up.
    pub(super) fn balance(&mut self) -> Step {
        let stan = self.stan.saturating_add(1);
        let balance = TerminalMessage::Balance(Balance { stan, date: self.date });
        self.ask(Awaits::Balance, &balance)
    }

    /// Asks for the last sales. Its number is not used up.
    pub(super) fn recent(&mut self) -> Step {
        let stan = self.stan.saturating_add(1);
        let recent = Recent { stan, date: self.date, count: LISTED_SALES };
        self.ask(Awaits::Listing, &TerminalMessage::Recent(recent))
    }

    /// Asks for the answer of the last sale once more.
    pub(super) fn repeat(&mut self) -> Step {
        let repeat = TerminalMessage::Repeat(Repeat { stan: 0, date: self.date });
        self.ask(Awaits::Repeat, &repeat)
    }
}
