//! Pages: a menu that is longer than a USSD string, cut to fit.

use super::alphabet::{Alphabet, Room};

/// Cuts a text into pages, each of which fits together with a footer that leads to the next.
///
/// USSD has no concatenation: the subscriber asks for the next page, and the gateway keeps
/// [`Page::next`] until then. A page ends at a line's end, else at a word's, if that leaves it at
/// least half full, else anywhere between two characters; the line feed or space at the cut is left
/// out.
#[derive(Debug, Clone, Copy)]
pub struct Pager<'a> {
    text: &'a str,
    footer: &'a str,
    alphabet: Alphabet,
    room: usize,
    footer_length: usize,
}

/// One page of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<'a> {
    /// Its text, without the footer.
    pub text: &'a str,
    /// The footer, empty on the last page.
    pub footer: &'a str,
    /// Where the next page starts in the text, in bytes; `None` on the last page.
    pub next: Option<usize>,
}

/// The footer and one character do not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a footer of {footer} leaves no room for text in {room}")]
pub struct RoomError {
    /// Length of the footer, in units of the alphabet.
    pub footer: usize,
    /// Length that fits.
    pub room: usize,
}

/// Longest character of any alphabet, in its units.
const CHARACTER_UNITS_MAX: usize = 2;

impl<'a> Pager<'a> {
    /// Pages of `text`, all in the alphabet that text and footer need together. The footer is
    /// appended as it is, so it begins with its own line feed.
    ///
    /// # Errors
    /// [`RoomError`] when a page would have no room for text.
    pub fn new(text: &'a str, footer: &'a str, room: Room) -> Result<Self, RoomError> {
        let alphabet = match (Alphabet::choose(text), Alphabet::choose(footer)) {
            (Alphabet::Gsm7, Alphabet::Gsm7) => Alphabet::Gsm7,
            _ => Alphabet::Ucs2,
        };
        let room = room.of(alphabet);
        let footer_length = units(alphabet, footer);
        if footer_length + CHARACTER_UNITS_MAX > room {
            return Err(RoomError { footer: footer_length, room });
        }
        Ok(Self { text, footer, alphabet, room, footer_length })
    }

    /// The alphabet of all pages.
    #[must_use]
    pub fn alphabet(&self) -> Alphabet {
        self.alphabet
    }

    /// The page that starts at that byte of the text; `None` if no character starts there.
    #[must_use]
    pub fn page(&self, from: usize) -> Option<Page<'a>> {
        let rest = self.text.get(from..)?;
        let whole = self.fitting(rest, self.room);
        if whole == rest.len() {
            return Some(Page { text: rest, footer: "", next: None });
        }
        let fitting = self.fitting(rest, self.room - self.footer_length);
        // The separator itself may lie right behind what fits.
        let window = &rest[..rest.ceil_char_boundary(fitting + 1)];
        let cut = [b'\n', b' '].into_iter().find_map(|separator| {
            let at = window.bytes().rposition(|byte| byte == separator)?;
            (at * 2 >= fitting).then_some((at, at + 1))
        });
        let (end, next) = cut.unwrap_or((fitting, fitting));
        if next == rest.len() {
            return Some(Page { text: &rest[..end], footer: "", next: None });
        }
        Some(Page { text: &rest[..end], footer: self.footer, next: Some(from + next) })
    }

    /// All pages, one after the other.
    pub fn pages(&self) -> impl Iterator<Item = Page<'a>> + use<'a> {
        let pager = *self;
        std::iter::successors(pager.page(0), move |page| pager.page(page.next?))
    }

    /// Bytes of `text` whose characters fit `room`.
    fn fitting(&self, text: &str, room: usize) -> usize {
        let mut used = 0;
        let over = text.char_indices().find(|(offset, character)| {
            used += units(self.alphabet, &text[*offset..offset + character.len_utf8()]);
            used > room
        });
        over.map_or(text.len(), |(offset, _)| offset)
    }
}

/// Length of a text in an alphabet that has all of its characters.
fn units(alphabet: Alphabet, text: &str) -> usize {
    alphabet.length(text).expect("the alphabet was chosen for the text")
}
