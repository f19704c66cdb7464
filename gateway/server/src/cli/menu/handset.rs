//! A screen as a handset shows it, in characters.

use std::fmt::Write as _;

use tillgate_codec::ussd::{Alphabet, Room};

/// Characters in a line of the display; longer lines are wrapped.
const WIDTH: usize = 32;

/// The screen in a frame, and how much of the room it takes.
pub(super) fn framed(screen: &str, room: Room) -> String {
    let lines: Vec<String> = screen.split('\n').flat_map(wrapped).collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let bar = "-".repeat(width + 2);
    let mut out = format!("+{bar}+\n");
    for line in lines {
        let pad = " ".repeat(width - line.chars().count());
        // Writing to a string does not fail.
        let _written = writeln!(out, "| {line}{pad} |");
    }
    let alphabet = Alphabet::choose(screen);
    let name = if alphabet == Alphabet::Gsm7 { "GSM" } else { "UCS-2" };
    let length = alphabet.length(screen).unwrap_or_default();
    let _written = write!(out, "+{bar}+ {length}/{} {name}", room.of(alphabet));
    out
}

fn wrapped(line: &str) -> Vec<String> {
    let characters: Vec<char> = line.chars().collect();
    if characters.is_empty() {
        return vec![String::new()];
    }
    characters.chunks(WIDTH).map(|part| part.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use tillgate_codec::ussd::Room;

    use super::framed;

    #[test]
    fn a_screen_is_framed_with_what_it_takes_of_the_room() {
        assert_eq!(
            framed("Balance\n0 Back", Room::FULL),
            "+---------+\n| Balance |\n| 0 Back  |\n+---------+ 14/182 GSM"
        );
        let long = framed(&format!("{}\n\nж", "x".repeat(40)), Room::SHORT);
        assert!(long.contains(&format!("| {} |\n| xxxxxxxx ", "x".repeat(32))), "{long}");
        assert!(long.ends_with("+ 43/70 UCS-2"), "{long}");
    }
}
