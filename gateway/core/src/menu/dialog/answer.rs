//! Answers of the gateway.

use tillgate_codec::link::message::{Answer, AnswerKind, Found, GatewayMessage, Listing, Welcome};
use tillgate_store_core::{ProductId, Service};
use tillgate_types::{Currency, ResponseCode};

use super::super::draft::{Draft, needs_lookup};
use super::super::entry::Kept;
use super::super::limits::WRONG_ENTRIES_MAX;
use super::super::screens::{blank, receipt};
use super::super::texts::{Key, Values};
use super::super::{Menu, View};
use super::{At, Awaits, Dialog, Step};

impl Dialog {
    /// Takes an answer. One that is not awaited changes nothing.
    pub fn answer(
        &mut self,
        menu: &Menu,
        view: &View<'_>,
        body: &GatewayMessage<'_>,
        out: &mut String,
    ) -> Step {
        let asked = self.stan.saturating_add(1);
        match (self.awaits, body) {
            (Awaits::Welcome, GatewayMessage::Welcome(welcome)) => {
                self.awaits = Awaits::Nothing;
                self.welcome(welcome, menu, view, out)
            }
            (Awaits::Pin, body) => match code_of(body) {
                Some(code) => {
                    self.awaits = Awaits::Nothing;
                    self.changed(code, menu, view, out)
                }
                None => Step::Nothing,
            },
            (Awaits::Found, GatewayMessage::Found(found)) if found.stan == asked => {
                self.awaits = Awaits::Nothing;
                self.found(found, menu, view, out)
            }
            (Awaits::Balance, GatewayMessage::Answer(answer))
                if answer.kind == AnswerKind::Balance && answer.stan == asked =>
            {
                self.awaits = Awaits::Nothing;
                self.balanced(answer, menu, view, out)
            }
            (Awaits::Listing, GatewayMessage::Listing(listing)) if listing.stan == asked => {
                self.awaits = Awaits::Nothing;
                self.listed(listing, menu, view, out)
            }
            (Awaits::Sale, GatewayMessage::Answer(answer))
                if answer.kind == AnswerKind::Sale
                    && (answer.stan, answer.date) == (self.stan, self.date) =>
            {
                self.awaits = Awaits::Nothing;
                self.sold(answer, menu, view, out)
            }
            (Awaits::Repeat, GatewayMessage::Answer(answer)) if answer.kind == AnswerKind::Sale => {
                self.awaits = Awaits::Nothing;
                self.repeated(answer, menu, view, out)
            }
            (awaits, GatewayMessage::Reject(reject)) if awaits != Awaits::Nothing => {
                self.awaits = Awaits::Nothing;
                self.unavailable(reject.code, menu, view, out)
            }
            _ => Step::Nothing,
        }
    }

    fn welcome(
        &mut self,
        welcome: &Welcome,
        menu: &Menu,
        view: &View<'_>,
        out: &mut String,
    ) -> Step {
        match welcome.code {
            ResponseCode::APPROVED => {}
            ResponseCode::INCORRECT_PIN => return self.wrong_pin(At::Pin, menu, view, out),
            code => return self.refused(code, menu, view, out),
        }
        (self.logged_on, self.wrong) = (true, 0);
        (self.date, self.stan) = (welcome.date, welcome.stan_last);
        if self.draft.service.is_none() || view.must_change_pin {
            self.go(At::Menu);
            return self.show(menu, view, out);
        }
        if self.quick {
            // The PIN was the confirmation.
            return self.confirm(menu, view, out);
        }
        self.advance(menu, view, out)
    }

    /// A wrong PIN is asked for again, a few times; how often in all, the gateway decides.
    fn wrong_pin(&mut self, at: At, menu: &Menu, view: &View<'_>, out: &mut String) -> Step {
        (self.at, self.from) = (at, 0);
        if self.wrong >= WRONG_ENTRIES_MAX {
            return self.end(menu, view, Key::WrongPin, &Values::default(), out);
        }
        self.wrong(Key::WrongPin, menu, view, out)
    }

