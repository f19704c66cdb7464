use std::io::Write;

use tillgate_store_core::{Registry, RegistryRecord};
use zeroize::Zeroizing;

use crate::encrypted::{Identity, armored};
use crate::limits::{ENCRYPTED_BYTES_MAX, IDENTITIES_MAX, RECIPIENTS_MAX};
use crate::tests::{network, plan_of};
use crate::{Existing, Form, Source, make_missing_keys};

const HEADER: &str = "batch,service,product,count,amount,first_serial,last_serial\n";
const VOUCHERS: &str = "service,product,serial,pin,expiry\n10,1,9,11112222,2027-01-31\n\
                        10,1,10,33334444,2027-01-31\n10,1,11,55556666,2027-01-31\n";

/// A key, its text, and whom it is encrypted for.
fn key() -> (Identity, age::x25519::Recipient) {
    let key = age::x25519::Identity::generate();
    let text = age::secrecy::ExposeSecret::expose_secret(&key.to_string()).to_owned();
    (Identity::parse(&format!("# made today\n{text}\n")).unwrap(), key.to_public())
}

fn encrypt(text: &[u8], recipients: &[age::x25519::Recipient]) -> Vec<u8> {
    let recipients = recipients.iter().map(|one| -> &dyn age::Recipient { one });
    let encryptor = age::Encryptor::with_recipients(recipients).unwrap();
    let mut bytes = Vec::new();
    let mut writer = encryptor.wrap_output(&mut bytes).unwrap();
    writer.write_all(text).unwrap();
    writer.finish().unwrap();
    bytes
}

fn source(name: &str, text: &str) -> Source {
    Source::of_text(name, Zeroizing::new(text.to_owned())).unwrap()
}

/// The voucher service, as the store has it.
fn known() -> Registry {
    let files = network();
    let wanted = ["services.csv", "products.csv"];
    let sources: Vec<Source> = files
        .iter()
        .filter(|(name, _)| wanted.contains(name))
        .map(|(name, text)| source(name, text))
        .collect();
    let plan = plan_of(&sources, &Registry::new(), Existing::Refuse).unwrap();
    let mut registry = Registry::new();
    plan.change.records.iter().for_each(|record: &RegistryRecord| registry.apply(record));
    registry
}

fn said(sources: &[Source]) -> String {
    plan_of(sources, &known(), Existing::Refuse)
        .err()
        .map_or_else(String::new, |faults| faults.to_string())
}

#[test]
fn control_totals_that_come_encrypted_are_refused() {
    let (identity, recipient) = key();
    let sealed = |name, text: &str| {
        let encrypted =
            armored(&encrypt(text.as_bytes(), std::slice::from_ref(&recipient))).unwrap();
        let mut file = source(name, &encrypted);
        file.open(Some(&identity)).unwrap();
        file
    };
    let totals = sealed("batch.csv.age", &format!("{HEADER}B-17,10,1,3,15.00,9,11\n"));
    let said = said(&[totals, sealed("vouchers-17.csv.age", VOUCHERS)]);
    assert!(said.contains("control totals came encrypted"), "{said}");
}

#[test]
fn an_encrypted_batch_with_its_totals_becomes_vouchers_and_a_batch() {
    let (identity, recipient) = key();
    let encrypted = armored(&encrypt(VOUCHERS.as_bytes(), &[recipient])).unwrap();
    let mut file = source("new/vouchers-17.csv.age", &encrypted);
    assert_eq!(file.form, Form::Closed);
    file.open(Some(&identity)).unwrap();
    assert_eq!((file.form, file.text.as_str()), (Form::Opened, VOUCHERS));
    let totals = source("batch.csv", &format!("{HEADER}B-17,10,1,3,15.00,9,11\n"));
    let plan = plan_of(&[totals, file], &known(), Existing::Refuse).unwrap();
    assert_eq!(plan.counts.sentence(), "3 vouchers, 1 control total");
    let [batch] = plan.change.batches[..] else { panic!("one batch") };
    assert_eq!((batch.of.number.as_str(), batch.count, batch.face_minor), ("B-17", 3, 500));
    assert_eq!((batch.first.as_str(), batch.last.as_str()), ("9", "11"), "as numbers");
}

#[test]
fn every_total_that_does_not_agree_is_reported_where_it_is() {
    for (row, expected) in [
        ("B-17,10,1,4,20.00,9,11", "batch.csv:2:4 (count): 4 vouchers expected, 3 found"),
        (
            "B-17,10,1,3,15.01,9,11",
            "batch.csv:2:5 (amount): 15.01 expected, 15.00 found: 3 of 5.00",
        ),
        ("B-17,10,1,3,15.00,10,11", "batch.csv:2:6 (first_serial): serial 10 expected, 9 found"),
        ("B-17,10,1,3,15.00,9,12", "batch.csv:2:7 (last_serial): serial 12 expected, 11 found"),
        ("B-17,10,1,0,0.00,9,11", "batch.csv:2:4 (count): found \"0\", expected a whole number"),
        (",10,1,3,15.00,9,11", "batch.csv:2:1 (batch): found nothing, expected 1 to 24"),
        (
            "B-17,11,1,3,15.00,9,11",
            "batch.csv:2:2 (service): found \"11\", expected a service that",
        ),
        (
            "B-17,20,1,3,15.00,9,11",
            "batch.csv:2:2 (service): found \"20\", expected a service of kind",
        ),
        ("B-17,10,7,3,15.00,9,11", "batch.csv:2:3 (product): found \"7\", expected a product of"),
        (
            "B-17,10,1,3,15.00,9,11\nB-18,10,1,3,15.00,9,11",
            "batch.csv:3:3 (product): 1 was given before, in line 2",
        ),
    ] {
        let totals = source("batch.csv", &format!("{HEADER}{row}\n"));
        let said = said(&[totals, source("vouchers.csv", VOUCHERS)]);
        assert!(said.contains(expected), "{row}: {said}");
    }
    let none = said(&[source("batch.csv", &format!("{HEADER}B-17,10,1,3,15.00,9,11\n"))]);
    assert!(none.contains("3 vouchers expected, none found in the files of this import"), "{none}");
}

