//! The kinds of value in the file, each read with its place, its range and its example.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use toml::Spanned;

use super::Fault;
use super::raw::{Int, Str};

/// What a missing or wrong address is replaced with, so that checking can go on.
const NO_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);

/// Collects faults; every method gives back something usable so that the others are found too.
pub(super) struct Check<'a> {
    pub(super) source: &'a str,
    pub(super) base: PathBuf,
    pub(super) faults: Vec<Fault>,
    pub(super) notices: Vec<String>,
}

impl Check<'_> {
    pub(super) fn fault(&mut self, offset: usize, text: impl Into<String>) {
        self.faults.push(Fault::at(self.source, offset, text));
    }

    pub(super) fn missing(&mut self, place: Option<usize>, name: &str, example: &str) {
        let text = format!("{name} is missing; for example {} = {example}", leaf(name));
        match place {
            Some(at) => self.fault(at, text),
            None => self.faults.push(Fault::nowhere(text)),
        }
    }

    /// A section that must be there; without it nothing inside it is reported.
    pub(super) fn section<T: Default>(
        &mut self,
        raw: Option<Spanned<T>>,
        name: &str,
    ) -> (Option<usize>, T) {
        match raw {
            Some(raw) => (Some(raw.span().start), raw.into_inner()),
            None => {
                let text = format!("section [{name}] is missing; is the file half-written?");
                self.faults.push(Fault::nowhere(text));
                (None, T::default())
            }
        }
    }

    /// A section by its name, or by the one it had in the release before.
    pub(super) fn renamed<T>(
        &mut self,
        new: Option<Spanned<T>>,
        old: Option<Spanned<T>>,
        old_name: &str,
        new_name: &str,
    ) -> Option<Spanned<T>> {
        match (&new, &old) {
            (Some(_), Some(old)) => {
                let text = format!("[{old_name}] is the old name of [{new_name}]: keep only one");
                self.fault(old.span().start, text);
            }
            (None, Some(_)) => self.notices.push(format!(
                "[{old_name}] is now called [{new_name}]; rename it: the next release will refuse \
                 the old name"
            )),
            _ => {}
        }
        new.or(old)
    }

    pub(super) fn number<T: TryFrom<i64> + Copy>(
        &mut self,
        raw: Int,
        name: &str,
        allowed: RangeInclusive<i64>,
        default: T,
    ) -> T {
        let Some(raw) = raw else { return default };
        let value = *raw.as_ref();
        match T::try_from(value) {
            Ok(number) if allowed.contains(&value) => number,
            _ => {
                let (low, high) = (allowed.start(), allowed.end());
                let text = format!("{name} is {value}; allowed are {low} to {high}");
                self.fault(raw.span().start, text);
                default
            }
        }
    }

    /// A text that must be there (unless its whole section is missing) and not be empty.
    pub(super) fn text(
        &mut self,
        place: Option<usize>,
        raw: Str,
        name: &str,
        example: &str,
    ) -> Option<(usize, String)> {
        let Some(raw) = raw else {
            if place.is_some() {
                self.missing(place, name, &format!("{example:?}"));
            }
            return None;
        };
        let at = raw.span().start;
        if raw.as_ref().is_empty() {
            self.fault(at, format!("{name} is empty; for example {example:?}"));
            return None;
        }
        Some((at, raw.into_inner()))
    }

    pub(super) fn address(
        &mut self,
        place: Option<usize>,
        raw: Str,
        name: &str,
        example: &str,
    ) -> SocketAddr {
        let Some((at, text)) = self.text(place, raw, name, example) else {
            return NO_ADDRESS;
        };
        text.parse().unwrap_or_else(|_| {
            let what = format!(
                "{name} is {text:?}; write an address and a port, for example {example:?} (this \
                 machine only), \"0.0.0.0:7400\" or \"[::]:7400\" (everywhere)"
            );
            self.fault(at, what);
            NO_ADDRESS
        })
    }

    pub(super) fn path(
        &mut self,
        place: Option<usize>,
        raw: Str,
        name: &str,
        example: &str,
    ) -> PathBuf {
        match self.text(place, raw, name, example) {
            Some((_, text)) => self.base.join(text),
            None => PathBuf::new(),
        }
    }

    pub(super) fn path_or(&mut self, raw: Str, name: &str, default: &str) -> PathBuf {
        match raw {
            Some(raw) => self.path(Some(raw.span().start), Some(raw), name, default),
            None => self.base.join(default),
        }
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        raw: Str,
        name: &str,
        of: &[(&str, T)],
        default: T,
    ) -> T {
        let Some(raw) = raw else { return default };
        if let Some((_, value)) = of.iter().find(|(word, _)| word == raw.as_ref()) {
            return *value;
        }
        let words: Vec<String> = of.iter().map(|(word, _)| format!("{word:?}")).collect();
        let text = format!("{name} is {:?}; allowed: {}", raw.as_ref(), words.join(", "));
        self.fault(raw.span().start, text);
        default
    }
}

fn leaf(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
