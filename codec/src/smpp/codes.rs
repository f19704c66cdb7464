//! How a set of codes is declared: a number that stays visible, and names for the known ones.

/// Declares a newtype with a constant, a name and a line of documentation for each known code.
macro_rules! codes {
    (
        $(#[$outer:meta])*
        $kind:ident($number:ty) { $($constant:ident = $value:literal, $name:literal, $doc:literal;)* }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $kind(pub $number);

        impl $kind {
            $(
                #[doc = $doc]
                pub const $constant: Self = Self($value);
            )*

            /// The name of a code that is known.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($name),)*
                    _ => None,
                }
            }

            /// The code of that name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$constant),)*
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{:#0width$x}", self.0, width = 2 + 2 * size_of::<$number>()),
                }
            }
        }

        impl std::fmt::Debug for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}

pub(super) use codes;
