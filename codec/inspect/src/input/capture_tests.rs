//! Captures of every kind, whole and damaged.

use std::io::{self, Read};

use super::super::packet::Link;
use super::{Ended, is_capture, read};

/// A classic file with these packets, written by a machine of that byte order.
fn classic(magic: u32, linktype: u32, is_big: bool, packets: &[&[u8]]) -> Vec<u8> {
    let word = |value: u32| if is_big { value.to_be_bytes() } else { value.to_le_bytes() };
    let half = |value: u16| if is_big { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut file = [word(magic), [half(2), half(4)].concat().try_into().unwrap()].concat();
    for value in [0, 0, 65_535, linktype] {
        file.extend(word(value));
    }
    for packet in packets {
        let length = u32::try_from(packet.len()).unwrap();
        for value in [1_700_000_000, 5, length, length] {
            file.extend(word(value));
        }
        file.extend_from_slice(packet);
    }
    file
}

/// A pcapng file of one section with nanosecond times.
fn next_generation(packets: &[&[u8]]) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let length = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
        [&kind.to_le_bytes()[..], &length, body, &length].concat()
    };
    let section = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
    let options = [9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0];
    let interface = [&[101, 0, 0, 0][..], &65_535_u32.to_le_bytes(), &options].concat();
    let mut file = [block(0x0a0d_0d0a, &section), block(1, &interface)].concat();
    for packet in packets {
        let time = 1_700_000_000_000_000_005_u64;
        let (high, low) = (time >> 32, time & 0xffff_ffff);
        let length = u64::try_from(packet.len()).unwrap();
        let mut body = vec![0; 4];
        for value in [high, low, length, length] {
            body.extend(u32::try_from(value).unwrap().to_le_bytes());
        }
        body.extend_from_slice(packet);
        body.resize(body.len().next_multiple_of(4), 0);
        file.extend(block(6, &body));
    }
    file
}

/// Link, time and bytes of a packet.
type Found = (Link, Option<u64>, Vec<u8>);

/// Every packet that can be read, and what ends the reading.
fn packets(file: &[u8]) -> (Vec<Found>, Option<String>) {
    let mut found = Vec::new();
    let ended = read(file, |packet| {
        found.push((packet.link, packet.time_ns, packet.bytes.to_vec()));
        Ok::<(), ()>(())
    });
    let error = match ended {
        Ok(()) => None,
        Err(Ended::Unread(text)) => Some(text),
        Err(Ended::Stopped(())) => unreachable!("nobody stops"),
    };
    (found, error)
}

#[test]
fn files_of_both_byte_orders_and_both_precisions_are_read() {
    let (micro, nano) = (1_700_000_000_000_005_000, 1_700_000_000_000_000_005);
    for (magic, is_big, time) in [
        (0xa1b2_c3d4, false, micro),
        (0xa1b2_c3d4, true, micro),
        (0xa1b2_3c4d, false, nano),
        (0xa1b2_3c4d, true, nano),
    ] {
        let file = classic(magic, 1, is_big, &[b"one", b"three"]);
        assert!(is_capture(&file));
        let expected = [
            (Link::Ethernet, Some(time), b"one".to_vec()),
            (Link::Ethernet, Some(time), b"three".to_vec()),
        ];
        assert_eq!(packets(&file), (expected.to_vec(), None), "{magic:x} {is_big}");
    }
    let file = next_generation(&[b"one", b"three"]);
    assert!(is_capture(&file));
    let (found, error) = packets(&file);
    assert_eq!((found.len(), error), (2, None));
    assert_eq!(found[1], (Link::Ip, Some(nano), b"three".to_vec()));
}

#[test]
fn every_link_type_that_is_promised_is_known_and_others_are_named() {
    for linktype in [0, 1, 12, 14, 101, 108, 113, 228, 229, 276, 0x3000_0001] {
        let (found, error) = packets(&classic(0xa1b2_c3d4, linktype, false, &[b"x"]));
        assert_eq!((found.len(), error), (1, None), "{linktype}");
    }
    let (_, error) = packets(&classic(0xa1b2_c3d4, 127, false, &[b"x"]));
    assert!(error.unwrap().contains("127"));
}

#[test]
fn every_prefix_gives_the_packets_before_the_cut() {
    for (file, head, packet) in [
        (classic(0xa1b2_c3d4, 1, false, &[b"abcd", b"efgh"]), 24, 20),
        (next_generation(&[b"abcd", b"efgh"]), 60, 36),
    ] {
        for end in 0..file.len() {
            let (found, error) = packets(&file[..end]);
            let whole = end.saturating_sub(head) / packet;
            assert_eq!(found.len(), whole, "prefix of {end}");
            let is_clean = end >= head && (end - head) % packet == 0;
            assert!(error.is_some() || is_clean || found.is_empty(), "prefix of {end}");
        }
        assert_eq!(packets(&file).1, None);
    }
}

/// A pipe that gives a byte at a time.
struct Drip<'f>(&'f [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(1);
        (&mut self.0).take(1).read(&mut buffer[..count])
    }
}

#[test]
fn a_capture_that_drips_from_a_pipe_is_read_as_it_comes() {
    for file in [classic(0xa1b2_c3d4, 1, true, &[b"one", b"three"]), next_generation(&[b"x", b"y"])]
    {
        let mut count = 0;
        let read = read(Drip(&file), |_| {
            count += 1;
            Ok::<(), ()>(())
        });
        assert!(read.is_ok() && count == 2, "{read:?}");
    }
}

#[test]
fn a_length_beyond_all_packets_is_told_and_not_believed() {
    let mut file = classic(0xa1b2_c3d4, 1, false, &[b"abcd"]);
    file[32..36].copy_from_slice(&[0xff; 4]);
    file.resize(3 * 1024 * 1024, 0);
    assert!(packets(&file).1.unwrap().contains("damaged"));
    let large = vec![7; 900_000];
    let (found, error) = packets(&classic(0xa1b2_c3d4, 1, false, &[&large]));
    assert_eq!((found[0].2.len(), error), (large.len(), None));
}
