#!/usr/bin/env python3
"""Publish: ports of the host that lead to programs inside, and nothing else that joins the two."""

import os
import signal

import harness
from harness import entries, inside, ping, process, product_binary, run, wait_until
from tunnel import OUR_V4, PEER_V4, TunnelTest

FAILED, BAD_CONFIGURATION = 1, 2
SERVER = (
    "import socket,sys\n"
    "server=socket.create_server(('127.0.0.1',int(sys.argv[1])))\n"
    "while True:\n"
    "    with server.accept()[0] as one:\n"
    "        while got:=one.recv(65536): one.sendall(got.upper())\n"
)
ASK = (
    "import socket,sys\n"
    "with socket.create_connection((sys.argv[1],int(sys.argv[2])),10) as s:\n"
    "    s.sendall(b'is it you?')\n"
    "    s.shutdown(socket.SHUT_WR)\n"
    "    print(s.makefile('rb').read().decode())\n"
)
# More than anybody holds in between, there and back.
ASK_MUCH = (
    "import socket,sys,threading\n"
    "s=socket.create_connection((sys.argv[1],int(sys.argv[2])),10)\n"
    "threading.Thread(target=lambda: (s.sendall(b'x'*(64<<20)),s.shutdown(1))).start()\n"
    "got=s.makefile('rb').read()\n"
    "sys.exit(got!=b'X'*(64<<20))\n"
)


