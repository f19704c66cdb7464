//! `tillsim ussdc` and `tillsim ussd-responder` as people use them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// A menu of one choice, as the responder has it.
const SCRIPT: &str = r#"
accounts = ["07########"]
amounts = ["10"]
marks = { approved = ["approved"], declined = ["x"], progress = ["y"], reference = ["ref"], more = ["z"] }

[[step]]
expect = ["confirm"]
send = "{line}"
orders = true
"#;

fn tillsim(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tillsim"));
    command.args(arguments);
    command
}

fn refused(arguments: &[&str]) -> String {
    let output = tillsim(arguments).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{arguments:?}: {error}");
    error
}

/// A centre that listens on a free port.
struct Centre {
    process: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
}

fn centre(arguments: &[&str]) -> Centre {
    let mut command = tillsim(&["ussdc", "--listen", "127.0.0.1:0"]);
    let mut process = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let address = line.split(' ').find(|word| word.starts_with("127.")).expect(&line).to_owned();
    Centre { process, stdout, address }
}

impl Centre {
    /// Exit code, and what it wrote.
    fn end(mut self) -> (Option<i32>, String) {
        let mut text = String::new();
        self.stdout.read_to_string(&mut text).unwrap();
        (self.process.wait().unwrap().code(), text)
    }

    fn interrupt(&self) {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).unwrap());
        kill(pid, Signal::SIGINT).unwrap();
    }

    fn responder(&self, arguments: &[&str]) -> Output {
        let mut command = tillsim(&["ussd-responder", "--connect", &self.address]);
        command.args(arguments).output().unwrap()
    }
}

fn file(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn lines(path: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn handsets_sell_and_log_book_and_report_agree() {
    let dir = tempfile::tempdir().unwrap();
    let script = file(dir.path(), "script.toml", SCRIPT);
    let [log, book, json] = ["log", "book", "json"].map(|name| file(dir.path(), name, ""));
    let password = file(dir.path(), "password", "secret\n");
    let mut arguments = vec!["--script", &script, "--handsets", "40", "--pause", "20ms"];
    arguments.extend(["--think", "5ms", "--drop", "5", "--abort", "5", "--typo", "5"]);
    arguments.extend(["--profile", "mica", "--system-id", "shop", "--password-file", &password]);
    arguments.extend(["--seconds", "1", "--log", &log, "--book", &book, "--json", &json]);
    let centre = centre(&arguments);
    let as_shop = ["--profile", "mica", "--system-id", "shop", "--password-file", &password];
    let output = centre.responder(&as_shop);
    let (code, text) = centre.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("bad sessions: 0") && text.contains("PASS"), "{text}");
    // Late answers are refused, which is no fault.
    assert!(String::from_utf8(output.stdout).unwrap().contains(" begins, "));
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    let dialogs = report["dialogs"].as_u64().unwrap();
    assert!(dialogs > 100, "{report}");
    let log = lines(&log);
    assert_eq!(log[0]["system_id"], "shop");
    assert_eq!(log.len() - 1, usize::try_from(dialogs).unwrap());
    assert!(log[1..].iter().all(|line| line["msisdn"].is_string() && line["session"].is_u64()));
    let sales = &report["sales"];
    let ordered = lines(&book).iter().filter(|line| line["event"] == "ordered").count();
    assert_eq!(sales["ordered"], ordered);
    let sum = |keys: &[&str]| keys.iter().filter_map(|key| sales[key].as_u64()).sum::<u64>();
    assert_eq!(sum(&["ordered"]), sum(&["approved", "unknown"]), "{sales}");
    assert!(sales["unknown"].as_u64().unwrap() > 0, "{sales}");
    assert!(report["steps"][0]["p99_us"].as_u64().unwrap() > 0);
}

#[test]
fn an_application_of_another_profile_makes_bad_sessions() {
    let dir = tempfile::tempdir().unwrap();
    let script = file(dir.path(), "script.toml", SCRIPT);
    let arguments = ["--script", &script, "--pause", "10ms", "--think", "0s", "--seconds", "0.3"];
    let centre = centre(&arguments);
    centre.responder(&["--profile", "huawei"]);
    let (code, text) = centre.end();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("VIOLATED") && text.contains("key "), "{text}");
}

