//! How much the long tests do: everything in `make test` and CI, which set `TILLGATE_TESTS=full`, and a
//! part of it in a plain `cargo test`, so that the loop of one change stays short.

/// How many cases a test tries: all of them, or the few of the loop.
#[expect(clippy::disallowed_methods, reason = "tests have no arguments")]
pub(crate) fn cases<N>(full: N, few: N) -> N {
    let is_full = std::env::var_os("TILLGATE_TESTS").is_some_and(|tests| tests == "full");
    if is_full { full } else { few }
}
