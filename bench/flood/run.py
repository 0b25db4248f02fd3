#!/usr/bin/env python3
"""How the product and wireguard-go bear floods, in turns, each on the first processor while the
flood comes from the last. `run.py FLOOD` prints the medians of the rounds, and the median of the
ratios within a round; with --session what is left to a session meanwhile
(tests/system/flooding.py).

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
from flooding import FloodedSession, on_processor  # noqa: E402
from harness import HOST_V4, PREFIX, inside, run, topology  # noqa: E402
from peers import Interface, WireguardGo  # noqa: E402

PORT = 51820
# kind: what is counted
KINDS = {"handshakes": "responses", "cookies": "cookies", "garbage": "read"}


# With --session, each also aimed elsewhere; the last from so many addresses.
ALL_KINDS = (None, "random", "index", "tag", "replay", "garbage", "cookies", "cookies 10000")
LOADS = {"100 Mbit/s": ["-u", "-b", "100M"], "all it carries": ["-R"]}


def flood(implementation, kind, told):
    """One flood of a daemon that is new."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX)))
        host, provider = stack.enter_context(topology())
        daemon = implementation(host, f"{PREFIX}f", folder)
        with on_processor(0):
            stack.enter_context(daemon)
        run(["ip", "-n", host, "link", "set", daemon.name, "up"])
        words = ["--uapi", f"/run/wireguard/{daemon.name}.sock", "--pid", daemon.pid()]
        words += ["--to", f"{HOST_V4}:{PORT}", "--seconds", told.seconds]
        with on_processor(-1):
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


def session(implementation, told):
    """(Mbit/s, what the flood saw) by load, kind and whether the daemon was spared, of a session
    with a daemon that is new."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX)))
        both = stack.enter_context(FloodedSession(implementation, *stack.enter_context(topology()),
                                                  folder))
        seen = {}
        for load, words in LOADS.items():
            for kind in ALL_KINDS:
                name, _, sources = (kind or "").partition(" ")
                for elsewhere in (True, False) if kind else (False,):
                    seen[load, kind, elsewhere] = both.under(
                        name or None, told.seconds, words, sources=int(sources or 0),
                        elsewhere=elsewhere)
        return seen


def print_sessions(implementations, told):
    heads = ["load", "flood", "", "Mbit/s", "elsewhere", "ratio", "CPU", "honest", "newcomer, s",
             "answers", "KiB"]
    print("|", " | ".join(heads), "|")
    print("|---" * len(heads) + "|")
    seen = {name: [session(each, told) for _ in range(told.rounds)]
            for name, each in implementations.items()}
    for load in LOADS:
        for kind in ALL_KINDS:
            for name, rounds in seen.items():
                both = [each[load, kind, False] for each in rounds]
                cells = [f"{statistics.median(rate for rate, _ in both):,.0f}"]
                if kind:
                    spared = [each[load, kind, True][0] for each in rounds]
                    ratios = [rate / best for (rate, _), best in zip(both, spared, strict=True)]
                    cells += [f"{statistics.median(spared):,.0f}",
                              f"{statistics.median(ratios):.2f}"]
                    cells += flood_cells([flood for _, flood in both])
                print("|", " | ".join([load, kind or "none", name, *cells]), "|", flush=True)


def flood_cells(floods):
    def middle(number, form):
        return format(statistics.median(number(each) for each in floods), form)

    return [
        middle(lambda each: each["cpu_seconds"] / each["seconds"], ".0%"),
        middle(lambda each: each["honest_responses"] / each["honest_sent"], ".0%"),
        middle(lambda each: max(each["newcomers_seconds"], default=float("inf")), ".2f"),
        middle(lambda each: each["responses"] + each["cookies"], ",.0f"),
        middle(lambda each: each["grown_kib"], ",.0f"),
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=lambda path: Path(path).resolve())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--session", action="store_true")
    parser.add_argument("--kind", action="append", choices=KINDS)
    told = parser.parse_args()
    implementations = {"wgns-user": Interface, "wireguard-go": WireguardGo}
    if told.session:
        os.environ["WGNS_FLOOD"] = str(told.program)
        return print_sessions(implementations, told)
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
