"""What a tunnel has beside packets, for tests of faults: a published port, metrics, and a peer with
a name for an endpoint. Each has a question that is answered where the service is there."""

import contextlib
import errno
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import MappingProxyType

from fault_tunnel import RECOVERY_SECONDS, FaultTunnel, in_namespace
from harness import inside, process, wait_until
from peers import private_key, public_key

PUBLISHED, SERVED = 8080, 80
WORDS = b"is it you? " * 400
NAME = "peer.example.org"
# Nobody is at any of them, so that the endpoint is what the name says and nothing else.
ADDRESSES = ("10.77.0.8", "10.77.0.9")


class ServedTunnel(FaultTunnel):
    """Metrics at their socket, and a server inside whose port is published."""

    interface = MappingProxyType({"Publish": f"127.0.0.1:{PUBLISHED} -> {SERVED}"})

    def set_up_inside(self, stack):
        self._listener = in_namespace(
            self.ours.name, lambda: socket.create_server(("127.0.0.1", SERVED)))
        stack.callback(self._listener.close)
        # accept() of another thread does not end with close().
        stack.callback(self._listener.shutdown, socket.SHUT_RDWR)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                one = self._listener.accept()[0]
            except OSError:
                return
            one.settimeout(RECOVERY_SECONDS)
            threading.Thread(target=self._answer, args=[one], daemon=True).start()

    @staticmethod
    def _answer(one):
        with contextlib.suppress(OSError), one:
            while got := one.recv(65536):
                one.sendall(got.upper())

    def ask_published(self):
        """A whole answer, to the end of both directions."""
        with contextlib.suppress(OSError):
            with in_namespace(self.ours.where, lambda: socket.create_connection(
                    ("127.0.0.1", PUBLISHED), RECOVERY_SECONDS)) as client:
                client.sendall(WORDS)
                client.shutdown(socket.SHUT_WR)
                with client.makefile("rb") as answer:
                    return answer.read() == WORDS.upper()
        return False

    def ask_metrics(self):
        """A whole answer, after which the connection is closed."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(RECOVERY_SECONDS)
            client.connect(f"/run/wgns-user/{self.ours.name}/metrics.sock")
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            with client.makefile("rb") as file:
                head, _, text = file.read().partition(b"\r\n\r\n")
            return head.startswith(b"HTTP/1.1 200 ") and text.endswith(b"\n")
        return False


class Traced:
    """A plan for calls that the C library makes for itself, which strace(1) has fail."""

    def __init__(self, tunnel):
        self._tunnel, self._strace = tunnel, None
        self._told = tunnel.folder / "strace"

    def fail(self, pid, operation, result, one_in=1, limit=None):
        self.stop_all()
        call, name = operation.removeprefix("dns_"), errno.errorcode[-result]
        when = "1" if limit == 1 else f"1+{one_in}"
        # Asio's thread for names is the last one that the daemon has started.
        thread = max(map(int, os.listdir(f"/proc/{pid}/task")))
        self._told.write_text("")
        words = ["strace", "-qq", "-p", thread, "-o", self._told, "-e", f"trace={call}", "-e",
                 f"inject={call}:error={name}:when={when}"]
        self._strace = subprocess.Popen(list(map(str, words)), stderr=subprocess.DEVNULL)
        tracer = lambda: f"TracerPid:\t{self._strace.pid}\n" in Path(  # noqa: E731
            f"/proc/{pid}/task/{thread}/status").read_text()
        wait_until(tracer, 5, "strace has the thread")

    def injected(self):
        return self._told.read_text().count("(INJECTED)")

    def stop_all(self):
        if self._strace:
            self._strace.terminate()
            self._strace.wait()
        self._strace = None


class NamedTunnel(FaultTunnel):
    """Another peer has an endpoint that is looked up each second, in a zone of the test's."""

    more_peers = ({"PublicKey": public_key(private_key()), "AllowedIPs": "10.99.9.9/32",
                   "Endpoint": f"{NAME}:9", "EndpointRefreshSeconds": 1,
                   "EndpointRefreshRestartSeconds": 1},)

    def set_up(self, stack, host):
        self._zone, log = self.folder / "zone", self.folder / "names"
        self._turn = 0
        self._answer_with(ADDRESSES[0])
        program = Path(__file__).with_name("name_server.py")
        words = [sys.executable, "-B", program, 53, self._zone]
        stack.enter_context(process(inside(host, *words), log))
        wait_until(lambda: "ready" in log.read_text(), 10, "the name server is ready")

    def plan_of(self, operation):
        return Traced(self) if operation.startswith("dns_") else self.plan

    def _answer_with(self, address):
        new = self._zone.with_suffix(".new")
        new.write_text(address)
        new.rename(self._zone)

    def _follows(self):
        status = self.ask("control", b"status\n", b"\n")
        endpoints = [peer["endpoint"] for peer in json.loads(status)["peers"]] if status else []
        return f"{ADDRESSES[self._turn]}:9" in endpoints

    def ask_for_name(self):
        """Whether the endpoint is what the name says; then that becomes something else."""
        if not self._follows():
            return False
        self._turn = 1 - self._turn
        self._answer_with(ADDRESSES[self._turn])
        with contextlib.suppress(AssertionError):
            wait_until(self._follows, RECOVERY_SECONDS, "the endpoint follows")
            return True
        return False

