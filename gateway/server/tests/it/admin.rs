//! The admin API of a real gateway over real sockets.

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::installation::{Answer, Gateway, TestInstallation, demo, tillgate};
use serde_json::{Value, json};
use tillgate_store_core::{
    BusinessDate, Command, DistributorId, Key, LedgerStore, SellerId, Settle, Store, TerminalId,
    Totals,
};
use tillgate_store_rocks::{Options, RocksEngine};

fn serving() -> (TestInstallation, Gateway) {
    let installation = TestInstallation::new();
    let imported = tillgate(&["import", &demo(), &installation.config()]);
    assert_eq!(imported.code, 0, "{}", imported.err);
    let gateway = installation.serve();
    (installation, gateway)
}

/// As much of JSON Schema as our own document uses.
fn fits(value: &Value, schema: &Value, document: &Value) -> Result<(), String> {
    if let Some(place) = schema["$ref"].as_str() {
        let named = document.pointer(place.strip_prefix('#').unwrap());
        return fits(value, named.ok_or_else(|| format!("{place} is nowhere"))?, document);
    }
    if let Some(any) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        let fitting = any.iter().any(|one| fits(value, one, document).is_ok());
        return if fitting { Ok(()) } else { Err(format!("{value} is none of {any:?}")) };
    }
    if !schema["const"].is_null() && schema["const"] != *value {
        return Err(format!("{value} is not {}", schema["const"]));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        // Anything.
        _ if *schema == json!(true) => return Ok(()),
        _ => return Err(format!("a schema without a type: {schema}")),
    };
    let is = |kind: &&str| match *kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    if !kinds.iter().any(is) {
        return Err(format!("{value} is none of {kinds:?}"));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        let member = value.get(name).ok_or_else(|| format!("{name} is missing in {value}"))?;
        fits(member, &schema["properties"][name], document)?;
    }
    if schema["items"].is_object() {
        let mut items = value.as_array().into_iter().flatten();
        items.try_for_each(|item| fits(item, &schema["items"], document))?;
    }
    Ok(())
}

/// A body that a route takes.
fn body_for(path: &str, password: &str) -> String {
    match path.rsplit('/').next().unwrap() {
        "block" => json!({ "reason": "lost" }).to_string(),
        "resolve" => json!({ "as": "approved", "note": "statement" }).to_string(),
        "keys" => json!({ "action": "reset_counters" }).to_string(),
        "message" => json!({ "text": "hello" }).to_string(),
        "login" => json!({ "user": "admin", "password": password }).to_string(),
        "import" => json!({ "files": {}, "dry_run": true }).to_string(),
        "status" if path.contains("bridges") => json!({ "status": "draining" }).to_string(),
        "{msisdn}" => json!({ "action": "unlock" }).to_string(),
        "withdraw" => json!({ "service": 10, "serials": ["X"], "note": "n" }).to_string(),
        _ => String::new(),
    }
}

