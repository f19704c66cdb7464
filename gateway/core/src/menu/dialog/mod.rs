//! One person's session with a menu.
//!
//! ```text
//!   Pin ─▶ (log-on) ─▶ Menu ─▶ Services ─▶ Products ─▶ Account ─▶ (lookup) ─▶ Amount ─▶ Confirm
//!                       ├─▶ OldPin ─▶ NewPin ─▶ AgainPin ─▶ (change)                      │
//!                       ├─▶ Languages                                                  (sale)
//!                       └─▶ (balance, last, repeat) ─▶ Reading ◀──────────────────────────┘
//! ```
//!
//! What is in brackets is asked of the gateway: until [`Dialog::answer`] or [`Dialog::late`], entries
//! change nothing. A sale goes out once for each confirmation, and never again by itself: what is
//! not answered is said to be in progress, and a repeat shows its outcome.

mod answer;
mod input;
mod sale;
mod show;

use tillgate_codec::link::message::TerminalMessage;
use tillgate_store_core::BusinessDate;
use tillgate_types::ResponseCode;
use zeroize::Zeroizing;

use super::draft::Draft;
use super::entry::{Kept, entry};
use super::limits::{DIALLED_BYTES_MAX, WRONG_ENTRIES_MAX};
use super::pin::Pin;
use super::shortcut::{self, Dialled};
use super::texts::{Key, Tongue, Values};
use super::{Menu, View, page};

/// One person's session: about 350 bytes, with its heap at most
/// [`DIALOG_BYTES_MAX`](super::limits::DIALOG_BYTES_MAX). Accounts, names and PINs are wiped on drop;
/// it has no `Debug`.
pub struct Dialog {
    at: At,
    awaits: Awaits,
    /// The menu, or the item that sells.
    node: u8,
    /// Its place among the menu's.
    language: u8,
    /// Wrong entries one after the other.
    wrong: u8,
    /// What is said above the next screen.
    note: Option<Key>,
    code: Option<ResponseCode>,
    /// Where the page that is shown begins, and the next one; 0: there is none.
    from: u16,
    next: u16,
    logged_on: bool,
    /// Whether the PIN confirms a short-cut.
    quick: bool,
    /// Whether it was said that the answer is late.
    late: bool,
    date: BusinessDate,
    /// The latest that was used.
    stan: u32,
    draft: Draft,
    old: Option<Pin>,
    new: Option<Pin>,
    /// Text that is still to be read.
    rest: Zeroizing<String>,
}

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Pin,
    Menu,
    Services,
    Products,
    Account,
    Amount,
    Confirm,
    OldPin,
    NewPin,
    AgainPin,
    Languages,
    /// Pages of a text; whether the dialog ends with the last.
    Reading {
        ends: bool,
    },
    Over,
}

/// Which answer is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    Nothing,
    Welcome,
    Found,
    Sale,
    Repeat,
    Balance,
    Listing,
    Pin,
}

/// What a dialog does next.
pub enum Step {
    /// `out` has a screen; an entry is awaited.
    Continue,
    /// `out` has the last screen.
    End,
    /// Something is asked of the gateway.
    Ask(Ask),
    /// Nothing: an answer is awaited, or the dialog is over.
    Nothing,
}

/// What a dialog asks of the gateway.
pub enum Ask {
    /// To log on; answered by a *welcome*: code 00, 55 for a wrong PIN, 75 for a locked one, others.
    LogOn {
        /// What was entered.
        pin: Pin,
    },
    /// To put another PIN in the place of the old one; answered by a message with a code, as a log-on.
    ChangePin {
        /// What was entered as the old one.
        old: Pin,
        /// The new one; it is not weak.
        new: Pin,
    },
    /// The body of a terminal's message, to be decoded and answered as if the sealed link had it.
    Request(Zeroizing<Vec<u8>>),
}

