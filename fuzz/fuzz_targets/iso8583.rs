//! Hands the fuzzer's bytes to [`tillgate_fuzz::iso8583`];
//! on a stable compiler replays files.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| tillgate_fuzz::iso8583(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    tillgate_fuzz::replay_arguments(tillgate_fuzz::iso8583)
}
