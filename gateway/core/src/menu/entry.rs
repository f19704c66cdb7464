//! What somebody has typed, brought into one form; wiped on drop.

use zeroize::Zeroize;

/// Text of at most `N` bytes. It may be a PIN, an account or a name: it has no `Debug`.
pub(super) struct Kept<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

/// The zeros of digits that handsets type beside those of ASCII.
const ZEROS: [char; 6] = ['\u{0660}', '\u{06F0}', '\u{07C0}', '\u{0966}', '\u{09E6}', '\u{FF10}'];

impl<const N: usize> Kept<N> {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; N], length: 0 }
    }

    /// As much of a text as fits, in whole characters.
    pub(super) fn cut(text: &str) -> Self {
        let mut kept = Self::new();
        kept.push(&text[..text.floor_char_boundary(N)]);
        kept
    }

    /// A text that fits.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut kept = Self::new();
        kept.push(text).then_some(kept)
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(self.bytes.get(..self.length).unwrap_or_default()).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Appends a text, if it fits.
    fn push(&mut self, text: &str) -> bool {
        let end = self.length + text.len();
        let Some(room) = self.bytes.get_mut(self.length..end) else { return false };
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        true
    }
}

impl<const N: usize> Drop for Kept<N> {
    fn drop(&mut self) {
        self.bytes.zeroize();
        self.length.zeroize();
    }
}

/// An entry without spaces around it and with ASCII digits; `None` if it is too long to be one.
pub(super) fn entry<const N: usize>(text: &str) -> Option<Kept<N>> {
    let mut kept = Kept::new();
    for c in text.trim().chars() {
        let zero = ZEROS.iter().find(|zero| (**zero..).take(10).any(|digit| digit == c));
        let value = zero.and_then(|zero| (*zero..=c).count().checked_sub(1));
        let c =
            value.and_then(|value| char::from_digit(u32::try_from(value).ok()?, 10)).unwrap_or(c);
        if !kept.push(c.encode_utf8(&mut [0; 4])) {
            return None;
        }
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::{Kept, entry};

    #[test]
    fn digits_of_other_scripts_are_read_as_what_they_are() {
        for text in ["  135 ", "١٣٥", "۱۳۵", "१३५", "１３５"] {
            assert_eq!(entry::<8>(text).unwrap().as_str(), "135", "{text}");
        }
        assert_eq!(entry::<8>("a٩-").unwrap().as_str(), "a9-");
        assert!(entry::<8>("123456789").is_none() && entry::<8>("   ").unwrap().is_empty());
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(Kept::<5>::cut("ሀሁሂ").as_str(), "ሀ");
        assert!(Kept::<5>::of("ሀሁሂ").is_none());
    }
}