#[test]
fn an_open_load_offers_what_it_is_to() {
    let dir = tempfile::tempdir().unwrap();
    let script = file(dir.path(), "script.toml", SCRIPT);
    let json = file(dir.path(), "json", "");
    let arguments =
        ["--script", &script, "--dialogs-per-s", "500", "--think", "0s", "--handsets", "300"];
    let centre = centre(&[&arguments[..], &["--seconds", "1", "--json", &json]].concat());
    centre.responder(&[]);
    let (code, text) = centre.end();
    // A busy machine may be the bottleneck, and then says so.
    assert!(matches!(code, Some(0 | 3)), "{text}");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    let offered = report["offered"].as_u64().unwrap();
    assert!((400..600).contains(&offered), "{report}");
}

#[test]
fn so_many_dialogs_are_open_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let script = file(dir.path(), "script.toml", SCRIPT);
    let json = file(dir.path(), "json", "");
    let arguments = ["--script", &script, "--at-once", "5", "--think", "0s", "--handsets", "300"];
    let centre = centre(&[&arguments[..], &["--seconds", "0.3", "--json", &json]].concat());
    centre.responder(&[]);
    let (code, text) = centre.end();
    assert_eq!(code, Some(0), "{text}");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert!(report["dialogs"].as_u64().unwrap() > 300, "{report}");
    assert!(report["generator"]["open_at_end"].as_u64().unwrap() <= 5, "{report}");
}

#[test]
fn dialogs_are_held_until_the_load_ends() {
    let arguments = ["--hold", "--handsets", "30", "--pause", "10ms", "--seconds", "1.5"];
    let centre = centre(&arguments);
    centre.responder(&[]);
    let (code, text) = centre.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("30 dialogs open at the end") && text.contains("user_abort"), "{text}");
}

#[test]
fn dialogs_that_never_ended_are_counted_against_the_run() {
    let arguments = ["--handsets", "5", "--pause", "10ms", "--think", "100s", "--seconds", "1"];
    let centre = centre(&arguments);
    let mut command = tillsim(&["ussd-responder", "--connect", &centre.address]);
    let mut responder = command.stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_secs(3));
    // The load is over, and it waits for its dialogs: until it is interrupted twice.
    centre.interrupt();
    std::thread::sleep(std::time::Duration::from_millis(300));
    centre.interrupt();
    let (code, text) = centre.end();
    responder.wait().unwrap();
    assert_eq!(code, Some(2), "{text}");
    assert!(text.lines().last().unwrap().contains("5 dialogs never ended"), "{text}");
}

#[test]
fn an_interrupt_ends_it_with_a_report() {
    let waiting = centre(&[]);
    waiting.interrupt();
    let (code, text) = waiting.end();
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("no application has bound"), "{text}");

    let dir = tempfile::tempdir().unwrap();
    let script = file(dir.path(), "script.toml", SCRIPT);
    let running = centre(&["--script", &script, "--pause", "10ms", "--think", "0s"]);
    let responder = running.responder(&["--seconds", "0.3"]);
    assert_eq!(responder.status.code(), Some(0));
    running.interrupt();
    let (code, text) = running.end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("success") && text.contains("PASS"), "{text}");
}

#[test]
fn a_wrong_password_is_refused_with_a_hint() {
    let dir = tempfile::tempdir().unwrap();
    let password = file(dir.path(), "password", "secret");
    let centre = centre(&["--password-file", &password]);
    let output = centre.responder(&[]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{error}");
    assert!(error.contains("--password-file"), "{error}");
    centre.interrupt();
    centre.end();
}

#[test]
fn what_is_no_smpp_is_answered_and_the_centre_lives_on() {
    let centre = centre(&[]);
    let mut stranger = TcpStream::connect(&centre.address).unwrap();
    stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stranger.read_to_end(&mut answer).unwrap();
    assert_eq!(answer.len(), 16, "a generic_nack, and the end");
    assert!(TcpStream::connect(&centre.address).is_ok());
    centre.interrupt();
    let (code, text) = centre.end();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("malformed"), "{text}");
}

