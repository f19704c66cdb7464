//! Pages and HTTP bodies.
use proptest::prelude::*;
use tillgate_codec::ussd::http::{Reply, ReplyError, Turn, newest_input};
use tillgate_codec::ussd::{Alphabet, Page, Pager, Room, RoomError};

const MORE: &str = "\n9. More";

fn pages(text: &str, room: Room) -> Vec<Page<'_>> {
    Pager::new(text, MORE, room).unwrap().pages().collect()
}

fn texts(text: &str, septets: usize) -> Vec<&str> {
    let room = Room { septets, units: septets };
    pages(text, room).iter().map(|page| page.text).collect()
}

#[test]
fn a_text_that_fits_is_one_page_without_a_footer() {
    let text = "x".repeat(182);
    assert_eq!(pages(&text, Room::FULL), [Page { text: &text, footer: "", next: None }]);
    assert_eq!(pages("", Room::FULL), [Page { text: "", footer: "", next: None }]);
    assert_eq!(pages(&text, Room::SHORT).len(), 2);
}

#[test]
fn a_menu_is_cut_between_its_lines() {
    let menu = "1. Airtime\n2. Power\n3. Water\n4. Float";
    assert_eq!(texts(menu, 27), ["1. Airtime\n2. Power", "3. Water\n4. Float"]);
    assert_eq!(texts(menu, 28), ["1. Airtime\n2. Power", "3. Water\n4. Float"]);
}

#[test]
fn a_long_line_is_cut_between_words_and_a_long_word_anywhere() {
    assert_eq!(texts("pay the bill of this month now", 20), ["pay the bill", "of this month now"]);
    assert_eq!(texts("abcdefghijklmnopqrstuvwxyz", 18), ["abcdefghij", "klmnopqrstuvwxyz"]);
    // A line feed far from the end would waste the page.
    assert_eq!(texts("a\nbcdefghijklmnopqrstuvwxyz", 18), ["a\nbcdefghi", "jklmnopqrstuvwxyz"]);
}

#[test]
fn white_space_at_the_end_makes_no_empty_page() {
    // Eleven characters in room for ten, and in room for eleven.
    assert_eq!(texts("01 3456 89\n", 10), ["01", "3456 89\n"]);
    assert_eq!(texts("01 3456 89\n", 11), ["01 3456 89\n"]);
    assert_eq!(texts("0123456 8901234567\n", 18), ["0123456", "8901234567\n"]);
}

#[test]
fn a_character_of_two_units_is_not_cut() {
    let found = pages("€€€€€€€€€€", Room { septets: 19, units: 0 });
    assert_eq!(found[0], Page { text: "€€€€€", footer: MORE, next: Some(15) });
    let found = pages("👍👍👍👍👍👍", Room { septets: 0, units: 11 });
    assert_eq!(found[0], Page { text: "👍", footer: MORE, next: Some(4) });
}

#[test]
fn one_character_beyond_the_alphabet_changes_the_room_of_all_pages() {
    let text = format!("{}Д", "x".repeat(80));
    let pager = Pager::new(&text, MORE, Room::FULL).unwrap();
    assert_eq!(pager.alphabet(), Alphabet::Ucs2);
    assert_eq!(pager.page(0).unwrap().text.len(), 72);
}

#[test]
fn a_page_is_found_again_by_its_start() {
    let pager =
        Pager::new("eins zwei drei vier fünf", MORE, Room { septets: 20, units: 9 }).unwrap();
    let first = pager.page(0).unwrap();
    let second = pager.page(first.next.unwrap()).unwrap();
    assert_eq!(pager.pages().nth(1), Some(second));
    assert_eq!((pager.page(22), pager.page(99)), (None, None));
}

#[test]
fn a_footer_that_leaves_no_room_is_refused() {
    let error = RoomError { footer: 8, room: 9 };
    assert_eq!(Pager::new("x", MORE, Room { septets: 9, units: 9 }).err(), Some(error));
    assert!(Pager::new("x", MORE, Room { septets: 10, units: 9 }).is_ok());
}

#[test]
fn bodies_of_both_turns_come_back() {
    for (turn, text, body) in [
        (Turn::Continue, "1. Sale\n0. Exit", "CON 1. Sale\n0. Exit"),
        (Turn::End, "Sold.", "END Sold."),
        (Turn::End, "", "END "),
    ] {
        let mut found = String::new();
        Reply { turn, text }.encode(&mut found);
        assert_eq!(found, body);
        assert_eq!(Reply::decode(body), Ok(Reply { turn, text }));
    }
}

#[test]
fn bodies_as_others_write_them_are_accepted() {
    for body in ["con Hi", "\r\n Con Hi", "\u{FEFF}CON\nHi", "CON\tHi"] {
        assert_eq!(Reply::decode(body), Ok(Reply { turn: Turn::Continue, text: "Hi" }), "{body:?}");
    }
    assert_eq!(Reply::decode("END"), Ok(Reply { turn: Turn::End, text: "" }));
}

#[test]
fn a_body_without_a_word_is_refused() {
    for (body, offset) in
        [("", 0), ("CO", 0), ("CONTINUE", 0), ("  Hi", 2), ("ENDE x", 0), ("€€", 0)]
    {
        assert_eq!(Reply::decode(body), Err(ReplyError { offset }), "{body:?}");
    }
}

#[test]
fn the_newest_input_is_what_was_added() {
    for (before, now, newest) in [
        ("", "", ""),
        ("", "1", "1"),
        ("1", "1*2", "2"),
        ("1*2", "1*2*5*6", "5*6"),
        ("1", "1", ""),
        ("1", "12", "12"),
        ("1*2", "7", "7"),
    ] {
        assert_eq!(newest_input(before, now), newest, "{before:?} {now:?}");
    }
}

proptest! {
    #[test]
    fn every_page_fits_and_all_pages_together_are_the_text(
        text in "([a-z€é👍]{0,9}[ \n]?){0,40}", septets in 10..60_usize, units in 10..60_usize,
    ) {
        let room = Room { septets, units };
        let pager = Pager::new(&text, MORE, room).unwrap();
        let mut expected = 0;
        let mut rest: &str = &text;
        for page in pager.pages() {
            let whole = format!("{}{}", page.text, page.footer);
            prop_assert!(pager.alphabet().length(&whole).unwrap() <= room.of(pager.alphabet()));
            prop_assert_eq!(page.footer.is_empty(), page.next.is_none());
            prop_assert!(rest.starts_with(page.text));
            rest = &rest[page.text.len()..];
            expected += page.text.len();
            if let Some(next) = page.next {
                prop_assert!(!page.text.is_empty() && next - expected <= 1 && next < text.len());
                rest = &rest[next - expected..];
                expected = next;
            }
        }
        prop_assert!(rest.is_empty() || rest == " " || rest == "\n");
    }

    #[test]
    fn any_body_is_read_or_refused_without_a_panic(body in "\\PC{0,12}", now in "\\PC{0,12}") {
        if let Ok(reply) = Reply::decode(&body) {
            prop_assert!(body.ends_with(reply.text));
        }
        prop_assert!(now.ends_with(newest_input(&body, &now)));
    }
}
