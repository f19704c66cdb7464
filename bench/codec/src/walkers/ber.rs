//! BER-TLV as EMV has it: zero bytes between objects, templates within templates.

/// Deepest nesting of templates.
const DEPTH_MAX: usize = 8;
/// Longest tag.
const TAG_BYTES_MAX: usize = 4;

/// Whether `input` is whole objects, one after another.
pub(super) fn ber(input: &[u8], depth: usize) -> bool {
    let mut rest = input;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == 0 {
            continue;
        }
        if first & 0x1f == 0x1f {
            let Some(last) = rest.iter().take(TAG_BYTES_MAX - 1).position(|byte| byte & 0x80 == 0)
            else {
                return false;
            };
            rest = &rest[last + 1..];
        }
        let Some((&length, after)) = rest.split_first() else { return false };
        rest = after;
        let length = match length {
            0..=0x7f => usize::from(length),
            0x81..=0x84 => {
                let Some((long, after)) = rest.split_at_checked(usize::from(length & 0x7f)) else {
                    return false;
                };
                rest = after;
                long.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
            }
            _ => return false,
        };
        let Some((value, after)) = rest.split_at_checked(length) else { return false };
        let template = first & 0x20 != 0;
        if template && (depth == DEPTH_MAX || !ber(value, depth + 1)) {
            return false;
        }
        rest = after;
    }
    true
}
