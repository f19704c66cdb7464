//! `ratio`: what `make ratio` runs; see [`tillgate_bench::ratio`].

use std::process::ExitCode;

fn main() -> ExitCode {
    let about =
        "Sales per second of the gateway beside a bare echo, in turns, under the same generator";
    tillgate_bench::command::main("ratio", about, tillgate_bench::ratio::measure)
}
