//! Texts as people paste them.

use super::{Block, Form, Text, Unread};

fn blocks(form: Form, text: &str) -> Result<Vec<Block>, Unread> {
    let mut reader = Text::new(form);
    let mut blocks = Vec::new();
    for line in text.lines() {
        blocks.extend(reader.line(line)?);
    }
    blocks.extend(reader.end()?);
    Ok(blocks)
}

/// The bytes of every block.
fn bytes(text: &str) -> Vec<Vec<u8>> {
    let blocks = blocks(Form::Messages, text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
    blocks.into_iter().map(|block| block.bytes).collect()
}

#[test]
fn plain_digits_are_one_message_however_they_are_broken() {
    for text in ["08008020", "0800\n8020", "080\n080 20\n\n", "# a comment\n08 00 80 20"] {
        assert_eq!(bytes(text), [[8, 0, 0x80, 0x20]], "{text}");
    }
}

#[test]
fn dumps_of_every_program_give_the_same_bytes() {
    let whole: Vec<u8> = (0..20).collect();
    for text in [
        "00000000: 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f  ................\n\
         00000010: 1011 1213                                0000",
        "00000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  |................|\n\
         00000010  10 11 12 13                                       |....|\n00000014",
        "0000000 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f\n0000020 10 11 12 13\n0000024",
        "0000   00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f   ab cd ef\n\
         0010   10 11 12 13                                       ....",
        "    00000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f   ........ ........\n\
         \u{20}   00000010  10 11 12 13                                        ....",
    ] {
        assert_eq!(bytes(text), std::slice::from_ref(&whole), "{text}");
    }
}

#[test]
fn a_dump_begins_again_at_offset_zero() {
    let text = "request:\n0000  01 02\n0002  03\n\nanswer:\n0000  04\n";
    assert_eq!(bytes(text), [vec![1, 2, 3], vec![4]]);
    let blocks = blocks(Form::Messages, text).unwrap();
    assert_eq!((blocks[1].line, blocks[1].offset, blocks[1].is_start), (6, 3, true));
}

#[test]
fn two_indentations_are_two_directions() {
    let text = "00000000  01 02\n    00000000  0a 0b\n00000002  03 04\n    00000002  0c";
    let blocks = blocks(Form::Messages, text).unwrap();
    let lanes: Vec<_> = blocks.iter().map(|b| (b.lane, b.is_start, b.bytes.clone())).collect();
    assert_eq!(
        lanes,
        [
            (0, true, vec![1, 2]),
            (1, true, vec![10, 11]),
            (0, false, vec![3, 4]),
            (1, false, vec![12])
        ]
    );
}

#[test]
fn squeezed_rows_come_back() {
    let zeros = "00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00";
    let text = format!("00000000  {zeros}  |....|\n*\n00000040  07  |.|\n00000041");
    let found = bytes(&text);
    assert_eq!((found[0].len(), found[0][64]), (65, 7));
    let bad = format!("00000000  {zeros}  |....|\n*\n00000021  07  |.|");
    assert!(blocks(Form::Messages, &bad).unwrap_err().message.contains("does not fit"));
}

#[test]
fn packets_of_tcpdump_are_known_as_such() {
    let text = "12:00:00.000001 IP 10.0.0.1.1 > 10.0.0.2.2: Flags [P.], length 2\n\
                \t0x0000:  4500 0102  E...\n12:00:01 IP x\n\t0x0000:  4500 03  E..";
    let blocks = blocks(Form::Messages, text).unwrap();
    assert_eq!(blocks.len(), 2);
    assert!(blocks.iter().all(|block| block.is_packet));
}

#[test]
fn lists_of_a_program_are_messages() {
    let xxd = "unsigned char e_bin[] = {\n  0x08, 0x00,\n  0x80\n};\nunsigned int e_bin_len = 3;\n";
    assert_eq!(bytes(xxd), [[8, 0, 0x80]]);
    let wireshark = "char peer0_0[] = { /* Packet 4 */\n0x08, 0x00 };\n\n\
                     char peer1_0[] = { /* Packet 6 */\n0x08, 0x10 };\n";
    assert_eq!(bytes(wireshark), [[8, 0], [8, 0x10]]);
    let blocks = blocks(Form::Messages, wireshark).unwrap();
    assert_eq!((blocks[0].line, blocks[1].line), (1, 4));
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    for (text, line, what) in [
        ("08 00\n80 2x", 2, "at column 5 found 'x'"),
        ("hello\nworld", 1, "at column 1 found 'h'"),
        ("hello\n0800", 1, "at column 1 found 'h'"),
        ("080", 1, "half a byte is left over after digit 3"),
        ("0000000 0800 8020", 1, "hexdump -C"),
        ("00000000: 0102 ..\n00000010: 0304 ..", 2, "offset is 0x10 where 0x2 follows"),
    ] {
        let error = blocks(Form::Messages, text).unwrap_err();
        assert_eq!(error.line, line, "{text}");
        assert!(error.message.contains(what), "{text}: {}", error.message);
    }
}

#[test]
fn a_message_in_every_line_goes_on_after_one_that_is_wrong() {
    let mut reader = Text::new(Form::Lines);
    assert_eq!(reader.line("0102").unwrap().unwrap().bytes, [1, 2]);
    assert_eq!(reader.line("01 0").unwrap_err().line, 2);
    assert_eq!(reader.line("").unwrap(), None);
    let last = reader.line("0000 03").unwrap().unwrap();
    assert_eq!((last.line, last.offset, last.bytes), (4, 2, vec![0, 0, 3]));
}

#[test]
fn a_stream_of_digits_is_given_away_line_by_line() {
    let blocks = blocks(Form::Stream, "010\n203\n04").unwrap();
    let parts: Vec<_> = blocks.iter().map(|b| (b.offset, b.is_start, b.bytes.clone())).collect();
    assert_eq!(parts, [(0, true, vec![1]), (1, false, vec![2, 3]), (3, false, vec![4])]);
}

#[test]
fn decimal_bytes_of_one_list_may_stand_on_several_lines() {
    for text in ["[8, 0, 242,\n48, 49]", "b := []byte{\n8, 0, 242,\n48, 49}\n", "8, 0, 242\n48, 49"]
    {
        let found = blocks(Form::Messages, text).unwrap();
        assert_eq!((found.len(), &found[0].bytes[..]), (1, &[8, 0, 242, 48, 49][..]), "{text}");
    }
    // Digits that were hexadecimal so far stay so.
    assert_eq!(blocks(Form::Messages, "08 00\n48, 49, 100").unwrap_err().line, 2);
    let lines = blocks(Form::Lines, "[8 0 242]\n0800\nb'0'").unwrap();
    let bytes: Vec<&[u8]> = lines.iter().map(|block| &block.bytes[..]).collect();
    assert_eq!(bytes, [&[8, 0, 242][..], &[8, 0], b"0"]);
}

#[test]
fn dumps_of_ultraedit_netty_and_debug_are_read() {
    for text in [
        "00000000h 08 00 80 20 00 00 00 00 00 00 04 00 00 00 00 00 ...\n00000010h 00 07         ..",
        "|  0  1 |\n|00000000| 08 00 80 20 00 00 00 00 00 00 04 00 00 00 00 00 |...|\n\
         |00000010| 00 07    |..|\n+--+",
        "0B3C:0100  08 00 80 20 00 00 00 00-00 00 04 00 00 00 00 00   ...\n0B3C:0110  00 07   ..",
    ] {
        let found = blocks(Form::Messages, text).unwrap();
        assert_eq!((found.len(), found[0].bytes.len(), found[0].bytes[17]), (1, 18, 7), "{text}");
    }
}

#[test]
fn an_offset_at_the_end_of_all_numbers_is_told_and_not_added_to() {
    let error = blocks(Form::Messages, "ffffffffffffffff: 00").unwrap_err();
    assert!(error.message.contains("leaves no room"), "{}", error.message);
}

#[test]
fn a_stream_in_a_dump_of_any_length_is_given_away_row_by_row() {
    let rows = 2 * super::MESSAGE_BYTES_MAX / 4;
    let dump: String = (0..rows).map(|row| format!("{:08x}: 0102 0304  ....\n", row * 4)).collect();
    let found = blocks(Form::Stream, &dump).unwrap();
    assert_eq!((found.len(), found[1].offset), (rows, 4));
    assert!(found[0].is_start && !found[1].is_start);
    assert!(blocks(Form::Messages, &dump).is_err());
    let list = format!("char x[] = {{\n{}}};\n", "0x01, 0x02,\n".repeat(rows));
    assert_eq!(blocks(Form::Stream, &list).unwrap().len(), rows);
}

#[test]
fn squeezed_rows_of_a_stream_come_back_in_their_direction() {
    let text = "00000000  01 02  |..|\n*\n00000006  07  |.|\n    00000000  0a  |.|";
    let found = blocks(Form::Stream, text).unwrap();
    let found: Vec<_> = found.into_iter().map(|b| (b.lane, b.offset, b.bytes)).collect();
    assert_eq!(found, [(0, 0, vec![1, 2]), (0, 2, vec![1, 2, 1, 2, 7]), (1, 7, vec![10])]);
    let other = "00000000  01 02  |..|\n    00000000  0a  |.|\n*\n00000004  07  |.|";
    assert!(blocks(Form::Stream, other).is_err());
}

#[test]
fn packets_stay_whole_in_a_stream() {
    let text = "\t0x0000:  4500 0102  E...\n\t0x0004:  03  E..\n\t0x0000:  4500 03  E..";
    let blocks = blocks(Form::Stream, text).unwrap();
    assert_eq!(blocks.iter().map(|block| block.bytes.len()).collect::<Vec<_>>(), [5, 3]);
}

#[test]
fn a_message_without_end_is_refused() {
    let line = "00".repeat(1000);
    let mut reader = Text::new(Form::Messages);
    let error = (0..200).find_map(|_| reader.line(&line).err()).unwrap();
    assert!(error.message.contains("--stream"), "{}", error.message);
}

#[test]
fn every_prefix_of_every_text_is_read_or_named() {
    for text in [
        "00000000: 0001 0203  ....\n00000004: 04  .\n*\n00000010: 00",
        "head\n\t0x0000:  4500 0102  E...\n",
        "{0x08,\n0x00}",
        "char x[] = { /* a */ 0x08,\n0x00 };\nint y;\n",
    ] {
        for end in 0..=text.len() {
            for form in [Form::Messages, Form::Lines, Form::Stream] {
                if let Err(error) = blocks(form, &text[..end]) {
                    assert!(!error.message.is_empty());
                }
            }
        }
    }
}
