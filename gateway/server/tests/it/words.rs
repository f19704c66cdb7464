//! Words that `docs/words.md` replaces, looked for in everything that people read.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::docs::{root, sources};

/// Words of a text, in order, each with its line.
type Words = Vec<(String, usize)>;

/// A row of the page: the words that are not used, and those that are.
type Rule = (Vec<String>, String);

/// The rows of a section.
fn rules(page: &str, section: &str) -> Vec<Rule> {
    let (_, text) = page.split_once(&format!("\n## {section}\n")).unwrap();
    let text = text.split("\n## ").next().unwrap();
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = cells.filter_map(|row| row.split_once(" | ")).filter(|(not, _)| *not != "not");
    rows.map(|(not, but)| (not.split(' ').map(str::to_owned).collect(), but.to_owned())).collect()
}

/// Adds the words of a line, without code in backticks and placeholders of formats.
fn add(words: &mut Words, line: &str, number: usize) {
    let plain = line.split('`').step_by(2).flat_map(|part| part.split(['{', '}']).step_by(2));
    for part in plain {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '\'';
        let mut rest = part;
        while let Some(at) = rest.find(|c: char| !c.is_whitespace()) {
            rest = &rest[at..];
            let end = rest.find(|c| !is_word(c)).filter(|end| *end > 0);
            // A mark is a word of its own, so that no phrase reaches over it.
            let end = end.unwrap_or(if rest.starts_with(is_word) {
                rest.len()
            } else {
                rest.chars().next().map_or(0, char::len_utf8)
            });
            words.push((rest[..end].to_lowercase(), number));
            rest = &rest[end..];
        }
        words.push((String::new(), number));
    }
    words.pop();
}

/// What people read of a source file: its documentation, and texts of more than one word.
fn readable(source: &str) -> Words {
    let (mut docs, mut texts) = (Words::new(), Words::new());
    let mut is_test = false;
    let mut in_text = false;
    for (number, line) in (1..).zip(source.lines()) {
        let line = line.trim_start();
        if is_test && !line.ends_with(';') {
            // A module of tests is the end of its file, unless it has a file.
            break;
        }
        is_test = line == "#[cfg(test)]";
        // Raw strings may hold any number of quotes.
        in_text &= line != "}";
        if let Some(doc) = line.strip_prefix("//!").or(line.strip_prefix("///")) {
            add(&mut docs, doc, number);
            continue;
        }
        docs.push((String::new(), number));
        if line.starts_with("//") {
            continue;
        }
        let line = line.replace("\\\"", "'");
        let line = line.replace("'\"'", "");
        let parts: Vec<&str> = line.split('"').collect();
        for (place, part) in parts.iter().enumerate() {
            if (place % 2 == 1) != in_text && (part.contains(' ') || (in_text && place == 0)) {
                add(&mut texts, part.trim_end_matches('\\'), number);
            }
        }
        in_text ^= parts.len().is_multiple_of(2);
        if !in_text {
            texts.push((String::new(), number));
        }
    }
    docs.extend(texts);
    docs
}

/// Names and words of a source file as they are written.
fn names(source: &str) -> Words {
    let mut names = Words::new();
    for (number, line) in (1..).zip(source.lines()) {
        let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        names.extend(words.filter(|word| !word.is_empty()).map(|word| (word.to_owned(), number)));
    }
    names
}

/// Adds a line to `faults` for every use of a word.
fn look(faults: &mut String, shown: &str, words: &Words, rules: &[Rule]) {
    for place in 0..words.len() {
        for (not, but) in rules {
            let here = words[place..].iter().map(|(word, _)| word);
            if here.take(not.len()).eq(not) {
                let (not, line) = (not.join(" "), words[place].1);
                writeln!(faults, "{shown}:{line}: \"{not}\": say \"{but}\"").unwrap();
            }
        }
    }
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()
}

/// The pages of the tree, beside the page of words; of the changelog what is not released.
fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for folder in [".", "docs", "demo", "fuzz", "bench"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let is_page = path.extension().is_some_and(|end| end == "md");
            if is_page && !path.ends_with("docs/words.md") {
                let text = fs::read_to_string(&path).unwrap();
                let released = text.match_indices("\n## ").nth(1).map(|(at, _)| at);
                let end = released.filter(|_| path.ends_with("CHANGELOG.md"));
                pages.push((shown(&path), text[..end.unwrap_or(text.len())].to_owned()));
            }
        }
    }
    pages
}

#[test]
fn pages_help_and_errors_use_the_words_of_the_house() {
    let page = fs::read_to_string(root().join("docs/words.md")).unwrap();
    let (sentences, code) = (rules(&page, "In sentences"), rules(&page, "In code"));
    assert!(sentences.len() > 30 && code.len() > 20, "{} {}", sentences.len(), code.len());
    let mut faults = String::new();
    for (shown, text) in pages() {
        let mut words = Words::new();
        for (number, line) in (1..).zip(text.lines()) {
            add(&mut words, line, number);
        }
        look(&mut faults, &shown, &words, &sentences);
    }
    let mut files = 0;
    for path in sources(&["types", "codec", "store", "gateway", "sim", "bench/src", "fuzz/src"]) {
        let shown = shown(&path);
        if shown.ends_with("it/words.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        look(&mut faults, &shown, &names(&text), &code);
        if !shown.contains("/tests/") && !shown.ends_with("tests.rs") {
            files += 1;
            look(&mut faults, &shown, &readable(&text), &sentences);
        }
    }
    assert!(files > 300, "{files}");
    assert!(faults.is_empty(), "docs/words.md says what to write instead:\n{faults}");
}

#[test]
fn a_phrase_is_found_over_a_wrapped_line_and_not_in_code() {
    let rules =
        [(vec!["to".to_owned(), "be".to_owned(), "had".to_owned()], "available".to_owned())];
    let found = |source: &str| {
        let mut faults = String::new();
        look(&mut faults, "a.rs", &readable(source), &rules);
        faults
    };
    let wrapped = "fn a() {}\n/// None is to\n/// be had.\n";
    assert_eq!(found(wrapped), "a.rs:2: \"to be had\": say \"available\"\n");
    assert!(found("let text = format!(\"{a} to Be \\\n    had\");").starts_with("a.rs:1:"));
    for innocent in ["/// `to be had`", "/// to be.\n/// had", "fn to_be_had() {}", "// to be had"]
    {
        assert_eq!(found(innocent), "", "{innocent}");
    }
    assert_eq!(found("#[cfg(test)]\nmod tests {\n    const A: &str = \"is to be had\";\n}"), "");
}
