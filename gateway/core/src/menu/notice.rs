//! What is said to somebody who has no dialog, or whose dialog has to end.

use tillgate_codec::ussd::Room;
use tillgate_store_core::Language;

use super::Menu;
use super::page;
use super::screens::blank;
use super::texts::{Key, Values};

/// Why there is no dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The gateway takes no more dialogs just now.
    Busy,
    /// The number is no handset, or a blocked one.
    Unknown,
    /// No menu answers the code.
    WrongCode,
    /// A receipt that was sent after its dialog was read, where the link asks for an answer.
    Read,
    /// The dialog is not known any more, or something about the handset has changed.
    Expired,
}

impl Menu {
    /// Whether it answers a service code, as dialled; one without codes answers all.
    #[must_use]
    pub fn answers(&self, code: &str) -> bool {
        let digits = |code: &str| code.trim_matches(['*', '#']).to_owned();
        self.codes.is_empty() || self.codes.iter().any(|known| digits(known) == digits(code))
    }

    /// Whether it names this service code.
    #[must_use]
    pub fn names(&self, code: &str) -> bool {
        !self.codes.is_empty() && self.answers(code)
    }

    /// Appends a last text, one page of it.
    pub fn notice(&self, notice: Notice, language: Language, room: Room, out: &mut String) {
        let key = match notice {
            Notice::Busy => Key::Busy,
            Notice::Unknown => Key::UnknownHandset,
            Notice::WrongCode => Key::WrongCode,
            Notice::Read => Key::Thanks,
            Notice::Expired => Key::Expired,
        };
        let mut text = blank();
        self.tongue(self.tongue_of(language)).put(key, &Values::default(), &mut text);
        let _rest = page::text(&text, "", 0, room, out);
    }
}
