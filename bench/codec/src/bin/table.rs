//! Turns what the harnesses left behind into one table in Markdown.
//!
//! `table CRITERION COUNTS OTHERS`: criterion's folder with a baseline `r1`, `r2`, … a round, the
//! counts as lines of JSON, and the times of peers in other languages. What is not there leaves its
//! column or row out.

use std::path::PathBuf;
use tillgate_bench_codec::table::Figures;

fn main() {
    let mut paths = std::env::args_os().skip(1).map(PathBuf::from);
    let [Some(criterion), Some(counts), Some(others)] = [(); 3].map(|()| paths.next()) else {
        eprintln!("usage: table CRITERION COUNTS OTHERS");
        std::process::exit(2);
    };
    print!("{}", Figures::read(&criterion, &counts, &others).markdown());
}
