use super::*;

fn with(from: &str, to: &str) -> String {
    let text = HttpProfile::builtin("airtel").unwrap();
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

#[test]
fn every_profile_that_is_built_in_is_valid_and_has_the_name_of_its_file() {
    for name in HttpProfile::builtin_names() {
        let profile = HttpProfile::parse(HttpProfile::builtin(name).unwrap()).unwrap();
        assert_eq!(profile.name, name);
        assert!(!profile.about.is_empty(), "{name}");
        assert!(profile.answer_time < Span::s(15), "{name}: aggregators wait 15 seconds");
    }
    assert!(HttpProfile::builtin("nobody").is_none());
}

#[test]
fn what_is_wrong_with_a_profile_is_reported() {
    let rows = [
        (with("method = [\"GET\"]", "method = []"), "8: method: \"GET\", \"POST\" or both"),
        (with("method = [\"GET\"]", "method = [\"GET\"]\nbody = \"json\""), "a GET has no JSON"),
        (with("method = [\"GET\"]", "method = [\"PUT\"]"), "8: unknown variant"),
        (with("text = \"input\"", "text = \"input\"\nshortcut = true"), "only cumulative texts"),
        (with("form = \"text\"", "form = \"text\"\ntext_field = \"a\""), "remove it"),
        (with("form = \"text\"", "form = \"text\"\nrepeat = true"), "only form \"json\" repeats"),
        (with("form = \"text\"", "form = \"json\""), "needs `text_field`"),
        (with("\"FB\"", "\"FC\""), "nothing says whether the session goes on"),
        (with("\"FB\"", "\"\\n\""), "is no header"),
        (with("Freeflow = \"FB\"", "\"Free flow\" = \"FB\""), "is no header"),
        (with("[answer]", "[times]\nanswer_s = 61\n[answer]"), "answer_s: 1 to 60 seconds"),
        (with("[answer]", "[times]\nsession_s = 0\n[answer]"), "session_s: 1 to 900 seconds"),
        (with("[answer]", "[room]\nseptets = 0\nunits = 70\n[answer]"), "septets: 1 to 182"),
        (
            with(
                "[answer]",
                "[texts]\nover = \"too long\"\n[room]\nseptets = 5\nunits = 5\n[answer]",
            ),
            "over: it is longer than `room` allows",
        ),
        (with("[answer]", "[end_fields]\n[answer]"), "end_fields"),
        (with("[request]", "abort_texts = [\"\"]\n[request]"), "an empty text may be an input"),
    ];
    for (text, expected) in rows {
        let said = HttpProfile::parse(&text).unwrap_err().to_string();
        assert!(said.contains(expected), "expected {expected:?}, found {said:?}");
    }
    assert!(HttpProfile::parse(&"#".repeat(PROFILE_BYTES_MAX + 1)).is_err());
}
