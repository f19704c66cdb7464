//! `echo ADDRESS REQUEST_BYTES ANSWER_BYTES`: the bare mio echo as a process of its own.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use tillgate_bench::echo::{Frames, serve};

/// A bare mio echo: answers frames of one size with frames of another.
#[derive(Parser)]
struct Arguments {
    /// Where to listen, for example 127.0.0.1:0.
    address: SocketAddr,
    /// Bytes of a request.
    request: usize,
    /// Bytes of an answer.
    answer: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let frames = Frames { request: arguments.request, answer: arguments.answer };
    if frames.request == 0 || frames.answer == 0 {
        eprintln!("echo: frames have at least one byte");
        return ExitCode::from(4);
    }
    match serve(arguments.address, frames, |bound| println!("{bound}")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo: {}: {error}", arguments.address);
            ExitCode::FAILURE
        }
    }
}
