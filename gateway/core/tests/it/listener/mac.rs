//! Authentication codes: checked with the terminal's own key, and made again for the answer.

use tillgate_codec::iso8583::{Dialect, Fields, MacKey, MacPadding, MacVerdict, Message};
use tillgate_core::listener::CloseReason;
use tillgate_store_core::vault::terminal_context;
use tillgate_store_core::{Change, RegistryRecord};

use super::{NAME, Port, TERMINAL, as_type, request, sale, voucher};
use crate::support::{keys, terminal};

/// The key of the rig's terminals.
pub(super) const KEY: [u8; 32] = [7; 32];

pub(super) fn retail(key: [u8; 32]) -> MacKey {
    MacKey::retail(key[..16].try_into().unwrap(), MacPadding::Zeros)
}

/// A request with its code.
pub(super) fn signed(message: &mut Message, key: &MacKey) -> Vec<u8> {
    let (dialect, mut bytes, mut framed) =
        (Dialect::builtin("nac").unwrap(), Vec::new(), Vec::new());
    dialect.encode_with_mac(message, key, &mut bytes).unwrap();
    dialect.framing().append_frame(&bytes, &mut framed).unwrap();
    framed
}

impl Port {
    fn exchange(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        let session = self.connect(1);
        self.receive(session, frame);
        self.work();
        self.sent.pop().map(|(_, bytes)| bytes)
    }
}

fn verdict(framed: &[u8], key: &MacKey) -> MacVerdict {
    let (dialect, mut fields) = (Dialect::builtin("nac").unwrap(), Fields::new());
    dialect.view(&framed[2..], &mut fields).unwrap().verify_mac(key)
}

#[test]
fn a_request_with_the_terminal_s_code_is_served_and_its_answer_has_one() {
    let cmac = |bytes: usize| MacKey::aes_cmac(&KEY[..bytes]).unwrap();
    for (mac, key) in [
        ("mac = \"retail\"", retail(KEY)),
        ("mac = \"cmac\"", cmac(16)),
        ("mac = \"cmac\"\nmac_key_bytes = 32", cmac(32)),
    ] {
        let mut port = Port::with_mac(mac);
        let first = port.exchange(&signed(&mut voucher(7), &key)).unwrap();
        assert_eq!(verdict(&first, &key), MacVerdict::Valid, "{mac}");
        assert_eq!(port.read(&first).text(39), Some("00"));
        let again = port.exchange(&signed(&mut as_type(&voucher(7), "0201"), &key)).unwrap();
        assert_eq!(again, first, "the same bytes, code included");
    }
}

#[test]
fn a_wrong_code_or_none_or_another_s_key_is_not_answered() {
    let mut port = Port::with_mac("mac = \"retail\"");
    let plain = port.frame(&sale(1));
    let other = signed(&mut sale(1), &retail([8; 32]));
    let mut changed = signed(&mut sale(1), &retail(KEY));
    // The last digit of the amount, behind length, TPDU, MTI, bitmap and processing code.
    changed[2 + 5 + 2 + 16 + 3 + 5] ^= 1;
    let logon = port.frame(&request("0800", "920000", 2));
    for frame in [plain, other, changed, logon] {
        assert_eq!(port.exchange(&frame), None);
        assert_eq!(port.closed.pop().map(|(_, why)| why), Some(CloseReason::Denied));
    }
    assert!(port.rig.forwards.is_empty());
}

#[test]
fn a_new_key_works_beside_the_old_one_until_the_terminal_logs_on_with_it() {
    let mut port = Port::with_mac("mac = \"retail\"");
    let mut record = terminal(100);
    record.listener = NAME.to_owned();
    let next = [9; 32];
    let sealed = keys().vault.seal(&terminal_context(TERMINAL, 2), [1; 12], &next).unwrap();
    record.add_key(2, sealed).unwrap();
    let records = vec![RegistryRecord::Terminal(record)];
    port.rig.change(Change { records, ..Change::default() });
    let (old, new) = (retail(KEY), retail(next));
    for (stan, key) in [(1, &old), (2, &new)] {
        let answer = port.exchange(&signed(&mut voucher(stan), key)).unwrap();
        assert_eq!(
            verdict(&answer, key),
            MacVerdict::Valid,
            "each by the key that it was asked with"
        );
    }
    let mut logon = request("0800", "920000", 3);
    assert!(port.exchange(&signed(&mut logon, &new)).is_some());
    assert_eq!(port.exchange(&signed(&mut voucher(4), &old)), None, "the old key has ended");
    assert!(port.exchange(&signed(&mut voucher(5), &new)).is_some());
}
