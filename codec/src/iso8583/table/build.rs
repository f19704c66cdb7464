//! From a row to a plan.

use super::head::{Defaults, or};
use super::reader::{Given, Wrong};
use super::row::{Format, Length, Row};
use crate::iso8583::limits::PARTS_TOTAL_MAX;
use crate::iso8583::plan::{Check, Count, Layout, Part, Plan, Prefix, Scale};
use crate::iso8583::schema::{Coding, Kind, Mask, PrefixCoding, Side, Sign, Unit, Word};

/// Collects what the plans of a dialect refer to.
pub(super) struct Builder {
    pub(super) defaults: Defaults,
    pub(super) parts: Vec<Part>,
    pub(super) layouts: Vec<Layout>,
    /// The first is the empty name of what the table does not list.
    pub(super) names: Vec<String>,
    /// What is read as an earlier release wrote it.
    pub(super) notes: Vec<String>,
}

impl Builder {
    pub(super) fn new(defaults: Defaults) -> Self {
        let (parts, layouts, notes) = (Vec::new(), Vec::new(), Vec::new());
        Self { defaults, parts, layouts, names: vec![String::new()], notes }
    }

    /// The plan of a row, with those of its sub-fields.
    pub(super) fn field(&mut self, row: &Row, what: &str) -> Result<Plan, Wrong> {
        let defaults = self.defaults;
        self.plan(row, what, &defaults)
    }

    /// The plan of a row whose enclosing field has these defaults.
    pub(super) fn plan(
        &mut self,
        row: &Row,
        what: &str,
        defaults: &Defaults,
    ) -> Result<Plan, Wrong> {
        let Some(format) = &row.format else {
            let message = format!("{what} needs a `format`, such as \"n6\" or \"ans..25\"");
            return Err(Wrong::new(row.span.clone(), message));
        };
        if let Length::Fixed(units) = format.value.length
            && format.value.is_old
        {
            let digits = units - 1;
            self.notes.push(format!(
                "{what}: `x+n{units}` is read as `x+n{digits}`, a sign and {digits} digits; the \
                 next release takes it for {units} digits"
            ));
        }
        let kind = format.value.kind;
        let coding = coding(row, kind, what, defaults)?;
        let fillers = or(row.digit.clone(), defaults.digit);
        let mut plan = Plan {
            kind,
            coding,
            scale: scale(kind, coding, row, defaults),
            check: check(kind, coding),
            pad: pad(row, format.value, defaults),
            digit: fillers.sent,
            other: fillers.other,
            sign: or(row.sign.clone(), defaults.sign),
            justify: or(row.justify.clone(), justify(kind)),
            fill: or(row.fill.clone(), if justify(kind) == Side::Right { b'0' } else { b' ' }),
            mask: or(row.mask.clone(), Mask::Shown),
            name: self.plan_name(row, what)?,
            ..Plan::OPAQUE
        };
        lengths(&mut plan, row, format, defaults)?;
        if let Some(layout) = &row.layout {
            plan.layout = self.layout(layout, &plan, what, defaults)?;
            if plan.coding.is_characters() && self.has_bytes(plan.layout) {
                // Its parts are checked each by itself.
                plan.check = Check::Any;
            }
        }
        Ok(plan)
    }

    /// Whether some of the parts of a layout are no characters: binary or packed among text.
    fn has_bytes(&self, layout: u16) -> bool {
        let layout = usize::from(layout).checked_sub(1).and_then(|index| self.layouts.get(index));
        let Some(layout) = layout else { return false };
        let first = usize::from(layout.first);
        let parts = self.parts.get(first..first + usize::from(layout.count)).unwrap_or(&[]);
        let binary = |part: &Part| {
            matches!(part.plan.coding, Coding::Binary | Coding::Bcd) || part.plan.is_opaque()
        };
        parts.iter().any(binary)
    }

    pub(super) fn plan_name(&mut self, row: &Row, what: &str) -> Result<u16, Wrong> {
        let index = u16::try_from(self.names.len()).ok();
        let name = row.name.as_ref().map_or_else(|| what.to_owned(), |name| name.value.clone());
        self.names.push(name);
        index.ok_or_else(|| Wrong::new(row.span.clone(), "the table has too many names"))
    }

    /// Appends the parts of one layout, next to each other.
    pub(super) fn append(&mut self, layout: Layout, parts: &[Part]) -> Option<u16> {
        let first = u16::try_from(self.parts.len()).ok()?;
        let count = u16::try_from(parts.len()).ok()?;
        if self.parts.len() + parts.len() > PARTS_TOTAL_MAX {
            return None;
        }
        self.parts.extend_from_slice(parts);
        self.layouts.push(Layout { first, count, ..layout });
        u16::try_from(self.layouts.len()).ok()
    }
}

fn coding(row: &Row, kind: Kind, what: &str, defaults: &Defaults) -> Result<Coding, Wrong> {
    let usual = match kind {
        Kind::Numeric | Kind::Signed => defaults.numeric,
        Kind::Track => defaults.track,
        Kind::Alpha | Kind::Alphanumeric | Kind::Printable | Kind::Text => defaults.text,
        Kind::Binary => defaults.binary,
    };
    let coding = or(row.encoding.clone(), usual);
    if coding.carries(kind) {
        return Ok(coding);
    }
    let allowed = Coding::words(|coding| coding.carries(kind));
    let span = row.encoding.as_ref().and_then(|given| given.span.clone()).or(row.span.clone());
    let message = format!("{what} cannot have this encoding; allowed: {allowed}");
    Err(Wrong::new(span, message))
}

