//! What rows are made of, said once: `coded!` for words that are one byte, `stored!` for parts of
//! rows and `record!` for rows. The order of the fields in a declaration is that of the bytes.

/// What `coded!` declares.
pub trait Coded: Copy + 'static {
    /// Every value, with the word that stands for it in files and answers.
    const WORDS: &'static [(&'static str, Self)];
}

/// An enumeration whose values have a byte in records and a word in files and answers.
macro_rules! coded {
    ($(#[$doc:meta])* $name:ident, $what:literal:
     $($(#[$value_doc:meta])* $value:ident = $code:literal $label:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$value_doc])* $value,)*
        }

        impl $name {
            /// Every value.
            pub const ALL: [Self; [$($code),*].len()] = [$(Self::$value),*];

            /// The byte that stands for it in records.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$value => $code,)*
                }
            }

            /// The word that stands for it in files and answers.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$value => $label,)*
                }
            }

            /// The value of a byte.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$value),)*
                    _ => None,
                }
            }
        }

        impl $crate::record::Coded for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($label, Self::$value)),*];
        }

        impl $crate::record::wire::Stored for $name {
            fn put(&self, out: &mut impl $crate::record::wire::Sink) {
                out.bytes(&[self.code()]);
            }

            fn take(
                from: &mut $crate::record::wire::Reader<'_>,
            ) -> Result<Self, $crate::record::wire::Flaw> {
                let unknown = $crate::record::wire::Flaw(concat!("unknown ", $what));
                Self::from_code(from.get()?).ok_or(unknown)
            }
        }
    };
}

/// A part of rows, of these fields. Those `since` a version were of the value behind `=` before;
/// it may name the fields that were read already.
macro_rules! stored {
    (
        $Part:ident { $($field:ident),* }
        $(since $version:literal { $($later:ident = $before:expr),* })*
    ) => {
        impl $crate::record::wire::Stored for $Part {
            fn put(&self, out: &mut impl $crate::record::wire::Sink) {
                $(self.$field.put(out);)*
                $($(self.$later.put(out);)*)*
            }

            fn take(
                from: &mut $crate::record::wire::Reader<'_>,
            ) -> Result<Self, $crate::record::wire::Flaw> {
                $(let $field = from.get()?;)*
                $($(let $later = from.since($version, || $before)?;)*)*
                Ok(Self { $($field,)* $($($later),*)* })
            }
        }
    };
}

/// A row: its family, the version that is written, its key and its body.
///
/// ```text
/// record! { Voucher in Stock, version 1;
///     key service, product, expiry ..serial;    the text up to the key's end
///     body { pin } }
/// record! { Distributor in Registry, version 1;
///     letter b'd', id: DistributorId;           the key: a letter, which tells kinds apart, and an id
///     body { parent, name, status } }
/// record! { Head in Meta, version 1;
///     only Self::KEY;                           there is one such row
///     body { seq, hash } since 2 { store_id = StoreId::default() }
///     then Self::check }                        after the rest was read
/// ```
///
/// What ends a body by its own rules is named with the methods that write and read it, and the field
/// that those depend on.
macro_rules! record {
    (
        $Row:ident in $Family:ident, version $current:literal;
        $(letter $letter:literal, $id:ident: $Id:ty;)?
        $(only $only:expr;)?
        $(key $($part:ident),* $(..$rest:ident)?;)?
        body { $($field:ident),* }
        $(since $version:literal { $($later:ident = $before:expr),* })*
        $(ends $last:ident by $put:ident, $take:ident($by:ident))?
        $(then $check:path)?
    ) => {
        $(
            impl $Row {
                pub(crate) const LETTER: u8 = $letter;

                /// The row key of an id.
                #[must_use]
                pub fn key_of($id: $Id) -> KeyBytes {
                    let mut key = KeyBytes::new();
                    Self::LETTER.put(&mut key);
                    $id.put(&mut key);
                    key
                }
            }
        )?

        impl Record for $Row {
            const FAMILY: Family = Family::$Family;
            const VERSION: u8 = $current;

            fn key(&self) -> KeyBytes {
                let mut key = KeyBytes::new();
                $(key.bytes(&[$letter]); self.$id.put(&mut key);)?
                $(key.bytes($only);)?
                $($(self.$part.put(&mut key);)* $(key.bytes(self.$rest.as_bytes());)?)?
                key
            }

            fn write(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
                $($(self.$later.put(out);)*)*
                $(self.$put(out);)?
            }

            fn read(key: &mut Reader<'_>, body: &mut Reader<'_>) -> Result<Self, Flaw> {
                $(key.expect(&[$letter], "another kind of record")?; let $id = key.get()?;)?
                $(key.expect($only, "unknown key")?;)?
                $($(let $part = key.get()?;)* $(let $rest = wire::text(key.rest())?;)?)?
                $(let $field = body.get()?;)*
                $($(let $later = body.since($version, || $before)?;)*)*
                $(let $last = Self::$take($by, body)?;)?
                let row = Self {
                    $($id,)? $($($part,)* $($rest,)?)?
                    $($field,)* $($($later,)*)* $($last,)?
                };
                $(let row = $check(row, body)?;)?
                Ok(row)
            }
        }
    };
}

pub(crate) use {coded, record, stored};
