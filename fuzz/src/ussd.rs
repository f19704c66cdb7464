//! USSD text: alphabets, septets, pages; armour.

use tillgate_codec::ussd::armour::{self, FRAME_BYTES_MAX, Form};
use tillgate_codec::ussd::http::Reply;
use tillgate_codec::ussd::{Alphabet, Pager, Room, gsm7, septets};

/// Any octets are shown in every alphabet; any text comes back in the one chosen for it, packed
/// or not; its pages fit and are the text.
///
/// The first byte is the room of a page; the rest is octets, and a text if it is UTF-8.
pub fn gsm7(data: &[u8]) {
    let Some((&room, octets)) = data.split_first() else {
        return;
    };
    for alphabet in [Alphabet::Gsm7, Alphabet::Ascii, Alphabet::Latin1, Alphabet::Ucs2] {
        let mut text = String::new();
        alphabet.decode(octets, &mut text);
    }
    let unpacked: Vec<u8> = septets::unpack(octets).collect();
    assert!(unpacked.iter().all(|septet| *septet < 0x80));
    packs(&unpacked);
    if let Ok(text) = std::str::from_utf8(octets) {
        written(text, usize::from(room));
        if let Ok(reply) = Reply::decode(text) {
            let mut again = String::new();
            reply.encode(&mut again);
            assert_eq!(Reply::decode(&again), Ok(reply));
        }
    }
}

/// Septets come back as they were, but for a carriage return that was doubled.
fn packs(unpacked: &[u8]) {
    let mut packed = Vec::new();
    septets::pack(unpacked, &mut packed);
    let mut expected = unpacked.to_vec();
    if unpacked.len().is_multiple_of(8) && unpacked.last() == Some(&gsm7::CARRIAGE_RETURN) {
        expected.push(gsm7::CARRIAGE_RETURN);
    }
    assert!(septets::unpack(&packed).eq(expected));
}

fn written(text: &str, room: usize) {
    let alphabet = Alphabet::choose(text);
    let mut octets = Vec::new();
    alphabet.encode(text, &mut octets).expect("chosen for the text");
    let mut again = String::new();
    alphabet.decode(&octets, &mut again);
    assert_eq!(again, text);
    if alphabet == Alphabet::Gsm7 {
        packs(&octets);
    }
    let Ok(pager) = Pager::new(text, "\n9. More", Room { septets: room, units: room }) else {
        return;
    };
    let mut at = 0;
    for page in pager.pages() {
        let whole = [page.text, page.footer].concat();
        assert!(pager.alphabet().length(&whole).is_some_and(|length| length <= room));
        assert!(text[at..].starts_with(page.text));
        let end = at + page.text.len();
        at = page.next.unwrap_or(text.len());
        assert!(matches!(&text[end..at], "" | " " | "\n"));
    }
    assert_eq!(at, text.len());
}

/// Any frame comes back from both forms and is missed when cut off; whatever is opened is the only
/// armour of its frame.
///
/// The first byte says where the armour is cut; the rest is a frame, and a text.
pub fn armour(data: &[u8]) {
    let Some((&cut, rest)) = data.split_first() else {
        return;
    };
    let frame = &rest[..rest.len().min(FRAME_BYTES_MAX)];
    for form in [Form::Text, Form::Digits] {
        let (mut text, mut back) = (Vec::new(), Vec::new());
        armour::encode(form, frame, &mut text).expect("a frame within the bound");
        assert_eq!(armour::decode(&text, &mut back), Ok(form));
        assert_eq!(back, frame);
        let cut = usize::from(cut) % text.len();
        let found = armour::decode(&text[..cut], &mut back);
        let is_missed = matches!(
            found,
            Err(armour::ArmourError::Empty | armour::ArmourError::Truncated { .. })
        );
        assert!(is_missed && back == frame, "{found:?}");
    }
    let (mut frame, mut again) = (Vec::new(), Vec::new());
    match armour::decode(rest, &mut frame) {
        Ok(form) => {
            armour::encode(form, &frame, &mut again).expect("it was armoured");
            assert_eq!(again, rest.trim_ascii_end());
        }
        Err(error) => assert!(frame.is_empty() && !error.to_string().is_empty()),
    }
}
