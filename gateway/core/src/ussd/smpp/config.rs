//! What a link is configured with.

use std::fmt;
use std::sync::Arc;

use tillgate_codec::smpp::{
    Address, Bind, Body, EncodeError, INTERFACE_VERSION, Password, Pdu, ShortMessage, Text,
};
use zeroize::Zeroizing;

use super::super::profile::SmppProfile;
use crate::time::Span;

/// One link to a centre: its profile, who the gateway is there, and how busy it may be.
#[derive(Clone)]
pub struct SmppConfig {
    pub profile: Arc<SmppProfile>,
    pub bind: BindAs,
    pub system_id: String,
    pub password: Zeroizing<String>,
    /// Often `USSD`.
    pub system_type: String,
    pub address_range: String,
    /// Most texts without an answer.
    pub window: usize,
    /// Most texts a second; 0 sets no bound.
    pub per_second: u32,
    /// Without anything from the centre for this long, an `enquire_link` goes out.
    pub enquire: Span,
    /// A request without an answer for this long has none.
    pub response: Span,
    /// What notifications come from, and the types of number and numbering plans of the subscriber and
    /// of it.
    pub sender: String,
    pub sender_numbering: [u8; 4],
}

/// How a link binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindAs {
    /// One connection for both directions.
    Transceiver,
    /// A transmitter and a receiver.
    Pair,
}

/// Which session a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Transceiver,
    Transmitter,
    Receiver,
}

impl BindAs {
    pub(super) const fn roles(self) -> &'static [Role] {
        match self {
            Self::Transceiver => &[Role::Transceiver],
            Self::Pair => &[Role::Transmitter, Role::Receiver],
        }
    }
}

impl SmppConfig {
    /// A link with usual settings.
    #[must_use]
    pub fn new(profile: Arc<SmppProfile>, system_id: &str, password: &str) -> Self {
        Self {
            profile,
            bind: BindAs::Transceiver,
            system_id: system_id.to_owned(),
            password: Zeroizing::new(password.to_owned()),
            system_type: "USSD".to_owned(),
            address_range: String::new(),
            window: 10,
            per_second: 0,
            enquire: Span::s(30),
            response: Span::s(10),
            sender: String::new(),
            sender_numbering: [1, 1, 0, 1],
        }
    }

    /// Whether the centre could be bound to, and notifications be sent, with it.
    ///
    /// # Errors
    /// The field that is too long, or is not ASCII.
    pub fn check(&self) -> Result<(), EncodeError> {
        let mut out = Zeroizing::new(Vec::new());
        self.bind_pdu(Role::Transceiver, 1).encode(&mut out)?;
        let [.., ton, npi] = self.sender_numbering;
        let source = Address { ton, npi, number: Text::new(&self.sender) };
        let message = ShortMessage { source, ..ShortMessage::default() };
        Pdu::new(1, Body::SubmitSm(message)).encode(&mut out)
    }

    pub(super) fn bind_pdu(&self, role: Role, sequence: u32) -> Pdu<'_> {
        let bind = Bind {
            system_id: Text::new(&self.system_id),
            password: Password(self.password.as_bytes()),
            system_type: Text::new(&self.system_type),
            interface_version: INTERFACE_VERSION,
            addr_ton: 0,
            addr_npi: 0,
            address_range: Text::new(&self.address_range),
        };
        let body = match role {
            Role::Transceiver => Body::BindTransceiver(bind),
            Role::Transmitter => Body::BindTransmitter(bind),
            Role::Receiver => Body::BindReceiver(bind),
        };
        Pdu::new(sequence, body)
    }
}

/// Without the password.
impl fmt::Debug for SmppConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmppConfig")
            .field("profile", &self.profile.name)
            .field("bind", &self.bind)
            .field("system_id", &self.system_id)
            .field("window", &self.window)
            .field("per_second", &self.per_second)
            .finish_non_exhaustive()
    }
}
