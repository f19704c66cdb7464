//! The gateway's binary: parse, dispatch, exit codes.

#![expect(dead_code, reason = "the commands that use the configuration follow")]

mod config;

fn main() {}
