//! Whether every screen fits, in every language, with the longest values that the services in force
//! can put on it.

use std::fmt;

use tillgate_codec::limits::{PIN_BYTES_MAX, REFERENCE_BYTES_MAX, RRN_BYTES_MAX, SERIAL_BYTES_MAX};
use tillgate_codec::link::message::{Answer, AnswerKind, VoucherSlip};
use tillgate_codec::ussd::Room;
use tillgate_store_core::limits::CREDIT_LIMIT_MINOR_MAX;
use tillgate_store_core::{
    AmountSource, BusinessDate, Fulfilment, Language, Product, Registry, ResponseCode, Service,
    Status,
};
use tillgate_types::Currency;

use super::draft::{Draft, looks_up};
use super::entry::Kept;
use super::limits::{HOLDER_CHARS_MAX, KEPT_BYTES_MAX, MENU_FAULTS_MAX, SCREEN_PAGES_MAX};
use super::offer::is_for_menus;
use super::page::{self, length};
use super::screens::{self, Keys, blank, key_line};
use super::texts::{Key, Tongue, Values};
use super::{Does, Menu, Shortcut, references};

/// A screen that does not fit, or an item that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuFault {
    /// Which screen, item or short-cut.
    pub screen: String,
    /// In which language; `None`: in all.
    pub language: Option<Language>,
    /// What is wrong, with the length that was found and the one that is allowed, and what to do.
    pub text: String,
}

impl fmt::Display for MenuFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.screen)?;
        if let Some(language) = &self.language {
            write!(f, " ({})", language.as_str())?;
        }
        write!(f, ": {}", self.text)
    }
}

/// A day with as many characters as any.
const DAY: BusinessDate = BusinessDate(9_823);

impl Menu {
    /// Compares the menu with the services in force, for a link of that room. It reports at most
    /// [`MENU_FAULTS_MAX`] faults.
    ///
    /// What fits here fits in a dialog: a dialog shows a longer screen by pages, shortens names in
    /// lists, and never takes a confirmation before the last page. So a fault makes a menu awkward,
    /// not unsafe.
    #[must_use]
    pub fn check(&self, registry: &Registry, room: Room) -> Vec<MenuFault> {
        let mut faults = Vec::new();
        references::check(self, registry, &mut faults);
        for (at, tongue) in self.tongues.iter().enumerate() {
            let screens = Screens { menu: self, tongue, room, faults: &mut faults };
            screens.all(u8::try_from(at).unwrap_or(0), registry);
        }
        faults.truncate(MENU_FAULTS_MAX);
        faults
    }
}

/// The screens in one language.
struct Screens<'a> {
    menu: &'a Menu,
    tongue: &'a Tongue,
    room: Room,
    faults: &'a mut Vec<MenuFault>,
}