#[test]
fn an_invalid_voucher_is_reported_once_and_not_as_a_wrong_total_too() {
    let totals = source("batch.csv", &format!("{HEADER}B-17,10,1,3,15.00,9,11\n"));
    let wrong = VOUCHERS.replace("33334444", "3");
    let said = said(&[totals, source("vouchers.csv", &wrong)]);
    assert!(said.contains("vouchers.csv:3") && !said.contains("batch.csv"), "{said}");
}

#[test]
fn encrypted_vouchers_without_totals_are_refused_and_plain_ones_are_not() {
    let (identity, recipient) = key();
    let encrypted = armored(&encrypt(VOUCHERS.as_bytes(), &[recipient])).unwrap();
    let mut file = source("vouchers.csv.age", &encrypted);
    file.open(Some(&identity)).unwrap();
    let text = said(&[file]);
    let expected = "vouchers.csv.age:2: vouchers of service 10 product 1 came encrypted, expected \
                    their control totals in batch.csv";
    assert!(text.contains(expected), "{text}");
    assert!(plan_of(&[source("vouchers.csv", VOUCHERS)], &known(), Existing::Refuse).is_ok());
}

#[test]
fn a_file_that_does_not_open_says_why_and_nothing_of_what_is_in_it() {
    let ((identity, recipient), (stranger, _)) = (key(), key());
    let binary = encrypt(VOUCHERS.as_bytes(), std::slice::from_ref(&recipient));
    let text = armored(&binary).unwrap();
    assert_eq!(armored(text.as_bytes()).unwrap(), text, "whichever form it came in");
    let open = |text: &str, identity| source("vouchers.csv.age", text).open(identity).unwrap_err();
    let none = open(&text, None);
    assert!(none.starts_with("vouchers.csv.age: ") && none.contains("age_identity"), "{none}");
    let other = open(&text, Some(&stranger));
    assert!(other.contains("for somebody else") && other.contains(&stranger.recipients()[0]));
    assert!(open("", Some(&identity)).contains("is not encrypted with age"));
    let cut = text.lines().take(3).collect::<Vec<_>>().join("\n");
    assert!(open(&cut, Some(&identity)).contains("its armor is not as age writes it"));
    assert!(open(VOUCHERS, Some(&identity)).contains("is not encrypted with age"));
    let mut closed = source("vouchers.csv.age", &text);
    assert!(make_missing_keys(std::slice::from_mut(&mut closed), &|| [0; 32]).is_none());
    assert!(said(&[closed]).contains("vouchers.csv.age: is encrypted, and was not opened"));
    let latin = encrypt(b"service\n10,\xE9\n", &[recipient]);
    let latin = open(&armored(&latin).unwrap(), Some(&identity));
    assert_eq!(latin, "vouchers.csv.age:2: is not UTF-8");
    for wrong in ["", "# nothing", "AGE-SECRET-KEY-1QQQQ", "age1qqqq"] {
        let said = Identity::parse(wrong).err().unwrap();
        assert!(!said.contains("QQQQ") && !said.contains("qqqq"), "{said}");
    }
}

/// A hostile carrier: whatever is cut off or changed, nothing of it is taken.
#[test]
fn a_file_that_was_cut_off_or_changed_anywhere_does_not_open() {
    let (identity, recipient) = key();
    let binary = encrypt(VOUCHERS.as_bytes(), &[recipient]);
    let opens = |bytes: &[u8]| crate::encrypted::open(bytes, &identity).is_ok();
    assert!(opens(&binary));
    for end in 0..binary.len() {
        assert!(!opens(&binary[..end]), "cut off at {end}");
    }
    for at in 0..binary.len() {
        let mut changed = binary.clone();
        changed[at] ^= 1;
        assert!(!opens(&changed), "changed at {at}");
    }
    assert!(!opens(&[binary, vec![0]].concat()), "and nothing is behind it");
}

#[test]
fn encrypted_files_keys_and_recipients_are_bounded() {
    let (identity, recipient) = key();
    let long = vec![b'x'; ENCRYPTED_BYTES_MAX + 1];
    assert!(armored(&long).unwrap_err().contains("split the file"));
    let many = encrypt(b"x", &vec![recipient; RECIPIENTS_MAX + 1]);
    let said = crate::encrypted::open(&many, &identity).err().unwrap();
    assert!(said.contains("recipients; expected at most"), "{said}");
    let line =
        age::secrecy::ExposeSecret::expose_secret(&age::x25519::Identity::generate().to_string())
            .to_owned();
    let keys = vec![line; IDENTITIES_MAX + 1].join("\n");
    assert!(Identity::parse(&keys).err().unwrap().contains("9 keys"));
}
