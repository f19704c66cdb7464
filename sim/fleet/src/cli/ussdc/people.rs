//! The file of `--pins`: the handsets, with their PINs and terminals.

use std::collections::{BTreeMap, BTreeSet};

use tillsim_core::ussdc::short::Short;

use crate::exit::Refusal;

/// Columns of a file without a headline.
const COLUMNS: [&str; 2] = ["msisdn", "pin"];

/// A subscriber. It has a PIN and cannot be shown.
#[derive(Clone, Copy)]
pub(super) struct Person {
    pub(super) msisdn: u64,
    pub(super) pin: Short,
    pub(super) terminal: Option<u32>,
}

/// Reads `msisdn,pin`, or the columns that a headline names.
pub(super) fn parse(text: &str, path: &str) -> Result<Vec<Person>, Refusal> {
    let mut columns = COLUMNS.to_vec();
    let mut list = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let mut cells: Vec<&str> = line.split(',').map(str::trim).collect();
        if number == 1 && cells.contains(&"msisdn") {
            columns = std::mem::take(&mut cells);
            continue;
        }
        let cell = |name: &str| {
            let at = columns.iter().position(|column| *column == name)?;
            cells.get(at).copied()
        };
        let wrong = |text: &str| Refusal::about(format!("{path} line {number}"), text);
        let person = || {
            let msisdn = cell("msisdn")?.trim_start_matches('+').parse().ok()?;
            let is_pin = |pin: &&str| !pin.is_empty() && pin.bytes().all(|b| b.is_ascii_digit());
            Some((msisdn, Short::new(cell("pin").filter(is_pin)?)))
        };
        let Some((msisdn, pin)) = person() else {
            return Err(wrong("expected a number and its PIN, as 254700000001,2468"));
        };
        let terminal = cell("terminal").map(str::parse).transpose();
        let terminal = terminal.map_err(|_| wrong("terminal: expected its number, as 80001"))?;
        list.push(Person { msisdn, pin, terminal });
    }
    Ok(list)
}

/// The terminal of each handset, by the handset's number.
pub(super) fn terminals(people: &[Person]) -> Result<BTreeMap<u64, u32>, String> {
    let mut terminals = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for Person { msisdn, terminal, .. } in people {
        let Some(terminal) = *terminal else {
            return Err("the column terminal is needed for --admin".to_owned());
        };
        if terminals.insert(*msisdn, terminal).is_some() {
            return Err(format!("the handset {msisdn} is there twice"));
        }
        if !taken.insert(terminal) {
            return Err(format!("the terminal {terminal} is there twice"));
        }
    }
    Ok(terminals)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<(u64, String, Option<u32>)>, String> {
        let shown = |it: Person| (it.msisdn, it.pin.as_str().to_owned(), it.terminal);
        let list = parse(text, "pins.csv").map_err(|error| error.to_string())?;
        Ok(list.into_iter().map(shown).collect())
    }

    #[test]
    fn handsets_are_read_with_and_without_a_headline_in_any_order() {
        let plain = vec![(254_700_000_001, "2468".to_owned(), None)];
        assert_eq!(parsed("254700000001,2468\n\n"), Ok(plain.clone()));
        assert_eq!(parsed("msisdn,pin\n+254700000001, 2468\n"), Ok(plain));
        let whole = vec![(254_700_000_001, "2468".to_owned(), Some(80_001))];
        let text = "msisdn,terminal,pin,initial\n254700000001,80001,2468,no\n";
        assert_eq!(parsed(text), Ok(whole));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line() {
        for (text, says) in [
            ("254700000001,abc", "pins.csv line 1: expected a number and its PIN"),
            ("msisdn,terminal\n254700000001,80001", "line 2: expected a number and its PIN"),
            ("msisdn,pin,terminal\n254700000001,1,x", "line 2: terminal: expected its number"),
        ] {
            assert!(parsed(text).unwrap_err().contains(says), "{text}");
        }
        for (text, says) in [
            ("254700000001,1", "column terminal is needed"),
            ("msisdn,pin,terminal\n1,1,5\n1,1,6", "handset 1 is there twice"),
            ("msisdn,pin,terminal\n1,1,5\n2,1,5", "terminal 5 is there twice"),
        ] {
            let list = parse(text, "pins.csv").unwrap();
            assert!(terminals(&list).unwrap_err().contains(says), "{text}");
        }
    }
}
