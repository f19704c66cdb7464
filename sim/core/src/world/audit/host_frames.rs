//! What crosses the wires to ISO 8583 hosts, message by message, for the auditor in `hosts`.

use tillgate_codec::iso8583::{Dialect, Fields, MacKey, MacVerdict, View};

use super::Checker;
use crate::time::Moment;
use crate::world::config::Agreement;

/// Reads what crosses the wires of one host.
pub(in super::super) struct HostFrames {
    dialect: Dialect,
    mac: Option<MacKey>,
    has_own_keys: bool,
}

impl HostFrames {
    pub(in super::super) fn new(dialect: Dialect, agreement: Agreement) -> Self {
        let has_own_keys = matches!(agreement, Agreement::Exchange(_));
        Self { dialect, mac: agreement.fixed_key(), has_own_keys }
    }

    /// Every message of whole frames.
    pub(in super::super) fn each(&self, bytes: &[u8], mut read: impl FnMut(&View<'_>)) {
        let mut rest = bytes;
        let mut fields = Fields::new();
        while let Ok(Some(frame)) = self.dialect.framing().deframe(rest) {
            let message = &rest[frame.message];
            if let Ok(view) = self.dialect.view(message, &mut fields) {
                read(&view);
            }
            rest = &rest[frame.end..];
        }
    }

    /// The gateway has written that.
    pub(in super::super) fn written(&self, witness: &mut Checker, at: (Moment, u16), bytes: &[u8]) {
        self.each(bytes, |view| witness.host_writes(at, view));
    }

    /// Bytes have come to the gateway; `heard` is what came before and is no whole frame.
    pub(in super::super) fn read(
        &self,
        witness: &mut Checker,
        at: (Moment, u16),
        heard: &mut Option<Vec<u8>>,
        bytes: &[u8],
    ) {
        let Some(inbound) = heard else { return };
        inbound.extend_from_slice(bytes);
        let mut fields = Fields::new();
        let mut begins = 0;
        loop {
            match self.dialect.framing().deframe(&inbound[begins..]) {
                Ok(Some(frame)) => {
                    let message = &inbound[begins..][frame.message];
                    if let Ok(view) = self.dialect.view(message, &mut fields)
                        && let Some(is_sure) = self.is_authentic(&view)
                    {
                        witness.host_says(at, &view, is_sure);
                    }
                    begins += frame.end;
                }
                Ok(None) => break,
                Err(_) => {
                    *heard = None;
                    return;
                }
            }
        }
        inbound.drain(..begins);
    }

    /// Whether an answer's code is right, as far as it can be known here; `None`: it is not.
    fn is_authentic(&self, view: &View<'_>) -> Option<bool> {
        match &self.mac {
            Some(key) => (view.verify_mac(key) == MacVerdict::Valid).then_some(true),
            None => Some(!self.has_own_keys),
        }
    }
}
