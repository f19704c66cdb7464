//! Dialogs from the dialled string to the receipt, with a gateway that answers as the test says.

mod check;
mod parse;
mod random;
mod sales;
mod sessions;
mod shortcuts;

use arrayvec::ArrayVec;
use tillgate_codec::link::message::{
    Answer, AnswerKind, Found, GatewayMessage, TerminalMessage, VoucherSlip, Welcome,
};
use tillgate_codec::ussd::Room;
use tillgate_store_core::{
    AccountCheck, AccountField, AccountForm, AmountSource, BusinessDate, ChargeBase, ChargeKind,
    ChargeRule, DistributorId, Fulfilment, Language, Lookup, Product, ProductId, Registry,
    RegistryRecord, ResponseCode, Rounding, Sealed, Seller, SellerId, Service, ServiceId, Services,
    Status, Terminal, TerminalId,
};

use super::{Ask, Dialog, Menu, RecentSales, SaleContent, Step, View};
use crate::processing::verify::Now;
use crate::time::Span;

const DAY: BusinessDate = BusinessDate(9_823);
const EUR: u16 = 978;
const PIN: &str = "8362";

/// A shop's services: vouchers (10), top-ups (20), a bill (30), a card refill (40), electricity (50).
fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.apply(&RegistryRecord::Seller(Seller {
        id: SellerId(5),
        distributor: DistributorId(1),
        name: "Corner shop".to_owned(),
        status: Status::Active,
        currency: EUR,
        credit_limit_minor: 0,
    }));
    registry.apply(&RegistryRecord::Terminal(terminal()));
    for service in services() {
        registry.apply(&RegistryRecord::Service(service));
    }
    registry
}

fn terminal() -> Terminal {
    let key = Sealed { kek_id: 1, nonce: [0; 12], bytes: ArrayVec::new() };
    Terminal::new(TerminalId(7), SellerId(5), Services::All, (1, key))
}

fn services() -> [Service; 5] {
    let product = |id, name: &str, amount_minor| Product {
        id: ProductId(id),
        name: name.to_owned(),
        amount_minor,
        stock: tillgate_store_core::record::StockRules::default(),
    };
    let bounds = |service: Service, amount_min_minor, amount_max_minor| Service {
        amount_min_minor,
        amount_max_minor,
        ..service
    };
    let new = |id, name, from| Service::new(ServiceId(id), name, from, EUR);
    let fee = ChargeRule {
        kind: ChargeKind::Fee,
        base: ChargeBase::Amount,
        rounding: Rounding::HalfUp,
        fixed_minor: 50,
        basis_points: 100,
        from: BusinessDate(0),
    };
    let bill = AccountField {
        label: "Bill number".to_owned(),
        form: AccountForm::Bill,
        length_min: 10,
        length_max: 10,
        picture: String::new(),
        check: AccountCheck::Luhn,
    };
    [
        Service {
            products: vec![product(1, "Five", 500), product(2, "Ten", 1_000)],
            ..bounds(new(10, "Northwind voucher", Fulfilment::Stock), 500, 5_000)
        },
        Service {
            account: Some(AccountField::of(AccountForm::Phone)),
            amount: AmountSource::Open,
            ..bounds(new(20, "Northwind top-up", Fulfilment::Provider), 100, 10_000)
        },
        Service {
            account: Some(bill),
            lookup: Lookup::Required,
            amount: AmountSource::Lookup,
            charges: vec![fee],
            ..bounds(new(30, "City Water", Fulfilment::Provider), 100, 200_000)
        },
        Service {
            account: Some(AccountField::of(AccountForm::Card)),
            amount: AmountSource::Open,
            ..bounds(new(40, "Card refill", Fulfilment::Provider), 100, 10_000)
        },
        Service {
            account: Some(AccountField::of(AccountForm::Meter)),
            lookup: Lookup::Offered,
            amount: AmountSource::Open,
            charges: vec![fee],
            ..bounds(new(50, "Electricity", Fulfilment::Provider), 100, 10_000)
        },
    ]
}

/// An account of the bill that has its check digit.
const BILL: &str = "4400123453";

/// A handset: the dialog it is in, what its screen shows, what was asked.
struct Phone {
    menu: Menu,
    registry: Registry,
    terminal: Terminal,
    room: Room,
    now: Now,
    must_change_pin: bool,
    /// How long ago whatever is asked about was ordered.
    sold: Option<Span>,
    dialog: Option<Dialog>,
    screen: String,
    /// Bodies of requests.
    asked: Vec<Vec<u8>>,
    /// PINs of log-ons and changes.
    pins: Vec<String>,
}

/// What a step was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Continue,
    End,
    LogOn,
    ChangePin,
    Request,
    Nothing,
}

impl RecentSales for Option<Span> {
    fn sold(&self, _: &SaleContent<'_>) -> Option<Span> {
        *self
    }
}

impl Phone {
    fn new() -> Self {
        Self::with(Menu::builtin())
    }

