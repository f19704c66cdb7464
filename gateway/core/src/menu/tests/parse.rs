//! Menu files, right and wrong.

use super::super::texts::Key;
use super::super::{LANGUAGES, Menu};
use super::language;

#[test]
fn the_menu_that_comes_with_the_gateway_has_four_languages_with_all_texts() {
    let menu = Menu::parse(Menu::builtin()).unwrap();
    let languages: Vec<String> = menu.languages().map(|of| of.as_str().to_owned()).collect();
    assert_eq!(languages, ["en", "sw", "fr", "ar"]);
    let gsm: Vec<bool> = menu.tongues.iter().map(|tongue| tongue.is_gsm).collect();
    assert_eq!(gsm, [true, true, true, false]);
    for (name, text) in LANGUAGES {
        let texts: std::collections::BTreeMap<String, String> = toml::from_str(text).unwrap();
        assert_eq!(texts.len(), Key::ALL.len(), "{name}");
        assert!(texts.keys().all(|text| Key::named(text).is_some()), "{name}");
    }
    assert_eq!(menu.tongue_of(language("ar")), 3);
    assert_eq!(menu.tongue_of(language("xx")), 0, "the first");
}

const HEAD: &str = "name = \"m\"\nabout = \"a\"\nlanguages = [\"en\"]\n";

/// A menu of `HEAD`, one item, and what is to be looked at.
fn faults(head: &str, more: &str) -> String {
    let text = format!("{head}[[item]]\nsell = \"all\"\n{more}");
    Menu::parse(&text).map(|_| String::new()).unwrap_or_else(|error| error.to_string())
}

#[test]
fn a_small_menu_is_enough() {
    assert_eq!(faults(HEAD, ""), "");
}

#[test]
fn each_fault_of_a_file_is_reported_with_its_line_and_what_is_allowed() {
    for (more, line, text) in [
        ("[[item]]\naction = \"sell\"\n", 7, "unknown variant"),
        ("[[item]]\n", 6, "an item has one of sell"),
        ("[[item]]\nsell = \"all\"\naction = \"balance\"\n", 6, "an item has one of sell"),
        ("[[item]]\nsell = { fulfilment = \"both\" }\n", 7, "\"stock\" or \"provider\""),
        ("[[item]]\nsell = { account = [\"card\"] }\n", 7, "account: \"none\""),
        ("[[item]]\naction = \"language\"\n", 6, "the menu has one"),
        ("[[item]]\naction = \"repeat\"\n[[item]]\naction = \"repeat\"\n", 8, "same item already"),
        ("[[item]]\nlabel = { en = \"A\", xx = \"B\" }\nsell = \"all\"\n", 7, "xx is not one of"),
        ("[[item]]\nlabel = {}\nsell = \"all\"\n", 7, "the one of en is missing"),
        ("[[item]]\n[[item.item]]\naction = \"repeat\"\n", 6, "a menu in a menu needs a label"),
        ("[keys]\nback = \"1\"\n", 7, "1 to 9 are the choices"),
        ("[keys]\nback = \"00\"\n", 3, "another key already"),
        ("[keys]\nmore = \"next\"\n", 7, "1 to 3 of 0 to 9"),
        ("[text.en]\npin = \"\"\n", 7, "there is no text \"pin\""),
        ("[text.fr]\nback = \"\"\n", 6, "is not one of `languages`"),
        ("[text.en]\nback = \"{pin}\"\n", 7, "{pin} is not known there"),
        ("[text.en]\npin_line = \"PIN\"\n", 7, "{pin} has to be in it"),
        ("[text.en]\nback = \"{\"\n", 7, "brace"),
        ("[text.en]\nback = \"a\\tb\"\n", 7, "cannot be shown"),
        (
            "[[shortcut]]\nkey = \"1\"\nservice = 1\nparts = [\"pin\", \"amount\"]\n",
            9,
            "the PIN is the last",
        ),
        ("[[shortcut]]\nkey = \"1\"\nparts = [\"pin\"]\n", 6, "service = .. or"),
        ("[[shortcut]]\nkey = \"a\"\nservice = 1\nparts = []\n", 7, "1 to 3 digits"),
        (
            "[[shortcut]]\nkey = \"1\"\nservice = 1\nparts = [\"amount\", \"amount\"]\n",
            9,
            "each once",
        ),
        (
            "[[shortcut]]\nkey = \"1\"\nservice = 1\nproduct = 2\nparts = [\"amount\"]\n",
            6,
            "a product has its amount",
        ),
        (
            "[[shortcut]]\nkey = \"1\"\nservice = 1\nparts = []\n\
             [[shortcut]]\nkey = \"1\"\nservice = 2\nparts = []\n",
            11,
            "another short-cut's already",
        ),
    ] {
        let said = faults(HEAD, more);
        assert!(said.starts_with(&format!("{line}: ")) && said.contains(text), "{more}\n{said}");
    }
}

#[test]
fn a_language_is_built_in_or_has_all_texts_in_the_file() {
    let head = HEAD.replace("\"en\"", "\"en\", \"de\"");
    let said = faults(&head, "");
    assert!(said.starts_with("3: [text.de] lacks title, enter_pin, "), "{said}");
    let said = faults(&HEAD.replace("\"en\"", "\"en\", \"en\""), "");
    assert!(said.contains("there twice"), "{said}");
    assert!(faults(&HEAD.replace("\"en\"", "\"EN\""), "").contains("two small letters"));
    assert!(faults(&HEAD.replace("\"en\"", ""), "").contains("1 to 8"));
    let again = format!("{HEAD}again_s = 90000\ncodes = [\"123\"]\n");
    let said = faults(&again, "");
    assert!(said.contains("0 to 86400 seconds") && said.contains("as it is dialled"), "{said}");
}

#[test]
fn a_menu_too_deep_or_too_large_is_refused() {
    let level = |depth: usize| {
        let path = vec!["item"; depth].join(".");
        format!("[[{path}]]\nlabel = {{ en = \"M{depth}\" }}\n")
    };
    let tree = |depth: usize| {
        let levels: String = (1..=depth).map(level).collect();
        let path = vec!["item"; depth + 1].join(".");
        format!("{levels}[[{path}]]\naction = \"balance\"\n")
    };
    assert_eq!(faults(HEAD, &tree(3)), "");
    assert!(faults(HEAD, &tree(4)).contains("is not reached in a dialog"));
    let many: String = (0..70)
        .map(|n| format!("[[item]]\nlabel = {{ en = \"{n}\" }}\nsell = \"all\"\n"))
        .collect();
    assert!(faults(HEAD, &many).contains("at most 64 items"));
    assert!(Menu::parse(&"#".repeat(70_000)).unwrap_err().to_string().contains("at most 65536"));
    // Far deeper than any parser should recurse on its own.
    let deep = format!("{HEAD}[[item]]\nitem = {}", "[{item = ".repeat(20_000));
    assert!(Menu::parse(&deep).is_err());
}
