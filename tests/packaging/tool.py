"""What the packaging tests share: commands that are run to their end, and where the build is."""

import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = 77  # CTest's SKIP_RETURN_CODE


def product_binary():
    return Path(os.environ.get("WGNS_BINARY", "build/release/wgns-user")).resolve()


def build_folder():
    return Path(os.environ.get("WGNS_BUILD", "build/release")).resolve()


def run(command, timeout=60, check=True, text_in=None, **more):
    """Runs to the end and returns the CompletedProcess; its output is text."""
    done = subprocess.run(
        [str(word) for word in command],
        input=text_in,
        stdin=subprocess.DEVNULL if text_in is None else None,
        capture_output=True,
        text=True,
        timeout=timeout,
        **more,
    )
    if check and done.returncode != 0:
        told = f"{done.stdout}{done.stderr}".strip()
        raise AssertionError(f"{' '.join(done.args)}: status {done.returncode}: {told}")
    return done


def main(*needed):
    """`FILE [CLASS.TEST]`: skips, as CTest understands it, where a program is missing."""
    missing = [name for name in needed if shutil.which(name) is None]
    if missing:
        print(f"skipped: there is no {' '.join(missing)}")
        sys.exit(SKIPPED)
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    sys.exit(0 if program.result.wasSuccessful() else 1)
