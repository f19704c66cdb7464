//! `tillgate serve` as its operator meets it: signals, exit codes, what it says when it cannot
//! start.
use std::fs;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::installation::{TestInstallation, demo, tillgate};

const VOUCHERS_HEAD: &str = "service,product,serial,pin,expiry\n";

/// Writes `sessions_max` into the configuration.
fn limit_sessions(installation: &TestInstallation, sessions_max: u32) {
    let file = installation.file("tillgate.toml");
    let config = fs::read_to_string(&file).unwrap();
    let mine = |line: &&str| !line.trim_start().starts_with("sessions_max");
    let without: Vec<&str> = config.lines().filter(mine).collect();
    let with = format!("[link]\nsessions_max = {sessions_max}");
    fs::write(&file, without.join("\n").replacen("[link]", &with, 1)).unwrap();
}

#[test]
fn a_signal_drains_and_ends_with_0_and_the_next_start_serves_again() {
    let installation = TestInstallation::new();
    for _ in 0..2 {
        let gateway = installation.serve();
        assert_eq!(gateway.ask("GET", "/readyz", "", "").status, 200);
        let page = gateway.ask("GET", "/metrics", &installation.token(), "").body;
        assert!(page.contains("\ntillgate_serving 1\n"), "{page}");
        let _idle = TcpStream::connect(gateway.terminals).unwrap();
        let began = Instant::now();
        assert_eq!(gateway.stop(), 0);
        assert!(began.elapsed() < Duration::from_secs(5), "took {:?}", began.elapsed());
    }
}

#[test]
fn a_store_that_cannot_write_ends_with_70_and_the_next_start_has_nothing_of_it() {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    let gateway = installation.serve_on_a_small_disk(100);
    let voucher = |number: u32| format!("10,1,S{number:08},1234-{number:08},2099-12-31\n");
    let rows: String = (0..3_000).map(voucher).collect();
    let stock = installation.csv("stock", &[("vouchers.csv", &format!("{VOUCHERS_HEAD}{rows}"))]);
    let import = ["import", &stock, &installation.config()];
    let refused = tillgate(&import);
    assert_ne!(refused.code, 0, "acknowledged: {}", refused.out);
    assert_eq!(gateway.end(), 70);

    let verdict = tillgate(&["verify", &installation.config()]);
    assert_eq!(verdict.code, 0, "{}", verdict.err);
    assert!(verdict.out.contains("\"vouchers_in_stock\": 0"), "{}", verdict.out);
    let done = tillgate(&import);
    assert_eq!(done.code, 0, "{}", done.err);
}

#[test]
fn too_few_descriptors_are_refused_with_3_and_the_number_that_would_do() {
    let installation = TestInstallation::new();
    limit_sessions(&installation, 1_000_000);
    let refused = tillgate(&["serve", &installation.config()]);
    assert_eq!(refused.code, 3, "{}", refused.err);
    let said = refused.err;
    assert!(said.contains("LimitNOFILE=") && said.contains("sessions_max"), "{said}");
}

#[test]
fn it_leaves_no_core_file() {
    let installation = TestInstallation::new();
    let gateway = installation.serve();
    let limits = fs::read_to_string(format!("/proc/{}/limits", gateway.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    assert_eq!(gateway.stop(), 0);
}
