//! Templates: what a field of a message is filled with.
//!
//! Text, and between braces the name of a source: `"{terminal}"`, `"REF{rrn}"`, `"{seller:015}"`.
//! Behind a colon there is a width: `:015` fills up with zeros on the left, `:15` with spaces on
//! the right. Nothing is ever cut off.

/// What a template can name; each kind of message has sources of its own.
pub(crate) trait Source: Copy + PartialEq + 'static {
    /// Every source by its name.
    const SOURCES: &'static [(&'static str, Self)];
}

/// Text and sources, in the order of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template<S>(Vec<Piece<S>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece<S> {
    Text(String),
    Source(S, Width),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Natural,
    Zeros(usize),
    Spaces(usize),
}

/// An enumeration of sources, each with its name.
macro_rules! sources {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// Where a value comes from.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Source {
            $($(#[$doc])* $name,)*
        }

        impl $crate::iso8583::template::Source for Source {
            const SOURCES: &'static [(&'static str, Self)] = &[$(($word, Source::$name),)*];
        }
    };
}

pub(crate) use sources;

impl<S: Source> Template<S> {
    /// Reads a template; the error is a sentence for the operator.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(open) = rest.find(['{', '}']) {
            let (before, behind) = rest.split_at(open);
            let inner = behind.strip_prefix('{').and_then(|behind| behind.split_once('}'));
            let Some((inner, behind)) = inner else {
                return Err(format!("{text:?} has a brace without the other one"));
            };
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::source(inner)?);
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = S> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Source(source, _) => Some(*source),
            Piece::Text(_) => None,
        })
    }

    pub(crate) fn has(&self, wanted: S) -> bool {
        self.sources().any(|source| source == wanted)
    }

    /// Whether it is this source and nothing else.
    pub(crate) fn is_only(&self, wanted: S) -> bool {
        matches!(self.0.as_slice(), [Piece::Source(source, Width::Natural)] if *source == wanted)
    }

    /// The whole text, where it has no sources.
    pub(crate) fn constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends what it is filled with; `value` appends that of a source.
    pub(crate) fn fill(&self, out: &mut String, mut value: impl FnMut(S, &mut String)) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Source(source, width) => {
                    let start = out.len();
                    value(*source, out);
                    let long = out.len() - start;
                    match *width {
                        Width::Natural => {}
                        Width::Zeros(width) => {
                            (long..width).for_each(|_| out.insert(start, '0'));
                        }
                        Width::Spaces(width) => (long..width).for_each(|_| out.push(' ')),
                    }
                }
            }
        }
    }
}

impl<S: Source> Piece<S> {
    fn source(inner: &str) -> Result<Self, String> {
        let (name, width) = inner.split_once(':').unwrap_or((inner, ""));
        let source = S::SOURCES.iter().find(|(word, _)| *word == name).map(|(_, source)| *source);
        let Some(source) = source else {
            let known: Vec<&str> = S::SOURCES.iter().map(|(word, _)| *word).collect();
            return Err(format!("there is no source {name:?}; there are {}", known.join(", ")));
        };
        let number = width.parse().ok().filter(|width| (1..=999).contains(width));
        let width = match number {
            _ if width.is_empty() => Width::Natural,
            Some(number) if width.starts_with('0') => Width::Zeros(number),
            Some(number) => Width::Spaces(number),
            None => return Err(format!("the width of {{{inner}}} is not 1 to 999")),
        };
        Ok(Self::Source(source, width))
    }
}
