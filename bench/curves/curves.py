#!/usr/bin/env python3
"""What happens to the product as its work grows: two hosts with a tunnel between them, and one
thing that is made larger, step by step. Prints a table for each; docs/PERFORMANCE.md has one run.

WGNS_BINARY is the product."""

import argparse
import base64
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

import seclusion  # noqa: E402
from harness import (  # noqa: E402
    HOST_V4,
    PREFIX,
    PROVIDER_V4,
    inside,
    process,
    product_pids,
    run,
    topology,
    wait_until,
)
from peers import Interface, write_private  # noqa: E402

PORT = 51820
INNER = ("10.99.0.1", "10.99.0.2")
OUTER = (HOST_V4, PROVIDER_V4)
TICKS = os.sysconf("SC_CLK_TCK")
STEPS = {
    "peers": (1, 10, 100, 1_000, 10_000),
    "allowed IPs": (1, 1_000, 10_000, 130_560),
    "streams": (1, 2, 4, 16, 64),
    "workers": (1, 2),
    "bytes": (64, 200, 512, 1_368, 8_900, 32_000, 65_000),
}


def other_peers(count):
    """Peers that never come, with an address each."""
    for number in range(count):
        key = base64.b64encode(number.to_bytes(4, "little") + bytes(27) + b"\x40").decode()
        address = f"10.{100 + number // 65536}.{number // 256 % 256}.{number % 256}"
        yield f"[Peer]\nPublicKey={key}\nAllowedIPs={address}/32\n"


def more_prefixes(count):
    return "".join(f",10.{100 + i // 65536}.{i // 256 % 256}.{i % 256}/32" for i in range(count))


class Tunnel:
    """The product at both ends, with `step` of `kind`; a context manager."""

    def __init__(self, kind, step, folder):
        self.kind, self.step, self.folder = kind, step, folder
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.hosts = stack.enter_context(topology())
            self.ends, self.pids = [], []
            for number, host in enumerate(self.hosts):
                self.ends.append(self.start(stack, host, number))
            self.mtu = 65_100 if self.kind == "bytes" and self.step > 1_400 else 1_420
            self.seconds_to_configure = [self.configure(number) for number in (0, 1)]
            server = inside(self.hosts[1], "iperf3", "-s", "-B", INNER[1])
            stack.enter_context(process(server, self.folder / "iperf3.log"))
            listening = inside(self.hosts[1], "ss", "-Hltn", "sport = :5201")
            wait_until(lambda: run(listening).stdout, 10, "iperf3 listens")
            ping = inside(self.hosts[0], "ping", "-c1", "-W1", INNER[1])
            wait_until(lambda: run(ping, check=False).returncode == 0, 20, "the tunnel carries")
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def start(self, stack, host, number):
        words = {"WGNS_WORKERS": self.step} if self.kind == "workers" else {}
        end = Interface(host, f"{PREFIX}{'fs'[number]}", self.folder)
        before = product_pids()
        done = end.start(**words)
        assert done.returncode == 0, done.stderr
        (pid,) = product_pids() - before
        self.pids.append(pid)
        stack.callback(end_of, pid, end)
        return end

    def configure(self, number):
        """Returns the seconds that its answer took."""
        end, other = self.ends[number], self.ends[1 - number]
        allowed = f"{INNER[1 - number]}/32"
        others = ""
        if self.kind == "allowed IPs":
            allowed += more_prefixes(self.step - 1)
        if self.kind == "peers":
            others = "".join(other_peers(self.step - 1))
        text = f"[Interface]\nPrivateKey={end.private}\nListenPort={PORT}\n[Peer]\n"
        text += f"PublicKey={other.public}\nAllowedIPs={allowed}\n"
        text += f"Endpoint={OUTER[1 - number]}:{PORT}\n{others}"
        path = write_private(self.folder / f"{end.name}.conf", text)
        begin = time.monotonic()
        end.wg("setconf", path)
        taken = time.monotonic() - begin
        where = self.hosts[number]
        run(["ip", "-n", where, "link", "set", "up0", "mtu", "65535"])
        run(["ip", "-n", where, "addr", "add", f"{INNER[number]}/24", "dev", end.name])
        run(["ip", "-n", where, "link", "set", end.name, "mtu", self.mtu, "up"])
        return taken

    def cpu_seconds(self):
        stats = [Path(f"/proc/{pid}/stat").read_text() for pid in self.pids]
        times = [stat.rpartition(")")[2].split()[11:13] for stat in stats]
        return sum(int(user) + int(system) for user, system in times) / TICKS

    def peak_mib(self):
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in self.pids]
        return max(int(text.split("VmHWM:")[1].split()[0]) for text in texts) / 1024

    def measure(self, seconds):
        options = ["-P", self.step] if self.kind == "streams" else []
        if self.kind == "bytes":
            options = ["-u", "-b", "0", "-l", self.step]
        client = ["iperf3", "-c", INNER[1], "-J", "-t", seconds, *options]
        before = self.cpu_seconds()
        told = json.loads(run(inside(self.hosts[0], *client), timeout=seconds + 60).stdout)["end"]
        cpu = self.cpu_seconds() - before
        seen = told["sum"] if self.kind == "bytes" else told["sum_received"]
        share = 1 - seen.get("lost_percent", 0) / 100
        bits = seen["bits_per_second"] * share
        return {
            "Gbit/s": bits / 1e9,
            "CPU s/GB": cpu / (bits / 8e9 * seen["seconds"]),
            "MiB": self.peak_mib(),
            "configured, ms": max(self.seconds_to_configure) * 1e3,
        }


def end_of(pid, end):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 15)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), 10, f"{end.name} has ended")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--only", choices=STEPS, action="append")
    told = parser.parse_args()
    for kind in told.only or STEPS:
        rounds = {step: [] for step in STEPS[kind]}
        for _ in range(told.rounds):
            for step, seen in rounds.items():
                with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
                    with Tunnel(kind, step, Path(folder)) as tunnel:
                        seen.append(tunnel.measure(told.seconds))
        columns = list(rounds[STEPS[kind][0]][0])
        print(f"\n| {kind} | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
        for step, seen in rounds.items():
            mid = [statistics.median(each[column] for each in seen) for column in columns]
            print(f"| {step:,} | {' | '.join(f'{value:.3g}' for value in mid)} |", flush=True)


if __name__ == "__main__":
    seclusion.enter()
    main()
