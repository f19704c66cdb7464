//! Which dialog a message belongs to, and how an answer says the same.

use ring::digest;
use serde::Deserialize;
use tillgate_codec::smpp::{Tag, Tlvs};

use super::super::dialog::SessionKey;
use super::super::limits::SESSION_KEY_BYTES_MAX;

/// Which dialog of a subscriber a message belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub place: KeyPlace,
    /// Whether answers repeat the parameter.
    pub is_echoed: bool,
    /// What the last answer does to the parameter that it repeats.
    pub end: EndMark,
}

/// What names a subscriber's dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// The upper octet of `its_session_info`, as the specification says it.
    ItsHighOctet,
    /// `its_session_info` without bit 0.
    Its15Bit,
    UserMessageReference,
    /// A parameter of the vendor's. The length is what a centre gives it; a link takes any.
    Tlv {
        tag: Tag,
        length: Option<usize>,
    },
    /// Nothing: a subscriber has one dialog.
    Msisdn,
}

/// How the parameter of the session says that the dialog ends.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum EndMark {
    #[default]
    None,
    /// Bit 0 of its last octet, in both directions.
    Bit,
    /// The number that it is plus one, in the application's last message.
    PlusOne,
}

impl Session {
    /// The parameter that holds it.
    #[must_use]
    pub const fn tag(&self) -> Option<Tag> {
        match self.place {
            KeyPlace::ItsHighOctet | KeyPlace::Its15Bit => Some(Tag::ITS_SESSION_INFO),
            KeyPlace::UserMessageReference => Some(Tag::USER_MESSAGE_REFERENCE),
            KeyPlace::Tlv { tag, .. } => Some(tag),
            KeyPlace::Msisdn => None,
        }
    }

    /// Octets of the parameter's value, as a centre makes it.
    #[must_use]
    pub fn value_bytes(&self) -> usize {
        match self.place {
            KeyPlace::Msisdn => 0,
            KeyPlace::Tlv { length, .. } => length.unwrap_or(4),
            _ => 2,
        }
    }

    /// The value of the session's parameter; empty where there is none.
    #[must_use]
    pub fn value<'a>(&self, tlvs: &Tlvs<'a>) -> &'a [u8] {
        self.tag().and_then(|tag| tlvs.find(tag)).map_or(&[], |tlv| tlv.value)
    }

    /// What names the dialog, from the parameter's value, which may have any length.
    #[must_use]
    pub fn key(&self, value: &[u8]) -> SessionKey {
        let value = match self.place {
            KeyPlace::ItsHighOctet => value.get(..1).unwrap_or_default(),
            _ => value,
        };
        let Ok(mut key) = SessionKey::try_from(value) else {
            let digest = digest::digest(&digest::SHA256, value);
            return digest.as_ref().iter().copied().take(SESSION_KEY_BYTES_MAX).collect();
        };
        if self.place == KeyPlace::Its15Bit
            && let Some(low) = key.last_mut()
        {
            *low &= !1;
        }
        key
    }

    /// Whether a value that came from the centre says that the dialog is over.
    #[must_use]
    pub fn is_end(&self, value: &[u8]) -> bool {
        self.end == EndMark::Bit && value.last().is_some_and(|low| low & 1 == 1)
    }

    /// Makes the value of the last message from that of what it answers.
    pub fn mark_end(&self, value: &mut [u8]) {
        match self.end {
            EndMark::None => {}
            EndMark::Bit => {
                if let Some(low) = value.last_mut() {
                    *low |= 1;
                }
            }
            EndMark::PlusOne => {
                for octet in value.iter_mut().rev() {
                    *octet = octet.wrapping_add(1);
                    if *octet != 0 {
                        break;
                    }
                }
            }
        }
    }

    /// Makes the value of a message after which the dialog goes on.
    pub fn mark_open(&self, value: &mut [u8]) {
        if self.end == EndMark::Bit
            && let Some(low) = value.last_mut()
        {
            *low &= !1;
        }
    }
}
