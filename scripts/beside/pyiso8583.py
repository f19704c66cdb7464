"""ISO 8583 beside pyiso8583: random messages in both directions, in the dialects that both can say.

`iso87a` is pyiso8583's own table `default_ascii` but for field 54, which is shorter here, field 55,
which is raw behind an ASCII length, and field 65, which is a bitmap there. The packed dialects and
those of 1993 are written as pyiso8583's tables by the types and lengths of the fields. What cannot
be said there is left out: packed amounts with a sign, and lengths that count the bytes which
hexadecimal digits stand for.
"""

import json
import random
import sys

import iso8583
from codec import Beside, flat, parsed
from iso8583.specs import default_ascii

PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))
ALPHABETS = {
    "n": "0123456789",
    "z": "0123456789=",
    "a": "ABCXYZ abc",
    "an": "ABCXYZ abc0189",
    "ans": PRINTABLE,
    "text": PRINTABLE,
}
DIALECTS = ["iso87a", "iso87b", "iso93a", "iso93b"]
TYPES = ["100", "110", "200", "210", "220", "320", "400", "420", "500", "800"]
LENGTH_MAX = 70


def digits_of(bound):
    """Digits of the length prefix of a variable field: LL or LLL."""
    return 2 if bound < 100 else 3


def is_packed(dialect):
    return dialect.endswith("b")


def can_be_said(dialect, number, kind, least, most):
    """Whether pyiso8583 can have the field at all; its field 65 is the third bitmap."""
    if number == 65:
        return False
    if is_packed(dialect):
        return kind != "x+n"
    return kind != "b" or least == most or number == 55


