//! `tillgate decode`, `tillgate encode` and `tillgate dialect`: the wires of other makers, on paste.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use tillgate_codec::iso8583::{self, Dialect, Reveal};
use tillgate_codec::smpp;

use super::print;
use crate::exit::{Exit, Failure};

/// The wires that can be read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Protocol {
    /// ISO 8583, by a dialect
    Iso8583,
    /// SMPP 3.4
    Smpp,
}

/// Print a message that is given in hexadecimal
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate decode --dialect iso87b 0800802000000000000004000000000000000000070301
  tillgate decode --dialect my-host.toml --table - < dump.hex
  tillgate decode --guess 0800802000000000000004000000000000000000070301
  tillgate decode --protocol smpp 00000010000000150000000000000007

Spaces and line ends between the digits are skipped. Card numbers, tracks and PINs are masked unless
--reveal. What is wrong with a message is one line of JSON on standard error, and exit code 1.")]
pub(crate) struct Decode {
    /// The bytes; - reads them from standard input
    #[arg(value_name = "HEX", required = true, num_args = 1..)]
    hex: Vec<String>,
    #[command(flatten)]
    wire: Wire,
    /// Show offset, bytes, field and value line by line
    #[arg(long)]
    table: bool,
    /// Try every built-in dialect, best first
    #[arg(long, conflicts_with_all = ["dialect", "table"])]
    guess: bool,
    /// Show card data and PINs
    #[arg(long)]
    reveal: bool,
}

/// Print the bytes of a message that is given as JSON, in hexadecimal
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate encode --dialect iso87b '{\"mti\":\"0800\",\"fields\":{\"11\":\"000007\",\"70\":\"301\"}}'
  tillgate decode --dialect nac --reveal - < dump.hex | tillgate encode --dialect nac -

The JSON is what `tillgate decode --reveal` prints.")]
pub(crate) struct Encode {
    /// The message; - reads it from standard input
    #[arg(value_name = "JSON")]
    json: String,
    #[command(flatten)]
    wire: Wire,
}

/// Which wire, and which dialect of it.
#[derive(Args)]
struct Wire {
    /// The wire
    #[arg(long, value_enum, default_value = "iso8583")]
    protocol: Protocol,
    /// A built-in dialect (iso87a, iso87b, iso93a, iso93b, nac) or a table in a file
    #[arg(long, value_name = "NAME|FILE.toml")]
    dialect: Option<String>,
}

/// Look at dialect tables
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate dialect show nac > my-host.toml
  tillgate dialect check my-host.toml

docs/codec.md tells how to write a table.")]
pub(crate) struct DialectCommand {
    #[command(subcommand)]
    command: DialectAction,
}

#[derive(Subcommand)]
enum DialectAction {
    /// Say what is wrong with a table, and in which line
    Check {
        /// The table
        #[arg(value_name = "FILE.toml")]
        file: PathBuf,
    },
    /// Print the table of a built-in dialect, to begin another with
    Show {
        /// Which
        #[arg(value_name = "NAME")]
        name: String,
    },
}

impl Decode {
    pub(super) fn run(self) -> Result<(), Failure> {
        let bytes = bytes_of(&given(&self.hex.concat())?)?;
        let reveal = if self.reveal { Reveal::Clear } else { Reveal::Masked };
        if self.guess {
            return print_guesses(&bytes);
        }
        match self.wire.protocol {
            Protocol::Smpp if self.table => print::line(&smpp::table(&bytes, reveal)),
            Protocol::Smpp => said(smpp::render_json(&bytes, reveal)),
            Protocol::Iso8583 => {
                let dialect = self.wire.dialect()?;
                if self.table {
                    print::line(&iso8583::listing(&dialect, &bytes, reveal))
                } else {
                    said(iso8583::decode_json(&dialect, &bytes, reveal))
                }
            }
        }
    }
}

