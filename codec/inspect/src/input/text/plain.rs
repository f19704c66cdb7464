//! Lines that are no row of a dump: digits, or bytes spelt in other ways.

use super::super::block::{Block, Form, Unread};
use super::super::decimal::{self, Surety as Decimal};
use super::super::hex::Digits;
use super::super::literal;
use super::{List, Text};

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
        let before = (self.digits.len() > 0 || self.digits.is_odd()).then_some(());
        if let Some(bytes) = self.spelt(text) {
            if before.is_none() {
                self.digits_line = self.line;
            }
            return self.taken(&bytes);
        }
        let mut line = Digits::default();
        if let Err(wrong) = line.line(text) {
            let unread = self.wrong(&wrong);
            if before.is_some() {
                return Err(unread);
            }
            self.prose.get_or_insert(unread);
            return Ok(None);
        }
        if let Some(prose) = self.prose.take() {
            return Err(prose);
        }
        if before.is_none() {
            self.digits_line = self.line;
        }
        self.digits.line(text).map_err(|wrong| self.wrong(&wrong))?;
        if self.form == Form::Stream && self.digits.len() > 0 {
            let block = self.plain_block();
            self.digits_line = self.line;
            return Ok(Some(block));
        }
        self.bounded(self.digits.len())?;
        Ok(None)
    }

    /// The bytes of a line that is no hexadecimal, if none was before it.
    fn spelt(&mut self, text: &str) -> Option<Vec<u8>> {
        let surety = if self.is_decimal { Decimal::Known } else { Decimal::Asked };
        let is_first = self.digits.len() == 0 && !self.digits.is_odd() && self.prose.is_none();
        let bytes = spelt(text, surety).filter(|_| self.is_decimal || is_first)?;
        self.is_decimal = true;
        Some(bytes)
    }

    fn taken(&mut self, bytes: &[u8]) -> Result<Option<Block>, Unread> {
        self.digits.append(bytes);
        if self.form == Form::Stream && self.digits.len() > 0 {
            return Ok(Some(self.plain_block()));
        }
        self.bounded(self.digits.len())?;
        Ok(None)
    }

    /// A line between the braces of a list in C or the like, or its end.
    fn listed(&mut self, text: &str) -> Result<Option<Block>, Unread> {
        let (inside, is_end) = match text.split_once('}') {
            Some((inside, _)) => (inside, true),
            None => (text, false),
        };
        match self.spelt(inside) {
            Some(bytes) => self.digits.append(&bytes),
            None => self.digits.line(inside).map_err(|wrong| self.wrong(&wrong))?,
        }
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
