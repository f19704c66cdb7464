//! Templates of receipts. One that was ever in use stays: the answer of an old sale is printed by it.

use super::registry::expect_letter;
use super::terms::ReceiptTag;
use super::wire::{Flaw, Reader, put_string};
use super::{KeyBytes, Record, key_of};
use crate::rows::Family;

/// The text of a receipt with places for the values of a sale; see docs/operations.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptTemplate {
    /// A print of the text.
    pub tag: ReceiptTag,
    /// Lines separated by `\n`; `{amount}` and the like are filled in.
    pub text: String,
}

impl ReceiptTemplate {
    pub(super) const LETTER: u8 = b'r';

    /// A template of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self { tag: ReceiptTag::of(text), text: text.to_owned() }
    }

    /// The row key of a tag.
    #[must_use]
    pub fn key_of(tag: ReceiptTag) -> KeyBytes {
        key_of(&[&[Self::LETTER], &tag.0.to_be_bytes()])
    }
}

impl Record for ReceiptTemplate {
    const FAMILY: Family = Family::Registry;
    const VERSION: u8 = 1;

    fn key(&self) -> KeyBytes {
        Self::key_of(self.tag)
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_string(out, &self.text);
    }

    fn read(key: &mut Reader<'_>, body: &mut Reader<'_>, _version: u8) -> Result<Self, Flaw> {
        expect_letter(key, Self::LETTER)?;
        let (tag, text) = (ReceiptTag(key.u32()?), body.string()?);
        if tag == ReceiptTag::of(&text) {
            Ok(Self { tag, text })
        } else {
            Err(Flaw("the template of another receipt"))
        }
    }
}
