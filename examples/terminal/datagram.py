"""The terminal of terminal.py over USSD: section 16 of docs/wire.md and "Armour" of docs/smpp.md.

A bearer is an object with one method, `dial(text)`, for what the terminal dials behind the service
code; it gives a dialog with `kind` ("CON" or "END"), `text` and one method, `enter(text)`. Whatever
goes wrong on the way is a ConnectionError.
"""

import struct
import sys
import time

from terminal import FINAL, Malformed, decode, encode, mac256, seal_under, unseal_under

# --- armour: a frame as text ---------------------------------------------------------------------

TEXT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."
FORMS = {"T": (TEXT, 2, (0, 2, 3, 4)), "1": ("0123456789", 3, (0, 3, 5, 8, 10, 13, 15, 17))}
DIALLED_BYTES_MAX = 62


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return crc.to_bytes(2, "big")


def armour(frame, form="T"):
    alphabet, length_symbols, blocks = FORMS[form]

    def written(number, count):
        symbols = ""
        for _ in range(count):
            number, digit = divmod(number, len(alphabet))
            symbols = alphabet[digit] + symbols
        return symbols

    rest = frame + crc16(form.encode() + struct.pack(">H", len(frame)) + frame)
    text, step = form + written(len(frame), length_symbols), len(blocks) - 1
    for start in range(0, len(rest), step):
        block = rest[start : start + step]
        text += written(int.from_bytes(block, "big"), blocks[len(block)])
    return text


def unarmour(text):
    text = text.rstrip()
    if text[:1] not in FORMS or not text:
        raise ConnectionError(f"no armour: {text!r}")
    alphabet, length_symbols, blocks = FORMS[text[0]]

    def read(symbols):
        number = 0
        for symbol in symbols:
            number = number * len(alphabet) + alphabet.index(symbol)
        return number

    try:
        length, at, rest = read(text[1 : 1 + length_symbols]), 1 + length_symbols, b""
        while len(rest) < length + 2:
            size = min(len(blocks) - 1, length + 2 - len(rest))
            rest += read(text[at : at + blocks[size]]).to_bytes(size, "big")
            at += blocks[size]
    except (ValueError, OverflowError):
        raise ConnectionError("damaged armour") from None
    frame, check = rest[:length], rest[length:]
    if at != len(text) or check != crc16(text[0].encode() + struct.pack(">H", length) + frame):
        raise ConnectionError("damaged armour")
    return frame


# --- sections 16.1 to 16.3: a request and its reply ----------------------------------------------


def keys_of(psk):
    prk = mac256(bytes(32), psk)
    return mac256(prk, b"tillgate datagram up 1\1"), mac256(prk, b"tillgate datagram down 1\1")


class Request:
    def __init__(self, terminal, key_id, psk, counter, last, body):
        up, self.down = keys_of(psk)
        count = counter.to_bytes(5, "big")
        self.header = struct.pack(">BBI", 0x51, key_id, terminal) + count + bytes([last])
        self.frame = self.header + seal_under(up, bytes(7) + count, self.header, body)

    def open(self, reply):
        if len(reply) < 24:
            raise ConnectionError("a reply that is too short")
        return unseal_under(self.down, reply[:8] + self.header[7:11], self.header, reply[8:])


class Parts:
    """The reply as it comes together; `due` is the part to ask for."""

    def __init__(self):
        self.due, self.last, self.sealed = 0, None, b""

    def take(self, frame):
        """The whole reply, or None while parts are missing."""
        if frame[:1] != b"\x52" or len(frame) < 3:
            raise ConnectionError("no part of a reply")
        index, last = frame[1] >> 4, frame[1] & 15
        if index != self.due or index > last or self.last not in (None, last):
            raise ConnectionError("a part that does not continue the reply")
        self.due, self.last, self.sealed = self.due + 1, last, self.sealed + frame[2:]
        return self.sealed if index == last else None


# --- section 16.4: the terminal ------------------------------------------------------------------


class Terminal:
    def __init__(self, args, state, bearer):
        self.args, self.state, self.bearer = args, state, bearer

    def once(self, body):
        """One dialog with one request; the counter is durable before it is used. It counts from the
        clock, which is right here: without one, a lost state means another key."""
        counter = max(self.state.kept.get("datagrams", 0), int(time.time()) << 8) + 1
        self.state.keep(datagrams=counter)
        request = Request(self.args.terminal, self.args.key_id, bytes.fromhex(self.args.psk),
                          counter, True, body)
        if len(request.frame) <= DIALLED_BYTES_MAX:
            dialog = self.bearer.dial(armour(request.frame, "1"))
        else:
            dialog = self.bearer.dial("")
            dialog.enter(armour(request.frame))
        parts = Parts()
        while (whole := parts.take(unarmour(dialog.text))) is None:
            if dialog.kind == "END":
                raise ConnectionError("the dialog is over before the reply is")
            dialog.enter(armour(bytes([0x53, parts.due])))
        body = request.open(whole)
        return (*decode(body), body) if body else ("", {}, body)

    def ask(self, name, **fields):
        """The same body under a new counter until the answer is final."""
        body, attempts = encode(name, **fields), 0
        while True:
            try:
                found, answer, wire = self.once(body)
                if answer["code"] in FINAL:
                    return answer, wire
            except (OSError, ConnectionError, Malformed) as error:
                attempts += 1
                if attempts > self.args.attempts:
                    raise
                print(f"again: {error}", file=sys.stderr)
            time.sleep(1)

    def log_on(self):
        welcome, _ = self.ask("logon", firmware="wire.md", versions=1)
        if welcome["date"] != self.state.kept["date"]:
            self.state.keep(date=welcome["date"], stan=welcome.get("stan_last", 0))
        elif welcome.get("stan_last", 0) > self.state.kept["stan"]:
            self.state.keep(stan=welcome["stan_last"])

    def take_back(self, sale):
        """A sale of a date that is over: whoever carries the frames may still have it."""
        self.log_on()
        stan = self.state.kept["stan"] + 1
        self.state.keep(stan=stan)
        answer, _ = self.ask("reversal", stan=stan, date=self.state.kept["date"], original_stan=sale["stan"],
                             original_date=sale["date"], amount_minor=sale["amount_minor"], reason=1)
        return answer["code"] == "00"

    def sell(self, service, product, amount, currency, subscriber):
        if self.state.kept["open"] is None:
            stan = self.state.kept["stan"] + 1
            sale = {"stan": stan, "date": self.state.kept["date"], "service": service,
                    "product": product, "amount_minor": amount, "currency": currency,
                    "subscriber": subscriber}
            self.state.keep(stan=stan, open=sale)
        sale = self.state.kept["open"]
        answer, wire = self.ask("sale", **sale)
        if answer["code"] == "B1" and not self.take_back(sale):
            answer, wire = self.ask("repeat", stan=sale["stan"], date=sale["date"])
        if answer["code"] == "00":
            self.state.keep(receipt=answer)
            self.ask("confirm", stan=sale["stan"], date=sale["date"])
        self.state.keep(open=None, receipt=None)
        return answer, wire
