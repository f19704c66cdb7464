//! Names of EMV tags, for people who read a dump, and what to hide of them (EMV book 3 annex A).

use super::schema::Mask;

/// Tag, name, what printed forms hide.
const TAGS: [(&[u8], &str, Mask); 84] = [
    (&[0x42], "issuer identification number", Mask::Shown),
    (&[0x4f], "application identifier, card", Mask::Shown),
    (&[0x50], "application label", Mask::Shown),
    (&[0x56], "track 1 equivalent data", Mask::Secret),
    (&[0x57], "track 2 equivalent data", Mask::Track),
    (&[0x5a], "application primary account number", Mask::Pan),
    (&[0x6f], "file control information template", Mask::Shown),
    (&[0x70], "record template", Mask::Shown),
    (&[0x71], "issuer script template 1", Mask::Shown),
    (&[0x72], "issuer script template 2", Mask::Shown),
    (&[0x77], "response template 2", Mask::Shown),
    (&[0x82], "application interchange profile", Mask::Shown),
    (&[0x84], "dedicated file name", Mask::Shown),
    (&[0x86], "issuer script command", Mask::Shown),
    (&[0x89], "authorisation code", Mask::Shown),
    (&[0x8a], "authorisation response code", Mask::Shown),
    (&[0x8e], "cardholder verification method list", Mask::Shown),
    (&[0x91], "issuer authentication data", Mask::Shown),
    (&[0x94], "application file locator", Mask::Shown),
    (&[0x95], "terminal verification results", Mask::Shown),
    (&[0x99], "transaction PIN data", Mask::Secret),
    (&[0x9a], "transaction date", Mask::Shown),
    (&[0x9b], "transaction status information", Mask::Shown),
    (&[0x9c], "transaction type", Mask::Shown),
    (&[0x5f, 0x20], "cardholder name", Mask::Secret),
    (&[0x5f, 0x24], "application expiration date", Mask::Shown),
    (&[0x5f, 0x25], "application effective date", Mask::Shown),
    (&[0x5f, 0x28], "issuer country code", Mask::Shown),
    (&[0x5f, 0x2a], "transaction currency code", Mask::Shown),
    (&[0x5f, 0x2d], "language preference", Mask::Shown),
    (&[0x5f, 0x30], "service code", Mask::Shown),
    (&[0x5f, 0x34], "PAN sequence number", Mask::Shown),
    (&[0x9f, 0x01], "acquirer identifier", Mask::Shown),
    (&[0x9f, 0x02], "amount, authorised", Mask::Shown),
    (&[0x9f, 0x03], "amount, other", Mask::Shown),
    (&[0x9f, 0x06], "application identifier, terminal", Mask::Shown),
    (&[0x9f, 0x07], "application usage control", Mask::Shown),
    (&[0x9f, 0x08], "application version number, card", Mask::Shown),
    (&[0x9f, 0x09], "application version number, terminal", Mask::Shown),
    (&[0x9f, 0x0b], "cardholder name, extended", Mask::Secret),
    (&[0x9f, 0x0d], "issuer action code, default", Mask::Shown),
    (&[0x9f, 0x0e], "issuer action code, denial", Mask::Shown),
    (&[0x9f, 0x0f], "issuer action code, online", Mask::Shown),
    (&[0x9f, 0x10], "issuer application data", Mask::Shown),
    (&[0x9f, 0x12], "application preferred name", Mask::Shown),
    (&[0x9f, 0x15], "merchant category code", Mask::Shown),
    (&[0x9f, 0x16], "merchant identifier", Mask::Shown),
    (&[0x9f, 0x18], "issuer script identifier", Mask::Shown),
    (&[0x9f, 0x1a], "terminal country code", Mask::Shown),
    (&[0x9f, 0x1c], "terminal identification", Mask::Shown),
    (&[0x9f, 0x1e], "interface device serial number", Mask::Shown),
    (&[0x9f, 0x1f], "track 1 discretionary data", Mask::Secret),
    (&[0x9f, 0x20], "track 2 discretionary data", Mask::Secret),
    (&[0x9f, 0x21], "transaction time", Mask::Shown),
    (&[0x9f, 0x24], "payment account reference", Mask::Shown),
    (&[0x9f, 0x26], "application cryptogram", Mask::Shown),
    (&[0x9f, 0x27], "cryptogram information data", Mask::Shown),
    (&[0x9f, 0x33], "terminal capabilities", Mask::Shown),
    (&[0x9f, 0x34], "cardholder verification method results", Mask::Shown),
    (&[0x9f, 0x35], "terminal type", Mask::Shown),
    (&[0x9f, 0x36], "application transaction counter", Mask::Shown),
    (&[0x9f, 0x37], "unpredictable number", Mask::Shown),
    (&[0x9f, 0x39], "point of service entry mode", Mask::Shown),
    (&[0x9f, 0x40], "additional terminal capabilities", Mask::Shown),
    (&[0x9f, 0x41], "transaction sequence counter", Mask::Shown),
    (&[0x9f, 0x4c], "ICC dynamic number", Mask::Shown),
    (&[0x9f, 0x4e], "merchant name and location", Mask::Shown),
    (&[0x9f, 0x53], "transaction category code", Mask::Shown),
    (&[0x9f, 0x5b], "issuer script results", Mask::Shown),
    (&[0x9f, 0x60], "track 1 dynamic verification value", Mask::Secret),
    (&[0x9f, 0x61], "track 2 dynamic verification value", Mask::Secret),
    (&[0x9f, 0x63], "offline counter or card product", Mask::Shown),
    (&[0x9f, 0x66], "terminal transaction qualifiers", Mask::Shown),
    (&[0x9f, 0x6b], "track 2 data", Mask::Track),
    (&[0x9f, 0x6c], "card transaction qualifiers", Mask::Shown),
    (&[0x9f, 0x6e], "form factor or third party data", Mask::Shown),
    (&[0x9f, 0x74], "issuer authorisation code", Mask::Shown),
    (&[0x9f, 0x7c], "customer exclusive data", Mask::Shown),
    (&[0xa5], "proprietary template", Mask::Shown),
    (&[0xbf, 0x0c], "issuer discretionary data", Mask::Shown),
    (&[0xdf, 0x31], "issuer script results", Mask::Shown),
    (&[0xdf, 0x32], "chip serial number", Mask::Shown),
    (&[0xdf, 0x33], "session key data", Mask::Secret),
    (&[0xdf, 0x34], "card data read time", Mask::Shown),
];

