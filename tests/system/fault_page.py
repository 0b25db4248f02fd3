"""docs/FAULTS.md: what the tests of faults found, a section for each test. A test fails where its
section is not what it found; with WGNS_FAULTS_WRITE=1 it writes the section instead."""

import contextlib
import fcntl
import os
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "FAULTS.md"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def sections(text):
    """[what is before the first heading, heading, text, heading, text, …]"""
    return re.split(r"^(## .*\n)", text, flags=re.MULTILINE)


@contextlib.contextmanager
def alone():
    """Tests that write run side by side."""
    folder = os.open(PAGE.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def check(test, title, text):
    """`text` against the section of that title."""
    heading, text = f"## {title}\n", f"\n{text}\n"
    with alone():
        parts = sections(PAGE.read_text(encoding="utf-8"))
        test.assertIn(heading, parts, f"{PAGE.name} has no such section")
        at = parts.index(heading) + 1
        is_last = at == len(parts) - 1
        text = text.rstrip("\n") + "\n" if is_last else text
        if os.environ.get("WGNS_FAULTS_WRITE") == "1":
            parts[at] = text
            PAGE.write_text("".join(parts), encoding="utf-8")
        test.assertEqual(parts[at], text)
