"""Asks the codec under test, and keeps count of what differs."""

import json
import subprocess
import sys

SHOWN_MAX = 10


class Beside:
    """One run: the codec's program, and what was compared."""

    def __init__(self, program):
        self.program = program
        self.compared = 0
        self.differing = 0

    def ask(self, lines):
        """The answers to all lines: (whether it was done, the text)."""
        text = "".join(line + "\n" for line in lines)
        out = subprocess.check_output([self.program], input=text, text=True)
        answers = [line.split(" ", 1) for line in out.split("\n")[:-1]]
        assert len(answers) == len(lines), "one answer a line"
        return [(verdict == "OK", text) for verdict, text in answers]

    def same(self, what, ours, theirs):
        """Counts one comparison; prints it if both differ."""
        self.compared += 1
        if ours == theirs:
            return True
        self.differing += 1
        if self.differing <= SHOWN_MAX:
            print(f"differs: {what}\n  here:  {ours}\n  there: {theirs}")
        return False

    def end(self, name, counts):
        """Prints the sum and leaves, with 1 if anything differed or nothing was compared."""
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        print(f"{name}: {told}; {self.compared} comparisons, {self.differing} differ")
        nothing = [what for what, count in counts.items() if count == 0]
        if nothing or self.compared == 0:
            sys.exit(f"{name}: nothing was compared: no {', no '.join(nothing) or 'comparisons'}")
        sys.exit(1 if self.differing else 0)


def flat(value):
    """The text of a field: sub-fields by position joined, BER-TLV objects written out."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        raise ValueError("a list stands under its tag")
    parts = []
    for key, inner in value.items():
        values = inner if isinstance(inner, list) else [inner]
        for each in values:
            text = flat(each)
            is_tag = all(digit in "0123456789ABCDEF" for digit in key)
            parts.append(key + ber_length(len(text) // 2) + text if is_tag else text)
    return "".join(parts)


def ber_length(count):
    """The shortest form of a BER length."""
    if count < 0x80:
        return f"{count:02X}"
    return f"81{count:02X}" if count < 0x100 else f"82{count:04X}"


def parsed(text):
    """JSON of the codec."""
    return json.loads(text)
