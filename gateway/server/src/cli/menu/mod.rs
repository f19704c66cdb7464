//! `tillgate menu`: menus of handsets, printed, checked and tried before a gateway shows them.

mod handset;
mod pretend;
mod services;
mod walk;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use tillgate_codec::ussd::{Alphabet, Room};
use tillgate_core::menu::limits::MENU_BYTES_MAX;
use tillgate_core::menu::{Menu, MenuErrorFault};
use tillgate_store_core::Language;

use self::walk::Walk;
use super::print;
use crate::exit::Failure;
use crate::files::{self, Trust};

/// Print, check and try the menus of handsets
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate menu show > shop.toml
  tillgate menu check shop.toml --data demo --room 160
  tillgate menu try shop.toml --language sw
  printf '8362\\n4\\n0\\n' | tillgate menu try default

docs/ussd.md explains how to write a menu.")]
pub(super) struct MenuCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Print the menu that comes with the gateway, to read it or to start another from it
    Show {
        /// Print the texts of this language instead, to change some or to translate them
        #[arg(long, value_name = "XX")]
        texts: Option<String>,
    },
    /// Check a menu against services: every screen in every language, with the longest values
    ///
    /// Errors of the file name its line; screens that do not fit are named with the language, the
    /// length found and the one that is allowed.
    Check {
        #[command(flatten)]
        what: What,
    },
    /// Walk through a menu as a handset shows it, with a pretended gateway that approves everything
    ///
    /// Each line of the standard input is an entry; when a dialog is over, a line is what is dialled
    /// next. Any PIN is right. A line `:code 51` gives the next answer that code, and `:late` lets it
    /// come too late.
    Try {
        #[command(flatten)]
        what: What,
        /// The terminal's language, one of the menu's
        #[arg(long, value_name = "XX")]
        language: Option<String>,
        /// What is dialled first
        #[arg(long, value_name = "STRING", default_value = "*123#")]
        dial: String,
    },
}

#[derive(Args)]
struct What {
    /// A menu file, or `default` for the one that comes with the gateway
    file: PathBuf,
    /// A directory of files to import, whose services are sold; else those of the demo
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Characters that the link carries in one string: 182, or what the operator allows
    #[arg(long, value_name = "N", default_value_t = 182,
          value_parser = clap::value_parser!(u16).range(60..=182))]
    room: u16,
}

impl MenuCommand {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.action {
            Action::Show { texts: None } => print::line(Menu::builtin().trim_end()),
            Action::Show { texts: Some(language) } => match Menu::builtin_texts(&language) {
                Some(text) => print::line(text.trim_end()),
                None => {
                    let known: Vec<&str> = Menu::builtin_languages().collect();
                    let text = format!("no texts in {language:?}; there are {}", known.join(", "));
                    Err(Failure::usage(text))
                }
            },
            Action::Check { what } => check(&what),
            Action::Try { what, language, dial } => {
                let menu = what.menu()?;
                let language = chosen(&menu, language.as_deref())?;
                let registry = services::registry(what.data.as_deref())?;
                Walk::new(menu, registry, language, what.room())?.run(dial)
            }
        }
    }
}

impl What {
    /// The menu of the file, without the built-in one's name.
    fn menu(&self) -> Result<Menu, Failure> {
        let shown = self.file.display();
        let faulty = |fault: &MenuErrorFault| format!("{shown}:{}: {}", fault.line, fault.text);
        let parsed = if self.file == Path::new("default") {
            Menu::parse(Menu::builtin())
        } else {
            let most = u64::try_from(MENU_BYTES_MAX).unwrap_or(u64::MAX);
            let text = files::read_text(&self.file, most, Trust::Anybody)
                .map_err(|error| Failure::config(format!("{shown}: {error}")))?;
            Menu::parse(&text)
        };
        parsed.map_err(|error| {
            let faults: Vec<String> = error.faults.iter().map(faulty).collect();
            Failure::config(faults.join("\n"))
        })
    }

    /// The octets of a full string are the same for UCS-2.
    fn room(&self) -> Room {
        let septets = usize::from(self.room);
        Room { septets, units: (septets * 7).div_ceil(8) / 2 }
    }
}

/// The language of the handset's terminal.
fn chosen(menu: &Menu, wanted: Option<&str>) -> Result<Language, Failure> {
    let Some(wanted) = wanted else { return Ok(Language::default()) };
    menu.languages().find(|language| language.as_str() == wanted).ok_or_else(|| {
        let known: Vec<String> = menu.languages().map(|of| of.as_str().to_owned()).collect();
        Failure::usage(format!("the menu has no language {wanted:?}; it has {}", known.join(", ")))
    })
}

fn check(what: &What) -> Result<(), Failure> {
    let menu = what.menu()?;
    let registry = services::registry(what.data.as_deref())?;
    let room = what.room();
    let faults = menu.check(&registry, room);
    let shown = what.file.display();
    if !faults.is_empty() {
        let lines: Vec<String> = faults.iter().map(|fault| format!("{shown}: {fault}")).collect();
        return Err(Failure::refused(lines.join("\n")));
    }
    let languages: Vec<String> = menu.languages().map(|of| of.as_str().to_owned()).collect();
    print::line(&format!("{shown}: menu {}, {}", menu.name(), menu.about()))?;
    print::line(&format!(
        "Every screen of {} services fits {} characters, or {} of UCS-2, in {}.",
        registry.services().count(),
        room.of(Alphabet::Gsm7),
        room.of(Alphabet::Ucs2),
        languages.join(", ")
    ))
}
