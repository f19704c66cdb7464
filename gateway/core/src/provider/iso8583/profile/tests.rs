//! The profiles that are built in, and everything that can be wrong with one, by its line.

use tillgate_codec::iso8583::Dialect;

use super::{BUILTINS, Profile};
use crate::provider::Capabilities;

fn parse(text: &str) -> Result<Profile, String> {
    let dialect =
        |name: &str| Dialect::builtin(name).ok_or(format!("there is no dialect {name:?}"));
    Profile::parse(text, dialect).map_err(|error| error.to_string())
}

#[test]
fn every_profile_that_is_built_in_is_right_and_has_a_message_for_everything() {
    let everything = Capabilities {
        idempotent: true,
        inquiry: true,
        reversal: true,
        advice: true,
        lookup: true,
    };
    for (name, text) in BUILTINS {
        let profile = parse(text).unwrap_or_else(|error| panic!("{name}:{error}"));
        assert_eq!(profile.name(), name);
        assert_eq!(profile.lacks(everything), None);
        let samples = profile.samples();
        assert_eq!(samples.len(), 5, "{name}");
        assert!(samples[0].1.contains("254700000000"), "{}", samples[0].1);
    }
}

/// The line that has `marked`, from 1.
fn line_of(text: &str, marked: &str) -> usize {
    text.lines().position(|line| line.contains(marked)).unwrap() + 1
}

#[test]
fn what_is_wrong_is_reported_with_its_line_and_what_is_allowed() {
    let good = Profile::builtin("iso87-host").unwrap();
    for (from, to, expected) in [
        ("dialect = \"iso87a\"", "dialect = \"iso99\" #!", "there is no dialect"),
        ("dialect = \"iso87a\"", "dialect = \"nac\" #!", "messages have a TPDU"),
        ("key = [3, 11, 41]", "key = [] #!", "no answer finds its request"),
        ("key = [3, 11, 41]", "key = [1, 11, 41] #!", "no such field"),
        ("echo = [3, 4, 7, 11, 41, 49]", "ehco = [4] #!", "unknown field `ehco`"),
        ("3 = \"{processing}\"", "3 = \"{procesing}\" #!", "there is no source"),
        ("4 = \"{amount}\"", "4 = \"{amount}00\" #!", "field 4"),
        ("4 = \"{amount}\"", "129 = \"{amount}\" #!", "no field number"),
        ("4 = \"{amount}\"", "1 = \"{amount}\" #!", "no field number"),
        ("41 = \"{terminal}\"", "41 = \"{terminal:09}\" #!", "field 41"),
        ("42 = \"{seller:015}\"", "39 = \"00\" #!", "not for a template"),
        ("approved = [\"00\"]\npending", "aproved = [\"00\"] #!\npending", "allowed: approved"),
        ("pending = [\"09\"]", "pending = [\"00\"] #!", "listed twice"),
        ("pending = [\"09\"]", "pending = [\"09=05\"] #!", "only a declined code"),
        ("\"65\", \"78\",", "\"94\", #!\n", "answers a duplicate"),
        ("mti = \"0200\"", "mti = \"0210\" #!", "four digits of a request"),
        ("repeat = \"0421\"", "repeat = \"0401\" #!", "is not answered by 0430"),
        (
            "processing = { default = \"310000\" }",
            "processing = { 9999999 = \"1\" } #!",
            "a service",
        ),
        ("echo_s = 60", "echo_s = 0 #!", "allowed are 1 to"),
        (
            "mti = \"0800\"\nsign_on = \"001\"",
            "mti = \"0800\" #!\nsign_on = \"\"",
            "a code is empty",
        ),
        ("pending = [\"09\"]", "pending = [\"9\"] #!", "whose codes have 2 characters"),
        ("pending = [\"09\"]", "pending = [\"009\"] #!", "whose codes have 2 characters"),
        (
            "default = \"500000\" }",
            "default = \"500000\", \"20/3\" = \"52000x\" } #!",
            "processing: ",
        ),
        ("70 = \"{network}\"", "70 = \"{amount}\" #!", "no such source"),
        ("55 = \"{card.chip}\"", "56 = \"{card.chip}\" #!", "needs a binary one"),
        ("55 = \"{card.chip}\"", "55 = \"{card.chop}\" #!", "there is no source \"card.chop\""),
        ("55 = \"{card.chip}\"", "55 = \"00{card.chip}\" #!", "alone in its field"),
        ("22 = \"{card.entry_mode}\"", "64 = \"{card.entry_mode}\" #!", "not for a template"),
        ("22 = \"{card.entry_mode}\"", "65 = \"{card.entry_mode}\" #!", "is text"),
        ("35 = \"{card.track2}\"", "25 = \"{card.track2}\" #!", "field 25"),
        ("chip = 55", "chip = 48 #!", "not binary"),
        ("chip = 55", "chip = 129 #!", "no such field"),
        ("found = { reference", "chip = 55 #!\nfound = { reference", "only the answer to a sale"),
        (
            "37 = \"{rrn}\"\n41 = \"{terminal}\"\n42 = \"{seller:015}\"\n49 = \"{currency}\"\n90",
            "37 = \"{card.expiry}\" #!\n41 = \"{terminal}\"\n42 = \"{seller:015}\"\n49 = \"{currency}\"\n90",
            "no such source",
        ),
        ("found = { reference", "found = { refernce = 37 } #!{ reference", "refernce"),
        ("found = { reference = 37,", "found = { reference = 64 } #!", "type b"),
        ("kind = \"lookup\"", "kind = \"look\" #!", "unknown variant"),
        ("name = \"iso87-host\"", "name = #!", "string"),
    ] {
        assert!(good.contains(from), "{from}");
        let text = good.replacen(from, to, 1);
        let said = parse(&text).unwrap_err();
        let line = line_of(&text, "#!");
        let found = said.lines().any(|fault| {
            fault.split(':').next() == Some(&line.to_string()) && fault.contains(expected)
        });
        assert!(found, "{to}: line {line} and {expected:?} expected, found\n{said}");
    }
}