    fn with(menu: &str) -> Self {
        Self {
            menu: Menu::parse(menu).unwrap(),
            registry: registry(),
            terminal: terminal(),
            room: Room::FULL,
            now: Now { date: DAY, open_from: DAY, minute: 600 },
            must_change_pin: false,
            sold: None,
            dialog: None,
            screen: String::new(),
            asked: Vec::new(),
            pins: Vec::new(),
        }
    }

    /// One that has logged on.
    fn logged_on() -> Self {
        let mut phone = Self::new();
        phone.log_on();
        phone
    }

    fn log_on(&mut self) {
        assert_eq!(self.dial("*123#"), Done::Continue);
        assert_eq!(self.enter(PIN), Done::LogOn);
        assert_eq!(self.welcome(ResponseCode::APPROVED), Done::Continue);
    }

    fn step(
        &mut self,
        run: impl FnOnce(&mut Dialog, &Menu, &View<'_>, &mut String) -> Step,
    ) -> Done {
        let Self { menu, registry, terminal, room, now, must_change_pin, sold, dialog, .. } = self;
        let view = View {
            registry,
            terminal,
            room: *room,
            now: *now,
            sold,
            must_change_pin: *must_change_pin,
        };
        let mut out = String::new();
        let step = run(dialog.as_mut().unwrap(), menu, &view, &mut out);
        self.done(step, out)
    }

    fn done(&mut self, step: Step, out: String) -> Done {
        let done = match step {
            Step::Continue => Done::Continue,
            Step::End => Done::End,
            Step::Nothing => Done::Nothing,
            Step::Ask(Ask::LogOn { pin }) => {
                self.pins.push(pin.digits().to_owned());
                Done::LogOn
            }
            Step::Ask(Ask::ChangePin { old, new }) => {
                self.pins.push(format!("{}>{}", old.digits(), new.digits()));
                Done::ChangePin
            }
            Step::Ask(Ask::Request(body)) => {
                self.asked.push(body.to_vec());
                Done::Request
            }
        };
        let shows = matches!(done, Done::Continue | Done::End);
        assert_eq!(shows, !out.is_empty(), "{done:?}: {out:?}");
        assert!(super::page::fits(&out, self.room), "{out:?}");
        if shows {
            self.screen = out;
        }
        done
    }

    fn dial(&mut self, dialled: &str) -> Done {
        let Self { menu, registry, terminal, room, now, must_change_pin, sold, .. } = self;
        let view = View {
            registry,
            terminal,
            room: *room,
            now: *now,
            sold,
            must_change_pin: *must_change_pin,
        };
        let mut out = String::new();
        let (dialog, step) = Dialog::begin(menu, &view, dialled, &mut out);
        self.dialog = Some(dialog);
        self.done(step, out)
    }

    fn enter(&mut self, text: &str) -> Done {
        self.step(|dialog, menu, view, out| dialog.input(menu, view, text, out))
    }

    /// Enters each, which shows a screen.
    fn walk(&mut self, entries: &[&str]) -> &str {
        for text in entries {
            assert_eq!(self.enter(text), Done::Continue, "{text}: {}", self.screen);
        }
        &self.screen
    }

    fn answer(&mut self, body: &GatewayMessage<'_>) -> Done {
        self.step(|dialog, menu, view, out| dialog.answer(menu, view, body, out))
    }

    fn late(&mut self) -> Done {
        self.step(Dialog::late)
    }

    fn welcome(&mut self, code: ResponseCode) -> Done {
        self.answer(&GatewayMessage::Welcome(Welcome {
            code,
            date: DAY,
            time_s: 0,
            catalogue: 0,
            idle_s: 60,
            answer_s: 25,
            stan_last: 1_200,
        }))
    }

    fn asks(&self) -> TerminalMessage<'_> {
        TerminalMessage::decode(self.asked.last().unwrap()).unwrap()
    }

    fn sales(&self) -> usize {
        let is_sale = |body: &&Vec<u8>| {
            matches!(TerminalMessage::decode(body).unwrap(), TerminalMessage::Sale(_))
        };
        self.asked.iter().filter(is_sale).count()
    }
}

/// The answer of a sale.
fn answer(stan: u32, code: ResponseCode) -> Answer<'static> {
    Answer {
        kind: AnswerKind::Sale,
        stan,
        date: DAY,
        code,
        rrn: "632704001201",
        reference: "",
        amount_minor: 500,
        fee_minor: 0,
        tax_minor: 0,
        balance_minor: Some(12_345),
        voucher: None,
        time_s: 0,
        lines: "",
    }
}

fn slip() -> VoucherSlip<'static> {
    VoucherSlip {
        serial: "8944501200017",
        pin: "4711-0815-2342-9001",
        expiry: BusinessDate(10_593),
    }
}

fn found(code: ResponseCode) -> Found<'static> {
    Found {
        stan: 1_201,
        date: DAY,
        code,
        token: 99,
        amount_minor: 8_740,
        amount_min_minor: 0,
        amount_max_minor: 0,
        fee_minor: 137,
        currency: EUR,
        name: "Dr. A. Mustermann-Schönfeld",
        lines: "",
        valid_s: 300,
    }
}

fn language(text: &str) -> Language {
    Language::of(text).unwrap()
}
