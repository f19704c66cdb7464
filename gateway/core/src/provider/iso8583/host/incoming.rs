//! What the host asks of the gateway: it signs on or tests the line, and anything else is refused
//! with an answer.

use super::super::messages::{CODE, append};
use super::super::template::Source;
use super::{Connection, Host, Note, Now, Shared};
use tillgate_codec::iso8583::{Message, View};

/// Fields that an answer repeats: what the host needs to find its own request. Nothing of a card
/// goes back.
const REPEATED: [u8; 15] = [3, 4, 7, 11, 12, 13, 24, 32, 33, 37, 41, 42, 49, 70, 90];

/// Invalid transaction (ISO 8583:1987 table A7): the gateway takes no requests from hosts.
const INVALID: &str = "12";

impl Host {
    pub(super) fn on_host_request(&mut self, now: Now, connection: Connection, message: &View<'_>) {
        let shared = std::sync::Arc::clone(&self.shared);
        let Some(mti) = message.mti().answer() else { return };
        let approved = self.approved(now, connection, &shared, message);
        if approved.is_none() {
            self.note(Note::Refused(connection, message.mti().to_string()));
        }
        let mut answer = Message::new(mti);
        answer.tpdu = message.tpdu().map(tillgate_codec::iso8583::Tpdu::swapped);
        for number in REPEATED {
            if let Some(value) = message.value(number) {
                answer.set_bytes(number, &value);
            }
        }
        answer.set(CODE, approved.unwrap_or(INVALID));
        let subjects = match mti.class() {
            b'8' => shared.network_subjects(),
            _ => shared.subjects(),
        };
        let mut bytes = Vec::new();
        if append(subjects, &mut answer, &mut bytes).is_ok() {
            self.reply(now, connection.index, bytes);
        }
    }

    /// The code that a network message of the host is answered with, if it is one the profile
    /// knows.
    fn approved<'a>(
        &mut self,
        now: Now,
        connection: Connection,
        shared: &'a Shared,
        message: &View<'_>,
    ) -> Option<&'a str> {
        let network = shared.profile.network.as_ref()?;
        if message.mti().class() != network.mti.class() {
            return None;
        }
        let mut fields = network.fields.iter();
        let (number, _) = fields.find(|(_, template)| template.has(Source::Network))?;
        let said = message.text(*number)?;
        let known = [&network.sign_on, &network.sign_off, &network.echo];
        let is_known = known.into_iter().flatten().any(|code| *code == said);
        let is_granted =
            is_known || self.on_host_key(now, connection, &said, message) == Some(true);
        is_granted.then(|| network.approved.first().map(String::as_str)).flatten()
    }
}
