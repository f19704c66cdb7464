//! Messages line by line, for scripts that compare this codec with another one.
//!
//! Every line of the input is answered by one line: `OK` or `NO`, a space, and what came of it.
//!
//! ```text
//! fields DIALECT         the fields of an ISO 8583 dialect: a list of [number, type, min, max]
//! decode DIALECT HEX     the message as JSON, nothing hidden
//! encode DIALECT JSON    the message as hexadecimal digits
//! ```
//!
//! `DIALECT` is built in, or `smpp`, or the path of a dialect table.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufWriter, Write as _};
use tillgate_codec::iso8583::{Dialect, Reveal, decode_json, encode_json};
use tillgate_codec::smpp;

fn main() -> io::Result<()> {
    let mut dialects = BTreeMap::new();
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        match answer(&line?, &mut dialects) {
            Ok(text) => writeln!(out, "OK {text}")?,
            Err(text) => writeln!(out, "NO {text}")?,
        }
    }
    out.flush()
}

type Answer = Result<String, String>;

fn answer(line: &str, dialects: &mut BTreeMap<String, Dialect>) -> Answer {
    let mut words = line.splitn(3, ' ');
    let mut word = || words.next().unwrap_or("");
    let (what, name, rest) = (word(), word(), word());
    if name == "smpp" {
        return match what {
            "decode" => smpp::render_json(&bytes(rest)?, Reveal::Clear).map_err(shown),
            "encode" => smpp::encode_json(rest).map(|octets| hex(&octets)).map_err(shown),
            _ => Err(format!("`{what}` is no request")),
        };
    }
    if !dialects.contains_key(name) {
        dialects.insert(name.to_owned(), dialect(name)?);
    }
    let dialect = dialects.get(name).ok_or("no dialect")?;
    match what {
        "fields" => Ok(fields(dialect)),
        "decode" => decode_json(dialect, &bytes(rest)?, Reveal::Clear).map_err(shown),
        "encode" => encode_json(dialect, rest).map(|octets| hex(&octets)).map_err(shown),
        _ => Err(format!("`{what}` is no request")),
    }
}

fn dialect(name: &str) -> Result<Dialect, String> {
    if let Some(dialect) = Dialect::builtin(name) {
        return Ok(dialect);
    }
    let text = std::fs::read_to_string(name).map_err(|error| format!("{name}: {error}"))?;
    Dialect::parse(&text).map_err(shown)
}

fn fields(dialect: &Dialect) -> String {
    let rows = dialect.fields().filter_map(|number| {
        let field = dialect.field(number)?;
        Some(format!("[{number},\"{}\",{},{}]", field.kind, field.units_min, field.units_max))
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(","))
}

fn shown(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok())
    };
    pairs.map(|pair| byte(pair).ok_or_else(|| "not hexadecimal".to_owned())).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
