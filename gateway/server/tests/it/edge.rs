//! The admin API attacked over real sockets, and its Unix socket.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::installation::{Gateway, TestInstallation, demo, tillgate};
use nix::unistd::{Uid, User};
use serde_json::json;
use tillgate_store_core::{Audit, journal};
use tillgate_store_rocks::{Options, RocksReader};

fn serving() -> (TestInstallation, Gateway) {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    let gateway = installation.serve();
    (installation, gateway)
}

#[test]
fn a_target_without_a_path_is_refused_and_the_process_lives() {
    let (_house, gateway) = serving();
    for target in ["CONNECT evil:80", "GET evil:80", "OPTIONS *", "GET http://evil/healthz"] {
        let head = format!("{target} HTTP/1.1\r\nHost: evil\r\n\r\n");
        let answer = gateway.raw(head.as_bytes());
        assert_eq!(
            (answer.status, answer.json()["error"]["code"].clone()),
            (400, json!("bad_target"))
        );
        assert_eq!(gateway.ask("GET", "/healthz", "", "").status, 200, "after {target}");
    }
    let page = gateway.ask("GET", "/metrics", "", "").body;
    let refused = "tillgate_admin_refused_total{door=\"network\",reason=\"bad_target\"} 4";
    assert!(page.contains(refused), "{page}");
    assert!(page.contains("tillgate_edge_panics_total{edge=\"admin\"} 0"), "{page}");
    assert_eq!(gateway.stop(), 0);
}

