//! The one list of what is measured, for time and for instructions alike.

mod iso8583;
mod link;
mod smpp;
mod text;

use crate::Work;
use crate::messages::{ascii64, bcd64, mixed, nac_sale};
use crate::walkers::{ascii, bcd, nac};
use Step::{Decode, Encode, Owned};

/// What is done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes to checked ranges, or to values that borrow from them.
    Decode,
    /// Bytes to values that own what they say.
    Owned,
    /// Values to bytes, into a buffer that has room.
    Encode,
}

impl Step {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Owned => "owned",
            Self::Encode => "encode",
        }
    }
}

/// How Tillgate's codec is called in the list.
pub const TILLGATE: &str = "tillgate";
/// How the hand-written walkers are called.
pub const WALKER: &str = "walker";
const RS: &str = "iso8583_rs 0.1.10";
const CORE: &str = "iso8583-core 0.1.0";
const RUSMPP: &str = "rusmpp-core 0.4.0";
const SMPP_CODEC: &str = "smpp-codec 0.2.1";

/// A message that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// In file names.
    pub slug: &'static str,
    /// In tables.
    pub title: &'static str,
}

/// 64 fields, packed.
pub const BCD64: Subject = Subject { slug: "bcd64", title: "64 fields BCD, 546 B" };
/// 64 fields, ASCII.
pub const ASCII64: Subject = Subject { slug: "ascii64", title: "64 fields ASCII, 714 B" };
/// ASCII with chip data.
pub const MIXED: Subject = Subject { slug: "mixed", title: "mixed ASCII with BER-TLV, 287 B" };
/// A terminal's sale.
pub const NAC: Subject = Subject { slug: "nac", title: "NAC sale with DE55, 273 B" };
/// 54 fields, as every peer reads them.
pub const OPEN: Subject = Subject { slug: "open", title: "54 fields ASCII, binary bitmap" };
/// USSD.
pub const DELIVER: Subject = Subject { slug: "deliver_sm", title: "SMPP deliver_sm of USSD" };
/// A text.
pub const PAGE: Subject = Subject { slug: "gsm7", title: "GSM-7 page of 160 septets" };
/// The link's record with a body: opened and read, or written and sealed.
pub const RECORD: Subject = Subject { slug: "record", title: "link: sealed sale, sealed answer" };
/// The link's bodies alone.
pub const BODY: Subject = Subject { slug: "body", title: "link: sale body, answer body" };

/// One thing to measure.
pub struct Case {
    /// What is read or written.
    pub subject: Subject,
    /// Which of them.
    pub step: Step,
    /// By whom.
    pub by: &'static str,
    start: fn() -> Box<dyn Work>,
}

impl Case {
    const fn new(
        subject: Subject,
        step: Step,
        by: &'static str,
        start: fn() -> Box<dyn Work>,
    ) -> Self {
        Self { subject, step, by, start }
    }

    /// Name of the case, which is also that of its folder of results.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}.{}.{}", self.subject.slug, self.step.name(), self.by).replace(' ', "-")
    }

    /// Makes it ready.
    #[must_use]
    pub fn start(&self) -> Box<dyn Work> {
        (self.start)()
    }
}

/// Every case. Those of one message and step follow each other, so that they are measured within
/// seconds of each other.
pub const CASES: &[Case] = &[
    Case::new(BCD64, Decode, TILLGATE, || iso8583::ranges(bcd64())),
    Case::new(BCD64, Decode, WALKER, || iso8583::walk(bcd64(), bcd)),
    Case::new(BCD64, Owned, TILLGATE, || iso8583::owned(bcd64())),
    Case::new(BCD64, Encode, TILLGATE, || iso8583::encode(bcd64())),
    Case::new(ASCII64, Decode, TILLGATE, || iso8583::ranges(ascii64())),
    Case::new(ASCII64, Decode, WALKER, || iso8583::walk(ascii64(), ascii)),
    Case::new(ASCII64, Owned, TILLGATE, || iso8583::owned(ascii64())),
    Case::new(ASCII64, Encode, TILLGATE, || iso8583::encode(ascii64())),
    Case::new(MIXED, Decode, TILLGATE, || iso8583::ranges(mixed())),
    Case::new(MIXED, Decode, WALKER, || iso8583::walk(mixed(), ascii)),
    Case::new(MIXED, Owned, TILLGATE, || iso8583::owned(mixed())),
    Case::new(MIXED, Encode, TILLGATE, || iso8583::encode(mixed())),
    Case::new(NAC, Decode, TILLGATE, || iso8583::ranges(nac_sale())),
    Case::new(NAC, Decode, WALKER, || iso8583::walk(nac_sale(), nac)),
    Case::new(NAC, Owned, TILLGATE, || iso8583::owned(nac_sale())),
    Case::new(NAC, Encode, TILLGATE, || iso8583::encode(nac_sale())),
    Case::new(OPEN, Owned, TILLGATE, || iso8583::owned(crate::messages::open_ascii())),
    Case::new(OPEN, Owned, RS, iso8583::rs_decode),
    Case::new(OPEN, Owned, CORE, iso8583::core_decode),
    Case::new(OPEN, Encode, TILLGATE, || iso8583::encode(crate::messages::open_ascii())),
    Case::new(OPEN, Encode, RS, iso8583::rs_encode),
    Case::new(OPEN, Encode, CORE, iso8583::core_encode),
    Case::new(DELIVER, Decode, TILLGATE, smpp::decode),
    Case::new(DELIVER, Decode, WALKER, smpp::walk),
    Case::new(DELIVER, Decode, RUSMPP, smpp::rusmpp_decode),
    Case::new(DELIVER, Owned, SMPP_CODEC, smpp::smpp_codec_decode),
    Case::new(DELIVER, Encode, TILLGATE, smpp::encode),
    Case::new(DELIVER, Encode, RUSMPP, smpp::rusmpp_encode),
    Case::new(DELIVER, Encode, SMPP_CODEC, smpp::smpp_codec_encode),
    Case::new(PAGE, Decode, TILLGATE, text::decode),
    Case::new(PAGE, Decode, WALKER, text::walk_decode),
    Case::new(PAGE, Decode, SMPP_CODEC, text::smpp_codec_decode),
    Case::new(PAGE, Encode, TILLGATE, text::encode),
    Case::new(PAGE, Encode, WALKER, text::walk_encode),
    Case::new(PAGE, Encode, SMPP_CODEC, text::smpp_codec_encode),
    Case::new(RECORD, Decode, TILLGATE, link::open),
    Case::new(RECORD, Decode, WALKER, link::walk_open),
    Case::new(RECORD, Encode, TILLGATE, link::seal),
    Case::new(RECORD, Encode, WALKER, link::walk_seal),
    Case::new(BODY, Decode, TILLGATE, link::decode),
    Case::new(BODY, Decode, WALKER, link::walk_decode),
    Case::new(BODY, Encode, TILLGATE, link::encode),
    Case::new(BODY, Encode, WALKER, link::walk_encode),
];

#[cfg(test)]
mod tests {
    use super::CASES;

    #[test]
    fn every_case_has_a_name_of_its_own_and_runs() {
        let mut ids: Vec<String> = CASES.iter().map(super::Case::id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CASES.len());
        for case in CASES {
            let mut work = case.start();
            for _ in 0..2 {
                work.prepare(3);
                work.run(3);
            }
        }
    }
}
