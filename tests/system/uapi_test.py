#!/usr/bin/env python3
"""`wgns-user IFACE` does what wireguard-go does for wg(8) and wg-quick(8).

    ours    10.99.0.1/24, fd99::1/64      peer    10.99.0.2/24, fd99::2/64, port 51820
"""

import contextlib
import ipaddress
import os
import signal
import socket
import sys
import time

import harness
from harness import (
    HOST_V4,
    PREFIX,
    PROVIDER_V4,
    SystemTest,
    answers,
    entries,
    inside,
    ping,
    process,
    product_binary,
    product_pids,
    run,
    wait_until,
)
from peers import Interface, WireguardGo, configuration, private_key, public_key, write_private

OUR_PORT, PEER_PORT, OTHER_PORT = 51821, 51820, 51999
PEER_V4, PEER_V6 = "10.99.0.2", "fd99::2"
FAILED, BAD_USAGE = 1, 2


class UapiTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.peer = self.enter(WireguardGo(self.provider, f"{PREFIX}g", self.folder))
        self.ours = self.enter(Interface(self.host, f"{PREFIX}c", self.folder))
        self.socket = f"/run/wireguard/{self.ours.name}.sock"

    def links(self, where):
        lines = run(["ip", "-n", where, "-o", "link"]).stdout.splitlines()
        return [line.split(":")[1].strip() for line in lines]

    def bound_ports(self):
        return run(inside(self.host, "ss", "-Hlun")).stdout

    def towards_peer(self, **more):
        return {
            "PublicKey": self.peer.public,
            "AllowedIPs": f"{PEER_V4}/32, {PEER_V6}/128",
            "Endpoint": f"{PROVIDER_V4}:{PEER_PORT}",
            **more,
        }

    def connect(self):
        towards_us = {"PublicKey": self.ours.public, "AllowedIPs": "10.99.0.1/32, fd99::1/128"}
        self.peer.configure(["10.99.0.2/24", "fd99::2/64"], PEER_PORT, towards_us)
        self.ours.configure(["10.99.0.1/24", "fd99::1/64"], OUR_PORT, self.towards_peer())
        ping(self.host, PEER_V4)

    def assert_ended(self):
        self.ours.wait_for_end()
        self.assertNotIn(f"{self.ours.name}.sock", entries("/run/wireguard"))
        self.assertNotIn(self.ours.name, self.links(self.host))


