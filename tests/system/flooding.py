"""A session that somebody uses while its daemon is flooded (bench/flood).

Of the processors, the flood has the last one to itself; the daemon, its peer (the product, always)
and iperf3 share the first. A flood that took its processor time from those would only be slower
for it, and what the kernel does for a datagram up to the socket it does on the sender's processor
(veth). So a stream that fills the first processor loses what the daemon spends on the flood;
one of a steady rate below that loses what is dropped."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

from harness import HOST_V4, PREFIX, PROVIDER_V4, end_process, inside, ping, run, wait_until
from peers import Interface

OUR_V4, PEER_V4 = "10.99.0.1", "10.99.0.2"
PORT, PEER_PORT = 51820, 51821
# Of a socket that nobody reads, which costs the sender as much and nobody else anything.
SINK_PORT = 51822
SINK = f"import signal, socket as s; u = s.socket(s.AF_INET, s.SOCK_DGRAM); " \
       f"u.bind(('', {SINK_PORT})); signal.pause()"
SOURCES = "10.78.0.0/16"
# The first second of either is not measured.
WARM_UP = 1


@contextlib.contextmanager
def on_processor(which):
    """Processes that are started within use one processor."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[which]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def flood_program():
    return Path(os.environ.get("WGNS_FLOOD", "build/release/flood")).resolve()


class FloodedSession:
    """`implementation` is a class of peers.py; a context manager."""

    def __init__(self, implementation, host, provider, folder):
        self.host, self.provider = host, provider
        self.daemon = implementation(host, f"{PREFIX}f", folder)
        self.peer = Interface(provider, f"{PREFIX}p", folder)

    def __enter__(self):
        with contextlib.ExitStack() as stack, on_processor(0):
            stack.enter_context(self.daemon)
            self.pid = self.daemon.pid()
            stack.enter_context(self.peer)
            self.daemon.configure([f"{OUR_V4}/24"], PORT, {
                "PublicKey": self.peer.public, "AllowedIPs": f"{PEER_V4}/32",
                "Endpoint": f"{PROVIDER_V4}:{PEER_PORT}"})
            self.peer.configure([f"{PEER_V4}/24"], PEER_PORT, {
                "PublicKey": self.daemon.public, "AllowedIPs": f"{OUR_V4}/32",
                "Endpoint": f"{HOST_V4}:{PORT}"})
            # The flood may come from, and be answered at, any of them.
            run(["ip", "-n", self.provider, "route", "add", "local", SOURCES, "dev", "lo"])
            run(["ip", "-n", self.host, "route", "add", SOURCES, "via", PROVIDER_V4])
            sink = subprocess.Popen(inside(self.host, sys.executable, "-c", SINK))
            stack.callback(end_process, sink)
            ping(self.host, PEER_V4)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def flood(self, kind, seconds, *, sources=0, newcomers=1, elsewhere=False):
        words = ["--uapi", f"/run/wireguard/{self.daemon.name}.sock", "--pid", self.pid, "--join",
                 "--to", f"{HOST_V4}:{PORT}", "--seconds", seconds]
        words += ["--sources", sources] if sources else []
        words += ["--newcomers", newcomers]
        words += ["--elsewhere", f"{HOST_V4}:{SINK_PORT}"] if elsewhere else []
        with on_processor(-1):
            return subprocess.Popen(inside(self.provider, flood_program(), kind, *words),
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def goodput(self, seconds, load):
        """Mbit/s through the tunnel, of what iperf3's words `load` ask for."""
        with on_processor(0):
            server = subprocess.Popen(inside(self.provider, "iperf3", "-s", "-1", "-B", PEER_V4),
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            try:
                wait_until(lambda: ":5201 " in run(inside(self.provider, "ss", "-Hlnt")).stdout, 5,
                           "iperf3 listens")
                client = inside(self.host, "iperf3", "-c", PEER_V4, "-J", "-O", WARM_UP, "-t",
                                seconds, *load)
                told = json.loads(run(client, timeout=seconds + 30).stdout)["end"]
            finally:
                end_process(server)
        if "-u" in load:
            return told["sum"]["bits_per_second"] * (1 - told["sum"]["lost_percent"] / 100) / 1e6
        return told["sum_received"]["bits_per_second"] / 1e6

    def under(self, kind, seconds, load, **how):
        """(Mbit/s, what the flood saw) of one flood; without one where `kind` is None. `how`:
        `sources` and `newcomers`, and `elsewhere` for one that the daemon does not get."""
        if kind is None:
            return self.goodput(seconds, load), {}
        with self.flood(kind, seconds, **how) as flood:
            try:
                carried = self.goodput(seconds, load)
                told, _ = flood.communicate(timeout=seconds + 30)
            finally:
                end_process(flood)
        return carried, json.loads(told)
