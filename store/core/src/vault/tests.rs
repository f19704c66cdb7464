//! The vault opens what it sealed, where it sealed it, and nothing else.

use super::*;

const PIN: &[u8] = b"1234-5678-9012-3456";

fn place(serial: &str) -> Context {
    voucher_context(ServiceId(10), ProductId(3), &Text::from(serial).unwrap())
}

fn vault() -> Vault {
    Vault::new(7, [0x11; 32])
}

fn open(vault: &Vault, context: &Context, sealed: &Sealed) -> Result<Vec<u8>, VaultError> {
    let mut out = Secret::new();
    vault.open(context, sealed, &mut out).map(|()| out.as_bytes().to_vec())
}

#[test]
fn a_sealed_pin_opens_at_its_own_place() {
    let sealed = vault().seal(&place("A1"), [1; 12], PIN).unwrap();
    assert_eq!(open(&vault(), &place("A1"), &sealed).unwrap(), PIN);
    assert_eq!(sealed.bytes.len(), PIN.len() + TAG_BYTES);
    assert!(!sealed.bytes.windows(4).any(|w| w == &PIN[..4]));
}

#[test]
fn a_sealed_pin_moved_to_another_voucher_does_not_open() {
    let sealed = vault().seal(&place("A1"), [1; 12], PIN).unwrap();
    let refused = Err(VaultError::DoesNotOpen { kek_id: 7 });
    assert_eq!(open(&vault(), &place("A2"), &sealed), refused);
    let key_place = terminal_context(TerminalId(10), 3);
    assert_eq!(open(&vault(), &key_place, &sealed), refused);
}

#[test]
fn another_key_under_the_same_number_does_not_open() {
    let sealed = vault().seal(&place("A1"), [1; 12], PIN).unwrap();
    let other = Vault::new(7, [0x12; 32]);
    assert_eq!(open(&other, &place("A1"), &sealed), Err(VaultError::DoesNotOpen { kek_id: 7 }));
}

#[test]
fn a_key_that_is_not_configured_is_named() {
    let sealed = vault().seal(&place("A1"), [1; 12], PIN).unwrap();
    let other = Vault::new(8, [0x11; 32]);
    let error = open(&other, &place("A1"), &sealed).unwrap_err();
    assert_eq!(error, VaultError::UnknownKek(7));
    assert!(error.to_string().contains("key-encryption key 7"));
}

#[test]
fn the_number_of_the_key_is_sealed_too() {
    let both = Vault::new(8, [0x11; 32]).with_old(7, [0x11; 32]);
    let mut sealed = vault().seal(&place("A1"), [1; 12], PIN).unwrap();
    assert_eq!(open(&both, &place("A1"), &sealed).unwrap(), PIN);
    sealed.kek_id = 8;
    assert_eq!(open(&both, &place("A1"), &sealed), Err(VaultError::DoesNotOpen { kek_id: 8 }));
}

#[test]
fn every_flipped_bit_is_noticed_and_leaves_no_plaintext() {
    let good = vault().seal(&place("A1"), [1; 12], PIN).unwrap();
    for bit in 0..good.bytes.len() * 8 {
        let mut bad = good.clone();
        bad.bytes[bit / 8] ^= 1 << (bit % 8);
        let mut out = Secret::new();
        assert!(vault().open(&place("A1"), &bad, &mut out).is_err(), "bit {bit}");
        assert!(out.as_bytes().is_empty());
        assert_eq!(out.bytes, [0; PLAIN_BYTES_MAX]);
    }
    let mut bad = good.clone();
    bad.nonce[0] ^= 1;
    assert!(open(&vault(), &place("A1"), &bad).is_err());
}

#[test]
fn every_truncation_is_noticed() {
    let good = vault().seal(&place("A1"), [1; 12], PIN).unwrap();
    for len in 0..good.bytes.len() {
        let mut bad = good.clone();
        bad.bytes.truncate(len);
        assert!(open(&vault(), &place("A1"), &bad).is_err(), "{len} bytes");
    }
}

#[test]
fn an_old_key_opens_and_rewrapping_moves_to_the_current_one() {
    let old = vault().seal(&place("A1"), [1; 12], PIN).unwrap();
    let both = Vault::new(8, [0x22; 32]).with_old(7, [0x11; 32]);
    assert_eq!(open(&both, &place("A1"), &old).unwrap(), PIN);
    let new = both.rewrap(&place("A1"), &old, [2; 12]).unwrap();
    assert_eq!((new.kek_id, both.current_kek()), (8, 8));
    let only_new = Vault::new(8, [0x22; 32]);
    assert_eq!(open(&only_new, &place("A1"), &new).unwrap(), PIN);
    assert!(open(&only_new, &place("A1"), &old).is_err());
}

#[test]
fn the_longest_plaintext_fits_and_one_more_byte_is_refused() {
    let longest = [b'9'; PLAIN_BYTES_MAX];
    let sealed = vault().seal(&place("A1"), [1; 12], &longest).unwrap();
    assert_eq!(open(&vault(), &place("A1"), &sealed).unwrap(), longest);
    assert_eq!(
        vault().seal(&place("A1"), [1; 12], &[0; PLAIN_BYTES_MAX + 1]).unwrap_err(),
        VaultError::TooLong { bytes: PLAIN_BYTES_MAX + 1 }
    );
}

#[test]
fn the_printed_form_of_a_sealed_value_shows_no_bytes() {
    let sealed = vault().seal(&place("A1"), [1; 12], PIN).unwrap();
    assert_eq!(format!("{sealed:?}"), "Sealed(kek 7, 35 bytes)");
}
