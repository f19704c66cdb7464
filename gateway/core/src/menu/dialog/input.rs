//! What somebody has typed, at each place in a dialog.

use tillgate_store_core::ProductId;
use tillgate_types::Currency;

use super::super::document::ActionWord;
use super::super::entry::{Kept, entry};
use super::super::limits::ENTRY_BYTES_MAX;
use super::super::texts::Key;
use super::super::{Does, Menu, View, amount};
use super::show::Choice;
use super::{Ask, At, Awaits, Dialog, Pin, Step};

impl Dialog {
    /// Takes an entry. While an answer is awaited, and when the dialog is over, it changes nothing.
    pub fn input(&mut self, menu: &Menu, view: &View<'_>, text: &str, out: &mut String) -> Step {
        if self.awaits != Awaits::Nothing || self.at == At::Over {
            return Step::Nothing;
        }
        // One that is too long is wrong everywhere.
        let typed = entry::<ENTRY_BYTES_MAX>(text).unwrap_or_else(Kept::new);
        let typed = typed.as_str();
        if typed == menu.more && self.next != 0 {
            (self.from, self.wrong) = (self.next, 0);
            return self.show(menu, view, out);
        }
        if self.at != At::Pin {
            if typed == menu.home {
                self.go_home();
                return self.show(menu, view, out);
            }
            if typed == menu.back {
                self.back(menu, view);
                return self.show(menu, view, out);
            }
        }
        match self.at {
            At::Menu | At::Services | At::Products | At::Languages => {
                self.choose(menu, view, typed, out)
            }
            At::Account => self.account(menu, view, typed, out),
            At::Amount => self.amount(menu, view, typed, out),
            At::Confirm if typed == "1" && self.next == 0 => self.confirm(menu, view, out),
            At::Confirm => self.wrong(Key::WrongChoice, menu, view, out),
            At::Pin | At::OldPin | At::NewPin | At::AgainPin => self.pin(menu, view, typed, out),
            At::Reading { .. } if self.rest.is_empty() => {
                self.go_home();
                self.show(menu, view, out)
            }
            At::Reading { .. } => self.read_on(menu, view, out),
            At::Over => Step::Nothing,
        }
    }

    /// One step back; from a later page, to the first one.
    fn back(&mut self, menu: &Menu, view: &View<'_>) {
        if self.from > 0 {
            self.from = 0;
            return;
        }
        match self.at {
            At::Menu => {
                self.node = menu.node(self.node).parent;
                self.go(At::Menu);
            }
            At::Amount
                if self.draft.service(view.registry).is_some_and(|s| s.account.is_some()) =>
            {
                self.draft.clear_account();
                self.go(At::Account);
            }
            At::Account | At::Amount if self.draft.product.is_some() && self.has_products(view) => {
                self.draft.clear_account();
                (self.draft.product, self.draft.amount) = (None, 0);
                self.go(At::Products);
            }
            At::Products | At::Account | At::Amount => {
                self.drop_draft();
                self.go(At::Services);
                if self.choices(menu, view).len() < 2 {
                    self.leave(menu);
                }
            }
            _ => self.leave(menu),
        }
    }

    fn has_products(&self, view: &View<'_>) -> bool {
        self.draft.service(view.registry).is_some_and(|service| !service.products.is_empty())
    }

    /// To the menu that the item is in.
    fn leave(&mut self, menu: &Menu) {
        self.drop_draft();
        if !matches!(menu.node(self.node).does, Does::Menu(_)) {
            self.node = menu.node(self.node).parent;
        }
        self.go(At::Menu);
    }

