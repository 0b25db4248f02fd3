#!/usr/bin/env python3
"""`count_tests.py [--no-skips] RESULT.xml…`: one line for all test runs together, from what
`ctest --output-junit` and GoogleTest programs wrote. Fails if a test failed, a file is missing or,
with --no-skips, if a test was skipped."""

import sys
import xml.etree.ElementTree
from pathlib import Path

# A test for CTest that is a program of many cases: they have a document of their own.
WHOLE_PROGRAM = "program."


def count(text):
    """(passed, failed, names of skipped) of one JUnit document."""
    passed, failed, skipped = 0, 0, []
    for case in xml.etree.ElementTree.fromstring(text).iter("testcase"):
        if case.find("failure") is not None or case.get("status") == "fail":
            failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            skipped.append(case.get("name"))
        elif not case.get("name").startswith(WHOLE_PROGRAM):
            passed += 1
    return passed, failed, skipped


def summary(documents):
    """Totals over {label: document, or None where a run left none}."""
    passed, failed, skipped, absent = 0, 0, [], []
    for label, text in documents.items():
        if text is None:
            absent.append(label)
            continue
        more_passed, more_failed, more_skipped = count(text)
        passed, failed = passed + more_passed, failed + more_failed
        skipped += [f"{label}: {name}" for name in more_skipped]
    return passed, failed, skipped, absent


def label(path):
    """Tells which run it was: build/results/asan.xml, build/asan/results/crypto.xml."""
    return " ".join(part for part in path.with_suffix("").parts if part not in ("build", "results"))


def main(arguments):
    no_skips = "--no-skips" in arguments
    paths = [Path(each) for each in arguments if each != "--no-skips"]
    documents = {label(path): path.read_text() if path.exists() else None for path in paths}
    passed, failed, skipped, absent = summary(documents)
    for name in skipped:
        print(f"skipped: {name}")
    line = f"tests: {passed} passed, {failed} failed, {len(skipped)} skipped"
    print(line + (f"; did not run: {' '.join(absent)}" if absent else ""))
    return 1 if failed or absent or (no_skips and skipped) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
