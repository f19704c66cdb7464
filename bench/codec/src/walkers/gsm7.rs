//! The GSM default alphabet by two tables that are made once: one look a character.

/// Every septet in its order (GSM 03.38, 6.2.1).
const ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Those behind an escape.
const EXTENSION: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];
const ESCAPE: u8 = 0x1b;
const NONE: u8 = 0xff;

/// Both tables.
pub struct Gsm7 {
    characters: [char; 128],
    /// The septet of an ASCII character.
    septets: [u8; 128],
}

impl Default for Gsm7 {
    fn default() -> Self {
        let (mut characters, mut septets) = ([' '; 128], [NONE; 128]);
        for (at, character) in ALPHABET.chars().enumerate() {
            characters[at] = character;
            if let (Ok(ascii @ 0..=127), Ok(septet)) = (u8::try_from(character), u8::try_from(at)) {
                septets[usize::from(ascii)] = septet;
            }
        }
        septets[usize::from(ESCAPE)] = NONE;
        Self { characters, septets }
    }
}

impl Gsm7 {
    /// Appends the characters of septets.
    pub fn decode(&self, octets: &[u8], out: &mut String) {
        let mut rest = octets.iter();
        while let Some(&octet) = rest.next() {
            if octet != ESCAPE {
                out.push(self.characters.get(usize::from(octet)).copied().unwrap_or('\u{fffd}'));
                continue;
            }
            let second = rest.next().copied().unwrap_or(ESCAPE);
            let found = EXTENSION.iter().find(|(septet, _)| *septet == second);
            out.push(match found {
                Some((_, character)) => *character,
                None if second == ESCAPE => ' ',
                None => self.characters.get(usize::from(second)).copied().unwrap_or('\u{fffd}'),
            });
        }
    }

    /// Appends the septets of a text; `None` if it has a character that the alphabet lacks.
    #[must_use]
    pub fn encode(&self, text: &str, out: &mut Vec<u8>) -> Option<()> {
        for character in text.chars() {
            let ascii = u8::try_from(character).ok().filter(u8::is_ascii);
            match ascii.map(|ascii| self.septets[usize::from(ascii)]) {
                Some(septet) if septet != NONE => out.push(septet),
                _ => self.rare(character, out)?,
            }
        }
        Some(())
    }

    fn rare(&self, character: char, out: &mut Vec<u8>) -> Option<()> {
        if let Some((septet, _)) = EXTENSION.iter().find(|(_, found)| *found == character) {
            out.extend_from_slice(&[ESCAPE, *septet]);
            return Some(());
        }
        let at = self.characters.iter().position(|found| *found == character)?;
        let septet = u8::try_from(at).ok().filter(|septet| *septet != ESCAPE)?;
        out.push(septet);
        Some(())
    }
}
