//! Lines that are no row of a dump: digits, or bytes spelt in other ways.

use super::super::decimal::{self, Surety as Decimal};
use super::super::hex::Digits;
use super::super::literal;
use super::{Block, Form, List, Text, Unread};

impl Text {
    /// A line that is no row: digits, or something else.
    pub(super) fn plain(&mut self, text: &str) -> Result<Option<Block>, Unread> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        if !self.lanes.is_empty() {
            self.skipped += 1;
            return Ok(None);
        }
        match self.list {
            List::Open => return self.listed(text),
            List::None | List::Closed => {
                if let Some((_, inside)) = text.split_once('{').filter(|(head, _)| is_words(head))
                    && self.digits.len() == 0
                {
                    self.prose = None;
                    self.list = List::Open;
                    self.digits_line = self.line;
                    return self.listed(inside);
                }
            }
        }
        if self.list == List::Closed {
            self.skipped += 1;
            return Ok(None);
        }
        let is_begun = self.is_begun();
        let spelt = self.spelt(text);
        if spelt.is_none() {
            if let Err(wrong) = Digits::default().line(text) {
                let unread = self.wrong(&wrong);
                if is_begun {
                    return Err(unread);
                }
                self.prose.get_or_insert(unread);
                return Ok(None);
            }
            if let Some(prose) = self.prose.take() {
                return Err(prose);
            }
        }
        if !is_begun {
            self.digits_line = self.line;
        }
        self.digits_of(text, spelt)?;
        if self.form == Form::Stream && self.digits.len() > 0 {
            let block = self.plain_block();
            self.digits_line = self.line;
            return Ok(Some(block));
        }
        self.bounded(self.digits.len())?;
        Ok(None)
    }

    /// Appends the bytes that a line spells, or else its digits.
    fn digits_of(&mut self, text: &str, spelt: Option<Vec<u8>>) -> Result<(), Unread> {
        match spelt {
            Some(bytes) => self.digits.append(&bytes),
            None => self.digits.line(text).map_err(|wrong| self.wrong(&wrong))?,
        }
        Ok(())
    }

    /// The bytes of a line that is no hexadecimal, if none was before it.
    fn spelt(&mut self, text: &str) -> Option<Vec<u8>> {
        let surety = if self.is_decimal { Decimal::Known } else { Decimal::Asked };
        let is_first = !self.is_begun() && self.prose.is_none();
        let bytes = spelt(text, surety).filter(|_| self.is_decimal || is_first)?;
        self.is_decimal = true;
        Some(bytes)
    }

    /// A line between the braces of a list in C or the like, or its end.
    fn listed(&mut self, text: &str) -> Result<Option<Block>, Unread> {
        let (inside, is_end) = match text.split_once('}') {
            Some((inside, _)) => (inside, true),
            None => (text, false),
        };
        let spelt = self.spelt(inside);
        self.digits_of(inside, spelt)?;
        if is_end {
            self.list = List::Closed;
        }
        if is_end || self.form == Form::Stream {
            let done = (self.digits.len() > 0).then(|| self.plain_block());
            self.digits_line = self.line + u64::from(!self.digits.is_odd());
            return Ok(done);
        }
        self.bounded(self.digits.len())?;
        Ok(None)
    }
}

/// The bytes of a line that spells them otherwise than in hexadecimal.
pub(super) fn spelt(text: &str, surety: Decimal) -> Option<Vec<u8>> {
    literal::python(text).or_else(|| decimal::list(text, surety))
}

/// Whether something else than digits is there.
fn is_words(text: &str) -> bool {
    Digits::default().line(text).is_err()
}