impl Dialog {
    /// Begins a dialog with what was dialled, `*123#` or a short-cut. `out` is empty; it gets the
    /// screen of [`Step::Continue`] and [`Step::End`], which may have an account or a voucher's PIN:
    /// whoever owns it wipes it.
    pub fn begin(menu: &Menu, view: &View<'_>, dialled: &str, out: &mut String) -> (Self, Step) {
        let mut dialog = Self::new(menu.tongue_of(view.terminal.language));
        let dialled = entry::<DIALLED_BYTES_MAX>(dialled).unwrap_or_else(Kept::new);
        match shortcut::read(menu, dialled.as_str()) {
            Dialled::Menu => {}
            Dialled::Unknown => dialog.note = Some(Key::WrongShortcut),
            Dialled::Short(shortcut, parts) => {
                if let Some(pin) = dialog.take(view, shortcut, &parts) {
                    let step = dialog.log_on(pin);
                    return (dialog, step);
                }
            }
        }
        let step = dialog.show(menu, view, out);
        (dialog, step)
    }

    fn new(language: u8) -> Self {
        Self {
            at: At::Pin,
            awaits: Awaits::Nothing,
            node: 0,
            language,
            wrong: 0,
            note: None,
            code: None,
            from: 0,
            next: 0,
            logged_on: false,
            quick: false,
            late: false,
            date: BusinessDate::default(),
            stan: 0,
            draft: Draft::new(),
            old: None,
            new: None,
            rest: Zeroizing::default(),
        }
    }

    /// No answer came in time. A sale may still be carried out: its number is shown, the dialog
    /// ends, and [`Self::answer`] still makes the text of its answer, for a notification.
    pub fn late(&mut self, menu: &Menu, view: &View<'_>, out: &mut String) -> Step {
        if self.awaits == Awaits::Nothing || self.late {
            return Step::Nothing;
        }
        let values = Values { stan: self.stan, ..Values::default() };
        if self.awaits == Awaits::Sale {
            self.late = true;
            return self.end(menu, view, Key::Late, &values, out);
        }
        self.awaits = Awaits::Nothing;
        self.end(menu, view, Key::NoAnswer, &values, out)
    }

    fn log_on(&mut self, pin: Pin) -> Step {
        self.awaits = Awaits::Welcome;
        Step::Ask(Ask::LogOn { pin })
    }

    /// Asks the gateway something, and says which answer is awaited.
    fn ask(&mut self, awaits: Awaits, message: &TerminalMessage<'_>) -> Step {
        self.awaits = awaits;
        let mut body = Zeroizing::new(Vec::with_capacity(128));
        message.encode(&mut body);
        Step::Ask(Ask::Request(body))
    }

    fn tongue<'m>(&self, menu: &'m Menu) -> &'m Tongue {
        menu.tongue(self.language)
    }

    /// Shows another screen, from its first page on.
    fn go(&mut self, at: At) {
        (self.at, self.from, self.next, self.wrong) = (at, 0, 0, 0);
    }

    /// Back to the main menu; a sale in the making is dropped.
    fn go_home(&mut self) {
        self.node = 0;
        self.drop_draft();
        self.go(At::Menu);
    }

    fn drop_draft(&mut self) {
        self.draft = Draft::new();
        (self.quick, self.old, self.new) = (false, None, None);
        self.rest = Zeroizing::default();
    }

    /// A wrong entry: the screen is shown again with a reason, a few times.
    fn wrong(&mut self, why: Key, menu: &Menu, view: &View<'_>, out: &mut String) -> Step {
        self.wrong += 1;
        if self.wrong > WRONG_ENTRIES_MAX {
            return self.end(menu, view, Key::TooOften, &Values::default(), out);
        }
        self.note = Some(why);
        self.show(menu, view, out)
    }

    /// Ends with a text that is one page.
    fn end(
        &mut self,
        menu: &Menu,
        view: &View<'_>,
        key: Key,
        values: &Values<'_>,
        out: &mut String,
    ) -> Step {
        let mut text = super::screens::blank();
        self.tongue(menu).put(key, values, &mut text);
        self.over(&text, view, out)
    }

    /// Ends with as much of a text as one page has.
    fn over(&mut self, text: &str, view: &View<'_>, out: &mut String) -> Step {
        self.at = At::Over;
        let _rest = page::text(text, "", 0, view.room, out);
        Step::End
    }
}
