//! Where a message was found: file, line, offset, and in a capture time and addresses.

use core::net::SocketAddr;

use serde_json::{Map, Value};
use tillgate_codec::link::message::BusinessDate;

/// Which way bytes of a connection travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the end that opened the connection.
    Up,
    /// To it.
    Down,
}

/// A direction of a TCP connection in a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) direction: Direction,
}

/// Where bytes come from; what an input does not know is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which of several files.
    pub(crate) file: Option<String>,
    /// Line of a text, from 1.
    pub(crate) line: Option<u64>,
    /// Byte of the input or, in a capture, of the direction, from 0.
    pub(crate) offset: u64,
    /// When it was captured: nanoseconds since 1970.
    pub(crate) time_ns: Option<u64>,
    /// Who sent it to whom.
    pub(crate) way: Option<Way>,
}

/// The members that a message gets from its place; encoding leaves them out again.
pub(crate) const MEMBERS: [&str; 7] =
    ["file", "line", "offset", "time", "source", "destination", "direction"];

impl Place {
    /// As the first members of a JSON object.
    pub(crate) fn json(&self) -> Map<String, Value> {
        let mut members = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            members.extend(value.map(|value| (name.to_owned(), value)));
        };
        let [file, line, offset, time, source, destination, direction] = MEMBERS;
        put(file, self.file.clone().map(Value::from));
        put(line, self.line.map(Value::from));
        put(offset, Some(self.offset.into()));
        put(time, self.time_ns.map(|time_ns| moment(time_ns).into()));
        put(source, self.way.map(|way| way.source.to_string().into()));
        put(destination, self.way.map(|way| way.destination.to_string().into()));
        put(direction, self.way.map(|way| way.direction.word().into()));
        members
    }

    /// As the head of a table.
    pub(crate) fn head(&self) -> String {
        let mut words = Vec::new();
        words.extend(self.file.clone());
        words.extend(self.line.map(|line| format!("line {line}")));
        words.push(format!("offset {}", self.offset));
        words.extend(self.time_ns.map(moment));
        if let Some(Way { source, destination, direction }) = self.way {
            words.push(format!("{source} -> {destination} ({})", direction.word()));
        }
        words.join(", ")
    }
}

impl Direction {
    fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

const SECOND_NS: u64 = 1_000_000_000;

/// A moment as RFC 3339 in UTC, to the microsecond or nanosecond; in seconds if it lies before 2000
/// or after 2179, where no capture of a till was made.
pub(crate) fn moment(time_ns: u64) -> String {
    let (seconds, fraction) = (time_ns / SECOND_NS, time_ns % SECOND_NS);
    let fraction = if fraction.is_multiple_of(1000) {
        format!("{:06}", fraction / 1000)
    } else {
        format!("{fraction:09}")
    };
    let Some(date) = BusinessDate::of_unix(seconds) else {
        return format!("{seconds}.{fraction}");
    };
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{fraction}Z")
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_moment_has_microseconds_or_nanoseconds() {
        assert_eq!(moment(1_764_000_000_000_001_000), "2025-11-24T16:00:00.000001Z");
        assert_eq!(moment(1_764_000_000_999_999_999), "2025-11-24T16:00:00.999999999Z");
        assert_eq!(moment(5_000_000_000), "5.000000");
        assert_eq!(moment(u64::MAX), "18446744073.709551615");
    }
}
