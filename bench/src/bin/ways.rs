//! `ways`: what `make ways` runs; see [`tillgate_bench::ways`].

use std::process::ExitCode;

fn main() -> ExitCode {
    let about = "Sales per second by each way: from stock, through an ISO 8583 host, by a route of 1,000 \
                 rules, over HTTP, and beside a provider that is dead";
    tillgate_bench::command::main("ways", about, tillgate_bench::ways::measure)
}
