//! `tillsim world` as scripts use it.

use std::process::{Command, Output};

use serde_json::Value;

fn world(arguments: &[&str]) -> Output {
    let tillsim = env!("CARGO_BIN_EXE_tillsim");
    Command::new(tillsim).arg("world").args(arguments).output().expect("it starts")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn every_seed_is_one_line_of_json_in_order_and_the_same_on_one_thread_as_on_four() {
    let many = world(&["--seeds", "5..24", "--json", "--threads", "4"]);
    assert_eq!(many.status.code(), Some(0), "{}", String::from_utf8_lossy(&many.stderr));
    let seeds = lines(&many);
    for (seed, line) in (5_u64..).zip(&seeds) {
        assert_eq!(line["seed"], seed);
        assert_eq!(line["verdict"], "pass");
        assert_eq!(line["trace_hash"].as_str().map(str::len), Some(16));
        assert!(line["transactions"].is_u64());
    }
    assert_eq!(seeds.len(), 20);
    let one = world(&["--seeds", "5..24", "--json", "--threads", "1"]);
    assert_eq!(lines(&one), seeds);
}

#[test]
fn what_a_line_says_repeats_it_is_what_repeats_it() {
    let told = world(&["--seed", "9", "--chaos", "20", "--without", "cuts,crashes", "--json"]);
    let line = lines(&told).remove(0);
    let repeat = line["repeat"].as_str().expect("text");
    let arguments: Vec<&str> =
        repeat.strip_prefix("tillsim world ").expect("the command").split(' ').collect();
    let mut arguments = arguments;
    arguments.push("--json");
    assert_eq!(lines(&world(&arguments)).remove(0), line);
}

#[test]
fn what_cannot_be_run_is_refused_with_a_reason() {
    let wrong: [(&[&str], &str); 5] = [
        (&[], "--seed"),
        (&["--seeds", "9..5"], "range of seeds"),
        (&["--seed", "1", "--without", "weather"], "there are cuts"),
        (&["--seed", "1", "--terminals", "0"], "terminals"),
        (&["--cuts", "--seed", "1"], "cannot be used with"),
    ];
    for (arguments, word) in wrong {
        let output = world(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{arguments:?}: {error}");
        assert!(error.contains(word), "{arguments:?}: {error}");
    }
}
