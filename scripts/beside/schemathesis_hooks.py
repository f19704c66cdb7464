"""Half of the paths that schemathesis makes name a terminal or a transaction that exists."""

import os
import zlib

import schemathesis

KNOWN = {
    "id": os.environ["TILLGATE_TERMINALS"].split(),
    "key": os.environ["TILLGATE_KEYS"].split(),
}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    for name, known in KNOWN.items():
        if name in (path_parameters or {}):
            number = zlib.crc32(repr(path_parameters[name]).encode())
            if number % 2 == 0:
                path_parameters[name] = known[number // 2 % len(known)]
    return path_parameters