class Publish(TunnelTest):
    def up(self, *published, **interface):
        self.configure_peer()
        return self.ours.up(self.interface(Publish=list(published), **interface),
                            self.towards_peer())

    def serve(self, port=80):
        """A server inside, as a user would start it."""
        words = [product_binary(), "exec", self.name, "--", "python3", "-c", SERVER, port]
        log = self.folder / f"server-{port}.log"
        self.enter(process(inside(self.host, *words), log))
        listens = lambda: f":{port} " in run(inside(self.name, "ss", "-Hltn")).stdout  # noqa: E731
        wait_until(listens, 30, f"port {port} is served inside")

    def ask(self, port=8080, address="127.0.0.1", where=None):
        """The answer, or None where there is none."""
        command = inside(where or self.host, "python3", "-c", ASK, address, port)
        done = run(command, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    def listeners(self):
        return run(inside(self.host, "ss", "-Hltn")).stdout

    def network_of_the_host(self):
        words = (["link"], ["addr"], ["route", "show", "table", "all"])
        listing = [run(["ip", "-n", self.host, *each]).stdout for each in words]
        return listing + [run(inside(self.host, "nft", "list", "ruleset")).stdout]

    def test_a_port_of_the_host_leads_inside(self):
        wait_until(lambda: "tentative" not in self.network_of_the_host()[1], 10, "addresses")
        before = self.network_of_the_host()
        self.up("127.0.0.1:8080 -> 80", "[::1]:8080 -> 80, 127.0.0.1:8081 -> 81")
        self.assertIsNone(self.ask(), "nobody serves it yet")
        self.serve()
        self.assertEqual(self.ask(), "IS IT YOU?")
        self.assertEqual(self.ask(address="::1"), "IS IT YOU?")
        self.assertIsNone(self.ask(8081))
        self.assertEqual(self.network_of_the_host(), before)
        self.assertEqual(self.listeners().count(":808"), 3)
        # What was not published is not there, on either side.
        self.assertIsNone(self.ask(80))
        self.assertIsNone(self.ask(8080, where=self.name))
        links = run(["ip", "-o", "-n", self.name, "link"]).stdout.splitlines()
        self.assertEqual(len(links), 2, links)
        ping(self.name, PEER_V4)
        self.assertIsNone(self.ask(80, OUR_V4, self.provider))
        self.assertIsNone(self.ask(8080, OUR_V4, self.provider))

    def test_much_of_it(self):
        self.up("127.0.0.1:8080 -> 80")
        self.serve()
        command = inside(self.host, "python3", "-c", ASK_MUCH, "127.0.0.1", 8080)
        self.assertEqual(run(command, timeout=60, check=False).returncode, 0)

    def test_others_of_the_host_may_ask_where_it_says_so(self):
        self.up(f"{harness.HOST_V4}:8080 -> 80")
        self.serve()
        self.assertEqual(self.ask(8080, harness.HOST_V4, self.provider), "IS IT YOU?")
        self.assertIsNone(self.ask())

    def test_a_taken_port_fails_with_one_line_and_leaves_nothing(self):
        self.ours.write(self.interface(Publish="127.0.0.1:8080 -> 80", DNS=PEER_V4),
                        self.towards_peer())
        words = ["python3", "-c", SERVER, "8080"]
        self.enter(process(inside(self.host, *words), self.folder / "taken.log"))
        wait_until(lambda: ":8080 " in self.listeners(), 10, "the port is taken")
        done = self.ours.call("up", self.ours.path, check=False)
        self.assertEqual(done.returncode, FAILED)
        reason = r"\Awgns-user: Publish: bind 127\.0\.0\.1:8080: .*in use; .*\n\Z"
        self.assertRegex(done.stderr, reason)
        for folder in ("/run/netns", "/run/wgns-user", "/etc/netns"):
            self.assertNotIn(self.name, entries(folder))
        self.assertEqual(self.ask(), "IS IT YOU?", "the other one goes on")

    def test_a_daemon_that_died_serves_again(self):
        self.up("127.0.0.1:8080 -> 80")
        self.serve()
        self.assertEqual(self.ask(), "IS IT YOU?")
        before = self.ours.daemon()
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self.ours.daemon() != before, 10, "it is gone")
        # Whoever asks in between waits.
        self.assertEqual(self.ask(), "IS IT YOU?")
        self.assertNotIn(self.ours.daemon(), (None, before))

    def test_reload_opens_and_closes_ports(self):
        self.up("127.0.0.1:8080 -> 80", "127.0.0.1:8082 -> 80")
        self.serve()
        held = self.ask(8080)
        self.ours.write(self.interface(Publish=["127.0.0.1:8081 -> 80", "127.0.0.1:8082 -> 80"]),
                        self.towards_peer())
        self.assertIn("sockets", self.ours.call("reload", self.name).stdout)
        self.assertEqual(self.ask(8081), held)
        self.assertEqual(self.ask(8082), held)
        wait_until(lambda: self.ask(8080) is None, 5, "the old port is closed")
        old = wait_until(self.ours.daemon, 5, "a daemon")
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: self.ask(8081) == held, 10, "the new port is served again")
        self.ours.write(self.interface(Publish="127.0.0.1:8080 -> 80"), self.towards_peer())
        self.ours.call("reload", self.name)
        self.assertEqual(self.ask(8080), held)

    def test_down_closes_the_port(self):
        self.up("127.0.0.1:8080 -> 80")
        self.serve()
        self.assertEqual(self.ask(), "IS IT YOU?")
        self.ours.down()
        wait_until(lambda: ":8080 " not in self.listeners(), 10, "the port is free")
        self.assertIsNone(self.ask())

    def test_down_and_up_again(self):
        self.up("127.0.0.1:8080 -> 80")
        self.assertIsNone(self.ask())
        self.ours.down()
        self.ours.call("up", self.ours.path)
        self.serve()
        self.assertEqual(self.ask(), "IS IT YOU?")

    def test_plan_tells_it(self):
        self.ours.write(self.interface(Publish="127.0.0.1:8080 -> 80"), self.towards_peer())
        self.assertIn("TCP, 127.0.0.1:8080, which leads to port 80 inside",
                      self.ours.call("plan", self.ours.path).stdout)

    def test_the_same_port_twice_and_too_many(self):
        many = ", ".join(f"127.0.0.1:{port} -> 80" for port in range(8000, 8017))
        for value, reason in (("127.0.0.1:8080 -> 80, 127.0.0.1:8080 -> 81", "already"),
                              (many, "more than 16")):
            self.ours.write(self.interface(Publish=value), self.towards_peer())
            done = self.ours.call("up", self.ours.path, check=False)
            self.assertEqual(done.returncode, BAD_CONFIGURATION)
            self.assertRegex(done.stderr, r"\.conf:\d+: Publish: .*" + reason)

    def test_as_many_as_there_may_be(self):
        many = ", ".join(f"127.0.0.1:{port} -> 80" for port in range(8000, 8016))
        self.configure_peer()
        self.ours.up(self.interface(Publish=many), self.towards_peer(), options=("--workers", 8))
        self.serve()
        for port in (8000, 8009, 8010, 8015):
            self.assertEqual(self.ask(port), "IS IT YOU?")


if __name__ == "__main__":
    harness.main()