class Configuration(UapiTest):
    def test_carries_both_families(self):
        self.connect()
        ping(self.host, PEER_V6)
        self.assertTrue(self.ours.has_handshake(self.peer.public))
        known_as = [f"{HOST_V4}:{OUR_PORT}"]
        self.assertEqual(self.peer.of_peer("endpoints", self.ours.public), known_as)

    def test_wg_shows_what_it_was_told(self):
        self.connect()
        device, peer = (line.split("\t") for line in self.ours.wg("show", "dump").splitlines())
        self.assertEqual(device, [self.ours.private, self.ours.public, str(OUR_PORT), "off"])
        allowed = f"{PEER_V4}/32,{PEER_V6}/128"
        shown = [self.peer.public, "(none)", f"{PROVIDER_V4}:{PEER_PORT}", allowed]
        self.assertEqual(peer[:4], shown)
        self.assertEqual(peer[-1], "off")
        self.assertGreater(int(peer[5]), 0)

    def test_syncconf_leaves_other_sessions_alone(self):
        self.connect()
        before = self.ours.of_peer("latest-handshakes", self.peer.public)
        own = {"PrivateKey": self.ours.private, "ListenPort": OUR_PORT}
        other = {"PublicKey": public_key(private_key()), "AllowedIPs": "10.99.0.7/32"}
        text = configuration(own, self.towards_peer(), other)
        self.ours.wg("syncconf", write_private(self.folder / "sync.conf", text))
        self.assertEqual(len(self.ours.wg("show", "peers").splitlines()), 2)
        ping(self.host, PEER_V4)
        self.assertEqual(self.ours.of_peer("latest-handshakes", self.peer.public), before)

    def test_setconf_without_a_port_has_one(self):
        text = configuration({"PrivateKey": self.ours.private})
        self.ours.wg("setconf", write_private(self.folder / "bare.conf", text))
        self.assertGreater(int(self.ours.wg("show", "listen-port")), 0)

    def test_another_port_while_running(self):
        self.connect()
        self.ours.wg("set", "listen-port", OTHER_PORT)
        self.assertEqual(self.ours.wg("show", "listen-port").strip(), str(OTHER_PORT))
        self.assertNotIn(f":{OUR_PORT} ", self.bound_ports())
        ping(self.host, PEER_V4)
        follows = [f"{HOST_V4}:{OTHER_PORT}"]
        self.assertEqual(self.peer.of_peer("endpoints", self.ours.public), follows)
        self.ours.wg("set", "listen-port", OUR_PORT)
        ping(self.host, PEER_V4)

    def test_a_port_in_use_changes_nothing(self):
        self.connect()
        script = "import socket,time; s=socket.socket(type=2); s.bind(('',51999)); time.sleep(99)"
        command = inside(self.host, "python3", "-c", script)
        self.enter(process(command, self.folder / "listener.log"))
        wait_until(lambda: ":51999 " in self.bound_ports(), 10, "the port is taken")
        command = inside(self.host, "wg", "set", self.ours.name, "listen-port", OTHER_PORT)
        done = run(command, check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("Address already in use", done.stderr)
        self.assertEqual(self.ours.wg("show", "listen-port").strip(), str(OUR_PORT))
        ping(self.host, PEER_V4)

    def test_the_mark_steers_packets_at_once(self):
        self.connect()
        run(["ip", "-n", self.host, "route", "add", "unreachable", "default", "table", "51"])
        run(["ip", "-n", self.host, "rule", "add", "fwmark", "51", "table", "51"])
        self.ours.wg("set", "fwmark", "51")
        self.assertEqual(self.ours.wg("show", "fwmark").strip(), "0x33")
        self.assertFalse(answers(self.host, PEER_V4))
        self.ours.wg("set", "fwmark", "off")
        wait_until(lambda: answers(self.host, PEER_V4), 10, "the way is free again")

    def test_a_new_interface_has_wireguards_mtu_and_is_down(self):
        link = run(["ip", "-n", self.host, "-o", "link", "show", self.ours.name]).stdout
        self.assertIn(" mtu 1420 ", link)
        self.assertNotIn("UP", link.split("<")[1].split(">")[0].split(","))


class Link(UapiTest):
    def set_link(self, *words, where=None):
        run(["ip", "-n", where or self.host, "link", "set", self.ours.name, *words])

    def datagrams_sent(self):
        """By everybody in H: of the line of figures that follows the line of names."""
        udp = run(inside(self.host, "grep", "^Udp:", "/proc/net/snmp")).stdout.splitlines()
        names, figures = (line.split() for line in udp)
        return int(figures[names.index("OutDatagrams")])

    def test_a_link_hears_as_soon_as_it_is_up(self):
        """A first initiation that is lost would be repeated after 5 s."""
        towards_us = {"PublicKey": self.ours.public, "AllowedIPs": "10.99.0.1/32",
                      "Endpoint": f"{HOST_V4}:{OUR_PORT}"}
        self.peer.configure(["10.99.0.2/24"], PEER_PORT, towards_us)
        self.ours.configure(["10.99.0.1/24"], OUR_PORT, self.towards_peer())
        ping(self.provider, "10.99.0.1", seconds=3)

    def test_c59_a_link_that_is_down_is_silent(self):
        self.connect()
        self.set_link("down")
        before = self.datagrams_sent()
        self.assertFalse(answers(self.provider, "10.99.0.1"))
        # A handshake, and not only data of a session that is gone.
        self.peer.wg("set", "peer", self.ours.public, "remove")
        towards_us = {"PublicKey": self.ours.public, "Endpoint": f"{HOST_V4}:{OUR_PORT}",
                      "AllowedIPs": "10.99.0.1/32", "PersistentKeepalive": 1}
        text = configuration({}, towards_us)
        self.peer.wg("addconf", write_private(self.folder / "us.conf", text))
        self.assertFalse(answers(self.provider, "10.99.0.1"))
        self.assertEqual(self.datagrams_sent(), before)
        self.set_link("up")
        ping(self.host, PEER_V4, seconds=10)

    def test_c58_the_tunnel_works_where_its_interface_is_moved_to(self):
        self.connect()
        elsewhere = self.enter(harness.namespace(f"{PREFIX}i"))
        self.set_link("netns", elsewhere)
        harness.add_address(elsewhere, self.ours.name, "10.99.0.1/24")
        self.set_link("up", where=elsewhere)
        ping(elsewhere, PEER_V4)
        self.assertEqual(self.ours.wg("show", "listen-port").strip(), str(OUR_PORT))
        self.set_link("down", where=elsewhere)
        self.assertFalse(answers(self.provider, "10.99.0.1"))


class Life(UapiTest):
    def test_one_process_that_has_left_the_terminal(self):
        (pid,) = self.ours.processes()
        self.assertEqual(os.getsid(pid), pid)
        for number in (0, 1, 2):
            self.assertEqual(os.readlink(f"/proc/{pid}/fd/{number}"), "/dev/null")

    def test_signals_end_it(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                (pid,) = self.ours.processes()
                os.kill(pid, number)
                self.assert_ended()
                self.assertEqual(self.ours.start().returncode, 0)

    def test_a_signal_ends_it_at_full_load(self):
        self.connect()
        server = inside(self.provider, "iperf3", "-s", "-B", PEER_V4)
        self.enter(process(server, self.folder / "server.log"))
        listens = lambda: ":5201" in run(inside(self.provider, "ss", "-Hltn")).stdout  # noqa: E731
        wait_until(listens, 10, "iperf3 listens")
        client = ["iperf3", "-c", PEER_V4, "-u", "-b", "0", "--bidir", "-t", "60"]
        self.enter(process(inside(self.host, *client), self.folder / "client.log"))
        carried = lambda: all(  # noqa: E731
            int(each) > 5e6 for each in self.ours.of_peer("transfer", self.peer.public))
        wait_until(carried, 20, "traffic both ways")
        (pid,) = self.ours.processes()
        os.kill(pid, signal.SIGINT)
        wait_until(lambda: not self.ours.processes(), 2, "it has ended in time")
        self.assert_ended()

    def test_a_signal_right_after_the_start_ends_it(self):
        os.unlink(self.socket)
        self.assert_ended()
        for milliseconds in range(0, 60, 6):
            with self.subTest(milliseconds):
                command = inside(self.host, product_binary(), "-f", self.ours.name)
                with process(command, self.folder / "short.log") as child:
                    time.sleep(milliseconds / 1000)
                    child.terminate()
                    self.assertIn(child.wait(timeout=5), (0, -signal.SIGTERM))
                self.assert_ended()

    def test_deleting_the_link_ends_it(self):
        self.connect()
        run(["ip", "-n", self.host, "link", "del", self.ours.name])
        self.assert_ended()

    def test_removing_the_socket_ends_it(self):
        os.unlink(self.socket)
        self.assert_ended()

    def test_somebody_elses_socket_stays(self):
        os.rename(self.socket, self.socket + ".moved")
        self.addCleanup(os.unlink, self.socket + ".moved")
        self.ours.wait_for_end()
        self.assertIn(f"{self.ours.name}.sock.moved", entries("/run/wireguard"))

    def test_a_stale_socket_is_replaced(self):
        self.ours.kill()
        self.assertIn(f"{self.ours.name}.sock", entries("/run/wireguard"))
        again = self.ours.start()
        self.assertEqual(again.returncode, 0, again.stderr)
        self.connect()

    def test_a_live_socket_is_respected(self):
        before = self.ours.processes()
        # 1: the same interface again  2: the same name in another namespace
        for number, where in enumerate((self.host, self.provider), 1):
            with self.subTest(number):
                done = self.ours.start(where=where)
                self.assertEqual(done.returncode, FAILED)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertIn(self.ours.name, done.stderr)
        self.assertEqual(self.ours.processes(), before)
        self.assertNotIn(self.ours.name, self.links(self.provider))
        self.assertTrue(self.ours.wg("show", "listen-port"))

    def test_foreground_stays(self):
        os.unlink(self.socket)
        self.assert_ended()
        binary = product_binary()
        # 1, 2: the options  3: wireguard-go's variable
        table = [
            [binary, "-f", self.ours.name],
            [binary, "--foreground", self.ours.name],
            ["env", "WG_PROCESS_FOREGROUND=1", binary, self.ours.name],
        ]
        for number, command in enumerate(table, 1):
            with self.subTest(number):
                log = self.folder / "foreground.log"
                with process(inside(self.host, *command), log) as child:
                    wait_until(self.ours.is_ready, 10, "it serves")
                    self.assertIsNone(child.poll())
                    child.terminate()
                    self.assertEqual(child.wait(timeout=10), 0)
                self.assert_ended()

    def test_log_level_keeps_the_output(self):
        os.unlink(self.socket)
        self.assert_ended()
        log = self.folder / "verbose.log"
        command = inside(self.host, "env", "LOG_LEVEL=verbose", product_binary(), self.ours.name)
        with open(log, "wb") as output:
            harness.subprocess.run(command, stdout=output, stderr=output, check=True, timeout=10)
        self.connect()
        wait_until(lambda: "up, MTU 1420" in log.read_text(), 10, "the log goes on")


class Start(SystemTest):
    def test_bad_names(self):
        before = harness.snapshot()
        for number, name in enumerate(("a/b", "sixteen-bytes-it", "wg%d", "..", "a b", ""), 1):
            with self.subTest(number):
                done = run([product_binary(), name], check=False)
                self.assertEqual(done.returncode, BAD_USAGE)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertEqual(harness.snapshot(), before)

    def test_fifteen_bytes_are_a_name(self):
        name = f"{PREFIX}-fifteen-bytes"[:15]
        self.enter(Interface(self.host, name, self.folder))

    def test_not_root(self):
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        command = inside(self.host, *nobody, product_binary(), f"{PREFIX}c")
        done = run(command, check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_given_descriptors(self):
        """WG_TUN_FD and WG_UAPI_FD: the interface and the socket are there already."""
        name = f"{PREFIX}d"
        path = f"/run/wireguard/{name}.sock"
        os.makedirs("/run/wireguard", 0o755, exist_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        script = self.folder / "give.py"
        script.write_text(GIVE_TUN)
        with listener:
            words = [sys.executable, script, name, listener.fileno(), product_binary()]
            with open(self.folder / "given.log", "wb") as log:
                child = harness.subprocess.Popen(
                    inside(self.host, *words), pass_fds=[listener.fileno()], stderr=log
                )
        self.addCleanup(harness.end_process, child)
        ready = lambda: run(["wg", "show", name, "listen-port"], check=False).stdout  # noqa: E731
        wait_until(ready, 10, "it serves")
        child.terminate()
        self.assertEqual(child.wait(timeout=10), 0)
        self.assertFalse(os.path.exists(path))


class WgQuick(SystemTest):
    """wg-quick(8) itself, which makes addresses, routes and rules around our interface."""

    rights = ()  # what it is run by, if not with all that root has

    def setUp(self):
        super().setUp()
        self.peer = self.enter(WireguardGo(self.provider, f"{PREFIX}g", self.folder))
        self.private = private_key()
        self.path = self.folder / f"{PREFIX}q.conf"

    def configure(self, *ours, theirs, **towards_peer):
        interface = {"PrivateKey": self.private, "Address": list(ours), "ListenPort": OUR_PORT}
        towards_peer = {"PublicKey": self.peer.public, **towards_peer}
        write_private(self.path, configuration(interface, towards_peer))
        alone = ", ".join(ipaddress.ip_interface(each).ip.compressed for each in ours)
        towards_us = {"PublicKey": public_key(self.private), "AllowedIPs": alone}
        self.peer.configure(theirs, PEER_PORT, towards_us)

    def quick(self, verb):
        ours = f"WG_QUICK_USERSPACE_IMPLEMENTATION={product_binary()}"
        return run(inside(self.host, *self.rights, "env", ours, "wg-quick", verb, self.path))

    @contextlib.contextmanager
    def up(self):
        """Within it the interface is up; afterwards nothing of it is left."""
        wait_until(self.is_settled, 10, "duplicate address detection is over")
        before = self.network()
        self.quick("up")
        try:
            yield
        finally:
            self.quick("down")
        # The daemon sees that its link is gone, and ends.
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self.network() == before, 10, "nothing is left")
        self.assertEqual(self.network(), before)

    def is_settled(self):
        addresses = run(["ip", "-n", self.host, "-6", "addr", "show", "up0"]).stdout
        return " fe80::" in addresses and "tentative" not in addresses

    def network(self):
        """All that wg-quick makes in H."""
        words = [("ip", "-4", "rule"), ("ip", "-6", "rule"), ("ip", "-o", "link"),
                 ("ip", "route", "show", "table", "all"),
                 ("ip", "-6", "route", "show", "table", "all"), ("nft", "list", "ruleset")]
        told = {" ".join(each): run(inside(self.host, *each)).stdout for each in words}
        return {**told, "sockets": entries("/run/wireguard"), "products": product_pids()}

    def test_wg_quick(self):
        self.carry()

    def test_wg_quick_with_the_rights_of_a_container(self):
        """`--cap-add NET_ADMIN` is what images with wg-quick in them ask for."""
        alone = "-all,+net_admin"
        self.rights = ["setpriv", "--bounding-set", alone, "--inh-caps", alone]
        self.carry()

    def carry(self):
        self.configure("10.99.0.1/24", theirs=["10.99.0.2/24"], AllowedIPs="10.99.0.0/24",
                       Endpoint=f"{PROVIDER_V4}:{PEER_PORT}")
        with self.up():
            ping(self.host, PEER_V4)

    def test_wg_quick_takes_the_default_route(self):
        """Its rules send all but what has the mark into the tunnel, whose own packets leave by the
        default route that was there: unmarked, they would go round in circles."""
        endpoint, far_v4, far_v6 = "203.0.113.1", "198.51.100.1", "2001:db8::1"
        harness.add_address(self.provider, "lo", f"{endpoint}/32")
        run(["ip", "-n", self.host, "route", "add", "default", "via", PROVIDER_V4])
        self.configure("10.99.0.1/32", "fd99::1/128", theirs=[f"{far_v4}/32", f"{far_v6}/128"],
                       AllowedIPs="0.0.0.0/0, ::/0", Endpoint=f"{endpoint}:{PEER_PORT}")
        for address in ("10.99.0.1/32", "fd99::1/128"):
            run(["ip", "-n", self.provider, "route", "add", address, "dev", self.peer.name])
        with self.up():
            name = self.path.stem
            mark = run(inside(self.host, "wg", "show", name, "fwmark")).stdout.strip()
            self.assertEqual(mark, "0xca6c")
            for address in (far_v4, far_v6):
                route = run(["ip", "-n", self.host, "route", "get", address]).stdout
                self.assertIn(f" dev {name} ", route)
                ping(self.host, address)
        route = run(["ip", "-n", self.host, "route", "get", far_v4]).stdout
        self.assertIn(f" via {PROVIDER_V4} ", route)


# A TUN made inside, handed on with the listener; the daemon stays and takes this process over.
GIVE_TUN = """
import fcntl, os, struct, sys
name, listener, binary = sys.argv[1:]
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", name.encode(), 0x1001))
os.set_inheritable(tun, True)
os.environ |= {"WG_TUN_FD": str(tun), "WG_UAPI_FD": listener}
os.execv(binary, [binary, "-f", "wrongname"])
"""


if __name__ == "__main__":
    harness.main()
