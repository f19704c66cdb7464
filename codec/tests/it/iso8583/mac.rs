//! Published test vectors of the algorithms, and codes in messages.

use crate::iso8583::samples::{of, unhex};
use tillgate_codec::iso8583::{
    Dialect, Fields, MacKey, MacPadding, MacVerdict, Message, Mti, Tpdu, check_mac, encode_json,
    encode_json_with_mac,
};

#[test]
fn aes_cmac_has_the_codes_of_rfc_4493() {
    let key = MacKey::aes_cmac(&unhex("2b7e151628aed2a6abf7158809cf4f3c")).unwrap();
    let data = unhex(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51\
         30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
    );
    for (length, code) in [
        (0, "bb1d6929e9593728"),
        (16, "070a16b46b4d4144"),
        (40, "dfa66747de9ae630"),
        (64, "51f0bebf7e3b9d92"),
    ] {
        assert_eq!(key.make(&data[..length]).to_vec(), unhex(code), "{length} bytes");
    }
}

#[test]
fn aes_cmac_has_the_codes_of_nist_sp_800_38b_for_longer_keys() {
    let data = unhex("6bc1bee22e409f96e93d7e117393172a");
    for (key, code) in [
        ("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "9e99a7bf31e71090"),
        ("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "28a7023f452e8f82"),
    ] {
        assert_eq!(MacKey::aes_cmac(&unhex(key)).unwrap().make(&data).to_vec(), unhex(code));
    }
    assert!(MacKey::aes_cmac(&[0; 15]).is_none());
}

#[test]
fn retail_mac_has_the_codes_of_iso_9797_1() {
    // ISO/IEC 9797-1 annex B.4, both strings with both methods of padding.
    let key = unhex("0123456789ABCDEFFEDCBA9876543210").try_into().unwrap();
    for (text, padding, code) in [
        ("Now is the time for all ", MacPadding::Zeros, "A1C72E74EA3FA9B6"),
        ("Now is the time for all ", MacPadding::OneAndZeros, "E9086230CA3BE796"),
        ("Now is the time for it", MacPadding::Zeros, "2E2B1428CC78254F"),
        ("Now is the time for it", MacPadding::OneAndZeros, "5A692CE64F404145"),
    ] {
        let made = MacKey::retail(&key, padding).make(text.as_bytes());
        assert_eq!(made.to_vec(), unhex(code), "{text:?} {padding:?}");
    }
}

#[test]
fn unionpay_ecb_has_the_codes_of_other_implementations() {
    for (key, data, code) in [
        // A published example whose every step agrees.
        ("2222222222222222", "1234567890ABCDEFABCDEF1234567890", "E267B6E2"),
        // A key of two equal halves is the single key.
        ("22222222222222222222222222222222", "1234567890ABCDEFABCDEF1234567890", "E267B6E2"),
        // Two halves, and a last block that is filled up: with OpenSSL's DES.
        (
            "0123456789ABCDEFFEDCBA9876543210",
            "00112233445566778899AABBCCDDEEFF0102030405",
            "9169589E",
        ),
    ] {
        let key = MacKey::unionpay_ecb(&unhex(key)).unwrap();
        assert_eq!(key.make(&unhex(data)), code.as_bytes());
    }
    assert!([0, 7, 9, 24].iter().all(|length| MacKey::unionpay_ecb(&vec![0; *length]).is_none()));
}

fn request() -> Message {
    let mut message = Message::new(Mti::FINANCIAL_REQUEST).with_tpdu(Tpdu([0x60, 0, 1, 0, 2]));
    message.set_number(3, 0).set_number(4, 1_500).set(41, "TERM0001");
    message
}

fn keys() -> [MacKey; 3] {
    [
        MacKey::aes_cmac(&[7; 16]).unwrap(),
        MacKey::retail(
            &unhex("0123456789ABCDEFFEDCBA9876543210").try_into().unwrap(),
            MacPadding::Zeros,
        ),
        MacKey::unionpay_ecb(&[1; 16]).unwrap(),
    ]
}

#[test]
fn a_code_that_was_made_is_valid_until_a_byte_changes() {
    for name in ["nac", "iso87a"] {
        let dialect = Dialect::builtin(name).unwrap();
        for key in keys() {
            let mut bytes = Vec::new();
            dialect.encode_with_mac(&mut request(), &key, &mut bytes).unwrap();
            let mut fields = Fields::new();
            let view = dialect.view(&bytes, &mut fields).unwrap();
            assert!(view.has(64));
            assert_eq!(view.verify_mac(&key), MacVerdict::Valid);
            // The terminal's name, then the code itself.
            for back in [20, 1] {
                let mut changed = bytes.clone();
                let at = changed.len() - back;
                changed[at] ^= 1;
                let mut fields = Fields::new();
                if let Ok(view) = dialect.view(&changed, &mut fields) {
                    assert_eq!(view.verify_mac(&key), MacVerdict::Wrong);
                }
            }
        }
    }
}

#[test]
fn the_code_moves_to_field_128_behind_a_second_bitmap() {
    let dialect = Dialect::builtin("nac").unwrap();
    let (mut message, mut bytes) = (request(), Vec::new());
    message.set(70, "301");
    dialect.encode_with_mac(&mut message, &keys()[0], &mut bytes).unwrap();
    let mut fields = Fields::new();
    let view = dialect.view(&bytes, &mut fields).unwrap();
    assert_eq!((view.has(64), view.has(128)), (false, true));
    assert_eq!(view.verify_mac(&keys()[0]), MacVerdict::Valid);
    assert_eq!(view.verify_mac(&keys()[1]), MacVerdict::Wrong);
}

#[test]
fn transport_headers_are_not_covered() {
    let dialect = Dialect::builtin("nac").unwrap();
    let (mut one, mut other) = (Vec::new(), Vec::new());
    dialect.encode_with_mac(&mut request(), &keys()[0], &mut one).unwrap();
    let mut message = request();
    message.tpdu = message.tpdu.map(Tpdu::swapped);
    dialect.encode_with_mac(&mut message, &keys()[0], &mut other).unwrap();
    assert_ne!(one, other);
    assert_eq!(one[5..], other[5..]);
}

#[test]
fn a_message_without_a_code_says_so() {
    let (dialect, samples) = of("iso93a");
    let mut fields = Fields::new();
    let view = dialect.view(samples[0].message(dialect), &mut fields).unwrap();
    assert_eq!(view.verify_mac(&keys()[0]), MacVerdict::Missing);
}

#[test]
fn a_code_made_from_json_is_checked_behind_a_frame_length_too() {
    let dialect = Dialect::builtin("iso87b").unwrap();
    let key = MacKey::aes_cmac(&[7; 16]).unwrap();
    let json = r#"{"length":0,"mti":"0800","fields":{"11":"000007","64":"0000000000000000"}}"#;
    let bytes = encode_json_with_mac(&dialect, json, &key).unwrap();
    assert_eq!(usize::from(bytes[1]), bytes.len() - 2);
    assert_eq!(check_mac(&dialect, &bytes, &key), Ok(MacVerdict::Valid));
    assert_eq!(check_mac(&dialect, &bytes[2..], &key), Ok(MacVerdict::Valid));
    let other = MacKey::aes_cmac(&[8; 16]).unwrap();
    assert_eq!(check_mac(&dialect, &bytes, &other), Ok(MacVerdict::Wrong));
    assert!(check_mac(&dialect, &bytes[..bytes.len() - 1], &key).is_err());
    let bare = encode_json(&dialect, r#"{"mti":"0800","fields":{"11":"7"}}"#);
    assert!(bare.is_ok_and(|bytes| check_mac(&dialect, &bytes, &key) == Ok(MacVerdict::Missing)));
}
