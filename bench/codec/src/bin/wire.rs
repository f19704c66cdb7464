//! Prints the message that every peer reads, in hexadecimal, for peers in other languages.

use tillgate_bench_codec::messages::open_ascii;

fn main() {
    let hex: String = open_ascii().bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{hex}");
}
