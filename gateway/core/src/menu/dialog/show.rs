//! The screen of each place in a dialog.

use zeroize::Zeroizing;

use super::super::limits::KEPT_BYTES_MAX;
use super::super::page::{self, List};
use super::super::screens::{self, Keys, again_min, blank, key_line};
use super::super::texts::{Key, Values};
use super::super::{Does, Menu, View};
use super::{At, Dialog, Step};
use tillgate_store_core::{AmountSource, Product, Service};
use tillgate_types::Currency;

/// One line of a list.
#[derive(Clone, Copy)]
pub(super) enum Choice<'a> {
    /// An item of the menu.
    Item(u8),
    Service(&'a Service),
    Product(&'a Service, &'a Product),
    OtherAmount,
    /// A language's place.
    Language(u8),
}

impl Dialog {
    /// Writes the screen, below what is to be said first.
    pub(super) fn show(&mut self, menu: &Menu, view: &View<'_>, out: &mut String) -> Step {
        let is_changing = matches!(self.at, At::OldPin | At::NewPin | At::AgainPin | At::Over);
        if view.must_change_pin && self.logged_on && !is_changing {
            self.drop_draft();
            self.go(At::OldPin);
            self.note = Some(Key::MustChange);
        }
        let mut head = blank();
        if let Some(key) = self.note.take() {
            self.note_line(key, menu, view, &mut head);
        }
        match self.at {
            At::Menu | At::Services | At::Products | At::Languages => {
                self.list(menu, view, head, out);
            }
            At::Over => return Step::Nothing,
            At::Reading { .. } => return self.read_on(menu, view, out),
            _ => self.question(menu, view, head, out),
        }
        Step::Continue
    }

    fn note_line(&mut self, key: Key, menu: &Menu, view: &View<'_>, out: &mut String) {
        let service = self.draft.service(view.registry);
        let label = service.and_then(|of| of.account.as_ref()).map_or("", |field| &field.label);
        let values = Values { label, code: self.code, ..Values::default() };
        self.tongue(menu).put(key, &values, out);
    }

    /// A text, by pages; an entry or a confirmation is awaited below it.
    fn question(
        &mut self,
        menu: &Menu,
        view: &View<'_>,
        mut text: Zeroizing<String>,
        out: &mut String,
    ) {
        let tongue = self.tongue(menu);
        let keys = Keys::of(menu, tongue);
        let nothing = Values::default();
        if !text.is_empty() {
            // What is said first moves the pages.
            self.from = 0;
        }
        let service = self.draft.service(view.registry);
        match (self.at, service) {
            (At::Pin, Some(service)) if self.quick => {
                self.order_lines(menu, view, service, &mut text);
                tongue.line(Key::ConfirmPin, &nothing, &mut text);
            }
            (At::Pin, _) => tongue.line(Key::EnterPin, &nothing, &mut text),
            (At::Account, Some(service)) => {
                screens::prompt(tongue, Key::EnterAccount, &self.draft, service, &mut text);
            }
            (At::Amount, Some(service)) => {
                screens::prompt(tongue, Key::EnterAmount, &self.draft, service, &mut text);
            }
            (At::Confirm, Some(service)) => {
                self.order_lines(menu, view, service, &mut text);
                text.push('\n');
                text.push_str(&key_line(tongue, "1", Key::Confirm));
                text.push('\n');
                text.push_str(&key_line(tongue, &menu.back, Key::Cancel));
            }
            (At::OldPin, _) => tongue.line(Key::OldPin, &nothing, &mut text),
            (At::NewPin, _) => tongue.line(Key::NewPin, &nothing, &mut text),
            (At::AgainPin, _) => tongue.line(Key::AgainPin, &nothing, &mut text),
            // Its service is not in the registry any more.
            _ => tongue.line(Key::NoService, &nothing, &mut text),
        }
        if !matches!(self.at, At::Pin | At::Confirm) {
            text.push('\n');
            text.push_str(&keys.back);
        }
        let next = page::text(&text, &keys.footer, self.from.into(), view.room, out);
        self.next = next.and_then(|next| u16::try_from(next).ok()).unwrap_or(0);
    }

    /// What is to be confirmed, and that it was shown.
    fn order_lines(&mut self, menu: &Menu, view: &View<'_>, service: &Service, text: &mut String) {
        let date = if self.logged_on { self.date } else { view.now.date };
        let again = again_min(menu, &self.draft, view);
        self.draft.charged_shown = Some(self.draft.charged(service, date));
        self.draft.again_shown = again.is_some();
        screens::order(self.tongue(menu), &self.draft, service, date, again, text);
    }

