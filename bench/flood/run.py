#!/usr/bin/env python3
"""How the product and wireguard-go bear floods of handshake messages, in turns, each on the first
processor while the flood comes from the last. `run.py FLOOD` prints the medians of the rounds,
and the median of the ratios within a round.

WGNS_BINARY is the product, WGNS_WIREGUARD_GO the other."""

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

import seclusion  # noqa: E402
from harness import HOST_V4, PREFIX, inside, run, topology  # noqa: E402
from peers import Interface, WireguardGo  # noqa: E402

PORT = 51820
# kind: what is counted
KINDS = {"handshakes": "responses", "cookies": "cookies", "garbage": "read"}


class OneCore:
    """Processes that are started within use one processor."""

    def __init__(self, cpu):
        self.cpu = cpu

    def __enter__(self):
        self.before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self.cpu})

    def __exit__(self, *_):
        os.sched_setaffinity(0, self.before)


def flood(implementation, kind, told):
    """One flood of a daemon that is new."""
    cpus = sorted(os.sched_getaffinity(0))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX)))
        host, provider = stack.enter_context(topology())
        daemon = implementation(host, f"{PREFIX}f", folder)
        with OneCore(cpus[0]):
            stack.enter_context(daemon)
        run(["ip", "-n", host, "link", "set", daemon.name, "up"])
        words = ["--uapi", f"/run/wireguard/{daemon.name}.sock", "--pid", daemon.pid()]
        words += ["--to", f"{HOST_V4}:{PORT}", "--seconds", told.seconds]
        with OneCore(cpus[-1]):
            done = run(inside(provider, told.program, kind, *words), timeout=told.seconds + 60)
    return json.loads(done.stdout)


def figures(seen, what):
    """What is compared of one flood."""
    honest = seen["honest_responses"] / seen["honest_sent"] if seen["honest_sent"] else None
    return {
        "a second": seen[what] / seen["seconds"],
        "a CPU second": seen[what] / max(seen["cpu_seconds"], 0.01),
        "CPU": seen["cpu_seconds"] / seen["seconds"],
        "honest": honest,
    }


def median(values):
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def text(value, form):
    return "" if value is None else format(value, form)


def row(kind, name, rounds):
    mid = {key: median([each[key] for each in rounds]) for key in rounds[0]}
    cells = [kind, name, text(mid["a second"], ",.0f"), text(mid["CPU"], ".0%")]
    return [*cells, text(mid["a CPU second"], ",.0f"), text(mid["honest"], ".0%")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=lambda path: Path(path).resolve())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--kind", action="append", choices=KINDS)
    told = parser.parse_args()
    implementations = {"wgns-user": Interface, "wireguard-go": WireguardGo}
    print("| flood | | a second | CPU | a CPU second | honest |\n|---|---|---|---|---|---|")
    for kind in told.kind or KINDS:
        seen = {name: [] for name in implementations}
        for _ in range(told.rounds):
            for name, implementation in implementations.items():
                seen[name].append(figures(flood(implementation, kind, told), KINDS[kind]))
        for name, each in seen.items():
            print("|", " | ".join(row(kind, name, each)), "|", flush=True)
        key = "a CPU second"
        ratio = median([a[key] / b[key] for a, b in zip(*seen.values(), strict=True)])
        print(f"| {kind} | ratio | | | {ratio:.2f} | |", flush=True)


if __name__ == "__main__":
    seclusion.enter()
    main()
