"""A tunnel between two instances of the product, with traffic both ways all the time, of which one
end follows a plan of faults. Several may run side by side."""

import concurrent.futures
import contextlib
import ctypes
import os
import socket
import struct
import threading
import time
from pathlib import Path
from types import MappingProxyType

from fault_plan import FaultPlan
from harness import PREFIX, PROVIDER_V4, inside, product_pids, run, topology, wait_until
from peers import Product

OURS, THEIRS = "10.99.0.1", "10.99.0.2"
OUR_PORT, OTHER_PORT, THEIR_PORT = 51821, 51822, 51820
TRAFFIC_PORT = 7000
RECOVERY_SECONDS = 2
UDP_SEGMENT = 103  # linux/udp.h
CLONE_NEWNET = 0x40000000
# Each tick sends one superpacket of so many datagrams each way.
TICK_SECONDS, DATAGRAMS, DATAGRAM_BYTES = 0.01, 3, 200


def in_namespace(name, function):
    """Calls it on a thread inside; what it opens stays there."""
    def enter():
        with open(f"/run/netns/{name}") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns", name)
        return function()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(enter).result()


class Traffic:
    """Numbered datagrams, both ways, until it is closed."""

    def __init__(self, ours, theirs):
        self.sent = 0
        self.seen = [0, 0]
        self._sockets = [in_namespace(name, lambda pair=pair: self.open(*pair))
                         for name, pair in ((ours, (OURS, THEIRS)), (theirs, (THEIRS, OURS)))]
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self.run)
        self._thread.start()

    @staticmethod
    def open(local, remote):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        udp.bind((local, TRAFFIC_PORT))
        udp.connect((remote, TRAFFIC_PORT))
        return udp

    def run(self):
        segments = [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", DATAGRAM_BYTES))]
        while not self._is_ending.wait(TICK_SECONDS):
            self.sent += 1
            datagrams = struct.pack("=Q", self.sent).ljust(DATAGRAM_BYTES, b".") * DATAGRAMS
            for udp in self._sockets:
                # What the tunnel says of its peer comes back as an error of the socket.
                with contextlib.suppress(OSError):
                    udp.sendmsg([datagrams], segments)
            for side, udp in enumerate(self._sockets):
                self.receive(side, udp)

    def receive(self, side, udp):
        with contextlib.suppress(OSError):
            while True:
                number, = struct.unpack_from("=Q", udp.recv(2048))
                self.seen[side] = max(self.seen[side], number)

    def flows_within(self, seconds):
        """Whether what is sent from now on arrives, both ways."""
        first = self.sent + 1
        end = time.monotonic() + seconds
        while min(self.seen) < first:
            if time.monotonic() > end:
                return False
            time.sleep(TICK_SECONDS)
        return True

    def close(self):
        self._is_ending.set()
        self._thread.join()
        for udp in self._sockets:
            udp.close()


class End(Product):
    """One of several instances that run at a time."""

    def __init__(self, where, name, folder, prefix=()):
        super().__init__(where, name, folder)
        self.prefix = prefix

    def call(self, *words, check=True, timeout=60, text_in=None):
        command = inside(self.where, *self.prefix, self.binary(), *words)
        return run(command, check=check, timeout=timeout, text_in=text_in)

    @staticmethod
    def binary():
        return os.environ["WGNS_BINARY"]

    def processes(self):
        """Of this instance: each has its name among its words."""
        return {pid for pid in product_pids() if self.name in self.words_of(pid)}

    @staticmethod
    def words_of(pid):
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        return []

    def daemon(self):
        mine = [pid for pid in self.processes() if "daemon" in self.words_of(pid)]
        return mine[0] if len(mine) == 1 else None

    def log(self):
        return Path(f"/run/wgns-user/{self.name}/log").read_text()


class FaultTunnel:
    """A context manager: `ours` with `io`, under `plan`, and `theirs` as it comes. What has more,
    has keys of its own in the configuration of `ours`, and peers."""

    interface, more_peers = MappingProxyType({}), ()

    def __init__(self, folder, number, io):
        self.number, self.io, self.port = number, io, OUR_PORT
        self.folder = folder / str(number)
        self.folder.mkdir()
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            host, provider = stack.enter_context(topology(str(self.number)))
            self.plan = FaultPlan(self.folder / "plan")
            self.ours = stack.enter_context(
                End(host, f"{PREFIX}a{self.number}", self.folder, self.plan.environment()))
            self.theirs = stack.enter_context(
                End(provider, f"{PREFIX}b{self.number}", self.folder))
            self.set_up(stack, host)
            self.start(self.theirs, (THEIRS, THEIR_PORT), self.towards(self.ours, OURS))
            # One has no endpoint: two initiations that cross would cost five seconds.
            towards = self.towards(self.theirs, THEIRS, Endpoint=f"{PROVIDER_V4}:{THEIR_PORT}")
            self.start(self.ours, (OURS, OUR_PORT), towards, *self.more_peers, **self.interface)
            self.set_up_inside(stack)
            self.traffic = Traffic(self.ours.name, self.theirs.name)
            stack.callback(self.traffic.close)
            self.pid = wait_until(self.ours.daemon, 5, "a daemon")
            assert self.traffic.flows_within(10), "no traffic before the first fault"
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def set_up(self, stack, host):
        """What else there is before the instances are."""

    def set_up_inside(self, stack):
        """What else there is once they are."""

    def plan_of(self, _operation):
        return self.plan

    @staticmethod
    def towards(peer, there, **more):
        return {"PublicKey": peer.public, "AllowedIPs": f"{there}/32", **more}

    def start(self, end, here, *peers, **interface):
        interface = {"Address": f"{here[0]}/32", "ListenPort": here[1], "Firewall": "none",
                     **interface}
        end.up(interface, *peers, options=["--io", self.io])

    def ask(self, name, question, end):
        """The whole answer of one of the daemon's sockets, or nothing."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(RECOVERY_SECONDS)
            client.connect(f"/run/wgns-user/{self.ours.name}/{name}.sock")
            client.sendall(question)
            answer = b""
            while not answer.endswith(end):
                piece = client.recv(65536)
                if not piece:
                    return b""
                answer += piece
            return answer
        return b""

    def ask_uapi(self):
        """What `wg show` asks."""
        return b"errno=0" in self.ask("uapi", b"get=1\n\n", b"\n\n")

    def ask_status(self):
        return b"peers" in self.ask("control", b"status\n", b"\n")

    def answers(self):
        return self.ask_uapi() and self.ask_status()

    def set_port(self):
        """Has the daemon get other sockets from its supervisor, and give it a new setup to keep."""
        self.port = OUR_PORT if self.port != OUR_PORT else OTHER_PORT
        request = f"set=1\nlisten_port={self.port}\n\n".encode()
        return self.ask("uapi", request, b"\n\n") == b"errno=0\n\n"

    def bounce_link(self):
        """The daemon hears of it, or carries nothing afterwards."""
        name = self.ours.name
        run(["ip", "-n", name, "link", "set", name, "down"])
        run(["ip", "-n", name, "link", "set", name, "up"])
        run(["ip", "-n", name, "route", "replace", f"{THEIRS}/32", "dev", name])
        return True

    def processor_seconds(self):
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))
