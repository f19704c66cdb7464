#!/usr/bin/env python3
"""A terminal that was written from docs/wire.md alone, with nothing but Python's standard library.

    terminal.py --gateway HOST:PORT --terminal N --key-id N --psk HEX [--server-key HEX]
                --state FILE sell SERVICE PRODUCT AMOUNT CURRENCY [SUBSCRIBER]

It sells once, as section 8 says: what must survive a power cut is in the state file before it is
needed, a sale without an answer is sent again, and the receipt is confirmed. The curve arithmetic is
neither fast nor constant in time: it shows the protocol, it does not protect a key in a shop.
"""

import argparse
import hashlib
import hmac
import json
import os
import secrets
import socket
import struct
import sys
import time

# --- section 3: the primitives and the handshake -------------------------------------------------

SUITES = {1: b"Noise_NKpsk0_25519_ChaChaPoly_SHA256", 2: b"Noise_NNpsk0_25519_ChaChaPoly_SHA256"}
P = 2**255 - 19


def x25519(private, public):
    """RFC 7748, section 5."""
    k = int.from_bytes(private, "little") & ~7 & (1 << 254) - 1 | 1 << 254
    u = int.from_bytes(public, "little") & (1 << 255) - 1
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for bit in range(254, -1, -1):
        now = k >> bit & 1
        if swap ^ now:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = now
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a % P, c * b % P, a * a % P, b * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    shared = x2 * pow(z2, P - 2, P) % P
    if shared == 0:
        raise ConnectionError("a public key of small order")
    return shared.to_bytes(32, "little")


def public_of(private):
    return x25519(private, (9).to_bytes(32, "little"))