impl Screens<'_> {
    fn all(mut self, at: u8, registry: &Registry) {
        self.texts();
        self.menus(at);
        let mut services: Vec<&Service> = registry.services().collect();
        services.retain(|of| of.status == Status::Active && is_for_menus(of) && self.offers(of));
        services.sort_by_key(|service| service.id);
        for service in services {
            self.service(service);
        }
    }

    /// Whether an item or a short-cut leads to a service.
    fn offers(&self, service: &Service) -> bool {
        let sells = |does: &Does| matches!(does, Does::Sell(selection) if selection.has(service));
        let dials = |of: &Shortcut| of.service.is_none_or(|id| id == service.id);
        self.menu.nodes.iter().any(|node| sells(&node.does))
            || self.menu.shortcuts.iter().any(dials)
    }

    fn fault(&mut self, screen: &str, text: String) {
        if self.faults.len() >= MENU_FAULTS_MAX {
            return;
        }
        let language = Some(self.tongue.language);
        self.faults.push(MenuFault { screen: screen.to_owned(), language, text });
    }

    /// A screen that is one USSD string.
    fn one(&mut self, screen: &str, text: &str) {
        let (length, allowed) = length(text, self.room);
        if length > allowed {
            let text = format!(
                "{length} characters, {allowed} are allowed: shorten its texts, the name of the \
                 service or that of its account"
            );
            self.fault(screen, text);
        }
    }

    /// A screen of a few pages.
    fn pages(&mut self, screen: &str, text: &str) {
        let footer = Keys::of(self.menu, self.tongue).footer;
        let mut from = 0;
        for _ in 0..SCREEN_PAGES_MAX {
            match page::text(text, &footer, from, self.room, &mut String::new()) {
                Some(next) => from = next,
                None => return,
            }
        }
        let (length, allowed) = length(text, self.room);
        let text = format!(
            "{length} characters, {allowed} are allowed on each of {SCREEN_PAGES_MAX} pages: shorten \
             its texts or the name of the service"
        );
        self.fault(screen, text);
    }

    /// What is shown with no service.
    fn texts(&mut self) {
        let code = Some(ResponseCode::TERMINAL_INACTIVE);
        let rrn = "W".repeat(RRN_BYTES_MAX);
        let values = Values { code, rrn: &rrn, stan: u32::MAX, ..Values::default() };
        let last = [
            Key::Locked,
            Key::Inactive,
            Key::Unavailable,
            Key::NoAnswer,
            Key::TooOften,
            Key::Late,
            Key::Busy,
            Key::UnknownHandset,
            Key::WrongCode,
            Key::Expired,
        ];
        for key in last {
            let mut text = blank();
            self.tongue.put(key, &values, &mut text);
            self.one(key.name(), &text);
        }
        let back = Keys::of(self.menu, self.tongue).back;
        let questions = [
            (
                Key::EnterPin,
                vec![Key::WrongPin, Key::PinForm, Key::WrongShortcut, Key::Code57],
                false,
            ),
            (Key::OldPin, vec![Key::WrongPin, Key::PinForm, Key::MustChange], true),
            (Key::NewPin, vec![Key::WeakPin, Key::UnequalPin, Key::PinForm], true),
            (Key::AgainPin, vec![Key::PinForm], true),
        ];
        for (question, notes, has_back) in questions {
            for note in notes {
                let mut text = blank();
                self.tongue.line(note, &values, &mut text);
                self.tongue.line(question, &values, &mut text);
                if has_back {
                    text.push('\n');
                    text.push_str(&back);
                }
                self.one(question.name(), &text);
            }
        }
        for code in ResponseCode::ALL {
            let Some(reason) = Key::of_code(*code) else { continue };
            let mut text = blank();
            let values = Values { code: Some(*code), ..Values::default() };
            self.tongue.line(Key::Declined, &values, &mut text);
            self.tongue.line(reason, &values, &mut text);
            self.one(reason.name(), &text);
        }
        let values = Values { balance: -CREDIT_LIMIT_MINOR_MAX, ..Values::default() };
        let mut text = blank();
        self.tongue.line(Key::BalanceLine, &values, &mut text);
        text.push('\n');
        text.push_str(&back);
        self.one(Key::BalanceLine.name(), &text);
    }

    /// Each name of an item on the page of its menu.
    fn menus(&mut self, at: u8) {
        let menu = self.menu;
        for (number, node) in menu.nodes.iter().enumerate() {
            let Does::Menu(children) = &node.does else { continue };
            let mut title = String::new();
            node.name(self.tongue, at, &mut title);
            for child in children {
                let mut name = String::new();
                menu.node(*child).name(self.tongue, at, &mut name);
                self.choice(&format!("menu {number}"), &title, &name);
            }
        }
    }

    /// A choice of a list, below the list's title or what is wrong with an entry.
    fn choice(&mut self, screen: &str, title: &str, name: &str) {
        let Keys { back, more, .. } = Keys::of(self.menu, self.tongue);
        let mut note = String::new();
        self.tongue.put(Key::WrongChoice, &Values::default(), &mut note);
        for head in [&note, title] {
            let whole = format!("{head}\n9 {name}\n{more}\n{back}");
            self.one(&format!("{screen}, choice {name:?}"), &whole);
        }
    }

    fn service(&mut self, service: &Service) {
        let titles: Vec<usize> = (0..self.menu.nodes.len()).collect();
        for at in titles {
            let node = &self.menu.nodes[at];
            if !matches!(&node.does, Does::Sell(selection) if selection.has(service)) {
                continue;
            }
            let mut title = String::new();
            let place = self.menu.tongue_of(self.tongue.language);
            node.name(self.tongue, place, &mut title);
            self.choice(&format!("item {at}"), &title, &service.name);
        }
        for product in &service.products {
            let mut name = String::new();
            let values = Values {
                product: &product.name,
                amount: product.amount_minor,
                currency: Currency::numbered(service.currency),
                ..Values::default()
            };
            self.tongue.put(Key::ProductLine, &values, &mut name);
            self.choice(&screen("products", service), &service.name, &name);
        }
        let draft = longest(service);
        self.questions(service, &draft);
        self.confirmation(service, &draft);
        self.receipt(service, &draft);
    }

    fn questions(&mut self, service: &Service, draft: &Draft) {
        let asks = [
            (Key::EnterAccount, Key::WrongAccount, service.account.is_some()),
            (Key::EnterAmount, Key::WrongAmount, service.amount != AmountSource::Products),
        ];
        for (question, note, is_asked) in asks {
            if !is_asked {
                continue;
            }
            let values = screens::values(draft, service, DAY, None);
            for is_wrong in [true, false] {
                let mut text = blank();
                if is_wrong {
                    self.tongue.line(note, &values, &mut text);
                }
                screens::prompt(self.tongue, question, draft, service, &mut text);
                text.push('\n');
                text.push_str(&Keys::of(self.menu, self.tongue).back);
                self.one(&screen(question.name(), service), &text);
            }
        }
    }

    /// With the PIN of a short-cut, and with the keys.
    fn confirmation(&mut self, service: &Service, draft: &Draft) {
        let again_min = Some(self.menu.again.0 / 60_000_000_000);
        let mut text = blank();
        screens::order(self.tongue, draft, service, DAY, again_min, &mut text);
        let mut with_pin = text.clone();
        self.tongue.line(Key::ConfirmPin, &Values::default(), &mut with_pin);
        text.push('\n');
        text.push_str(&key_line(self.tongue, "1", Key::Confirm));
        text.push('\n');
        text.push_str(&key_line(self.tongue, &self.menu.back, Key::Cancel));
        for text in [with_pin, text] {
            self.pages(&screen("confirmation", service), &text);
        }
    }

    /// The PIN of a voucher is whole on the first page, and nothing behind it is lost.
    fn receipt(&mut self, service: &Service, draft: &Draft) {
        let wide = |bytes: usize| "W".repeat(bytes);
        let (pin, serial) = (wide(PIN_BYTES_MAX), wide(SERIAL_BYTES_MAX));
        let (reference, rrn) = (wide(REFERENCE_BYTES_MAX), wide(RRN_BYTES_MAX));
        let is_stock = service.fulfilment == Fulfilment::Stock;
        let voucher = is_stock.then_some(VoucherSlip { serial: &serial, pin: &pin, expiry: DAY });
        let answer = Answer {
            kind: AnswerKind::Sale,
            stan: u32::MAX,
            date: DAY,
            code: ResponseCode::APPROVED,
            rrn: &rrn,
            reference: if is_stock { "" } else { &reference },
            amount_minor: draft.amount,
            fee_minor: draft.charged(service, DAY),
            tax_minor: 0,
            balance_minor: Some(-CREDIT_LIMIT_MINOR_MAX),
            voucher,
            time_s: 0,
            lines: "",
        };
        let mut text = blank();
        let currency = Currency::numbered(service.currency);
        screens::receipt(self.tongue, &answer, draft, Some(service), currency, &mut text);
        let screen = screen("receipt", service);
        let footer = Keys::of(self.menu, self.tongue).footer;
        let mut first = blank();
        let next = page::text(&text, &footer, 0, self.room, &mut first);
        let lost = next.map_or(0, |next| text.len() - next).saturating_sub(KEPT_BYTES_MAX);
        if lost > 0 {
            let allowed = text.len() - lost;
            let text = format!(
                "{} bytes, {allowed} are allowed: shorten its texts or the name of the service",
                text.len()
            );
            self.fault(&screen, text);
        }
        if is_stock && !first.contains(pin.as_str()) {
            let (length, allowed) = length(&text, self.room);
            let text = format!(
                "{length} characters, {allowed} are allowed, and the first page does not have the PIN \
                 of {PIN_BYTES_MAX} characters: shorten pin_line"
            );
            self.fault(&screen, text);
        }
    }
}

fn screen(what: &str, service: &Service) -> String {
    format!("{what} of service {} ({})", service.id, service.name)
}

/// A sale with the longest values that a service takes.
fn longest(service: &Service) -> Draft {
    let mut draft = Draft::new();
    draft.service = Some(service.id);
    let length = service.account.as_ref().map_or(0, |field| usize::from(field.length_max));
    draft.account = Kept::cut(&"W".repeat(length));
    draft.amount = service.amount_max_minor;
    let name = |product: &&Product| product.name.chars().count();
    draft.product = service.products.iter().max_by_key(name).map(|product| product.id);
    if looks_up(service) {
        draft.holder = Kept::cut(&"W".repeat(HOLDER_CHARS_MAX));
        draft.due = service.amount_max_minor;
    }
    draft
}
