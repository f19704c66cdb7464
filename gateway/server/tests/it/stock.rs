//! Vouchers from an issuer's encrypted batch to the lists that go back to the issuer.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use age::secrecy::ExposeSecret;
use age::x25519::{Identity, Recipient};
use serde_json::Value;

use crate::installation::{Said, TestInstallation, demo, tillgate};

const HEADER: &str = "batch,service,product,count,amount,first_serial,last_serial\n";

/// Gives an installation a key for encrypted files; whom they are encrypted for.
pub(crate) fn with_identity(installation: &TestInstallation) -> Recipient {
    let key = Identity::generate();
    let file = installation.file("keys/import.age-key");
    fs::write(&file, format!("# made today\n{}\n", key.to_string().expose_secret())).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o400)).unwrap();
    let config = installation.file("tillgate.toml");
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains("\n# age_identity = "));
    fs::write(&config, text.replace("\n# age_identity = ", "\nage_identity = ")).unwrap();
    key.to_public()
}

pub(crate) fn encrypt(text: &str, recipient: &Recipient) -> Vec<u8> {
    let recipients = std::iter::once(recipient).map(|one| -> &dyn age::Recipient { one });
    let mut bytes = Vec::new();
    let encryptor = age::Encryptor::with_recipients(recipients).unwrap();
    let mut writer = encryptor.wrap_output(&mut bytes).unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap();
    bytes
}

/// An encrypted batch of product 1 (5.00), and these control totals.
fn batch(installation: &TestInstallation, name: &str, recipient: &Recipient, row: &str) -> String {
    let dir = installation.csv(name, &[("batch.csv", &format!("{HEADER}{row}\n"))]);
    let rows: String = (1..=4).map(|n| format!("10,1,A{n},9911000{n},2099-12-31\n")).collect();
    let text = format!("service,product,serial,pin,expiry\n{rows}");
    fs::write(Path::new(&dir).join("vouchers-17.csv.age"), encrypt(&text, recipient)).unwrap();
    dir
}

fn run(installation: &TestInstallation, args: &[&str]) -> Said {
    tillgate(&[args, &[&installation.config()]].concat())
}

fn verified(installation: &TestInstallation) -> Value {
    serde_json::from_str(&run(installation, &["verify"]).out).unwrap()
}

#[test]
fn an_encrypted_batch_is_loaded_once_and_what_is_unsold_of_it_goes_back() {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    let none = run(&installation, &["stock", "recipient"]);
    assert!(none.code != 0 && none.err.contains("age-keygen"), "{}", none.err);
    let recipient = with_identity(&installation);
    let shown = run(&installation, &["stock", "recipient"]).out;
    assert_eq!(shown.trim(), recipient.to_string());
    let wrong = batch(&installation, "wrong", &recipient, "B-17,10,1,5,20.00,A1,A4");
    let right = batch(&installation, "right", &recipient, "B-17,10,1,4,20.00,A1,A4");
    // A stopped gateway refuses as a serving one does.
    let offline = run(&installation, &["import", &wrong]);
    let gateway = installation.serve();
    let online = run(&installation, &["import", &wrong]);
    for refused in [offline, online] {
        let expected = "batch.csv:2:4 (count): 5 vouchers expected, 4 found";
        assert!(refused.code == 1 && refused.err.contains(expected), "{}", refused.err);
        assert!(!refused.err.contains("9911000"));
    }
    let loaded = run(&installation, &["import", &right]);
    let expected = "Imported 4 vouchers, 1 control total; in force at the serving gateway.\n";
    assert_eq!((loaded.code, loaded.out.as_str()), (0, expected), "{}", loaded.err);
    let again = run(&installation, &["import", &right]);
    let expected = "batch.csv:2: batch B-17 of service 10 product 1: loaded before";
    assert!(again.err.contains(expected), "{}", again.err);
    assert!(again.err.contains("A1 of service 10: loaded before"), "{}", again.err);

    let withdraw = |more: &[&str]| {
        let args = ["stock", "withdraw", "--service=10", "--note=recalled"];
        run(&installation, &[&args, more].concat())
    };
    assert_eq!(withdraw(&["--product=1"]).code, 2, "not all by mistake");
    let unknown = withdraw(&["--product=1", "--batch=B-18"]);
    assert!(unknown.err.contains("no batch B-18 of service 10 product 1 was loaded"));
    let dry = withdraw(&["--product=1", "--batch=B-17", "--dry-run"]);
    assert_eq!(dry.out, "Dry run: 4 vouchers are in stock. Nothing was withdrawn.\n");
    let list = installation.dir.path().join("serials.txt");
    fs::write(&list, "A2\n\nZ9\nA2\n").unwrap();
    let some = withdraw(&[&format!("--serials={}", list.display())]);
    assert_eq!(some.out, "Withdrew 1 vouchers of 3 listed.\n", "{}", some.err);
    let all = withdraw(&["--product=1", "--batch=B-17"]);
    assert_eq!(all.out, "Withdrew 3 vouchers.\n", "{}", all.err);
    assert_eq!(withdraw(&["--product=1", "--batch=B-17"]).out, "Withdrew 0 vouchers.\n");

    let returns = run(&installation, &["stock", "returns"]);
    let lines: Vec<&str> = returns.out.lines().collect();
    assert_eq!(lines[0], "service,product,serial,batch,face_minor,currency,expiry,change");
    assert!(lines[1].starts_with("10,1,A1,B-17,500,978,2099-12-31,"), "{lines:?}");
    assert_eq!(lines.len(), 5);
    assert!(returns.err.starts_with("4 vouchers, 20.00 EUR.\n"), "{}", returns.err);
    let after = returns.err.rsplit(' ').next().unwrap().trim().trim_end_matches('.').to_owned();
    let later = run(&installation, &["stock", "returns", "--after-change", &after]);
    assert_eq!((later.out.lines().count(), later.err.as_str()), (1, "No vouchers.\n"));
    let voids = run(&installation, &["stock", "voids"]);
    assert_eq!(voids.out.lines().count(), 1, "{}", voids.out);
    assert_eq!(gateway.stop(), 0);
    let counts = &verified(&installation)["counts"];
    assert_eq!((&counts["vouchers_withdrawn"], &counts["vouchers_loaded"]), (&4.into(), &4.into()));
}

#[test]
fn a_key_for_encrypted_files_that_others_may_read_is_refused() {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    let recipient = with_identity(&installation);
    let right = batch(&installation, "right", &recipient, "B-17,10,1,4,20.00,A1,A4");
    let key = installation.file("keys/import.age-key");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let offline = run(&installation, &["import", &right]);
    let gateway = installation.serve();
    let online = run(&installation, &["import", &right]);
    for refused in [offline, online] {
        assert!(refused.code == 1 && refused.err.contains("chmod 0400"), "{}", refused.err);
        assert!(!refused.err.contains("AGE-SECRET"), "{}", refused.err);
    }
    assert_eq!(gateway.stop(), 0);
}
