//! Fuzz target of [`tillgate_fuzz::link_body`]; without the fuzzer it replays the files it is given.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| tillgate_fuzz::link_body(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    tillgate_fuzz::replay_arguments(tillgate_fuzz::link_body)
}