#[test]
fn what_cannot_be_run_is_refused_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let pins = file(dir.path(), "pins.csv", "msisdn,pin\n254700000001,abc\n");
    let none = file(dir.path(), "none.csv", "msisdn,pin\n");
    let script = file(dir.path(), "script.toml", "accounts = []\n");
    let profile = file(dir.path(), "profile.toml", "name = \"x\"\n");
    let gone = dir.path().join("gone").join("file").to_str().unwrap().to_owned();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let cases: [(&[&str], &str); 23] = [
        (&["--profile", "mika"], "built in are standard, sixdee"),
        (&["--profile", &profile], "profile.toml"),
        (&["--script", &gone], "gone"),
        (&["--script", &script], "script.toml"),
        (&["--pins", &pins], "line 2: expected a number and its PIN"),
        (&["--pins", &none], "no handsets"),
        (&["--listen", &address], "--listen"),
        (&["--code", "##"], "*123#"),
        (&["--msisdn-from", "12"], "5 to 15 digits"),
        (&["--dialogs-per-s", "0"], "more than 0"),
        (&["--dialogs-per-s", "5", "--pause", "1s"], "cannot be used with"),
        (&["--dialogs-per-s", "5", "--handsets", "0"], "nobody dials"),
        (&["--at-once", "5", "--pause", "1s"], "cannot be used with"),
        (&["--hold", "--at-once", "5"], "cannot be used with"),
        (&["--hold", "--handsets", "0"], "--hold: nobody dials"),
        (&["--terminals", "3"], "--network DIR is needed"),
        (&["--terminals", "3", "--network", &gone], "gone"),
        (&["--terminals", "3", "--network", &gone, "--terminals-code", "#"], "*124#"),
        (&["--terminals", "3", "--network", &gone, "--terminals-from", "1"], "5 to 15 digits"),
        (&["--drop", "101"], "percentage"),
        (&["--response-timeout", "0s"], "--response-timeout: at least 1ms"),
        (&["--json", &gone], "--json"),
        (&["--log", &gone], "--log"),
    ];
    for (arguments, word) in cases {
        let error = refused(&[&["ussdc"], arguments].concat());
        assert!(error.contains(word), "{arguments:?}: {error}");
    }
    let error = refused(&["ussd-responder", "--menu", "é"]);
    assert!(error.contains("ASCII"), "{error}");
}

#[test]
fn the_default_script_can_be_printed_and_used() {
    let dir = tempfile::tempdir().unwrap();
    let output = tillsim(&["ussdc", "--print-script"]).output().unwrap();
    let script = file(dir.path(), "script.toml", &String::from_utf8(output.stdout).unwrap());
    let centre = centre(&["--script", &script, "--wait", "50ms"]);
    let (code, text) = centre.end();
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("no application has bound"), "{text}");
}

/// A journal of one row, of before the run, over an admin interface; gives its address.
fn journal() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut request, mut line) = (String::new(), String::new());
            while stream.read_line(&mut line).is_ok_and(|count| count > 2) {
                request += &std::mem::take(&mut line);
            }
            assert!(request.contains("authorization: Bearer gateway"), "{request}");
            let row = "{\"date\":\"2026-11-28\",\"terminal\":80001,\"stan\":1,\"seq\":7,\
                       \"kind\":\"topup\",\"state\":\"approved\",\"code\":\"00\",\"rrn\":\"R\",\
                       \"amount_minor\":1000,\"currency\":978}\n";
            let body = if request.contains("after=") { "" } else { row };
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length:";
            write!(stream.get_mut(), "{head} {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    format!("http://{address}")
}