def spec(dialect, fields):
    """pyiso8583's table of the dialect."""
    head = {key: dict(default_ascii[key]) for key in ("h", "t", "p", "1")}
    packed = is_packed(dialect)
    if packed:
        for key, length in (("t", 2), ("p", 8), ("1", 8)):
            head[key].update(data_enc="b", max_len=length)
    table = head
    for number, kind, least, most in fields:
        if dialect == "iso87a" and number not in (54, 55):
            table[str(number)] = default_ascii[str(number)]
            continue
        row = {"data_enc": "ascii", "len_enc": "ascii", "len_type": 0, "max_len": most, "desc": ""}
        if least != most:
            row["len_type"] = digits_of(most)
        if packed and least != most:
            row.update(len_enc="bcd", len_type=(digits_of(most) + 1) // 2)
        if kind == "b" and (packed or number == 55):
            row["data_enc"] = "b"
        elif kind == "b":
            # Hexadecimal digits, which the length counts.
            row["max_len"] = most * 2
        elif packed and kind in ("n", "z") and number != 36:
            row.update(data_enc="b", len_count="nibbles")
            row.update({"left_pad": "0"} if least == most else {"right_pad": "0"})
        table[str(number)] = row
    return table


def value(chance, dialect, number, kind, least, most):
    """A random value, in the form that both codecs have for it."""
    length = chance.randint(least, max(least, min(most, LENGTH_MAX)))
    if kind == "b":
        return objects(chance) if number == 55 else chance.randbytes(length).hex().upper()
    if kind == "x+n":
        return chance.choice("CD") + "".join(chance.choices("0123456789", k=length - 1))
    text = "".join(chance.choices(ALPHABETS[kind], k=length))
    if set(text) == {"*"}:
        # As a hidden value is printed, and therefore never sent.
        text = text.replace("*", "#")
    return text


def there(dialect, fields):
    """Values as pyiso8583 has them: of packed tracks the nibbles, not the characters."""
    return tracks(dialect, fields, str.maketrans(":;<=>?", "ABCDEF"))


def here(dialect, fields):
    """Its values as the codec has them."""
    return tracks(dialect, fields, str.maketrans("ABCDEF", ":;<=>?"))


def tracks(dialect, fields, signs):
    packed = ["35"] if is_packed(dialect) else []
    return {key: text.translate(signs) if key in packed else text for key, text in fields.items()}


def objects(chance):
    """Some BER-TLV objects, each tag once."""
    tags = ["9F26", "9F27", "9F10", "95", "9A", "9F02", "5F2A", "82", "9F1E", "DF8101"]
    chosen = chance.sample(tags, chance.randint(0, 5))
    return flat({tag: chance.randbytes(chance.randint(0, 30)).hex().upper() for tag in chosen})


def message(chance, dialect, fields):
    version = "1" if "93" in dialect else "0"
    mti = version + chance.choice(TYPES)
    chosen = {}
    for number, kind, least, most in fields:
        if chance.random() < 0.3:
            chosen[str(number)] = value(chance, dialect, number, kind, least, most)
    return mti, chosen


def compare(beside, dialect, count, chance):
    done, told = beside.ask([f"fields {dialect}"])[0]
    assert done, told
    fields = [row for row in parsed(told) if can_be_said(dialect, *row)]
    table = spec(dialect, fields)
    made = [message(chance, dialect, fields) for _ in range(count)]
    lines = [
        f"encode {dialect} " + json.dumps({"dialect": dialect, "mti": mti, "fields": chosen})
        for mti, chosen in made
    ]
    theirs = []
    for (mti, chosen), (done, ours) in zip(made, beside.ask(lines)):
        encoded, _ = iso8583.encode({"t": mti, **there(dialect, chosen)}, table)
        theirs.append(bytes(encoded))
        if not beside.same(f"{dialect} {mti} sent", ours, encoded.hex().upper()):
            continue
        decoded, _ = iso8583.decode(bytes.fromhex(ours), table)
        beside.same(f"{dialect} {mti} read there", (mti, chosen), meant(dialect, decoded))
    read_here(beside, dialect, table, theirs)
    return changed(beside, dialect, table, theirs, chance)


def read_here(beside, dialect, table, messages):
    """Everything that is sent there is read here, and means the same."""
    answers = beside.ask([f"decode {dialect} {encoded.hex()}" for encoded in messages])
    for encoded, (done, text) in zip(messages, answers):
        decoded, _ = iso8583.decode(encoded, table)
        beside.same(f"{dialect} read here", values(text) if done else text, meant(dialect, decoded))


def changed(beside, dialect, table, messages, chance):
    """Messages with a byte changed: where both read one, they read the same; how many both do."""
    broken = []
    for encoded in messages:
        at = chance.randrange(len(encoded))
        broken.append(encoded[:at] + bytes([chance.randrange(256)]) + encoded[at + 1 :])
    both = 0
    answers = beside.ask([f"decode {dialect} {encoded.hex()}" for encoded in broken])
    for encoded, (done, text) in zip(broken, answers):
        try:
            decoded, _ = iso8583.decode(encoded, table)
        except (iso8583.DecodeError, KeyError):
            # Refused there, or a field that was left out of the table.
            continue
        # A third bitmap is read there without a field in it, and is field 65 here.
        if done and "65" not in parsed(text)["fields"]:
            both += 1
            beside.same(f"{dialect} changed {encoded.hex()}", values(text), meant(dialect, decoded))
    return both


def values(text):
    """MTI and field texts of the codec's JSON."""
    document = parsed(text)
    wire = document.get("wire", {})
    fields = document["fields"].items()
    fields = {key: wire.get(key) or flat(field) for key, field in fields if key != "1"}
    return document["mti"], fields


def meant(dialect, decoded):
    fields = {key: text for key, text in decoded.items() if key not in ("h", "t", "p", "1")}
    return decoded["t"], here(dialect, fields)


def main():
    program, count = sys.argv[1], int(sys.argv[2])
    beside = Beside(program)
    chance = random.Random(8583)
    both = sum(compare(beside, dialect, count, chance) for dialect in DIALECTS)
    each = f"messages in each of {', '.join(DIALECTS)}"
    counts = {each: count, "changed ones read by both": both}
    beside.end("ISO 8583 beside pyiso8583", counts)


main()
