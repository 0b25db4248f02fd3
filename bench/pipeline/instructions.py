#!/usr/bin/env python3
"""`instructions.py PROGRAM [--write]`: runs count_instructions under callgrind and compares what a
packet costs with instructions.json beside this file, or writes that. A figure that has moved by
more than TOLERANCE fails, also downwards: what was gained would be lost again without a word."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

RECORD = Path(__file__).with_name("instructions.json")
# The counts of one program differ by less than a hundred-thousandth; this is for another libc.
TOLERANCE = 0.02
SKIPPED = 77
DUMP = re.compile(r"^desc: Trigger: Client Request: (\S+) (\d+)$.*^totals: (\d+)$", re.M | re.S)


def counted(program):
    """{what: instructions a packet} of everything that the program names."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no",
                   f"--callgrind-out-file={folder}/count", program]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode == SKIPPED:
            print(done.stderr)
            sys.exit(SKIPPED)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: {done.stderr}")
        found = {}
        for path in Path(folder).glob("count.*"):
            match = DUMP.search(path.read_text())
            if match:
                found[match[1]] = int(match[3]) / int(match[2])
    return found


def costs(program):
    """The AEAD by itself, and the worker without it: it would hide what the rest costs."""
    found = counted(program)
    table = {}
    for what in sorted(found):
        part, _, rest = what.partition("/")
        own = found[what] - (found[f"aead/{rest}"] if part == "worker" else 0)
        table[what] = round(own, 1)
    return table


def main():
    program, *options = sys.argv[1:]
    table = costs(program)
    if options == ["--write"]:
        RECORD.write_text(json.dumps(table, indent=2) + "\n")
        return
    before = json.loads(RECORD.read_text())
    moved = 0
    print(f"{'instructions a packet':32} {'recorded':>9} {'now':>9}")
    for what in sorted(before.keys() | table.keys()):
        old, now = before.get(what, 0), table.get(what, 0)
        change = (now - old) / old if old else 1
        is_moved = abs(change) > TOLERANCE
        moved += is_moved
        print(f"{what:32} {old:9.1f} {now:9.1f}" + (f"  {change:+.1%}" if is_moved else ""))
    if moved:
        sys.exit(f"{moved} moved by more than {TOLERANCE:.0%}; if you mean it: ./dev count --write")


if __name__ == "__main__":
    main()