#[test]
fn what_subscribers_saw_is_held_against_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let script = file(dir.path(), "script.toml", SCRIPT);
    let pins = file(dir.path(), "pins.csv", "msisdn,terminal,pin\n254710000001,80001,2468\n");
    let [json, token] =
        [("json", ""), ("token", "gateway\n")].map(|(name, text)| file(dir.path(), name, text));
    for (last, wanted, verdict) in [("x: not sold", 0, "exact"), ("approved, ref R2", 1, "wrong")] {
        let admin = journal();
        let mut arguments = vec!["--script", &script, "--pins", &pins, "--pause", "20ms"];
        arguments.extend(["--think", "0s", "--seconds", "0.3", "--json", &json]);
        arguments.extend(["--admin", &admin, "--token", &token]);
        let centre = centre(&arguments);
        centre.responder(&["--last", last]);
        let (code, text) = centre.end();
        assert_eq!(code, Some(wanted), "{text}");
        let report: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
        let money = &report["money"];
        assert_eq!((&money["verdict"], &money["journal_rows"]), (&verdict.into(), &0.into()));
        assert!(money["ordered"].as_u64().unwrap() > 0, "{money}");
        if wanted == 1 {
            assert_eq!((&money["lost"], money["doubled"].is_u64()), (&1.into(), true), "{money}");
            let says = "lost         254710000001 order 1 (- to -)  seen approved as R2";
            assert!(text.contains(says) && text.contains("VIOLATED: money is wrong"), "{text}");
        }
    }
}

#[test]
fn a_journal_that_cannot_be_compared_with_is_refused_before_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let pins = file(dir.path(), "pins.csv", "msisdn,pin\n254710000001,2468\n");
    let whole = file(dir.path(), "whole.csv", "msisdn,pin,terminal\n254710000001,2468,80001\n");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let admin = format!("http://{nobody}");
    assert!(refused(&["ussdc", "--admin", &admin]).contains("--pins"));
    assert!(refused(&["ussdc", "--admin", &admin, "--pins", &pins]).contains("column terminal"));
    let error = refused(&["ussdc", "--admin", &admin, "--pins", &whole]);
    assert!(error.contains(&admin), "{error}");
}

#[test]
fn terminals_that_nobody_understands_sell_nothing_and_the_run_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let network = dir.path().join("network");
    let order = ["network", network.to_str().unwrap(), "--terminals", "5", "--vouchers", "20"];
    assert!(tillsim(&order).status().unwrap().success());
    let json = file(dir.path(), "json", "");
    let arguments = ["--handsets", "0", "--terminals", "3", "--network", network.to_str().unwrap()];
    let centre = centre(&[&arguments[..], &["--seconds", "1.5", "--json", &json]].concat());
    let mut command = tillsim(&["ussd-responder", "--connect", &centre.address]);
    let mut responder = command.stdout(Stdio::null()).spawn().unwrap();
    let (code, text) = centre.end();
    responder.wait().unwrap();
    assert_eq!(code, Some(2), "{text}");
    assert!(text.lines().last().unwrap().contains("no terminal has sold anything"), "{text}");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    let terminals = &report["terminals"];
    assert_eq!((&terminals["terminals"], &terminals["sales"]["approved"]), (&3.into(), &0.into()));
    assert!(terminals["requests"].as_u64().unwrap() > 0, "{report}");
    // A number of a handset, and a link that has no room for frames.
    let network = network.to_str().unwrap();
    let taken = ["--terminals", "3", "--network", network, "--terminals-from", "254700000002"];
    assert!(refused(&[&["ussdc"], &taken[..]].concat()).contains("a handset has one"));
    let narrow = std::fs::read_to_string("../../gateway/core/profiles/ussd/standard.toml").unwrap();
    let narrow = format!("{narrow}\n[room]\nseptets = 140\nunits = 70\n");
    let narrow = file(dir.path(), "narrow.toml", &narrow);
    let narrow = ["--terminals", "3", "--network", network, "--profile", &narrow];
    assert!(refused(&[&["ussdc"], &narrow[..]].concat()).contains("frames need"));
}

#[test]
fn what_was_missed_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let script = file(dir.path(), "script.toml", &SCRIPT.replace("confirm", "order"));
    let arguments = ["--script", &script, "--pause", "10ms", "--think", "0s", "--seconds", "0.3"];
    let centre = centre(&[&arguments[..], &["--p99", "1us"]].concat());
    centre.responder(&[]);
    let (code, text) = centre.end();
    assert_eq!(code, Some(2), "{text}");
    let last = text.lines().last().unwrap();
    for word in
        ["MISSED: no dialog succeeded; ", "the p99 of step 0 is ", "the script does not know "]
    {
        assert!(last.contains(word), "{last}");
    }
}