    fn refused(
        &mut self,
        code: ResponseCode,
        menu: &Menu,
        view: &View<'_>,
        out: &mut String,
    ) -> Step {
        let key = match code {
            ResponseCode::PIN_TRIES_EXCEEDED => Key::Locked,
            code if code.is_inactive() => Key::Inactive,
            _ => Key::Unavailable,
        };
        self.end(menu, view, key, &Values { code: Some(code), ..Values::default() }, out)
    }

    fn unavailable(
        &mut self,
        code: ResponseCode,
        menu: &Menu,
        view: &View<'_>,
        out: &mut String,
    ) -> Step {
        let values = Values { code: Some(code), ..Values::default() };
        self.end(menu, view, Key::Unavailable, &values, out)
    }

    fn changed(
        &mut self,
        code: ResponseCode,
        menu: &Menu,
        view: &View<'_>,
        out: &mut String,
    ) -> Step {
        match code {
            ResponseCode::APPROVED => {
                self.go_home();
                self.note = Some(Key::PinChanged);
                self.show(menu, view, out)
            }
            ResponseCode::INCORRECT_PIN => self.wrong_pin(At::OldPin, menu, view, out),
            code => self.refused(code, menu, view, out),
        }
    }

    /// What is to be paid, or whose account it is.
    fn found(&mut self, found: &Found<'_>, menu: &Menu, view: &View<'_>, out: &mut String) -> Step {
        let Some(service) = self.draft.service(view.registry) else {
            return self.unsold(menu, view, out);
        };
        match found.code {
            ResponseCode::APPROVED => {}
            ResponseCode::NO_SUCH_SUBSCRIBER => {
                self.draft.clear_account();
                // The bound of wrong entries holds for what the provider calls wrong, too.
                let wrong = self.wrong;
                self.go(At::Account);
                self.wrong = wrong;
                return self.wrong(Key::Code14, menu, view, out);
            }
            // Nobody could say anything about it, and the service does not insist.
            code if !needs_lookup(service) && asks_in_vain(code) => {
                self.draft.looked_up = true;
                return self.advance(menu, view, out);
            }
            code => return self.not_sold(code, menu, view, out),
        }
        if found.currency != 0 && found.currency != service.currency {
            return self.not_sold(ResponseCode::INVALID_AMOUNT, menu, view, out);
        }
        self.draft.take_found(found, service);
        self.advance(menu, view, out)
    }

    fn balanced(
        &mut self,
        answer: &Answer<'_>,
        menu: &Menu,
        view: &View<'_>,
        out: &mut String,
    ) -> Step {
        let Some(balance) = answer.balance_minor.filter(|_| answer.code.is_approved()) else {
            return self.unavailable(answer.code, menu, view, out);
        };
        let values = Values { balance, currency: seller_currency(view), ..Values::default() };
        let mut text = blank();
        self.tongue(menu).line(Key::BalanceLine, &values, &mut text);
        self.read(&text, false, menu, view, out)
    }

    fn listed(
        &mut self,
        listing: &Listing<'_>,
        menu: &Menu,
        view: &View<'_>,
        out: &mut String,
    ) -> Step {
        if !listing.code.is_approved() {
            return self.unavailable(listing.code, menu, view, out);
        }
        let mut text = blank();
        let tongue = self.tongue(menu);
        match listing.lines.trim_end() {
            "" => tongue.line(Key::NoSales, &Values::default(), &mut text),
            lines => tongue.foreign_lines(lines, &mut text),
        }
        self.read(&text, false, menu, view, out)
    }

    /// The answer of a sale. It is the last screen: what a person has paid for stays on the handset.
    fn sold(
        &mut self,
        answer: &Answer<'_>,
        menu: &Menu,
        view: &View<'_>,
        out: &mut String,
    ) -> Step {
        if is_open(answer) {
            let values = Values { rrn: answer.rrn, stan: answer.stan, ..Values::default() };
            return self.end(menu, view, Key::Late, &values, out);
        }
        if !answer.code.is_approved() {
            return self.not_sold(answer.code, menu, view, out);
        }
        let service = self.draft.service(view.registry);
        let currency = service.and_then(|service| Currency::numbered(service.currency));
        let mut text = blank();
        receipt(self.tongue(menu), answer, &self.draft, service, currency, &mut text);
        self.read(&text, true, menu, view, out)
    }