fn find(tag: &[u8]) -> Option<&'static (&'static [u8], &'static str, Mask)> {
    TAGS.iter().find(|(known, _, _)| *known == tag)
}

pub(crate) fn name(tag: &[u8]) -> Option<&'static str> {
    find(tag).map(|(_, name, _)| *name)
}

/// What printed forms hide of a tag's value.
pub(crate) fn mask(tag: &[u8]) -> Mask {
    find(tag).map_or(Mask::Shown, |(_, _, mask)| *mask)
}

#[cfg(test)]
mod tests {
    use super::{TAGS, mask, name};
    use crate::iso8583::schema::Mask;

    #[test]
    fn card_number_tracks_and_pin_are_hidden() {
        assert_eq!(mask(&[0x5a]), Mask::Pan);
        assert_eq!(mask(&[0x57]), Mask::Track);
        assert_eq!(mask(&[0x9f, 0x6b]), Mask::Track);
        assert_eq!((mask(&[0x99]), mask(&[0x56])), (Mask::Secret, Mask::Secret));
        assert_eq!(name(&[0x9f, 0x26]), Some("application cryptogram"));
    }

    #[test]
    fn no_tag_is_listed_twice() {
        let mut tags: Vec<&[u8]> = TAGS.iter().map(|(tag, _, _)| *tag).collect();
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), TAGS.len());
    }
}
