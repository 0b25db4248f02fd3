"""The two ends of a tunnel: wireguard-go as somebody else's peer, and the product."""

import contextlib
import json
import os
import signal

from harness import (
    add_address,
    end_process,
    entries,
    has_ended,
    inside,
    parent_of,
    process,
    product_binary,
    product_pids,
    run,
    wait_until,
)


def wireguard_go():
    """Debian's, which is of 2022 and knows no offloads, unless another is named."""
    return os.environ.get("WGNS_WIREGUARD_GO", "wireguard-go")


def private_key():
    return run(["wg", "genkey"]).stdout.strip()


def public_key(private):
    return run(["wg", "pubkey"], text_in=private).stdout.strip()


def preshared_key():
    return run(["wg", "genpsk"]).stdout.strip()


def section(name, values):
    """One section of a configuration; a list gives its key once for each value."""
    lines = [f"[{name}]"]
    for key, value in values.items():
        lines += [f"{key} = {each}" for each in (value if isinstance(value, list) else [value])]
    return "\n".join(lines) + "\n"


def configuration(interface, *peers):
    return "\n".join([section("Interface", interface), *(section("Peer", peer) for peer in peers)])


def write_private(path, text):
    """Readable by its owner alone, so that no warning about the key joins the output."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


class WireguardGo:
    """wireguard-go in namespace `where`; a context manager. Its socket is in a folder that all
    namespaces share, so the interface's name must be unique on the machine."""

    def __init__(self, where, name, folder):
        self.where, self.name, self.folder = where, name, folder
        self.private = private_key()
        self.public = public_key(self.private)
        self._child = None

    def __enter__(self):
        command = inside(self.where, wireguard_go(), "-f", self.name)
        self._stack = contextlib.ExitStack()
        # Its folder is shared by every instance and stays when the last one ends.
        if not os.path.isdir("/run/wireguard"):
            os.mkdir("/run/wireguard", 0o755)
            self._stack.callback(remove_if_empty, "/run/wireguard")
        self._child = self._stack.enter_context(process(command, self.folder / f"{self.name}.log"))
        wait_until(self.is_ready, 10, f"wireguard-go {self.name} is ready")
        return self

    def __exit__(self, *_):
        self._stack.close()

    def pid(self):
        return self._child.pid

    def is_ready(self):
        return f"{self.name}.sock" in entries("/run/wireguard") and self.wg("show", check=False)

    def wg(self, verb, *words, check=True):
        command = inside(self.where, "wg", verb, self.name, *words)
        done = run(command, check=check)
        return done.stdout if done.returncode == 0 else ""

    def configure(self, addresses, port, *peers, routes=()):
        """`addresses` with prefix lengths; `routes` beyond those; peers as wg's sections."""
        text = configuration({"PrivateKey": self.private, "ListenPort": port}, *peers)
        path = write_private(self.folder / f"{self.name}.setconf", text)
        self.wg("setconf", path)
        for address in addresses:
            add_address(self.where, self.name, address)
        run(["ip", "-n", self.where, "link", "set", self.name, "mtu", "1420", "up"])
        for route in routes:
            run(["ip", "-n", self.where, "route", "add", route, "dev", self.name])

    def of_peer(self, what, public):
        """The words that `wg show NAME WHAT` has for one peer."""
        for line in self.wg("show", what).splitlines():
            key, *words = line.split()
            if key == public:
                return words
        return []

    def has_handshake(self, public):
        return self.of_peer("latest-handshakes", public) not in ([], ["0"])


class Interface(WireguardGo):
    """`wgns-user IFACE` in the place of wireguard-go: the product as the daemon alone, which has
    gone to the background by itself."""

    def __enter__(self):
        self._others = product_pids()
        done = self.start()
        assert done.returncode == 0, done.stderr
        return self

    def __exit__(self, *_):
        for pid in self.processes():
            os.kill(pid, signal.SIGTERM)
        self.wait_for_end()

    def start(self, *options, where=None, **environment):
        """Runs the command; `environment` beside our own."""
        words = [f"{key}={value}" for key, value in environment.items()]
        command = ["env", *words, product_binary(), *options, self.name]
        return run(inside(where or self.where, *command), check=False)

    def processes(self):
        return product_pids() - self._others

    def pid(self):
        (daemon,) = self.processes()
        return daemon

    def kill(self):
        """By SIGKILL; when it returns, nobody listens at its sockets any more."""
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: has_ended(pid), 10, f"{self.name} is dead")

    def wait_for_end(self):
        wait_until(lambda: not self.processes(), 10, f"{self.name} has ended")


def remove_if_empty(folder):
    with contextlib.suppress(OSError):
        os.rmdir(folder)


class Product:
    """One instance of wgns-user, called in namespace `where`; a context manager that takes it
    away again however the test left it."""

    def __init__(self, where, name, folder):
        self.where, self.name = where, name
        self.private = private_key()
        self.public = public_key(self.private)
        self.path = folder / f"{name}.conf"
        self._others = product_pids()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.name in entries("/run/wgns-user") or self.processes():
            self.call("down", self.name, check=False)

    def call(self, *words, check=True, timeout=60, text_in=None):
        command = inside(self.where, product_binary(), *words)
        return run(command, check=check, timeout=timeout, text_in=text_in)

    def write(self, interface, *peers):
        """The configuration, with this instance's key unless `interface` brings one."""
        text = configuration({"PrivateKey": self.private, **interface}, *peers)
        return write_private(self.path, text)

    def up(self, interface, *peers, options=()):
        self.write(interface, *peers)
        return self.call("up", *options, self.path)

    def down(self):
        return self.call("down", self.name)

    def kill(self):
        """Every process of it at once, and waits until they are gone."""
        pids = self.processes()
        for pid in pids:
            # A daemon ends with its supervisor.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: all(map(has_ended, pids)), 10, f"{self.name}'s processes are gone")

    def status(self):
        return json.loads(self.call("status", self.name, "--json").stdout)

    def processes(self):
        """Pids that run the product and did not when this object was made."""
        return product_pids() - self._others

    def supervisor(self):
        """The process whose parent is none of ours."""
        mine = self.processes()
        roots = [pid for pid in mine if parent_of(pid) not in mine]
        return roots[0] if len(roots) == 1 else None

    def daemon(self):
        """The supervisor's child, or None while there is none."""
        supervisor = self.supervisor()
        children = [pid for pid in self.processes() if parent_of(pid) == supervisor]
        return children[0] if len(children) == 1 else None


@contextlib.contextmanager
def foreground(product, *options):
    """`up --foreground` as a child; its output is beside the configuration."""
    words = ["up", "--foreground", *options, product.path]
    log = product.path.with_suffix(".log")
    with process(inside(product.where, product_binary(), *words), log) as child:
        try:
            yield child
        finally:
            end_process(child)