    /// Choices, by pages.
    fn list(
        &mut self,
        menu: &Menu,
        view: &View<'_>,
        mut head: Zeroizing<String>,
        out: &mut String,
    ) {
        let tongue = self.tongue(menu);
        let keys = Keys::of(menu, tongue);
        let at_root = self.at == At::Menu && self.node == 0;
        let short_head = head.to_string();
        if !head.is_empty() {
            head.push('\n');
        }
        match (self.at, self.draft.service(view.registry)) {
            (At::Products, Some(service)) => screens::plain(&service.name, &mut head),
            (At::Languages, _) => tongue.put(Key::Language, &Values::default(), &mut head),
            _ => menu.node(self.node).name(tongue, self.language, &mut head),
        }
        let back = if at_root { "" } else { &keys.back };
        let choices = self.choices(menu, view);
        if choices.is_empty() {
            tongue.line(Key::NoService, &Values::default(), &mut head);
        }
        let head = head.to_string();
        let list = List { head, short_head, back, more: &keys.more, room: view.room };
        let count = choices.len();
        let from = usize::from(self.from).min(count);
        let named = |at: usize, out: &mut String| {
            if let Some(choice) = choices.get(at) {
                self.name(*choice, menu, out);
            }
        };
        let shown = list.page((from, count), &named, out);
        let next = from + shown;
        self.next = if next < count { u16::try_from(next).unwrap_or(0) } else { 0 };
    }

    /// What there is to choose from, on all pages.
    pub(super) fn choices<'a>(&self, menu: &Menu, view: &View<'a>) -> Vec<Choice<'a>> {
        let node = menu.node(self.node);
        match (self.at, &node.does) {
            (At::Menu, Does::Menu(children)) => {
                let shown = |item: &u8| match &menu.node(*item).does {
                    // Shown only if there is something to sell.
                    Does::Sell(selection) => selection.sells(view),
                    Does::Menu(_) | Does::Action(_) => true,
                };
                children.iter().copied().filter(shown).map(Choice::Item).collect()
            }
            (At::Services, Does::Sell(selection)) => {
                selection.sold(view).into_iter().map(Choice::Service).collect()
            }
            (At::Products, _) => {
                let Some(service) = self.draft.service(view.registry) else { return Vec::new() };
                let open = (service.amount == AmountSource::Open).then_some(Choice::OtherAmount);
                let products = service.products.iter();
                products.map(|product| Choice::Product(service, product)).chain(open).collect()
            }
            (At::Languages, _) => (0..menu.tongues.len())
                .filter_map(|at| u8::try_from(at).ok())
                .map(Choice::Language)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Appends the name of a choice.
    fn name(&self, choice: Choice<'_>, menu: &Menu, out: &mut String) {
        let tongue = self.tongue(menu);
        let nothing = Values::default();
        match choice {
            Choice::Item(item) => menu.node(item).name(tongue, self.language, out),
            Choice::Service(service) => screens::plain(&service.name, out),
            Choice::Product(service, product) => {
                let values = Values {
                    product: &product.name,
                    amount: product.amount_minor,
                    currency: Currency::numbered(service.currency),
                    ..nothing
                };
                tongue.put(Key::ProductLine, &values, out);
            }
            Choice::OtherAmount => tongue.put(Key::OtherAmount, &nothing, out),
            Choice::Language(at) => menu.tongue(at).put(Key::LanguageName, &nothing, out),
        }
    }

    /// Shows the first page of a text, and keeps the rest. Text that ends the dialog has no key
    /// below its last page.
    pub(super) fn read(
        &mut self,
        text: &str,
        ends: bool,
        menu: &Menu,
        view: &View<'_>,
        out: &mut String,
    ) -> Step {
        if self.late {
            return self.over(text, view, out);
        }
        let mut whole = blank();
        whole.push_str(text);
        if !ends {
            whole.push('\n');
            whole.push_str(&Keys::of(menu, self.tongue(menu)).back);
        }
        self.go(At::Reading { ends });
        self.rest = whole;
        self.read_on(menu, view, out)
    }

    /// Shows the next page of what is kept.
    pub(super) fn read_on(&mut self, menu: &Menu, view: &View<'_>, out: &mut String) -> Step {
        let whole = std::mem::take(&mut self.rest);
        let footer = Keys::of(menu, self.tongue(menu)).footer;
        let next = page::text(&whole, &footer, 0, view.room, out);
        if let Some(rest) = next.and_then(|next| whole.get(next..)) {
            let kept = &rest[..rest.floor_char_boundary(KEPT_BYTES_MAX)];
            self.rest = Zeroizing::new(kept.to_owned());
            return Step::Continue;
        }
        if self.at == (At::Reading { ends: true }) {
            self.at = At::Over;
            return Step::End;
        }
        Step::Continue
    }
}