#[test]
fn idle_sockets_and_bodyless_logins_delay_neither_health_nor_a_block() {
    let (installation, gateway) = serving();
    let connect = || TcpStream::connect(gateway.admin).unwrap();
    let idle: Vec<TcpStream> = (0..200).map(|_| connect()).collect();
    let logins: Vec<TcpStream> = (0..64)
        .map(|_| {
            let mut stream = connect();
            let head = "POST /api/v1/login HTTP/1.1\r\nHost: g\r\nContent-Length: 40\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    for _ in 0..3 {
        let begun = Instant::now();
        assert_eq!(gateway.ask("GET", "/healthz", "", "").status, 200);
        assert_eq!(gateway.ask("GET", "/readyz", "", "").status, 200);
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        let begun = Instant::now();
        let status = gateway.ask("GET", "/api/v1/status", &installation.token(), "");
        assert_eq!(status.status, 200, "{}", status.body);
        let block = ["terminal", "block", "70001", "--reason", "stolen", &installation.config()];
        let said = tillgate(&block);
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
    // Those that hold a place lose it after five seconds; the address may log in again.
    std::thread::sleep(Duration::from_secs(6));
    let body = json!({ "user": "admin", "password": installation.password }).to_string();
    assert_eq!(gateway.ask("POST", "/api/v1/login", "", &body).status, 200);
    drop((idle, logins));
    assert_eq!(gateway.stop(), 0);
}

#[test]
fn guessing_a_password_is_slowed_down_and_counted() {
    let (installation, gateway) = serving();
    let log_in = |password: &str| {
        let body = json!({ "user": "admin", "password": password }).to_string();
        gateway.ask("POST", "/api/v1/login", "", &body)
    };
    let statuses: Vec<u16> = (0..12).map(|_| log_in("guessed").status).collect();
    assert_eq!(statuses[..6], [401; 6]);
    assert!(statuses[6..].contains(&429), "{statuses:?}");
    let page = gateway.ask("GET", "/metrics", "", "").body;
    assert!(page.contains("tillgate_logins_refused_total{reason=\"wrong\"} "), "{page}");
    assert!(!page.contains("tillgate_logins_refused_total{reason=\"too_soon\"} 0"), "{page}");
    // Who knows the password waits half a minute at the most.
    let begun = Instant::now();
    while log_in(&installation.password).status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(40), "locked out");
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn the_metrics_show_stock_waiting_transactions_and_disk() {
    let installation = TestInstallation::new();
    let vouchers = "service,product,serial,pin,expiry\n\
                    10,1,B-1,11112222,2099-12-31\n10,1,B-2,33334444,2099-12-31\n";
    let vouchers = installation.csv("stock", &[("vouchers.csv", vouchers)]);
    let imported = tillgate(&["import", &demo(), &vouchers, &installation.config()]);
    assert_eq!(imported.code, 0, "{}", imported.err);
    let gateway = installation.serve();
    let page = gateway.ask("GET", "/metrics", "", "").body;
    for series in [
        "tillgate_stock_vouchers{service=\"10\",product=\"1\"} 2\n",
        "tillgate_stock_vouchers{service=\"10\",product=\"2\"} 0\n",
        "tillgate_stock_vouchers_expired{service=\"10\",product=\"1\"} 0\n",
        "tillgate_transactions_waiting{for=\"operator\",kind=\"top_up\"} 0",
        "tillgate_transactions_waiting_oldest_seconds{for=\"operator\"} 0",
        "tillgate_stock_counted 1",
        "tillgate_disk_free_bytes ",
    ] {
        assert!(page.contains(series), "{series} in {page}");
    }
}

#[test]
fn a_command_needs_no_token_and_the_audit_log_names_the_user_of_this_machine() {
    let (installation, gateway) = serving();
    fs::remove_file(installation.file("admin.token")).unwrap();
    let socket = installation.file("admin.sock");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let block = ["terminal", "block", "70001", "--reason", "stolen", &installation.config()];
    assert_eq!(tillgate(&block).code, 0);
    assert_eq!(gateway.stop(), 0);
    assert!(!socket.exists(), "removed on the way down");
    let user = User::from_uid(Uid::effective()).unwrap().unwrap();
    assert_eq!(audits(&installation).last().unwrap().actor, format!("local {}", user.name));
}

fn audits(installation: &TestInstallation) -> Vec<Audit> {
    let reader = RocksReader::open(&installation.file("data"), &Options::serving()).unwrap();
    let mut rows = Vec::new();
    journal::records::<Audit>(&reader, &[], |row| {
        rows.push(row);
        ControlFlow::Continue(())
    })
    .unwrap();
    rows
}

/// Behind the note, where no note can pretend to be it.
#[test]
fn every_change_in_the_audit_log_says_where_it_came_from() {
    let (installation, gateway) = serving();
    let status = gateway.ask("GET", "/api/v1/status", &installation.token(), "").json();
    let known = usize::try_from(status["audits"].as_u64().unwrap()).unwrap();
    let block =
        ["terminal", "block", "70001", "--reason", "a (from 10.9.9.9)", &installation.config()];
    assert_eq!(tillgate(&block).code, 0);
    let path = "/api/v1/terminals/70001/unblock";
    assert_eq!(gateway.ask("POST", path, &installation.token(), "").status, 200);
    let body = json!({ "user": "admin", "password": installation.password }).to_string();
    let login = gateway.ask("POST", "/api/v1/login", "", &body).json();
    let person = login["token"].as_str().unwrap();
    let path = "/api/v1/terminals/70001/block";
    assert_eq!(gateway.ask("POST", path, person, "{\"reason\":\"lost\"}").status, 200);
    assert_eq!(gateway.stop(), 0);
    let rows = audits(&installation).split_off(known);
    let uid = Uid::effective();
    let expected = [
        format!("block terminal 00070001: a (from 10.9.9.9) (from this machine, uid {uid})"),
        "unblock terminal 00070001 (from 127.0.0.1)".to_owned(),
        "block terminal 00070001: lost (from 127.0.0.1)".to_owned(),
    ];
    assert_eq!(rows.iter().map(|row| row.note.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(rows[2].actor, "user admin", "the place is no part of the name");
}

#[test]
fn whoever_takes_the_port_of_a_stopped_gateway_is_told_nothing() {
    let (installation, gateway) = serving();
    let port = gateway.admin;
    assert_eq!(gateway.stop(), 0);
    let squatter = TcpListener::bind(port).unwrap();
    squatter.set_nonblocking(true).unwrap();
    let said =
        tillgate(&["terminal", "block", "70001", "--reason", "stolen", &installation.config()]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("no gateway answers at"), "{}", said.err);
    assert!(squatter.accept().is_err(), "the command connected to the squatter");
}

#[test]
fn a_killed_gateways_socket_is_taken_over_by_the_next() {
    let (installation, gateway) = serving();
    drop(gateway);
    assert!(installation.file("admin.sock").exists(), "killed, so it stays");
    let _again = installation.serve();
    assert_eq!(tillgate(&["terminal", "list", &installation.config()]).code, 0);
}

/// A user without any rights.
const NOBODY: u32 = 65_534;
/// Tells `visit` as which user.
const VISITOR: &str = "TILLGATE_TEST_VISITOR";

#[test]
#[ignore = "no test of its own: the next one runs it in a process of its own, as another user"]
fn visit() {
    let user = std::env::var(VISITOR).unwrap().parse().unwrap();
    nix::unistd::setuid(Uid::from_raw(user)).unwrap();
    let mut stream = UnixStream::connect("admin.sock").unwrap();
    // It may be closed already.
    let _written = stream.write_all(b"GET /api/v1/status HTTP/1.1\r\nHost: g\r\n\r\n");
    let mut heard = Vec::new();
    let _read = stream.read_to_end(&mut heard);
    fs::write("heard", heard).unwrap();
}

#[test]
fn another_user_of_this_machine_is_turned_away_and_counted() {
    if !Uid::effective().is_root() {
        let skipped = "NOT CHECKED that other users are turned away: only root can become one";
        assert!(std::env::var_os("CI").is_none(), "{skipped}; run the tests as root");
        writeln!(std::io::stderr(), "{skipped}").unwrap();
        return;
    }
    let (installation, gateway) = serving();
    // Even with a directory and a socket whose modes were opened by mistake.
    for (open, mode) in [("", 0o755), ("admin.sock", 0o666)] {
        fs::set_permissions(installation.file(open), fs::Permissions::from_mode(mode)).unwrap();
    }
    let visit = |user: Uid| {
        let visitor = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "edge::visit"])
            .env(VISITOR, user.to_string())
            .current_dir(installation.file(""))
            .output()
            .unwrap();
        assert!(visitor.status.success(), "{visitor:?}");
        fs::read_to_string(installation.file("heard")).unwrap()
    };
    fs::write(installation.file("heard"), "").unwrap();
    fs::set_permissions(installation.file("heard"), fs::Permissions::from_mode(0o666)).unwrap();
    assert!(visit(Uid::from_raw(0)).starts_with("HTTP/1.1 200"), "root is let in");
    assert_eq!(visit(Uid::from_raw(NOBODY)), "");
    let page = gateway.ask("GET", "/metrics", "", "").body;
    assert!(page.contains("door=\"socket\",reason=\"other_user\"} 1"), "{page}");
}
