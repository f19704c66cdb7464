//! A subscriber: reads a screen, thinks, and types; errs, guesses and hangs up as the seed wants.

use super::super::config::{Handsets, number};
use crate::rng::Rng;

/// Accounts that are topped up: so few that two handsets sell to the same one.
const PHONES: [&str; 2] = ["254700000001", "254700000002"];
/// Bills with their check digit.
const BILLS: [&str; 2] = ["1234567897", "4000000006"];
const AMOUNTS: [&str; 3] = ["5", "12.50", "20"];

/// The service code, and the menu that answers it.
pub(super) const CODE: &str = "*123#";

/// The menu of the world: English, so that subscribers can read it.
pub(in super::super) const MENU: &str = r#"
name = "world"
about = "all that a world sells"
languages = ["en"]

[[item]]
label = { en = "Vouchers" }
sell = { fulfilment = "stock" }

[[item]]
label = { en = "Top-up" }
sell = { fulfilment = "provider", account = ["phone"] }

[[item]]
label = { en = "Bills" }
sell = { fulfilment = "provider", account = ["bill"] }

[[item]]
action = "balance"

[[item]]
action = "repeat"

[[item]]
action = "last"

[[item]]
action = "change_pin"

[[shortcut]]
key = "1"
parts = ["service", "account", "amount", "pin"]
"#;

/// What a subscriber does next.
#[derive(Debug)]
pub(super) enum Act {
    Type {
        text: String,
        how: Typed,
    },
    HangUp,
    /// The network loses the handset.
    Lose,
}

/// What is typed means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// It confirms what is on the screen.
    Confirms,
    /// It is a PIN, and what else it does.
    Pin {
        confirms: bool,
    },
    Other,
}

/// Where a subscriber is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The next dialog is to come.
    Pausing,
    Waiting,
    Reading,
}

pub(super) struct Person {
    rng: Rng,
    pub(super) msisdn: u64,
    /// The PINs that it may be, the likeliest first.
    pins: Vec<String>,
    /// The one that was chosen last, and is not in force for certain.
    chosen: Option<String>,
    pub(super) phase: Phase,
    /// Of what is to be done; an older one is void.
    pub(super) turn: u32,
    /// The pages of the screen that is read.
    pages: String,
    turns_page: bool,
}

impl Person {
    pub(super) fn new(rng: Rng, msisdn: u64, pin: String) -> Self {
        Self {
            rng,
            msisdn,
            pins: vec![pin],
            chosen: None,
            phase: Phase::Pausing,
            turn: 0,
            pages: String::new(),
            turns_page: false,
        }
    }

    pub(super) fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// What was shown, page by page.
    pub(super) fn pages(&self) -> &str {
        &self.pages
    }

    /// The holder has another PIN from an operator.
    pub(super) fn learns(&mut self, pin: String) {
        self.pins.insert(0, pin);
    }

    /// What is dialled; with all that a short-cut orders, if its PIN is in it.
    pub(super) fn dial(&mut self, config: &Handsets, services: u16) -> (String, Option<String>) {
        self.pages.clear();
        self.turns_page = false;
        if !self.rng.chance(config.short_permille) {
            return (CODE.to_owned(), None);
        }
        let service = super::super::catalogue::TOP_UPS + number(&mut self.rng, services.max(1));
        let (account, amount) = (pick(&mut self.rng, &PHONES), pick(&mut self.rng, &AMOUNTS));
        let mut dialled = format!("*123*1*{service}*{account}*{amount}");
        if self.rng.chance(500) {
            dialled.push('#');
            return (dialled, None);
        }
        let pin = self.pin(config);
        dialled = format!("{dialled}*{pin}#");
        let amount = amount.split_once('.').map_or(format!("{amount}.00"), |_| amount.to_owned());
        (dialled, Some(format!("top-ups {service}\n{account}\nAmount {amount}")))
    }

