//! Makes the tables and samples of `docs/wire.md` from the declarations of the messages, and
//! compares them with the page.
#![expect(clippy::disallowed_methods, reason = "a test may write its own files when told to")]

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use crate::common::{bodies, hex};
use tillgate_codec::link::message::{
    DICTIONARY, Field, Form, GatewayMessage, Layout, Presence, Tag, TerminalMessage, layouts,
};

const END: &str = "<!-- end of what is generated -->";

/// The generated parts of the page, by the names in their first lines.
fn parts() -> [(&'static str, String); 5] {
    [
        ("dictionary", dictionary()),
        ("messages", list()),
        ("messages of terminals", messages(TerminalMessage::LAYOUTS)),
        ("messages of the gateway", messages(GatewayMessage::LAYOUTS)),
        ("sample bodies", samples()),
    ]
}

#[test]
fn the_tables_of_the_page_are_those_of_the_declarations() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/wire.md");
    let mut page = fs::read_to_string(&path).unwrap();
    for (name, part) in parts() {
        let head = format!("<!-- generated: {name} -->\n");
        let start = page.find(&head).unwrap_or_else(|| panic!("docs/wire.md lacks {head}"));
        let start = start + head.len();
        let length = page[start..].find(END).unwrap_or_else(|| panic!("{name} has no {END}"));
        let part = format!("\n{part}\n");
        if std::env::var_os("TILLGATE_WRITE_GOLDEN").is_some() {
            page.replace_range(start..start + length, &part);
            continue;
        }
        for (found, expected) in page[start..start + length].lines().zip(part.lines()) {
            assert_eq!(
                found, expected,
                "docs/wire.md, {name}: not as declared in codec/src/link/message; set \
                 TILLGATE_WRITE_GOLDEN=1 and run this test to write the page anew"
            );
        }
        assert_eq!(page[start..start + length].len(), part.len(), "docs/wire.md, {name}");
    }
    if std::env::var_os("TILLGATE_WRITE_GOLDEN").is_some() {
        fs::write(&path, page).unwrap();
    }
}

#[test]
fn types_say_the_direction_and_names_and_types_are_given_once() {
    assert!(TerminalMessage::LAYOUTS.iter().all(|layout| layout.message_type < 0x80));
    assert!(GatewayMessage::LAYOUTS.iter().all(|layout| layout.message_type >= 0x80));
    let mut names: Vec<_> = layouts().map(|layout| layout.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), layouts().count());
}

fn dictionary() -> String {
    let cell = |tag: &&Tag| format!("| {:02x} | {} | {} ", tag.number, tag.name, form(tag));
    let (left, right) = DICTIONARY.split_at(DICTIONARY.len().div_ceil(2));
    let mut out =
        "| tag | name | value | tag | name | value |\n|---|---|---|---|---|---|\n".to_owned();
    for (index, tag) in left.iter().enumerate() {
        let beside = right.get(index).map_or("| | | ".to_owned(), cell);
        writeln!(out, "{}{beside}|", cell(tag)).unwrap();
    }
    out
}

fn list() -> String {
    let mut out = "| type | name | from | longest body | compared (5.4) |\n|---|---|---|---|---|\n"
        .to_owned();
    for layout in layouts() {
        let Layout { message_type, name, .. } = layout;
        let from = if *message_type < 0x80 { "terminal" } else { "gateway" };
        let (bytes, compared) = (layout.bytes_max(), if layout.is_compared { "yes" } else { "" });
        writeln!(out, "| {message_type:02x} | {name} | {from} | {bytes} bytes | {compared} |")
            .unwrap();
    }
    out
}

fn messages(layouts: &[Layout]) -> String {
    let message = |layout: &Layout| {
        let (message_type, name) = (layout.message_type, layout.name);
        let rows: String = layout.fields().map(row).collect();
        format!(
            "**{message_type:02x} {name}**. {}\n\n| tag | field | form | left out | |\n\
             |---|---|---|---|---|\n{rows}",
            layout.doc.trim()
        )
    };
    layouts.iter().map(message).collect::<Vec<_>>().join("\n")
}

fn row(field: &Field) -> String {
    let Field { tag, presence, doc } = field;
    let value = |name| match name {
        "zero" => "0".to_owned(),
        other => other.to_owned(),
    };
    let is_field = |name: &str| DICTIONARY.iter().any(|tag| tag.name == name);
    let (left_out, not) = match presence {
        Presence::Required => (String::new(), String::new()),
        Presence::RequiredNot(name) => (String::new(), format!("; not {}", value(name))),
        Presence::Optional(name) if is_field(name) => (format!("`{name}`"), String::new()),
        Presence::Optional(name) => (value(name), String::new()),
    };
    let (number, name) = (tag.number, tag.name);
    format!("| {number:02x} | {name} | {} | {left_out} | {}{not} |\n", form(tag), doc.trim())
}

fn form(tag: &Tag) -> String {
    match tag.form {
        Form::Unsigned => format!("u{}", 8 * tag.bytes_max),
        Form::Signed => format!("i{}", 8 * tag.bytes_max),
        Form::Date => "date".to_owned(),
        Form::Code => format!("{} bytes", tag.bytes_max),
        Form::Text => format!("text, {}", tag.bytes_max),
    }
}

fn samples() -> String {
    let sample = |(name, bytes): (&str, Vec<u8>)| {
        let digits = hex(&bytes);
        let lines = digits.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap());
        let lines: String = lines.map(|line| format!("    {line}\n")).collect();
        format!("{name}:\n\n{lines}")
    };
    bodies().into_iter().map(sample).collect::<Vec<_>>().join("\n")
}