def chacha20(key, counter, nonce, data):
    """RFC 8439, section 2.4."""
    words = struct.unpack("<4I8I", b"expand 32-byte k" + key)
    out = bytearray()
    for start in range(0, len(data), 64):
        state = [*words, counter + start // 64, *struct.unpack("<3I", nonce)]
        x = list(state)
        for a, b, c, d in ROUNDS * 10:
            for left, right, turn, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[left] = x[left] + x[right] & 0xFFFFFFFF
                t = x[turn] ^ x[left]
                x[turn] = (t << n | t >> 32 - n) & 0xFFFFFFFF
        block = struct.pack("<16I", *(a + b & 0xFFFFFFFF for a, b in zip(x, state)))
        out += bytes(a ^ b for a, b in zip(data[start : start + 64], block))
    return bytes(out)


ROUNDS = (
    *((i, i + 4, i + 8, i + 12) for i in range(4)),
    *((i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4) for i in range(4)),
)


def poly1305_tag(key, nonce, aad, sealed):
    """RFC 8439, sections 2.5 and 2.8."""
    one_time = chacha20(key, 0, nonce, bytes(32))
    r = int.from_bytes(one_time[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    pad = lambda part: part + bytes(-len(part) % 16)
    text = pad(aad) + pad(sealed) + struct.pack("<QQ", len(aad), len(sealed))
    total = 0
    for start in range(0, len(text), 16):
        total = (total + int.from_bytes(text[start : start + 16] + b"\1", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(one_time[16:], "little")) % 2**128).to_bytes(16, "little")


def seal(key, counter, aad, plain):
    return seal_under(key, bytes(4) + struct.pack("<Q", counter), aad, plain)


def unseal(key, counter, aad, sealed):
    return unseal_under(key, bytes(4) + struct.pack("<Q", counter), aad, sealed)


def seal_under(key, nonce, aad, plain):
    sealed = chacha20(key, 1, nonce, plain)
    return sealed + poly1305_tag(key, nonce, aad, sealed)


def unseal_under(key, nonce, aad, sealed):
    sealed, tag = sealed[:-16], sealed[-16:]
    if not hmac.compare_digest(tag, poly1305_tag(key, nonce, aad, sealed)):
        raise ConnectionError("the tag is wrong")
    return chacha20(key, 1, nonce, sealed)


def mac256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def hkdf(ck, data, count):
    temp, outputs, last = mac256(ck, data), [], b""
    for number in range(1, count + 1):
        last = mac256(temp, last + bytes([number]))
        outputs.append(last)
    return outputs


class Symmetric:
    """Section 3.2."""

    def __init__(self, name, prologue):
        self.h = self.ck = hashlib.sha256(name).digest()
        self.k, self.n = None, 0
        self.mix_hash(prologue)

    def mix_hash(self, data):
        self.h = hashlib.sha256(self.h + data).digest()

    def mix_key(self, data):
        self.ck, self.k = hkdf(self.ck, data, 2)
        self.n = 0

    def mix_key_and_hash(self, data):
        self.ck, t, self.k = hkdf(self.ck, data, 3)
        self.mix_hash(t)
        self.n = 0

    def encrypt_and_hash(self, plain):
        sealed = seal(self.k, self.n, self.h, plain)
        self.n += 1
        self.mix_hash(sealed)
        return sealed

    def decrypt_and_hash(self, sealed):
        plain = unseal(self.k, self.n, self.h, sealed)
        self.n += 1
        self.mix_hash(sealed)
        return plain


def record(kind, payload):
    return struct.pack(">BBH", kind, 1, len(payload)) + payload


class Handshake:
    """The terminal's side of section 3."""

    def __init__(self, suite, terminal, key_id, psk, server_key, counter, ephemeral, offer=None):
        clear = struct.pack(">BBIQ", suite, key_id, terminal, counter) + bytes(offer or ())
        self.offer, self.ephemeral = offer, ephemeral
        self.noise = Symmetric(SUITES[suite], clear)
        if suite == 1:
            self.noise.mix_hash(server_key)
        self.noise.mix_key_and_hash(psk)
        message = public_of(ephemeral)
        self.noise.mix_hash(message)
        self.noise.mix_key(message)
        if suite == 1:
            self.noise.mix_key(x25519(ephemeral, server_key))
        message += self.noise.encrypt_and_hash(b"")
        mac = mac256(mac256(psk, b"tillgate link 1 hello"), clear + message)[:16]
        self.hello = record(1, clear + mac + message)

    def finish(self, payload):
        if len(payload) != (49 if self.offer else 48):
            raise ConnectionError("a HELLO_REPLY of another length")
        public, sealed = payload[:32], payload[32:]
        self.noise.mix_hash(public)
        self.noise.mix_key(public)
        self.noise.mix_key(x25519(self.ephemeral, public))
        choice = self.noise.decrypt_and_hash(sealed)
        version = choice[0] if self.offer else 1
        if self.offer and not self.offer[0] <= version <= self.offer[1]:
            raise ConnectionError(f"version {version} was not offered")
        return Channel(*hkdf(self.noise.ck, b"", 2), version)


class Channel:
    """Section 4."""

    def __init__(self, up, down, version=1):
        self.up, self.down, self.version, self.sent, self.received = up, down, version, 0, 0

    def seal(self, body):
        head = struct.pack(">BBH", 3, 1, len(body) + 16)
        sealed = head + seal(self.up, self.sent, head, body)
        self.sent += 1
        return sealed

    def open(self, whole):
        body = unseal(self.down, self.received, whole[:4], whole[4:])
        self.received += 1
        return body


# --- section 5: bodies ---------------------------------------------------------------------------

U, I, C, T = "unsigned", "signed", "code", "text"
TAGS = {
    0x01: ("stan", U, 4), 0x02: ("date", U, 2), 0x03: ("code", C, 2), 0x04: ("time_s", U, 8),
    0x05: ("amount_minor", U, 8), 0x06: ("currency", U, 2), 0x07: ("service", U, 2),
    0x08: ("product", U, 2), 0x09: ("subscriber", T, 24), 0x0A: ("original_stan", U, 4),
    0x0B: ("original_date", U, 2), 0x0C: ("reason", U, 1), 0x0D: ("rrn", T, 12),
    0x0E: ("reference", T, 32), 0x0F: ("balance_minor", I, 8), 0x10: ("voucher_serial", T, 24),
    0x11: ("voucher_pin", T, 32), 0x12: ("voucher_expiry", U, 2), 0x13: ("lines", T, 512),
    0x14: ("kind", U, 1), 0x15: ("firmware", T, 24), 0x16: ("catalogue", U, 4),
    0x17: ("versions", U, 1), 0x18: ("idle_s", U, 2), 0x19: ("answer_s", U, 2),
    0x1A: ("stan_last", U, 4), 0x1B: ("nonce", U, 4), 0x1C: ("command", U, 4),
    0x1D: ("result", U, 1), 0x1E: ("order", U, 1), 0x1F: ("text", T, 160),
    0x20: ("settled_date", U, 2), 0x21: ("sales_count", U, 4), 0x22: ("sales_minor", U, 8),
    0x23: ("reversals_count", U, 4), 0x24: ("reversals_minor", U, 8), 0x25: ("open_count", U, 4),
    0x26: ("message", U, 1), 0x27: ("token", U, 8), 0x28: ("amount_min_minor", U, 8),
    0x29: ("amount_max_minor", U, 8), 0x2A: ("fee_minor", U, 8), 0x2B: ("tax_minor", U, 8),
    0x2C: ("name", T, 64), 0x2D: ("valid_s", U, 2), 0x2E: ("count", U, 1),
}
NUMBERS = {name: (tag, form) for tag, (name, form, _) in TAGS.items()}
# Type, name, fields that must be there, fields that may be.
MESSAGES = {
    0x01: ("logon", "versions", "firmware catalogue"),
    0x02: ("sale", "stan date service amount_minor currency", "product subscriber token fee_minor"),
    0x03: ("confirm", "stan date", ""),
    0x04: ("repeat", "date", "stan"),
    0x05: ("reversal", "stan date original_stan original_date amount_minor reason", ""),
    0x06: ("balance", "stan date", ""),
    0x07: ("ping", "nonce", ""),
    0x08: ("acknowledge", "command result", ""),
    0x09: ("settle", "stan date currency",
           "sales_count sales_minor reversals_count reversals_minor settled_date"),
    0x0A: ("lookup", "stan date service subscriber", "product amount_minor"),
    0x0C: ("recent", "stan date count", ""),
    0x81: ("welcome", "code date time_s idle_s answer_s", "catalogue stan_last"),
    0x82: ("answer", "kind stan date code time_s",
           "rrn reference amount_minor fee_minor tax_minor balance_minor voucher_serial voucher_pin"
           " voucher_expiry lines"),
    0x87: ("pong", "nonce time_s", ""),
    0x88: ("command", "command order", "text"),
    0x89: ("settled", "stan date code time_s",
           "rrn sales_count sales_minor reversals_count reversals_minor open_count settled_date"),
    0x8A: ("reject", "code time_s", "message stan date"),
    0x8B: ("found", "stan date code",
           "token amount_minor amount_min_minor amount_max_minor fee_minor currency name lines valid_s"),
    0x8C: ("listing", "stan date code", "lines"),
}
TYPES = {name: (number, must, may) for number, (name, must, may) in MESSAGES.items()}


class Malformed(Exception):
    """Carries what is wrong, as wire-vectors.json names it."""


def encode(name, /, **values):
    """Fields that may be left out first, then those that must be there."""
    number, must, may = TYPES[name]
    out = bytearray([number])
    for field in may.split() + must.split():
        value = values.get(field)
        if field in may.split() and not value and not (field == "balance_minor" and value == 0):
            continue
        tag, form = NUMBERS[field]
        if form == T:
            value = value.encode()
        elif form == C:
            value = value.encode("ascii")
        elif form == I:
            value = value.to_bytes((value + (value < 0)).bit_length() // 8 + 1 if value else 0,
                                   "big", signed=True)
        else:
            value = value.to_bytes((value.bit_length() + 7) // 8, "big")
        out += bytes([tag])
        out += bytes([len(value)]) if len(value) < 255 else b"\xff" + struct.pack(">H", len(value))
        out += value
    return bytes(out)


def decode(body, direction="down"):
    """Section 5, in its order: frame, then tags, then values."""
    if not body:
        raise Malformed("empty")
    if body[0] not in MESSAGES or (body[0] < 0x80) != (direction == "up"):
        raise Malformed("unknown-message")
    name, must, may = MESSAGES[body[0]]
    if len(body) > 2032:
        raise Malformed("too-long")
    found, at = {}, 1
    while at < len(body):
        head = body[at : at + 2]
        if len(head) < 2:
            raise Malformed("truncated")
        tag, length, start = head[0], head[1], at + 2
        if length == 255:
            if len(body) < at + 4:
                raise Malformed("truncated")
            length, start = struct.unpack(">H", body[at + 2 : at + 4])[0], at + 4
        value = body[start : start + length]
        if len(value) < length:
            raise Malformed("truncated")
        if start == at + 4 and length < 255:
            raise Malformed("not-minimal")
        at = start + length
        if tag not in TAGS:
            continue
        if length > TAGS[tag][2]:
            raise Malformed("too-long")
        if tag in found:
            raise Malformed("duplicate")
        found[tag] = value
    fields = {}
    for tag, wire in found.items():
        if TAGS[tag][0] in must.split() + may.split():
            fields[TAGS[tag][0]] = read(tag, wire)
    check(name, fields, must)
    return name, fields


def read(tag, wire):
    form = TAGS[tag][1]
    if form == T:
        try:
            return wire.decode()
        except UnicodeDecodeError:
            raise Malformed("not-text") from None
    if form == C:
        if len(wire) != 2:
            raise Malformed("value")
        return wire.decode("latin-1")
    if form == I:
        if wire[:1] in (b"\x00", b"\xff") and len(wire) > 1 and (wire[0] ^ wire[1]) < 128:
            raise Malformed("not-minimal")
        if wire == b"\x00":
            raise Malformed("not-minimal")
        return int.from_bytes(wire, "big", signed=True)
    if wire[:1] == b"\x00":
        raise Malformed("not-minimal")
    return int.from_bytes(wire, "big")


def check(name, fields, must):
    if name == "command" and fields.get("order") == 3:
        must += " text"
    if name == "answer" and any(field.startswith("voucher") for field in fields):
        must += " voucher_serial voucher_pin voucher_expiry"
    missing = [field for field in must.split() if field not in fields]
    if missing:
        raise Malformed("missing")
    undefined = (name == "answer" and not 1 <= fields["kind"] <= 4) or (
        name == "logon" and fields["versions"] == 0
    ) or (name == "lookup" and not fields["subscriber"])
    if undefined:
        raise Malformed("value")


# Section 7: the codes that end a request; any other is asked about again.
FINAL = "00 03 05 12 13 14 21 25 30 40 51 57 58 61 65 91 94 95 B1 C1 D1 H1 L2 R1 S1".split()

# --- sections 6 to 8: the terminal ---------------------------------------------------------------


class State:
    """What survives a power cut: handshake counter, date, STAN, and the sale whose end is open."""

    def __init__(self, path):
        self.path = path
        self.kept = {"counter": 0, "date": 0, "stan": 0, "open": None, "receipt": None}
        if os.path.exists(path):
            with open(path, encoding="ascii") as file:
                self.kept = json.load(file)

    def keep(self, **changes):
        self.kept.update(changes)
        beside = self.path + ".new"
        with open(beside, "w", encoding="ascii") as file:
            json.dump(self.kept, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self.path)


class Terminal:
    def __init__(self, args, state):
        self.args, self.state, self.socket, self.attempts = args, state, None, 0

    def connect(self):
        """Section 8.1: counter before hello, logon before anything else."""
        self.close()
        self.state.keep(counter=self.state.kept["counter"] + 1)
        server_key = bytes.fromhex(self.args.server_key or "")
        shake = Handshake(1 if server_key else 2, self.args.terminal, self.args.key_id,
                          bytes.fromhex(self.args.psk), server_key, self.state.kept["counter"],
                          secrets.token_bytes(32), tuple(self.args.offer or ()) or None)
        host, port = self.args.gateway.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.socket.sendall(shake.hello)
        kind, whole = self.read_record()
        if kind == 4:
            code, wait = struct.unpack(">BH", whole[4:7])
            raise ConnectionError(f"refused with {code}, come again after {wait} s")
        if kind != 2:
            raise ConnectionError("not a HELLO_REPLY")
        self.channel = shake.finish(whole[4:])
        self.send(encode("logon", firmware="wire.md", versions=self.channel.version))
        name, welcome, _ = self.receive()
        while name != "welcome":
            name, welcome, _ = self.receive()
        if welcome["code"] != "00":
            raise ConnectionError(f"welcome with {welcome['code']}")
        self.attempts, self.answer_s = 0, welcome["answer_s"]
        self.socket.settimeout(self.answer_s + 10)
        if welcome["date"] != self.state.kept["date"]:
            self.state.keep(date=welcome["date"], stan=welcome.get("stan_last", 0))
        elif welcome.get("stan_last", 0) > self.state.kept["stan"]:
            self.state.keep(stan=welcome["stan_last"])

    def reach(self):
        """Connects, as often as it takes, with a random pause that grows (section 8.2)."""
        while not self.socket:
            try:
                self.connect()
            except (OSError, ConnectionError) as error:
                self.failed(error)

    def failed(self, error):
        self.close()
        self.attempts += 1
        if self.attempts > self.args.attempts:
            raise error
        print(f"again: {error}", file=sys.stderr)
        time.sleep(secrets.randbelow(1000) / 1000 * min(64, 2**self.attempts))

    def close(self):
        if self.socket:
            self.socket.close()
            self.socket = None

    def read_exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("the gateway has closed")
            data += more
        return data

    def read_record(self):
        """Section 2."""
        head = self.read_exactly(4)
        kind, version, length = struct.unpack(">BBH", head)
        if kind not in (2, 3, 4) or version != 1 or length > 2048:
            raise ConnectionError("not a record of this protocol")
        return kind, head + self.read_exactly(length)

    def send(self, body):
        self.socket.sendall(self.channel.seal(body))

    def receive(self):
        """The next message; commands are acknowledged on the way."""
        while True:
            kind, whole = self.read_record()
            if kind != 3:
                raise ConnectionError("not a SEALED record")
            body = self.channel.open(whole)
            name, fields = decode(body)
            if name != "command":
                return name, fields, body
            known = fields["order"] in (1, 2, 3)
            self.send(encode("acknowledge", command=fields["command"], result=0 if known else 2))

    def ask(self, name, **fields):
        """Sends a request until it has an answer: the same bytes, over a new link if need be."""
        body = encode(name, **fields)
        while True:
            self.reach()
            try:
                self.send(body)
                found, answer, wire = self.receive()
                while found not in ("answer", "settled", "reject"):
                    found, answer, wire = self.receive()
            except (OSError, ConnectionError) as error:
                self.failed(error)
                continue
            if answer["code"] in FINAL:
                return answer, wire
            if answer["code"] == "L1":
                self.close()
            time.sleep(1)

    def sell(self, service, product, amount, currency, subscriber):
        """Section 8.2: written down, sent, printed, confirmed."""
        self.reach()
        if self.state.kept["open"] is None:
            stan, date = self.state.kept["stan"] + 1, self.state.kept["date"]
            sale = {"stan": stan, "date": date, "service": service, "product": product,
                    "amount_minor": amount, "currency": currency, "subscriber": subscriber}
            self.state.keep(stan=stan, open=sale)
        sale = self.state.kept["open"]
        answer, wire = self.ask("sale", **sale)
        if answer["code"] == "00":
            self.state.keep(receipt=answer)
            print(f"printed: {answer.get('voucher_serial', sale['subscriber'])}", file=sys.stderr)
            confirmed, _ = self.ask("confirm", stan=sale["stan"], date=sale["date"])
            if confirmed["code"] != "00":
                print(f"confirm answered with {confirmed['code']}", file=sys.stderr)
        self.state.keep(open=None, receipt=None)
        return answer, wire


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--terminal", type=int, required=True)
    parser.add_argument("--key-id", type=int, default=1)
    parser.add_argument("--psk", required=True)
    parser.add_argument("--server-key")
    parser.add_argument("--offer", type=int, nargs=2, help="lowest and highest version")
    parser.add_argument("--attempts", type=int, default=5)
    parser.add_argument("--state", required=True)
    parser.add_argument("verb", choices=["sell"])
    parser.add_argument("service", type=int)
    parser.add_argument("product", type=int)
    parser.add_argument("amount", type=int)
    parser.add_argument("currency", type=int)
    parser.add_argument("subscriber", nargs="?", default="")
    args = parser.parse_args()
    terminal = Terminal(args, State(args.state))
    answer, wire = terminal.sell(args.service, args.product, args.amount, args.currency,
                                 args.subscriber)
    print(json.dumps({**answer, "version": terminal.channel.version, "body": wire.hex()}))
    return 0 if answer["code"] == "00" else 1


if __name__ == "__main__":
    sys.exit(main())
