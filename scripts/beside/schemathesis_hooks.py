"""Three of four paths that schemathesis makes name a terminal or a transaction that exists."""

import os
import re
import zlib

import schemathesis

KNOWN = {
    "id": (re.compile(r"[0-9]{1,10}"), os.environ["TILLGATE_TERMINALS"].split()),
    "key": (re.compile(r"[0-9]{4}(-[0-9]{2}){2}(-[0-9]{1,10}){2}"), os.environ["TILLGATE_KEYS"].split()),
}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    for name, (pattern, known) in KNOWN.items():
        # What is wrong on purpose stays wrong.
        if pattern.fullmatch(str((path_parameters or {}).get(name))):
            number = zlib.crc32(repr(path_parameters[name]).encode())
            if number % 4:
                path_parameters[name] = known[number // 4 % len(known)]
    return path_parameters
