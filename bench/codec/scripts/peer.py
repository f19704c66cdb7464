"""Times pyiso8583 on the message that every peer reads, given in hexadecimal.

Prints one line a step: slug, step, name, then median, least and greatest microseconds of the rounds.
"""

import copy
import importlib.metadata
import statistics
import sys
import time

import iso8583
from iso8583.specs import default_ascii

LL, LLL = 2, 3
ROUNDS, TIMES = 15, 200


def spec():
    """The fields of the message as their table describes them."""
    spec = copy.deepcopy(default_ascii)
    spec["h"]["max_len"] = 0
    spec["p"]["data_enc"] = "b"
    for number in ("28", "29", "30", "31"):
        spec[number]["max_len"] = 8
    spec["52"].update(data_enc="b", len_enc="ascii", len_type=0, max_len=8)
    spec["55"].update(data_enc="ascii", len_enc="ascii", len_type=LLL, max_len=999)
    return spec


def microseconds(work):
    """Microseconds of one call: one figure a round."""
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        for _ in range(TIMES):
            work()
        found.append((time.perf_counter_ns() - start) / TIMES / 1000)
    return found


def main():
    message = bytes.fromhex(sys.argv[1])
    table = spec()
    decoded, _ = iso8583.decode(message, table)
    encoded, _ = iso8583.encode(dict(decoded), table)
    if bytes(encoded) != message:
        sys.exit("pyiso8583 reads the message differently")
    name = "pyiso8583 " + importlib.metadata.version("pyiso8583")
    steps = {
        "owned": lambda: iso8583.decode(message, table),
        "encode": lambda: iso8583.encode(decoded, table),
    }
    for step, work in steps.items():
        found = microseconds(work)
        figures = (statistics.median(found), min(found), max(found))
        print("open", step, name, *(f"{figure:.1f}" for figure in figures), sep="\t")


main()