fn scale(kind: Kind, coding: Coding, row: &Row, defaults: &Defaults) -> Scale {
    match coding {
        Coding::Hex | Coding::HexLower | Coding::HexEbcdic => Scale::Double,
        Coding::Bcd if kind == Kind::Signed => match or(row.sign.clone(), defaults.sign) {
            Sign::Byte | Sign::EbcdicByte => Scale::SignHalf,
            Sign::Nibble => Scale::Half,
        },
        Coding::Bcd => Scale::Half,
        _ => Scale::One,
    }
}

fn check(kind: Kind, coding: Coding) -> Check {
    match (kind, coding) {
        (Kind::Binary, Coding::Binary) | (Kind::Text, _) => Check::Any,
        (Kind::Signed, _) => Check::Signed,
        (Kind::Track, Coding::Bcd) => Check::PackedTrack,
        (_, Coding::Bcd) => Check::Packed,
        (Kind::Numeric, Coding::Ascii) => Check::Digits,
        (Kind::Printable, Coding::Ascii) => Check::Printable,
        (Kind::Alphanumeric, Coding::Ascii) => Check::Alphanumeric,
        _ => Check::Class,
    }
}

/// Side of the filler of an odd number of digits; behind a sign it is always the left.
fn pad(row: &Row, format: Format, defaults: &Defaults) -> Side {
    if format.kind == Kind::Signed {
        return Side::Left;
    }
    let usual = match format.length {
        Length::Fixed(_) => defaults.pad,
        Length::Variable { .. } | Length::Rest => defaults.pad_variable,
    };
    or(row.pad.clone(), usual)
}

const fn justify(kind: Kind) -> Side {
    match kind {
        Kind::Numeric | Kind::Signed => Side::Right,
        _ => Side::Left,
    }
}

/// Fills in prefix, unit and bounds.
fn lengths(
    plan: &mut Plan,
    row: &Row,
    format: &Given<Format>,
    defaults: &Defaults,
) -> Result<(), Wrong> {
    let coding = or(row.prefix.clone(), defaults.length);
    (plan.prefix, plan.prefix_bytes, plan.max) = match format.value.length {
        Length::Fixed(max) => (Prefix::Fixed, 0, max),
        Length::Rest => (Prefix::Rest, 0, u16::MAX),
        Length::Variable { digits, max } => {
            let bytes = u8::try_from(prefix_bytes(coding, digits)).unwrap_or(u8::MAX);
            (Prefix::Coded(coding), bytes, max)
        }
    };
    let variable = !matches!(plan.prefix, Prefix::Fixed);
    let min = if variable { 0 } else { usize::from(plan.max) };
    let written = row.min.as_ref().filter(|_| variable);
    let min = written.map_or(min, |written| written.value);
    if min > usize::from(plan.max) {
        let span = row.min.as_ref().and_then(|min| min.span.clone()).or(format.span.clone());
        return Err(Wrong::new(span, format!("`min` exceeds the length, {}", plan.max)));
    }
    plan.min = u16::try_from(min).unwrap_or(u16::MAX);
    if plan.kind == Kind::Signed {
        plan.min = plan.min.max(1);
    }
    plan.count = count(plan, row, defaults);
    if let Length::Variable { digits, .. } = format.value.length {
        let most = coding.greatest(prefix_bytes(coding, digits));
        if stated(plan) > most {
            let message = format!("a prefix of {digits} digits counts to {most} only");
            return Err(Wrong::new(format.span.clone().or(row.span.clone()), message));
        }
    }
    let bytes = plan.bytes_of(usize::from(plan.max));
    plan.bytes = u16::try_from(bytes).unwrap_or(u16::MAX);
    if !variable && bytes > usize::from(u16::MAX) {
        return Err(Wrong::new(format.span.clone(), "longer than a message can be"));
    }
    Ok(())
}

fn count(plan: &Plan, row: &Row, defaults: &Defaults) -> Count {
    let usual = if plan.is_binary() { Unit::Bytes } else { defaults.unit };
    match (plan.scale, or(row.unit.clone(), usual)) {
        (Scale::Half, Unit::Bytes) => Count::PackedBytes,
        (Scale::SignHalf, Unit::Bytes) => Count::SignedBytes,
        (Scale::Double, Unit::Digits) => Count::HexDigits,
        _ => Count::Units,
    }
}

/// The greatest number that the prefix must be able to say.
fn stated(plan: &Plan) -> usize {
    let max = usize::from(plan.max);
    match plan.count {
        Count::Units => max,
        Count::PackedBytes | Count::SignedBytes => plan.bytes_of(max),
        Count::HexDigits => max * 2,
    }
}

/// Bytes of a prefix of this many digits.
pub(super) const fn prefix_bytes(coding: PrefixCoding, digits: usize) -> usize {
    match coding {
        PrefixCoding::Ascii | PrefixCoding::Ebcdic => digits,
        PrefixCoding::Bcd | PrefixCoding::Binary => digits.div_ceil(2),
    }
}
