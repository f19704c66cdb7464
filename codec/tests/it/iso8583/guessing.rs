//! The likeliest dialect comes first.

use crate::iso8583::samples::all;
use tillgate_codec::iso8583::{Dialect, guess};

#[test]
fn samples_of_built_in_dialects_are_recognised() {
    let dialects: Vec<Dialect> =
        Dialect::builtin_names().map(|name| Dialect::builtin(name).unwrap()).collect();
    let known = |name: &str| Dialect::builtin_names().any(|builtin| builtin == name);
    for (dialect, samples) in all().iter().filter(|(dialect, _)| known(dialect.name())) {
        for sample in samples {
            let guesses = guess(&sample.bytes, &dialects);
            let first = &guesses[0];
            assert_eq!(first.dialect, dialect.name(), "{}", sample.name);
            assert_eq!(first.framed, sample.json.contains("\"length\":"), "{}", sample.name);
            assert!(first.score >= 50 && first.error.is_none());
            assert!(guesses.windows(2).all(|pair| pair[0].score >= pair[1].score));
        }
    }
}

#[test]
fn noise_is_no_message_of_any_dialect() {
    let dialects = [Dialect::builtin("iso87a").unwrap(), Dialect::builtin("nac").unwrap()];
    let guesses = guess(b"\xff\xfe\xfd\xfc\xfb\xfa", &dialects);
    assert!(guesses.iter().all(|guess| guess.score < 50 && guess.error.is_some()));
    assert!(guess(b"", &dialects).iter().all(|guess| guess.score < 50));
}
