//! Hand-written walkers: what an expert writes who needs just these messages.
//!
//! A constant table a message, no dialects, no reasons for errors, no names. Each accepts and
//! refuses what the codec accepts and refuses of its messages, and finds the same ranges; tests
//! change every byte to hold them to it. They are the yardstick: a codec that is driven by tables
//! read at run time should cost less than twice as much.

mod ascii;
mod bcd;
mod ber;
mod class;
mod deliver_sm;
mod gsm7;
mod record;
mod sale;

pub use ascii::ascii;
pub use bcd::{bcd, nac};
pub use deliver_sm::{Delivered, deliver_sm};
pub use gsm7::Gsm7;
pub use record::{Opener, Sealer};
pub use sale::{answer, sale};

/// Where one field lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Number of the data element.
    pub number: u8,
    /// First byte of the value.
    pub start: u16,
    /// Bytes of the value.
    pub bytes: u16,
}

/// The fields of a message with one bitmap.
pub struct Walked {
    found: [Found; 64],
    count: usize,
}

impl Default for Walked {
    fn default() -> Self {
        Self { found: [Found::default(); 64], count: 0 }
    }
}

impl Walked {
    /// The fields found, ascending.
    #[must_use]
    pub fn fields(&self) -> &[Found] {
        self.found.get(..self.count).unwrap_or(&[])
    }

    #[inline]
    fn start(&mut self) {
        self.count = 0;
    }

    #[inline]
    fn add(&mut self, number: usize, start: usize, bytes: usize) -> Option<()> {
        *self.found.get_mut(self.count)? = Found {
            number: u8::try_from(number).ok()?,
            start: u16::try_from(start).ok()?,
            bytes: u16::try_from(bytes).ok()?,
        };
        self.count += 1;
        Some(())
    }
}
