//! Times and counts, made one page.

use crate::cases::{self, CASES, Step, Subject, TILLGATE, WALKER};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Most rounds that are looked for.
const ROUNDS_MAX: usize = 99;

/// Medians of jPOS 3.0.2 on JDK 17, in microseconds, measured on the same kind of machine at
/// another time: to values of its own, and back to bytes.
const JPOS: [(Subject, f64, f64); 4] = [
    (cases::BCD64, 4.66, 4.95),
    (cases::ASCII64, 4.57, 4.93),
    (cases::MIXED, 1.89, 3.22),
    (cases::NAC, 1.50, 1.89),
];

/// Everything that was measured.
pub struct Figures {
    /// Nanoseconds of each case, one a round.
    times: BTreeMap<String, Vec<f64>>,
    /// Instructions of each case.
    counts: BTreeMap<String, f64>,
    /// Peers in other languages: the row's cells.
    others: Vec<[String; 6]>,
}

impl Figures {
    /// Reads criterion's folder, gungraun's lines of JSON, and the lines of the scripts: slug,
    /// step, name, median, least and greatest microseconds, tabs between them.
    #[must_use]
    pub fn read(criterion: &Path, counts: &Path, others: &Path) -> Self {
        let time = |id: &str, round: usize| {
            let path = criterion.join(id).join(format!("r{round}")).join("estimates.json");
            let estimates: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
            estimates["median"]["point_estimate"].as_f64()
        };
        let rounds = |id: &str| (1..=ROUNDS_MAX).map_while(|round| time(id, round)).collect();
        let count = |line: &str| {
            let run: Value = serde_json::from_str(line).ok()?;
            let index: usize = run["id"].as_str()?.rsplit('_').next()?.parse().ok()?;
            let total = &run["profiles"][0]["data"]["total"]["metrics"];
            Some((CASES.get(index)?.id(), total["Ir"]["values"]["new"].as_f64()?))
        };
        let text = |path| fs::read_to_string(path).unwrap_or_default();
        let cells =
            |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>().try_into().ok();
        Self {
            times: CASES.iter().map(|case| (case.id(), rounds(&case.id()))).collect(),
            counts: text(counts).lines().filter_map(count).collect(),
            others: text(others).lines().filter_map(cells).collect(),
        }
    }

    /// The table, one row a case.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page =
            "| message | step | by | µs: median (least–greatest) | × walker | instructions \
            | × walker | × jPOS |\n|---|---|---|---|---|---|---|---|\n"
                .to_owned();
        let mut row = |cells: [String; 8]| {
            writeln!(page, "| {} |", cells.join(" | ")).expect("a string takes everything");
        };
        for (index, case) in CASES.iter().enumerate() {
            let times = self.times.get(&case.id()).map_or(&[][..], Vec::as_slice);
            let ours = case.by == TILLGATE;
            row([
                case.subject.title.to_owned(),
                case.step.name().to_owned(),
                if ours { format!("**{TILLGATE}**") } else { case.by.to_owned() },
                spread(times),
                self.beside_walker(case, times),
                self.counts.get(&case.id()).map_or_else(String::new, |count| format!("{count}")),
                self.counted_beside_walker(case),
                if ours { beside_jpos(case.subject, case.step, times) } else { String::new() },
            ]);
            let last = CASES
                .get(index + 1)
                .is_none_or(|next| (next.subject, next.step) != (case.subject, case.step));
            for [slug, step, by, median, least, greatest] in self.others.iter().filter(|_| last) {
                if (slug.as_str(), step.as_str()) == (case.subject.slug, case.step.name()) {
                    let [title, step] = [case.subject.title, case.step.name()].map(str::to_owned);
                    let time = format!("{median} ({least}–{greatest})");
                    let [a, b, c, d] = [(); 4].map(|()| String::new());
                    row([title, step, by.clone(), time, a, b, c, d]);
                }
            }
        }
        page
    }

    /// The median over the rounds of the ratio to the walker of the same round.
    fn beside_walker(&self, case: &cases::Case, times: &[f64]) -> String {
        let walker = walker_of(case).and_then(|id| self.times.get(&id));
        let ratios = times.iter().zip(walker.into_iter().flatten());
        ratio(median(ratios.map(|(time, walker)| time / walker).collect()))
    }

    fn counted_beside_walker(&self, case: &cases::Case) -> String {
        let walker = walker_of(case).and_then(|id| self.counts.get(&id));
        ratio(self.counts.get(&case.id()).zip(walker).map(|(count, walker)| count / walker))
    }
}

/// The walker's case of the same message and step; `None` for the walker itself.
fn walker_of(case: &cases::Case) -> Option<String> {
    let same = |other: &&cases::Case| {
        (other.subject, other.step, other.by) == (case.subject, case.step, WALKER)
    };
    CASES.iter().find(same).filter(|_| case.by != WALKER).map(cases::Case::id)
}

fn beside_jpos(subject: Subject, step: Step, times: &[f64]) -> String {
    let published = JPOS.iter().find(|(found, ..)| *found == subject);
    let theirs =
        published.map(|&(_, unpack, pack)| if step == Step::Encode { pack } else { unpack });
    ratio(median(times.to_vec()).zip(theirs).map(|(ours, theirs)| ours / 1_000.0 / theirs))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn ratio(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:.2}"))
}

/// Nanoseconds as microseconds.
fn spread(times: &[f64]) -> String {
    let least = times.iter().copied().reduce(f64::min);
    let greatest = times.iter().copied().reduce(f64::max);
    let (Some(median), Some(least), Some(greatest)) = (median(times.to_vec()), least, greatest)
    else {
        return String::new();
    };
    let [median, least, greatest] = [median, least, greatest].map(|time| time / 1_000.0);
    let digits = if median < 10.0 { 3 } else { 1 };
    format!("{median:.digits$} ({least:.digits$}–{greatest:.digits$})")
}

#[cfg(test)]
mod tests {
    use super::{CASES, Figures, JPOS, median, spread};
    use std::collections::BTreeMap;

    #[test]
    fn the_middle_of_the_rounds_stands_before_their_bounds() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(spread(&[470.0, 440.0, 900.0]), "0.470 (0.440–0.900)");
        assert_eq!(spread(&[]), "");
    }

    #[test]
    fn every_case_has_its_row_beside_its_walker_and_jpos() {
        let times = CASES.iter().map(|case| (case.id(), vec![466.0])).collect();
        let counts = CASES.iter().map(|case| (case.id(), 100.0)).collect();
        let other = ["open", "owned", "python", "133", "130", "140"].map(str::to_owned);
        let page = Figures { times, counts, others: vec![other] }.markdown();
        assert_eq!(page.lines().count(), CASES.len() + 3);
        let row = "| 64 fields BCD, 546 B | decode | **tillgate** | 0.466 (0.466–0.466) | 1.00 | 100 \
            | 1.00 | 0.10 |";
        assert!(page.contains(row), "{page}");
        assert!(page.contains("| owned | python | 133 (130–140) |"), "{page}");
    }

    #[test]
    fn what_was_not_measured_is_left_out() {
        let (times, counts) = (BTreeMap::new(), BTreeMap::new());
        let page = Figures { times, counts, others: Vec::new() }.markdown();
        assert_eq!(page.lines().count(), CASES.len() + 2);
        assert!(JPOS.iter().all(|(subject, ..)| page.contains(subject.title)));
    }
}