    fn choose(&mut self, menu: &Menu, view: &View<'_>, typed: &str, out: &mut String) -> Step {
        let choices = self.choices(menu, view);
        let page_end = if self.next == 0 { choices.len() } else { self.next.into() };
        let chosen = match typed.as_bytes() {
            [digit @ b'1'..=b'9'] => Some(usize::from(self.from) + usize::from(digit - b'1')),
            _ => None,
        };
        let chosen = chosen.filter(|at| *at < page_end).and_then(|at| choices.get(at));
        match chosen.copied() {
            Some(Choice::Item(item)) => self.select(item, menu, view, out),
            Some(Choice::Service(service)) => {
                self.draft.service = Some(service.id);
                self.advance(menu, view, out)
            }
            Some(Choice::Product(_, product)) => {
                self.draft.choose(product);
                self.advance(menu, view, out)
            }
            Some(Choice::OtherAmount) => {
                (self.draft.product, self.draft.amount) = (Some(ProductId(0)), 0);
                self.advance(menu, view, out)
            }
            Some(Choice::Language(at)) => {
                self.language = at;
                self.go_home();
                self.show(menu, view, out)
            }
            None => self.wrong(Key::WrongChoice, menu, view, out),
        }
    }

    /// An item of the menu.
    fn select(&mut self, item: u8, menu: &Menu, view: &View<'_>, out: &mut String) -> Step {
        match &menu.node(item).does {
            Does::Menu(_) => {
                self.node = item;
                self.go(At::Menu);
            }
            Does::Sell(selection) => {
                self.node = item;
                self.go(At::Services);
                if let [only] = selection.sold(view).as_slice() {
                    self.draft.service = Some(only.id);
                    return self.advance(menu, view, out);
                }
            }
            Does::Action(ActionWord::Balance) => return self.balance(),
            Does::Action(ActionWord::Last) => return self.recent(),
            Does::Action(ActionWord::Repeat) => return self.repeat(),
            Does::Action(ActionWord::ChangePin) => self.go(At::OldPin),
            Does::Action(ActionWord::Language) => self.go(At::Languages),
        }
        self.show(menu, view, out)
    }

    fn account(&mut self, menu: &Menu, view: &View<'_>, typed: &str, out: &mut String) -> Step {
        let field = self.draft.service(view.registry).and_then(|of| of.account.as_ref());
        match field.filter(|field| field.accepts(typed)).and_then(|_| Kept::of(typed)) {
            Some(account) => {
                self.draft.account = account;
                self.advance(menu, view, out)
            }
            None => self.wrong(Key::WrongAccount, menu, view, out),
        }
    }

    fn amount(&mut self, menu: &Menu, view: &View<'_>, typed: &str, out: &mut String) -> Step {
        let Some(service) = self.draft.service(view.registry) else {
            return self.unsold(menu, view, out);
        };
        let currency = Currency::numbered(service.currency);
        let minor = currency.and_then(|currency| amount::minor(typed, currency));
        if minor.is_some_and(|minor| self.draft.set_amount(service, minor)) {
            return self.advance(menu, view, out);
        }
        self.wrong(Key::WrongAmount, menu, view, out)
    }

    fn pin(&mut self, menu: &Menu, view: &View<'_>, typed: &str, out: &mut String) -> Step {
        let Some(pin) = Pin::of(typed) else {
            return self.wrong(Key::PinForm, menu, view, out);
        };
        match self.at {
            // Who confirms a short-cut by the PIN has paged through all of it.
            At::Pin if self.quick && self.next != 0 => {
                self.wrong(Key::WrongChoice, menu, view, out)
            }
            At::Pin => self.log_on(pin),
            At::OldPin => {
                self.old = Some(pin);
                self.go(At::NewPin);
                self.show(menu, view, out)
            }
            At::NewPin
                if pin.is_weak() || self.old.as_ref().is_some_and(|old| old.is_same(&pin)) =>
            {
                self.wrong(Key::WeakPin, menu, view, out)
            }
            At::NewPin => {
                self.new = Some(pin);
                self.go(At::AgainPin);
                self.show(menu, view, out)
            }
            _ => match (self.old.take(), self.new.take()) {
                (Some(old), Some(new)) if new.is_same(&pin) => {
                    self.awaits = Awaits::Pin;
                    Step::Ask(Ask::ChangePin { old, new })
                }
                (old, _) => {
                    (self.old, self.at, self.from) = (old, At::NewPin, 0);
                    self.wrong(Key::UnequalPin, menu, view, out)
                }
            },
        }
    }
}
