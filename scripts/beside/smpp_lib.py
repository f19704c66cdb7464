"""SMPP beside smpplib: random submit_sm and deliver_sm in both directions."""

import json
import random
import string
import sys

from codec import Beside, parsed
from smpplib import smpp
from smpplib.client import SimpleSequenceGenerator

TEXTS = {"service_type": 5, "source_addr": 20, "destination_addr": 20}
NUMBERS = {
    "source_addr_ton": 7,
    "source_addr_npi": 19,
    "dest_addr_ton": 7,
    "dest_addr_npi": 19,
    "esm_class": 256,
    "protocol_id": 256,
    "priority_flag": 4,
    "registered_delivery": 32,
    "replace_if_present_flag": 2,
    "data_coding": 256,
    "sm_default_msg_id": 255,
}
# Name and octets of optional parameters that both have as numbers.
PARAMETERS = {
    "user_message_reference": 2,
    "source_port": 2,
    "payload_type": 1,
    "sar_msg_ref_num": 2,
}


class Client:
    """What smpplib wants beside the octets of a PDU."""

    def __init__(self):
        self.sequence_generator = SimpleSequenceGenerator()
        self.allow_unknown_opt_params = True

    @property
    def sequence(self):
        return self.sequence_generator.sequence

    def next_sequence(self):
        return self.sequence_generator.next_sequence()


def message(chance):
    """A command, its sequence number, fields and optional parameters."""
    command = chance.choice(["submit_sm", "deliver_sm"])
    letters = string.ascii_letters + string.digits + "*#"
    fields = {
        name: "".join(chance.choices(letters, k=chance.randint(0, most)))
        for name, most in TEXTS.items()
    }
    fields |= {name: chance.randrange(bound) for name, bound in NUMBERS.items()}
    fields["short_message"] = chance.randbytes(chance.randint(0, 254)).hex().upper()
    chosen = [name for name in PARAMETERS if chance.random() < 0.4]
    tlvs = {name: chance.randrange(1, 256 ** PARAMETERS[name]) for name in chosen}
    return command, chance.randint(1, 0x7FFFFFFF), fields, tlvs


def document(made):
    """The message as JSON of the codec."""
    command, sequence, fields, tlvs = made
    values = [
        {"name": name, "value": f"{value:0{2 * PARAMETERS[name]}X}"} for name, value in tlvs.items()
    ]
    head = {"protocol": "smpp", "command": command, "status": 0, "sequence": sequence}
    return json.dumps(head | {"fields": fields, "tlvs": values})


def built(made):
    """The message as smpplib writes it."""
    command, sequence, fields, tlvs = made
    given = fields | {"short_message": bytes.fromhex(fields["short_message"])} | tlvs
    pdu = smpp.make_pdu(command, client=Client(), **given)
    pdu.sequence = sequence
    return pdu.generate()


def read_there(octets):
    """The message as smpplib reads it, in the form of [`message`]."""
    pdu = smpp.parse_pdu(octets, client=Client())
    text = lambda value: value.decode() if isinstance(value, bytes) else value or ""
    fields = {name: text(getattr(pdu, name)) for name in TEXTS}
    fields |= {name: getattr(pdu, name) or 0 for name in NUMBERS}
    fields["short_message"] = (pdu.short_message or b"").hex().upper()
    tlvs = {name: getattr(pdu, name, None) for name in PARAMETERS}
    return pdu.command, pdu.sequence, fields, {name: tlvs[name] for name in tlvs if tlvs[name]}


def read_here(text):
    """The message of the codec's JSON, in the form of [`message`]."""
    shown = parsed(text)
    fields = {name: shown["fields"][name] for name in [*TEXTS, *NUMBERS, "short_message"]}
    tlvs = {tlv["name"]: int(tlv["value"], 16) for tlv in shown.get("tlvs", [])}
    return shown["command"], shown["sequence"], fields, tlvs


def main():
    beside = Beside(sys.argv[1])
    count = int(sys.argv[2])
    chance = random.Random(34)
    made = [message(chance) for _ in range(count)]
    for one, (done, text) in zip(made, beside.ask([f"encode smpp {document(m)}" for m in made])):
        beside.same("sent here, read there", read_there(bytes.fromhex(text)) if done else text, one)
    theirs = [built(one).hex() for one in made]
    for one, (done, text) in zip(made, beside.ask([f"decode smpp {octets}" for octets in theirs])):
        beside.same("sent there, read here", read_here(text) if done else text, one)
    beside.end("SMPP beside smpplib", {"messages both ways": count})


main()