#[test]
fn every_route_of_the_document_answers_as_the_document_says() {
    let (installation, gateway) = serving();
    let document = gateway.ask("GET", "/api/openapi.json", "", "").json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 14, "{}", paths.len());
    let operations = || paths.values().flat_map(|methods| methods.as_object().unwrap().values());
    let names: BTreeSet<&str> = operations().map(|o| o["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.len(), operations().count(), "an operationId is there twice");
    for (path, methods) in paths {
        let concrete = path
            .replace("{id}", "70001")
            .replace("{command}", "1")
            .replace("{bridge}", "topup")
            .replace("{msisdn}", "254710000001")
            .replace("{key}", "2026-11-23-00070001-000001")
            .replace("/differences", "/differences?date=2026-11-23")
            .replace("/history", "/history?kind=seller&id=101")
            .replace(
                "/explain",
                "/explain?service=20&account=254710000001&amount=12.50&terminal=70001",
            );
        // Nothing was sold yet.
        let expected = if path.contains("{key}") { 404 } else { 200 };
        for (method, operation) in methods.as_object().unwrap() {
            let method = method.to_uppercase();
            // What has the same path for both is ordered with a body, and read without.
            let body = match method.as_str() {
                "GET" => String::new(),
                _ => body_for(path, &installation.password),
            };
            let answer = gateway.ask(&method, &concrete, &installation.token(), &body);
            assert_eq!(answer.status, expected, "{method} {path}: {}", answer.body);
            let (media, content) = operation["responses"][expected.to_string()]["content"]
                .as_object()
                .unwrap()
                .iter()
                .next()
                .unwrap();
            assert!(answer.head.contains(media), "{method} {path}: {}", answer.head);
            if media == "application/json" {
                fits(&answer.json(), &content["schema"], &document).unwrap_or_else(|why| {
                    panic!("{method} {path}: {why}");
                });
            }
            let secured = operation["security"].is_array();
            let stranger = gateway.ask(&method, &concrete, "0123", &body);
            assert_eq!(stranger.status == 401, secured, "{method} {path}: {}", stranger.body);
        }
    }
}

#[test]
fn what_is_not_a_route_says_so_in_the_apis_own_words() {
    let (installation, gateway) = serving();
    let ask = |method: &str, path: &str, body: &str| {
        gateway.ask(method, path, &installation.token(), body)
    };
    let is = |answer: Answer, status: u16, code: &str| {
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_eq!(answer.json()["error"]["code"], code, "{}", answer.body);
        assert!(answer.json()["error"]["message"].as_str().is_some_and(|text| !text.is_empty()));
    };
    is(ask("GET", "/api/v1/nothing", ""), 404, "not_found");
    is(ask("DELETE", "/api/v1/status", ""), 405, "method_not_allowed");
    is(ask("GET", "/api/v1/terminals/999", ""), 404, "not_found");
    is(ask("GET", "/api/v1/terminals/7x", ""), 400, "bad_request");
    is(ask("GET", "/api/v1/transactions/yesterday", ""), 400, "bad_request");
    is(ask("GET", "/api/v1/transactions?awaits=godot", ""), 400, "bad_request");
    is(ask("GET", "/api/v1/settlements/differences", ""), 400, "bad_request");
    for wrong in ["date=2026-02-30", "date=2026-11-23-1", "date=2026-11-23&after=x", "limit=0"] {
        let path = format!("/api/v1/settlements/differences?{wrong}");
        is(ask("GET", &path, ""), 400, "bad_request");
    }
    is(ask("GET", "/api/v1/terminals?limit=0", ""), 400, "bad_request");
    is(ask("GET", "/api/v1/terminals?colour=red", ""), 400, "bad_request");
    is(ask("GET", "/api/v1/journal?after=yesterday", ""), 400, "bad_request");
    is(ask("POST", "/api/v1/terminals/70001/block", "{}"), 400, "bad_request");
    is(ask("POST", "/api/v1/terminals/70001/block", "not json"), 400, "bad_request");
    is(ask("POST", "/api/v1/terminals/70001/block", &"x".repeat(20_000)), 413, "too_large");
    for (path, body, place) in [
        ("/api/v1/terminals/70001/block", r#"{"reason":7}"#, "body: reason: "),
        ("/api/v1/terminals/70001/keys", r#"{"action":"add","key_id":256}"#, "body: key_id: "),
        ("/api/v1/login", r#"{"user":"admin","password":7}"#, "body: password: "),
        ("/api/v1/login", r#"{"user":"admin","password":"x"} y"#, "body: "),
        ("/api/v1/import", r#"{"files":{"vouchers.csv":7}}"#, "body: files.vouchers"),
        ("/api/v1/import", r#"{"files":{},"upsert":true}"#, "unknown field `upsert`"),
    ] {
        let answer = ask("POST", path, body);
        assert!(answer.body.contains(place), "{}", answer.body);
        is(answer, 400, "bad_request");
    }
    let journal = ask("GET", "/api/v1/journal?limit=0", "");
    assert!(journal.body.contains("query: limit: "), "{}", journal.body);
    let chunked = format!(
        "POST /api/v1/import HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        installation.token()
    );
    is(gateway.raw(chunked.as_bytes()), 411, "length_required");
}

#[test]
fn a_dribbled_head_is_cut_and_many_of_them_do_not_keep_others_out() {
    let (_house, gateway) = serving();
    let mut slow: Vec<TcpStream> = (0..80)
        .map(|_| {
            let mut stream = TcpStream::connect(gateway.admin).unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nX-").unwrap();
            stream
        })
        .collect();
    let begun = Instant::now();
    let answer = gateway.ask("GET", "/healthz", "", "");
    assert_eq!(answer.status, 200, "answered once the slow ones are cut");
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    let first = &mut slow[0];
    first.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    // Cut in order, or by a reset where bytes of its head lay unread.
    if let Err(error) = first.read_to_end(&mut Vec::new()) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
}

#[test]
fn a_bridge_is_out_of_service_when_its_command_returns_and_after_a_restart() {
    let (installation, gateway) = serving();
    let run = |args: &[&str]| tillgate(&[args, &[&installation.config()]].concat());
    let explained = || run(&["route", "explain", "--service", "20", "--account", "1"]).out;
    assert!(!explained().contains("declined"), "{}", explained());
    let said = run(&["bridge", "suspend", "topup", "--reason", "maintenance"]);
    assert_eq!(
        (said.code, said.out.trim()),
        (0, "Bridge topup is suspended: nothing leaves for it.")
    );
    assert!(explained().contains("declined with 91"), "{}", explained());
    let status = || run(&["bridge", "status"]).out;
    assert!(status().contains("suspended") && status().contains("maintenance"), "{}", status());
    drop(gateway);
    let _gateway = installation.serve();
    assert!(status().contains("suspended"), "{}", status());
    let none = run(&["bridge", "drain", "nobody", "--reason", "x"]);
    assert!(none.code != 0 && none.err.contains("there are: topup"), "{}", none.err);
    let wrong = run(&["bridge", "resume", "No/body"]);
    assert!(wrong.code == 2 && wrong.err.contains("no name of a bridge"), "{}", wrong.err);
    assert_eq!(run(&["bridge", "resume", "topup"]).code, 0);
    assert!(!explained().contains("declined"), "{}", explained());
}

#[test]
fn a_block_is_in_force_and_listed_when_its_command_returns() {
    let (installation, gateway) = serving();
    let run = |args: &[&str]| {
        let config = installation.config();
        let said = tillgate(&[&["terminal"], args, &[config.as_str()]].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        said.out
    };
    let blocked = run(&["block", "70001", "--reason", "reported stolen"]);
    assert!(blocked.starts_with("Terminal 00070001 is blocked;"), "{blocked}");
    let list = run(&["list", "--state", "blocked"]);
    assert!(list.contains("00070001") && list.contains("reported stolen"), "{list}");
    let shown: Value = serde_json::from_str(&run(&["show", "70001", "--json"])).unwrap();
    assert_eq!(shown["status"], "blocked");
    run(&["unblock", "70001"]);
    assert!(!run(&["list", "--state", "blocked"]).contains("00070001"));
    let first = run(&["list", "--limit", "2"]);
    assert!(first.contains("There are more: --after 70002"), "{first}");
    assert!(run(&["list", "--limit", "1", "--after", "70002"]).contains("00070003"));
    assert_eq!(gateway.stop(), 0);
    assert_eq!(tillgate(&["verify", &installation.config()]).code, 0);
}

/// Settlements of a date in a store that is not served: of each of these terminals one, which
/// claims so many sales where there was none.
fn settle(installation: &TestInstallation, date: BusinessDate, terminals: &[(u32, u32)]) {
    let backend = RocksEngine::open(&installation.file("data"), &Options::serving()).unwrap();
    let mut book = LedgerStore::open(backend, [1; 8]).unwrap();
    let settles = terminals.iter().map(|&(terminal, sales_count)| {
        Command::Settle(Settle {
            key: Key { date, terminal: TerminalId(terminal), stan: 1 },
            digest: [7; 16].into(),
            at_ms: 1_795_435_200_000,
            seller: SellerId(101),
            distributor: DistributorId(11),
            date,
            currency: 978,
            claimed: Totals { sales_count, ..Totals::default() },
        })
    });
    book.commit(&mut settles.collect(), &mut Vec::new()).unwrap();
    book.backend_mut().tick().unwrap();
}

#[test]
fn differences_come_in_pages_that_leave_nothing_out() {
    let installation = TestInstallation::new();
    assert_eq!(tillgate(&["import", &demo(), &installation.config()]).code, 0);
    let date = BusinessDate::from_ymd(2026, 11, 23).unwrap();
    let claims = [(70_001, 1), (70_002, 0), (70_003, 2), (70_004, 3), (70_005, 4), (70_006, 0)];
    settle(&installation, date, &claims);
    settle(&installation, BusinessDate(date.0 + 1), &[(70_001, 9)]);
    let gateway = installation.serve();
    let (mut after, mut seen) = (String::new(), Vec::new());
    // The last one only looks at what is not wanted.
    for (page, more) in [(2, true), (2, true), (0, false)] {
        let path = format!("/api/v1/settlements/differences?date=2026-11-23&limit=2{after}");
        let answer = gateway.ask("GET", &path, &installation.token(), "").json();
        let found = answer["differences"].as_array().unwrap();
        assert_eq!((found.len(), answer["next"].is_string()), (page, more), "{answer}");
        seen.extend(found.iter().map(|row| row["terminal"].as_u64().unwrap()));
        after = format!("&after={}", answer["next"].as_str().unwrap_or_default());
    }
    assert_eq!(seen, [70_001, 70_003, 70_004, 70_005], "those that claim what nobody sold");
    let run = |args: &[&str]| {
        let config = installation.config();
        let call = ["transaction", "differences", "2026-11-23", &config];
        let said = tillgate(&[&call, args].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        said.out
    };
    let first = run(&["--limit=3"]);
    assert!(first.contains("There are more: --after 2026-11-23-00070004-000001"), "{first}");
    let rest = run(&["--after=2026-11-23-00070004-000001"]);
    assert!(rest.contains("2026-11-23-00070005-000001") && !rest.contains("more"), "{rest}");
}

#[test]
fn somebody_logs_in_with_the_password_of_init_and_out_again() {
    let (installation, gateway) = serving();
    let log_in = |password: &str| {
        let body = json!({ "user": "admin", "password": password }).to_string();
        gateway.ask("POST", "/api/v1/login", "", &body)
    };
    assert_eq!(log_in("wrong").status, 401);
    let answer = log_in(&installation.password);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(gateway.ask("GET", "/api/v1/status", &token, "").status, 200);
    assert_eq!(gateway.ask("POST", "/api/v1/terminals/70002/unblock", &token, "").status, 200);
    assert_eq!(gateway.ask("POST", "/api/v1/logout", &token, "").status, 200);
    assert_eq!(gateway.ask("GET", "/api/v1/status", &token, "").status, 401);
}

#[test]
fn an_auditor_added_while_serving_looks_and_changes_nothing() {
    let (installation, gateway) = serving();
    let added = tillgate(&["user", "add", "maria", "--role=auditor", &installation.config()]);
    assert_eq!(added.code, 0, "{}", added.err);
    let password = added.out.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    let body = json!({ "user": "maria", "password": password }).to_string();
    let answer = gateway.ask("POST", "/api/v1/login", "", &body);
    assert_eq!(answer.json()["role"], "auditor", "{}", answer.body);
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(gateway.ask("GET", "/api/v1/terminals", &token, "").status, 200);
    let refused = gateway.ask("POST", "/api/v1/terminals/70002/unblock", &token, "");
    assert_eq!(
        (refused.status, refused.json()["error"]["code"].clone()),
        (403, json!("forbidden"))
    );
    assert_eq!(
        tillgate(&["user", "add", "maria", "--role=operator", &installation.config()]).code,
        1
    );
    let list = tillgate(&["user", "list", &installation.config()]).out;
    assert_eq!(list, "operator  admin\nauditor   maria\n");
    assert_eq!(tillgate(&["user", "remove", "maria", &installation.config()]).code, 0);
    assert_eq!(gateway.ask("POST", "/api/v1/login", "", &body).status, 401);
}

/// Their token worked on for eight hours.
#[test]
fn a_login_ends_when_its_person_is_removed_or_gets_another_role_or_password() {
    let (installation, gateway) = serving();
    let person = |arguments: &[&str]| tillgate(&[arguments, &[&installation.config()]].concat());
    let add = |role: &str| {
        let added = person(&["user", "add", "maria", role]);
        assert_eq!(added.code, 0, "{}", added.err);
        added.out.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    let log_in = |password: &str| {
        let body = json!({ "user": "maria", "password": password }).to_string();
        let answer = gateway.ask("POST", "/api/v1/login", "", &body);
        answer.json()["token"].as_str().expect("logged in").to_owned()
    };
    let status = |token: &str| gateway.ask("GET", "/api/v1/status", token, "").status;
    let mut password = add("--role=operator");
    let changes = [
        |text: &str| text.replace("auditor", "operator"),
        |text: &str| text.replace("operator", "auditor"),
    ];
    let file = installation.file("users.toml");
    for change in changes {
        let token = log_in(&password);
        assert_eq!(status(&token), 200);
        let text = fs::read_to_string(&file).unwrap();
        let (admin, maria) = text.split_at(text.rfind("[[user]]").unwrap());
        let changed = change(maria);
        fs::write(&file, format!("{admin}{changed}")).unwrap();
        let expected = if changed == maria { 200 } else { 401 };
        assert_eq!(status(&token), expected, "{changed}");
    }
    let token = log_in(&password);
    assert_eq!(person(&["user", "remove", "maria"]).code, 0);
    assert_eq!(status(&token), 401);
    password = add("--role=operator");
    assert_eq!(status(&token), 401, "another person of that name");
    let token = log_in(&password);
    fs::write(&file, "half written").unwrap();
    assert_eq!(status(&token), 500, "nobody knows who may");
    assert_eq!(status(&installation.token()), 200, "the installation's token is no person");
}

#[test]
fn an_import_into_a_serving_gateway_is_all_or_nothing_and_in_force_at_once() {
    let (installation, gateway) = serving();
    let good = installation.csv(
        "good",
        &[("vouchers.csv", "service,product,serial,pin,expiry\n10,1,N1,11112222,2099-12-31\n")],
    );
    let first = tillgate(&["import", &good, &installation.config()]);
    assert_eq!(
        (first.code, first.out.as_str()),
        (0, "Imported 1 voucher; in force at the serving gateway.\n"),
        "{}",
        first.err
    );
    let again = tillgate(&["import", &good, &installation.config()]);
    assert_eq!(again.code, 1);
    assert!(
        again.err.contains("vouchers.csv:2: voucher N1 of service 10: loaded before"),
        "{}",
        again.err
    );
    assert!(!again.err.contains("11112222"));
    let bad = installation.csv("bad", &[(
        "vouchers.csv",
        "service,product,serial,pin,expiry\n10,1,N2,33334444,2099-12-31\n10,9,N3,55556666,2099-12-31\n",
    )]);
    let refused = tillgate(&["import", &bad, &installation.config()]);
    assert!(refused.err.contains("vouchers.csv:3:2 (product): found \"9\""), "{}", refused.err);
    assert!(refused.err.ends_with("1 fault; nothing was imported\n"), "{}", refused.err);
    drop(gateway);
    let verified: Value =
        serde_json::from_str(&tillgate(&["verify", &installation.config()]).out).unwrap();
    assert_eq!(verified["counts"]["vouchers_in_stock"], 1);
}
