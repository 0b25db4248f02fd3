#!/usr/bin/env python3
"""Style as a test. `tidy.py [CHECK…]` runs the named checks, or all, over the files git knows or
would add. ratchet.json holds the known exceptions, {check: {file: excess}}: an excess may only
shrink, and an entry that is no longer needed fails too."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from cpp_functions import functions

ROOT = Path(__file__).resolve().parents[2]
RATCHET = Path(__file__).with_name("ratchet.json")
SKIPPED = 77  # CTest's SKIP_RETURN_CODE

COLUMNS_MAX = 100
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 5
# Versions lay the same file out differently; this is Debian 12's.
CLANG_FORMAT_MAJOR = 14

REACHES = {
    "base": {"base"},
    "crypto": {"crypto", "base"},
    "protocol": {"protocol", "crypto", "base"},
    "dataplane": {"dataplane", "protocol", "crypto", "base"},
    "netns": {"netns", "base"},
    "control": {"control", "dataplane", "netns", "protocol", "crypto", "base"},
    "cli": {"cli", "control", "dataplane", "netns", "protocol", "crypto", "base"},
}
LIBRARIES = set(REACHES) - {"cli"}
# Spelled in pieces, so that this file passes its own check.
WORDS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
BANNED = re.compile(r"std::(?:cout|cerr)\b|\b(?:f|v|vf)?printf\s*\(|\bexit\s*\(")


class Finding(NamedTuple):
    file: str
    line: int
    excess: int  # how far over the limit; 1 where there is no measure
    text: str


class Source(NamedTuple):
    path: str
    text: str

    @property
    def folder(self):
        return self.path.split("/")[0]

    @property
    def is_cpp(self):
        return self.path.endswith((".h", ".cpp"))

    def lines(self):
        return enumerate(self.text.splitlines(), 1)


def include_direction(sources):
    for source in sources:
        allowed = REACHES.get(source.folder)
        if not source.is_cpp or allowed is None:
            continue
        for line, text in source.lines():
            match = re.match(r'\s*#\s*include\s*"([^"]*)"', text)
            if match and match.group(1).split("/")[0] not in allowed:
                what = f'"{match.group(1)}" is out of reach for {source.folder}/'
                yield Finding(source.path, line, 1, what)


def columns(sources):
    for source in sources:
        if not source.path.endswith((".h", ".cpp", ".py", ".sh")) and source.path != "dev":
            continue
        for line, text in source.lines():
            if len(text) > COLUMNS_MAX:
                what = f"{len(text)} columns, at most {COLUMNS_MAX}"
                yield Finding(source.path, line, len(text) - COLUMNS_MAX, what)


def file_length(sources):
    for source in sources:
        count = len(source.text.splitlines())
        if (source.is_cpp or source.path.endswith(".py")) and count > FILE_LINES_MAX:
            what = f"{count} lines, at most {FILE_LINES_MAX}"
            yield Finding(source.path, count, count - FILE_LINES_MAX, what)


def function_length(sources):
    for source in filter(lambda each: each.is_cpp, sources):
        for function in functions(source.text):
            if function.lines > FUNCTION_LINES_MAX:
                what = f"{function.name} has {function.lines} lines, at most {FUNCTION_LINES_MAX}"
                excess = function.lines - FUNCTION_LINES_MAX
                yield Finding(source.path, function.line, excess, what)


def parameters(sources):
    for source in filter(lambda each: each.is_cpp, sources):
        for function in functions(source.text):
            count = function.parameters
            if count > PARAMETERS_MAX:
                what = f"{function.name} has {count} parameters, at most {PARAMETERS_MAX}"
                yield Finding(source.path, function.line, count - PARAMETERS_MAX, what)


def test_beside_unit(sources):
    paths = {source.path for source in sources}
    for path in sorted(paths):
        folder, _, name = path.partition("/")
        test = f"tests/{folder}/{name.removesuffix('.h')}_test.cpp"
        if folder in LIBRARIES and name.endswith(".h") and test not in paths:
            yield Finding(path, 1, 1, f"has no test; {test} is where it belongs")


def leftover_words(sources):
    for source in sources:
        for line, text in source.lines():
            if WORDS.search(text):
                yield Finding(source.path, line, 1, "unfinished business; finish it or file it")


def quiet_libraries(sources):
    for source in sources:
        if source.folder not in LIBRARIES or source.path == "base/assert.h":
            continue
        for line, text in source.lines():
            if source.is_cpp and BANNED.search(text):
                yield Finding(source.path, line, 1, "library code neither prints nor exits")


def formatting(sources):
    paths = [source.path for source in sources if source.is_cpp]
    if not paths:
        return
    command = ["clang-format", "--dry-run", "--ferror-limit=0", *paths]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    if told.returncode != 0:
        yield Finding("clang-format", 1, 1, told.stderr.strip())
    for match in re.finditer(r"^(\S+?):(\d+):\d+: (?:warning|error): ", told.stderr, re.MULTILINE):
        yield Finding(match.group(1), int(match.group(2)), 1, "not as clang-format has it")


CHECKS = {
    check.__name__: check
    for check in (
        include_direction,
        columns,
        file_length,
        function_length,
        parameters,
        test_beside_unit,
        leftover_words,
        quiet_libraries,
        formatting,
    )
}


def judge(findings, known):
    """The complaints that remain once the known exceptions {file: excess} are taken out."""
    by_file = {}
    for finding in findings:
        by_file.setdefault(finding.file, []).append(finding)
    complaints = []
    for file in sorted(by_file.keys() | known.keys()):
        found = by_file.get(file, [])
        excess, allowed = sum(each.excess for each in found), known.get(file, 0)
        if excess > allowed:
            complaints += [f"{file}:{each.line}: {each.text}" for each in found]
        elif excess == 0 and file in known:
            complaints.append(f"{file}: no longer an exception; remove it from ratchet.json")
        elif excess < allowed:
            complaints.append(f"{file}: better now; write {excess} in ratchet.json")
    return complaints


def read_sources():
    # The owner of a clone is not always the user who tests it (sudo), which git would refuse.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60)
    for name in sorted(set(listed.stdout.decode().split("\0")) - {""}):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            yield Source(name, path.read_text(encoding="utf-8", errors="replace"))


def clang_format_is_ours():
    told = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, timeout=20)
    return re.search(rf"version {CLANG_FORMAT_MAJOR}\.", told.stdout) is not None


def main(names):
    unknown = set(names) - CHECKS.keys()
    if unknown:
        sys.exit(f"no check {' '.join(sorted(unknown))}; there are: {' '.join(CHECKS)}")
    ratchet = json.loads(RATCHET.read_text(encoding="utf-8"))
    complaints = [f"{name}: no such check; remove it" for name in ratchet.keys() - CHECKS.keys()]
    if names == ["formatting"] and not clang_format_is_ours():
        print(f"skipped: clang-format is not version {CLANG_FORMAT_MAJOR}")
        return SKIPPED
    sources = list(read_sources())
    for name in names or CHECKS:
        found = judge(CHECKS[name](sources), ratchet.get(name, {}))
        complaints += [f"{complaint} [{name}]" for complaint in found]
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
