//! Bytes as Python prints them: `b'0800\x82 \x00'`, characters and escapes in one.

use super::hex::nibble;

/// The bytes of a literal that takes the whole line; `None` if it is none.
pub(crate) fn python(line: &str) -> Option<Vec<u8>> {
    let text = line.trim();
    let text = text.strip_prefix("bytearray(").and_then(|t| t.strip_suffix(')')).unwrap_or(text);
    let quoted = text.strip_prefix('b')?;
    let quote = quoted.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inside = quoted.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut bytes = Vec::with_capacity(inside.len());
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        bytes.push(match character {
            '\\' => match characters.next()? {
                'x' => {
                    let high = nibble(characters.next()?)?;
                    let low = nibble(characters.next()?)?;
                    high << 4 | low
                }
                'n' => b'\n',
                'r' => b'\r',
                't' => b'\t',
                escaped @ ('\\' | '\'' | '"') => u8::try_from(escaped).ok()?,
                _ => return None,
            },
            plain if plain.is_ascii() && plain != quote => u8::try_from(plain).ok()?,
            _ => return None,
        });
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::python;

    #[test]
    fn characters_and_escapes_are_bytes() {
        let read = python(r#"b'0800\x82 \x00\\n\n'"#);
        assert_eq!(read.as_deref(), Some(&b"0800\x82 \x00\\n\n"[..]));
        assert_eq!(python(r#" bytearray(b"\x08'") "#).as_deref(), Some(&b"\x08'"[..]));
    }

    #[test]
    fn other_texts_are_no_literals() {
        for text in ["", "b", "b'", r"b'\x0'", r"b'\q'", "0800", "b'a' b'c'", "b'é'"] {
            assert_eq!(python(text), None, "{text}");
        }
    }
}
