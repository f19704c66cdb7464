//! What the owner of a handset does: a menu as a list of steps, and the words that mean something.

use serde::Deserialize;

use super::super::short::Short;
use crate::rng::Rng;

/// How owners use a menu.
///
/// A screen is answered by the first step behind the last one whose `expect` is in it, or else by
/// any step whose is. Texts are compared without regard to case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What is dialled; `None` dials the code as it is. A short-cut string has `{account}`,
    /// `{amount}` and `{pin}` in it.
    #[serde(default)]
    pub dial: Option<String>,
    /// Whether what is dialled orders a sale already.
    #[serde(default)]
    pub dial_orders: bool,
    /// Accounts that are sold to; each `#` is a random digit.
    pub accounts: Vec<String>,
    /// Amounts, as they are typed.
    pub amounts: Vec<String>,
    pub marks: Marks,
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// Words that tell an owner what a screen means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marks {
    pub approved: Vec<String>,
    pub declined: Vec<String>,
    /// The sale is not decided yet.
    pub progress: Vec<String>,
    /// The word behind it is the reference.
    pub reference: Vec<String>,
    /// The line that shows the next page.
    pub more: Vec<String>,
    /// The line that leads back, from a screen that no step is about.
    #[serde(default)]
    pub back: Vec<String>,
}

/// What is done with one screen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Texts of which the screen has one; with `{line}` in `send`, labels of menu lines.
    pub expect: Vec<String>,
    /// What is typed: `{line}` is the number of the line, `{pin}`, `{account}` and `{amount}` are
    /// those of the owner, all else is typed as it is.
    pub send: String,
    /// Whether that orders the sale.
    #[serde(default)]
    pub orders: bool,
}

/// What an owner is going to type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) text: Short,
    pub(super) kind: ReplyKind,
    pub(super) orders: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplyKind {
    Choice,
    Pin,
    Account,
    Amount,
    Fixed,
}

/// What a screen says about a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Approved,
    Declined,
    InProgress,
}

/// The script of a menu of PIN, main menu, service, account, amount, confirmation and receipt.
pub const DEFAULT_SCRIPT: &str = include_str!("default.toml");

impl Script {
    /// Reads and checks a script.
    ///
    /// # Errors
    /// What is wrong with it, by line or by step.
    pub fn parse(text: &str) -> Result<Self, String> {
        let script: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        script.fault().map_or(Ok(script), Err)
    }

    /// What is wrong with it, if something is.
    fn fault(&self) -> Option<String> {
        if self.accounts.is_empty() || self.amounts.is_empty() {
            return Some("accounts and amounts: at least one of each is needed".to_owned());
        }
        if self.steps.len() > usize::from(u8::MAX) {
            return Some("step: at most 255 steps are allowed".to_owned());
        }
        let is_empty = |step: &Step| step.expect.is_empty() || step.send.is_empty();
        let at = self.steps.iter().position(is_empty)?;
        Some(format!("step {}: expect and send must not be empty", at + 1))
    }

    /// The step for a screen: one behind `after`, or any.
    pub(super) fn step(&self, screen: &str, after: usize) -> Option<(usize, &Step, Option<Short>)> {
        let fits = |(place, step): (usize, &'_ Step)| -> Option<(usize, Option<Short>)> {
            if step.send.contains("{line}") {
                return line_of(screen, &step.expect).map(|line| (place, Some(line)));
            }
            has_any(screen, &step.expect).then_some((place, None))
        };
        let numbered = || self.steps.iter().enumerate();
        let (place, line) =
            numbered().skip(after).find_map(fits).or_else(|| numbered().find_map(fits))?;
        Some((place, self.steps.get(place)?, line))
    }

    /// The line that shows the next page, if there is one.
    pub(super) fn more(&self, screen: &str) -> Option<Short> {
        line_of(screen, &self.marks.more)
    }

    /// The line that leads back, if there is one.
    pub(super) fn back(&self, screen: &str) -> Option<Short> {
        line_of(screen, &self.marks.back)
    }

    /// What a screen says about a sale. A decline wins over a word that is in an approval, too.
    pub(super) fn mark(&self, screen: &str) -> Option<Mark> {
        [
            (&self.marks.progress, Mark::InProgress),
            (&self.marks.declined, Mark::Declined),
            (&self.marks.approved, Mark::Approved),
        ]
        .into_iter()
        .find_map(|(words, mark)| has_any(screen, words).then_some(mark))
    }

    /// The reference in a screen; empty if there is none.
    pub(super) fn reference(&self, screen: &str) -> Short {
        let found = self.marks.reference.iter().find_map(|word| {
            let at = find(screen, word)?;
            let rest = screen.get(at + word.len()..)?;
            if rest.starts_with(|c: char| c.is_alphanumeric()) {
                return None;
            }
            let rest = rest.trim_start_matches([' ', '.', ':', '#', '\n']);
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '/');
            rest.get(..end.unwrap_or(rest.len())).filter(|reference| !reference.is_empty())
        });
        found.map_or(Short::default(), Short::new)
    }

    pub(super) fn account(&self, rng: &mut Rng) -> Short {
        let count = u64::try_from(self.accounts.len()).unwrap_or(0);
        let pick = usize::try_from(rng.below(count)).unwrap_or(0);
        let pattern = self.accounts.get(pick).map_or("", String::as_str);
        let digit = |rng: &mut Rng| char::from_digit(u32::try_from(rng.below(10)).unwrap_or(0), 10);
        pattern.chars().map(|c| if c == '#' { digit(rng).unwrap_or('0') } else { c }).collect()
    }

    pub(super) fn amount(&self, rng: &mut Rng) -> Short {
        let count = u64::try_from(self.amounts.len()).unwrap_or(0);
        let pick = usize::try_from(rng.below(count)).unwrap_or(0);
        self.amounts.get(pick).map_or(Short::default(), |amount| Short::new(amount))
    }
}

/// Where the text is in a screen, without regard to case of ASCII letters.
fn find(screen: &str, text: &str) -> Option<usize> {
    let (screen, text) = (screen.as_bytes(), text.as_bytes());
    screen.windows(text.len().max(1)).position(|window| window.eq_ignore_ascii_case(text))
}

fn has_any(screen: &str, texts: &[String]) -> bool {
    texts.iter().any(|text| find(screen, text).is_some())
}

/// The number of the first line with one of these labels: `2. Airtime`, `2) Airtime`, `#:Airtime`.
fn line_of(screen: &str, labels: &[String]) -> Option<Short> {
    screen.lines().find_map(|line| {
        let line = line.trim_start();
        let end = line.find(|c: char| !c.is_ascii_digit() && !matches!(c, '*' | '#'))?;
        let number = line.get(..end).filter(|number| !number.is_empty())?;
        has_any(line.get(end..)?, labels).then(|| Short::new(number))
    })
}