    fn repeated(
        &mut self,
        answer: &Answer<'_>,
        menu: &Menu,
        view: &View<'_>,
        out: &mut String,
    ) -> Step {
        let values = Values { rrn: answer.rrn, stan: answer.stan, ..Values::default() };
        let mut text = blank();
        let tongue = self.tongue(menu);
        if answer.code == ResponseCode::UNABLE_TO_LOCATE {
            tongue.line(Key::NoSales, &values, &mut text);
        } else if is_open(answer) {
            tongue.line(Key::Late, &values, &mut text);
        } else if answer.code.is_approved() {
            let draft = Draft::new();
            receipt(tongue, answer, &draft, None, seller_currency(view), &mut text);
        } else {
            self.declined(answer.code, menu, &mut text);
        }
        self.read(&text, false, menu, view, out)
    }

    fn declined(&self, code: ResponseCode, menu: &Menu, out: &mut String) {
        let values = Values { code: Some(code), ..Values::default() };
        self.tongue(menu).line(Key::Declined, &values, out);
        if let Some(reason) = Key::of_code(code) {
            self.tongue(menu).line(reason, &values, out);
        }
    }

    fn not_sold(
        &mut self,
        code: ResponseCode,
        menu: &Menu,
        view: &View<'_>,
        out: &mut String,
    ) -> Step {
        let mut text = blank();
        self.declined(code, menu, &mut text);
        self.read(&text, true, menu, view, out)
    }
}

impl Draft {
    /// Takes what the provider has said about the account.
    fn take_found(&mut self, found: &Found<'_>, service: &Service) {
        self.looked_up = true;
        self.token = found.token;
        self.holder = Kept::cut(found.name);
        if self.product.is_some_and(|product| product.0 != 0) {
            return;
        }
        let (low, high) = (found.amount_min_minor, found.amount_max_minor);
        if found.amount_minor > 0 && low >= high {
            (self.product, self.amount) = (Some(ProductId(0)), found.amount_minor);
            return;
        }
        self.due = found.amount_minor;
        if high > 0 {
            self.bounds = Some((low, high));
        }
        let wanted = std::mem::take(&mut self.amount);
        if wanted > 0 {
            // One that was said before and is not allowed is asked for again.
            let _is_taken = self.set_amount(service, wanted);
        }
    }
}

/// Whether the outcome of a sale is still open: it may be carried out, so it is not called declined.
fn is_open(answer: &Answer<'_>) -> bool {
    match answer.code {
        ResponseCode::IN_PROGRESS | ResponseCode::LATE_RESPONSE => true,
        // A row of it is there, so it may have been sold.
        ResponseCode::MALFUNCTION => !answer.rrn.is_empty(),
        _ => false,
    }
}

/// Whether a provider could not be asked.
fn asks_in_vain(code: ResponseCode) -> bool {
    [
        ResponseCode::PROVIDER_UNAVAILABLE,
        ResponseCode::LATE_RESPONSE,
        ResponseCode::NOT_SUPPORTED,
        ResponseCode::MALFUNCTION,
    ]
    .contains(&code)
}

fn seller_currency(view: &View<'_>) -> Option<Currency> {
    let seller = view.registry.seller(view.terminal.seller)?;
    Currency::numbered(seller.currency)
}

/// The code of what answers a change of a PIN.
fn code_of(body: &GatewayMessage<'_>) -> Option<ResponseCode> {
    match body {
        GatewayMessage::Welcome(welcome) => Some(welcome.code),
        GatewayMessage::Answer(answer) => Some(answer.code),
        GatewayMessage::Reject(reject) => Some(reject.code),
        _ => None,
    }
}
