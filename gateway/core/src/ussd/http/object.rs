//! The caller's own JSON, of which answers repeat something: bounded where it is kept, and wiped, for what
//! was typed is in it.

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::ussd::limits::HTTP_REPEATED_BYTES_MAX;

/// What an answer repeats, as an object of JSON; empty if it repeats nothing.
pub(super) type Repeated = Zeroizing<Vec<u8>>;

/// An object of JSON, while it is worked with.
#[derive(Default)]
pub(super) struct Object(pub(super) Map<String, Value>);

impl Object {
    /// As it is kept until the answer; `None` if it is longer than [`HTTP_REPEATED_BYTES_MAX`].
    pub(super) fn held(&self) -> Option<Repeated> {
        if self.0.is_empty() {
            return Some(Repeated::default());
        }
        let mut room = Zeroizing::new(vec![0; HTTP_REPEATED_BYTES_MAX]);
        let mut free = room.as_mut_slice();
        serde_json::to_writer(&mut free, &self.0).ok()?;
        let free = free.len();
        let used = room.len().checked_sub(free)?;
        Some(Zeroizing::new(room.get(..used)?.to_vec()))
    }

    /// What was kept.
    pub(super) fn of(held: &Repeated) -> Self {
        if held.is_empty() {
            return Self::default();
        }
        // It was written by `held`.
        Self(serde_json::from_slice(held).unwrap_or_default())
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        let values = |map: Map<String, Value>| map.into_iter().map(|(_, value)| value);
        let mut rest: Vec<Value> = values(std::mem::take(&mut self.0)).collect();
        while let Some(value) = rest.pop() {
            match value {
                Value::String(mut text) => text.zeroize(),
                Value::Array(list) => rest.extend(list),
                Value::Object(map) => rest.extend(values(map)),
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(length: usize) -> Object {
        let Value::Object(map) = json!({"a": "x".repeat(length)}) else { panic!() };
        Object(map)
    }

    #[test]
    fn what_is_kept_is_what_came_and_no_more_than_its_bound() {
        let frame = object(0).held().unwrap().len();
        let most = object(HTTP_REPEATED_BYTES_MAX - frame);
        let held = most.held().unwrap();
        assert_eq!((held.len(), held.capacity()), (HTTP_REPEATED_BYTES_MAX, held.len()));
        assert_eq!(Object::of(&held).0, most.0);
        assert!(object(HTTP_REPEATED_BYTES_MAX - frame + 1).held().is_none());
        assert!(Object::default().held().unwrap().is_empty());
        assert!(Object::of(&Repeated::default()).0.is_empty());
    }
}
