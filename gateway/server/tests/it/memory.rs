//! What a serving gateway still knows after an import, byte by byte.
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use crate::installation::{Gateway, TestInstallation, demo, tillgate};
use crate::stock::{encrypt, with_identity};

const VOUCHERS: u32 = 20_000;
/// Begins every PIN here, and nothing else that a gateway has.
const MARK: &[u8] = b"PIN7731-";
/// hyper reads into buffers of its own, of 16 KiB or a little more, and does not wipe them: the
/// last of a body may stay there.
const TAIL_BYTES: usize = 32 * 1024;

/// The different PINs in what the process may write to; `None` where nobody but root may look.
fn pins_in(pid: u32) -> Option<BTreeSet<Vec<u8>>> {
    let memory = File::open(format!("/proc/{pid}/mem")).ok()?;
    let (mut pins, mut looked_at) = (BTreeSet::new(), 0);
    for line in fs::read_to_string(format!("/proc/{pid}/maps")).unwrap().lines() {
        let mut parts = line.split(' ');
        let (from, to) = parts.next().unwrap().split_once('-').unwrap();
        if !parts.next().unwrap().starts_with("rw") {
            continue;
        }
        let number = |hex| u64::from_str_radix(hex, 16).unwrap();
        let (from, to) = (number(from), number(to));
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        // Parts that the kernel keeps to itself cannot be read.
        if memory.read_exact_at(&mut bytes, from).is_ok() {
            let found = bytes.windows(MARK.len() + 8).filter(|pin| pin.starts_with(MARK));
            pins.extend(found.map(<[u8]>::to_vec));
            looked_at += bytes.len();
        }
    }
    assert!(looked_at > 1 << 20, "{looked_at} bytes are less than a gateway has");
    Some(pins)
}

fn row(number: u32) -> String {
    let mark = str::from_utf8(MARK).unwrap();
    format!("10,1,S{number:08},{mark}{number:08},2099-12-31\n")
}

fn vouchers() -> String {
    let rows: String = (0..VOUCHERS).map(row).collect();
    format!("service,product,serial,pin,expiry\n{rows}")
}

/// Fails if more PINs than this are left in its memory.
fn check(gateway: &Gateway, most: usize) {
    let Some(left) = pins_in(gateway.pid()) else {
        let skipped = "NOT CHECKED that no PIN is left in memory: only root can look";
        assert!(std::env::var_os("CI").is_none(), "{skipped}; run the tests as root");
        eprintln!("{skipped}");
        return;
    };
    assert!(left.len() <= most, "{} of {VOUCHERS} PINs are left, more than {most}", left.len());
}

/// Nothing of them ever was in a buffer that somebody else reads into.
#[test]
fn an_encrypted_import_leaves_no_pins_in_the_gateways_memory() {
    let installation = TestInstallation::new();
    let recipient = with_identity(&installation);
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    let gateway = installation.serve();
    let totals = "batch,service,product,count,amount,first_serial,last_serial\n\
                  B-17,10,1,20000,100000.00,S00000000,S00019999\n";
    let stock = installation.csv("stock", &[("batch.csv", totals)]);
    let file = std::path::Path::new(&stock).join("vouchers.csv.age");
    fs::write(file, encrypt(&vouchers(), &recipient)).unwrap();
    let done = tillgate(&["import", &stock, &installation.config()]);
    assert!(done.code == 0 && done.out.contains("serving gateway"), "{}{}", done.out, done.err);
    check(&gateway, 0);
    assert_eq!(gateway.stop(), 0);
}

#[test]
fn an_online_import_leaves_no_pins_in_the_gateways_memory() {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    let gateway = installation.serve();
    let stock = installation.csv("stock", &[("vouchers.csv", &vouchers())]);
    let done = tillgate(&["import", &stock, &installation.config()]);
    assert!(done.code == 0 && done.out.contains("serving gateway"), "{}{}", done.out, done.err);
    check(&gateway, TAIL_BYTES / row(0).len() + 1);
    assert_eq!(gateway.stop(), 0);
}