impl Encode {
    pub(super) fn run(self) -> Result<(), Failure> {
        let json = given(&self.json)?;
        let bytes = match self.wire.protocol {
            Protocol::Smpp => smpp::encode_json(&json).map_err(told)?,
            Protocol::Iso8583 => {
                iso8583::encode_json(&self.wire.dialect()?, &json).map_err(told)?
            }
        };
        print::line(&crate::hex::encode(&bytes).to_uppercase())
    }
}

impl DialectCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.command {
            DialectAction::Check { file } => {
                let dialect = dialect_of(&file)?;
                let fields = dialect.fields().count();
                let file = file.display();
                print::line(&format!("{file}: dialect {} with {fields} fields", dialect.name()))
            }
            DialectAction::Show { name } => match Dialect::builtin_table(&name) {
                Some(table) => print::line(table.trim_end()),
                None => Err(unknown(&name)),
            },
        }
    }
}

impl Wire {
    fn dialect(&self) -> Result<Dialect, Failure> {
        let Some(name) = &self.dialect else {
            let names = builtin_names();
            let text = format!("--dialect is needed for ISO 8583: one of {names}, or a table");
            return Err(Failure::usage(text));
        };
        match Dialect::builtin(name) {
            Some(dialect) => Ok(dialect),
            None if Path::new(name).extension().is_some_and(|end| end == "toml") => {
                dialect_of(Path::new(name))
            }
            None => Err(unknown(name)),
        }
    }
}

fn dialect_of(file: &Path) -> Result<Dialect, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    Dialect::parse(&text).map_err(|error| Failure::refused(format!("{}: {error}", file.display())))
}

fn unknown(name: &str) -> Failure {
    let names = builtin_names();
    Failure::usage(format!(
        "{name} is no dialect: give one of {names}, or a file that ends in .toml"
    ))
}

fn builtin_names() -> String {
    Dialect::builtin_names().collect::<Vec<_>>().join(", ")
}

fn print_guesses(bytes: &[u8]) -> Result<(), Failure> {
    let dialects: Vec<Dialect> = Dialect::builtin_names().filter_map(Dialect::builtin).collect();
    let guesses = iso8583::guess(bytes, &dialects);
    if guesses.is_empty() {
        return Err(Failure::refused("no built-in dialect reads these bytes"));
    }
    for guess in guesses {
        let frame = if guess.framed { "behind a frame length" } else { "unframed" };
        let wrong = guess.error.map(|error| format!("  {error}")).unwrap_or_default();
        print::line(&format!("{:3}  {:8} {frame}{wrong}", guess.score, guess.dialect))?;
    }
    Ok(())
}

/// An argument, or standard input where it is `-`.
fn given(argument: &str) -> Result<String, Failure> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("standard input: {error}")))?;
    Ok(text)
}

fn bytes_of(hex: &str) -> Result<Vec<u8>, Failure> {
    let digits: Vec<char> = hex.chars().filter(|c| !c.is_whitespace()).collect();
    let wrong = |at: usize, what: &str| Failure::usage(format!("hexadecimal digit {at}: {what}"));
    if digits.len() % 2 == 1 {
        return Err(wrong(digits.len(), "half a byte is left over"));
    }
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for (at, pair) in digits.chunks_exact(2).enumerate() {
        let text: String = pair.iter().collect();
        let byte = u8::from_str_radix(&text, 16)
            .map_err(|_| wrong(at * 2 + 1, &format!("found \"{text}\", expected 0-9, A-F")))?;
        bytes.push(byte);
    }
    Ok(bytes)
}

/// Prints what was read, or tells what is wrong as JSON and nothing else.
fn said<E: std::fmt::Display>(result: Result<String, E>) -> Result<(), Failure> {
    print::line(&result.map_err(told)?)
}

/// The contract of `decode`: standard error holds the JSON alone.
fn told(error: impl std::fmt::Display) -> Failure {
    Failure { exit: Exit::Told, text: error.to_string() }
}
