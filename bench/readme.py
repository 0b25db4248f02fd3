#!/usr/bin/env python3
"""`readme.py TABLE`: puts what `wgns-user bench` has printed into README.md, between its marks."""

import re
import sys
import textwrap
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
PLACE = re.compile(r"(<!-- `\./dev bench --peer`[^\n]*-->\n).*?(<!-- end -->\n)", re.S)
PICTURE = "![wgns-user and the other implementation, as bars](docs/bench.svg)\n"


def with_table(text, table):
    """`text` with the table and the picture between the marks; an error where there are none."""
    # A command's folder is nobody's affair.
    table = re.sub(r"(?<= )/\S+/(?=[\w.-]+ \{\})", "", table)
    block = f"\n{PICTURE}\n{textwrap.indent(table.strip(), '    ')}\n\n"
    changed, count = PLACE.subn(lambda match: match[1] + block + match[2], text)
    if count != 1:
        raise ValueError(f"{README.name}: no place for the table")
    return changed


def main():
    README.write_text(with_table(README.read_text(), Path(sys.argv[1]).read_text()))


if __name__ == "__main__":
    main()
