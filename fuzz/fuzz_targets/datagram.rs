//! Hands the fuzzer's bytes to [`tillgate_fuzz::datagram`]; on a stable compiler replays files.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| tillgate_fuzz::datagram(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    tillgate_fuzz::replay_arguments(tillgate_fuzz::datagram)
}