    /// A screen that wants an answer has come.
    pub(super) fn reads(&mut self, screen: &str) {
        if !std::mem::take(&mut self.turns_page) {
            self.pages.clear();
        }
        self.pages.push_str(screen);
        self.pages.push('\n');
        if screen.contains("Wrong PIN") && self.pins.len() > 1 {
            self.pins.rotate_left(1);
        }
        if screen.contains("PIN is changed")
            && let Some(pin) = self.chosen.take()
        {
            self.pins.insert(0, pin);
        }
    }

    /// What is typed at the screen that was read last.
    pub(super) fn acts(&mut self, config: &Handsets, calm: bool) -> Act {
        let troubled = !calm;
        if troubled && self.rng.chance(config.abort_permille) {
            return Act::HangUp;
        }
        if troubled && self.rng.chance(config.drop_permille) {
            return Act::Lose;
        }
        let screen = self.pages.clone();
        let (text, how) = self.answers(&screen, config);
        let typed_wrong = troubled && how == Typed::Other && self.rng.chance(config.typo_permille);
        let text = if typed_wrong { number(&mut self.rng, 100).to_string() } else { text };
        // A wrong choice may be the one that confirms.
        let confirms = typed_wrong && text == "1" && screen.contains("\n1 Confirm");
        let how = if confirms { Typed::Confirms } else { how };
        self.turns_page = how == Typed::Other && is_more(&screen, &text);
        Act::Type { text, how }
    }

    fn answers(&mut self, screen: &str, config: &Handsets) -> (String, Typed) {
        let other = |text: &str| (text.to_owned(), Typed::Other);
        let last = screen.trim_end().lines().next_back().unwrap_or("");
        let more = last.strip_suffix(" More");
        if let Some(more) = more.filter(|_| screen.contains("Amount") || self.rng.chance(400)) {
            return other(more);
        }
        if screen.contains("Enter your PIN") {
            let confirms = screen.contains("PIN to confirm");
            return (self.pin(config), Typed::Pin { confirms });
        }
        if screen.contains("present PIN") {
            return (self.pin(config), Typed::Pin { confirms: false });
        }
        if screen.contains("Enter a new PIN") {
            let pin = new_pin(&mut self.rng);
            self.chosen = Some(pin.clone());
            return (pin, Typed::Pin { confirms: false });
        }
        if screen.contains("the new PIN again") {
            let pin = self.chosen.clone().unwrap_or_default();
            return (pin, Typed::Pin { confirms: false });
        }
        if screen.contains("\n1 Confirm") {
            let confirms = self.rng.chance(850);
            return if confirms { ("1".to_owned(), Typed::Confirms) } else { other("0") };
        }
        if screen.contains("Amount in ") {
            return other(pick(&mut self.rng, &AMOUNTS));
        }
        if screen.contains("Bill:") {
            return other(pick(&mut self.rng, &BILLS));
        }
        if screen.contains("Phone:") {
            return other(pick(&mut self.rng, &PHONES));
        }
        let choice = |line: &str| {
            let (key, _) = line.split_once(' ')?;
            (key.len() == 1 && key != "0" && key.parse::<u8>().is_ok()).then(|| key.to_owned())
        };
        let choices: Vec<String> = screen.lines().filter_map(choice).collect();
        // The first three of the main menu sell.
        let most = if self.rng.chance(800) { choices.len().min(3) } else { choices.len() };
        let place = number(&mut self.rng, u16::try_from(most).unwrap_or(0));
        other(choices.get(usize::from(place)).map_or("0", String::as_str))
    }

    /// The PIN as the holder has it in mind, or a guess.
    fn pin(&mut self, config: &Handsets) -> String {
        if self.rng.chance(config.guess_permille) {
            return new_pin(&mut self.rng);
        }
        self.pins.first().cloned().unwrap_or_default()
    }
}

/// Eight digits: nothing else that is shown or kept has the same ones.
pub(in super::super) fn new_pin(rng: &mut Rng) -> String {
    format!("{:08}", 13_579_000 + rng.below(80_000_000))
}

/// Whether this turns the page.
fn is_more(screen: &str, text: &str) -> bool {
    screen.trim_end().lines().next_back().is_some_and(|last| last == format!("{text} More"))
}

fn pick<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    let place = number(rng, u16::try_from(of.len()).unwrap_or(0));
    of[usize::from(place)]
}