#[test]
fn an_answer_that_could_be_another_s_is_refused_before_the_gateway_starts() {
    let good = Profile::builtin("iso87-host").unwrap();
    for (from, to, expected) in [
        ("echo = [3, 4, 7, 11, 41, 49]", "echo = [3, 7, 11, 41, 49]", "the field with {amount}"),
        ("echo = [3, 4, 7, 11, 41, 49]", "echo = [3, 4, 7, 11]", "{stan} and {terminal}"),
        ("key = [3, 11, 41]", "key = [11, 41]", "both answered by 0110"),
        ("default = \"320000\"", "default = \"310000\"", "both answered by 0110"),
        ("kind = \"authorize\"", "kind = \"reverse\"", "no [[message]] of kind"),
        ("kind = \"reverse\"", "kind = \"advise\"", "two messages"),
    ] {
        let said = parse(&good.replacen(from, to, 1)).unwrap_err();
        assert!(said.contains(expected), "{to}: {said}");
    }
}

#[test]
fn a_capability_without_a_message_is_named() {
    let good = Profile::builtin("iso87-host").unwrap();
    let at = good.find("[[message]]\nkind = \"reverse\"").unwrap();
    let profile = parse(&good[..at]).unwrap();
    let claimed = Capabilities { reversal: true, inquiry: true, ..Capabilities::default() };
    assert_eq!(profile.lacks(claimed), Some(("reversal", "reverse")));
    assert_eq!(profile.lacks(Capabilities { inquiry: true, ..Capabilities::default() }), None);
}

#[test]
fn a_key_has_the_length_of_its_algorithm() {
    let good = Profile::builtin("nac-host").unwrap();
    let profile = parse(good).unwrap();
    assert!(profile.has_mac() && profile.mac_key(&[1; 16]).is_ok());
    assert!(profile.mac_key(&[1; 15]).is_err_and(|text| text.contains("32 hexadecimal")));
    let cmac = parse(&good.replace("mac = \"retail\"", "mac = \"cmac\"")).unwrap();
    assert!(cmac.mac_key(&[1; 32]).is_ok() && cmac.mac_key(&[1; 8]).is_err());
    let none = parse(Profile::builtin("iso87-host").unwrap()).unwrap();
    assert!(none.mac_key(&[1; 16]).is_err());
}

#[test]
fn a_profile_longer_than_any_is_refused_unread() {
    let said = parse(&" ".repeat(70_000)).unwrap_err();
    assert!(said.contains("at most"), "{said}");
}

#[test]
fn a_message_whose_answer_never_carries_it_out_is_refused() {
    let good = Profile::builtin("iso87-host").unwrap();
    for (from, to, kind) in [
        ("[message.codes]\napproved = [\"00\"]", "[message.codes]", "\"authorize\" needs a list"),
        ("found = [\"00\"]\n", "", "\"lookup\" needs a list \"found\""),
        ("reversed = [\"00\"]\n", "", "\"reverse\" needs a list \"reversed\""),
        ("acknowledged = [\"00\"]\n", "", "\"advise\" needs a list \"acknowledged\""),
        (
            "approved = [\"00\"]\n\n[network.fields]",
            "approved = [\"0\"]\n\n[network.fields]",
            "network.approved",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        let said = parse(&good.replacen(from, to, 1)).unwrap_err();
        assert!(said.contains(kind), "{said}");
    }
}

#[test]
fn where_messages_carry_codes_their_class_says_which_of_them_are_of_the_network() {
    let nac = Profile::builtin("nac-host").unwrap();
    for (from, to, expected) in [
        ("mti = \"0800\"", "mti = \"0600\"", "such as \"0800\""),
        ("mti = \"0100\"", "mti = \"0800\"", "of network messages"),
    ] {
        let said = parse(&nac.replacen(from, to, 1)).unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
    let plain = Profile::builtin("iso87-host").unwrap();
    assert!(parse(&plain.replacen("mti = \"0800\"", "mti = \"0600\"", 1)).is_ok());
}

#[test]
fn card_data_is_nothing_that_answers_are_found_or_compared_by() {
    let good = Profile::builtin("iso87-host").unwrap();
    for (from, to, expected) in [
        ("key = [3, 11, 41]", "key = [3, 11, 41, 23]", "key: field 23 is card data"),
        (
            "echo = [3, 4, 7, 11, 41, 49]",
            "echo = [3, 4, 7, 11, 41, 49, 55]",
            "echo: field 55 is card",
        ),
    ] {
        let said = parse(&good.replacen(from, to, 1)).unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
}
