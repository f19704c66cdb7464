//! Tables whose keys are the operator's own.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::{Key, Reader};

impl<'a> Reader<'a> {
    /// A table whose keys are the operator's own, each with what `read` makes of its value.
    pub(crate) fn named<T>(
        &mut self,
        key: Key<'a>,
        example: &str,
        read: impl Fn(&mut Self, &str, Spanned<DeValue<'a>>) -> Option<T>,
    ) -> BTreeMap<String, T> {
        let Some(value) = key.value else { return BTreeMap::new() };
        if !value.as_ref().is_table() {
            self.wrong_type(&key.name, &value, &format!("a table, for example {{ {example} }}"));
        }
        let DeValue::Table(table) = value.into_inner() else { return BTreeMap::new() };
        let each = table.into_iter().filter_map(|(name, value)| {
            let read = read(self, &format!("{}.{}", key.name, name.as_ref()), value)?;
            Some((name.into_inner().into_owned(), read))
        });
        each.collect()
    }

    /// Texts by the operator's own names.
    pub(crate) fn words(&mut self, key: Key<'a>, example: &str) -> BTreeMap<String, String> {
        self.named(key, example, |reader, name, value| match value.as_ref().as_str() {
            Some(text) => Some(text.to_owned()),
            None => {
                reader.wrong_type(name, &value, "a text in quotes");
                None
            }
        })
    }
}
