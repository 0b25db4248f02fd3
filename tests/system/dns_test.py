#!/usr/bin/env python3
"""Names inside: the files that say whom to ask, what happens to those who ask somebody else, and
whose files they are."""

from pathlib import Path

import harness
from harness import entries, inside, process, run, wait_until
from tunnel import PEER_V4, PEER_V6, TunnelTest

FAILED = 1
ELSEWHERE_V4, ELSEWHERE_V6 = "192.0.2.53", "2001:db8::53"
ANSWER_V4, ANSWER_V6 = "198.51.100.7", "2001:db8::7"
MARK = "# Written by wgns-user, and taken away by `wgns-user down`.\n"
NSSWITCH = """\
passwd: files systemd
group: files systemd
shadow: files
hosts: files dns
networks: files
ethers: files
services: files
protocols: files
rpc: files
"""
# Asks SERVER:PORT for example.org over udp or tcp; status 0: answered, 1: not in time, 2: refused.
ASK = """\
import socket, struct, sys
transport, server, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
query = bytes.fromhex("123401000001000000000000076578616d706c65036f72670000010001")
family = socket.AF_INET6 if ":" in server else socket.AF_INET
kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
try:
    with socket.socket(family, kind) as s:
        s.settimeout(2)
        s.connect((server, port))
        s.sendall(struct.pack("!H", len(query)) + query if transport == "tcp" else query)
        answer = s.recv(2048)
except (ConnectionRefusedError, PermissionError):
    sys.exit(2)
except TimeoutError:
    sys.exit(1)
sys.exit(0 if answer else 1)
"""
# Reads /etc/resolv.conf and asks the first server itself; prints the address.
OWN_RESOLVER = """\
import re, socket, sys
server = re.search("nameserver (.+)", open("/etc/resolv.conf").read()).group(1)
name = b"".join(bytes([len(part)]) + part.encode() for part in sys.argv[1].split("."))
query = bytes.fromhex("123401000001000000000000") + name + bytes.fromhex("0000010001")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.settimeout(5)
    s.sendto(query, (server, 53))
    print(socket.inet_ntoa(s.recv(2048)[-4:]))
"""
ANSWERED, LOST, REFUSED = 0, 1, 2


class Names(TunnelTest):
    def up(self, allowed="0.0.0.0/0, ::/0", **interface):
        """Everything leads to the peer, which has no way out itself."""
        self.configure_peer()
        self.ours.up(self.interface(**interface), self.towards_peer(AllowedIPs=allowed))
        harness.ping(self.name, PEER_V4)

    def serve(self, port=53):
        """A name server at the peer's end; returns what it was asked, in a log."""
        log = self.folder / f"names-{port}.log"
        program = Path(__file__).with_name("name_server.py")
        words = ["python3", "-B", program, port, ANSWER_V4, ANSWER_V6]
        self.enter(process(inside(self.provider, *words), log))
        wait_until(lambda: "ready" in log.read_text(), 10, "the name server is ready")
        return log

    def ask(self, transport, server, port=53):
        words = ["python3", "-c", ASK, transport, server, port]
        return run(inside(self.name, *words), check=False).returncode

    @property
    def files(self):
        return Path("/etc/netns") / self.name

    def texts(self):
        return {name: (self.files / name).read_text() for name in entries(self.files)}

    def test_files(self):
        self.up(DNS=[f"{PEER_V4}, {PEER_V6}", "example.org, corp"])
        self.assertEqual(self.texts(), {
            "nsswitch.conf": MARK + NSSWITCH,
            "resolv.conf":
                f"{MARK}nameserver {PEER_V4}\nnameserver {PEER_V6}\nsearch example.org corp\n",
        })
        self.ours.down()
        self.assertEqual(entries("/etc/netns"), [])

    def test_without_dns_a_warning_says_what_happens(self):
        self.configure_peer()
        done = self.ours.up(self.interface(), self.towards_peer())
        self.assertRegex(done.stderr, r"no DNS key: .*through the tunnel or not at all")
        self.assertEqual(entries(self.files), ["nsswitch.conf"])

    def test_files_of_others_are_refused_and_stay(self):
        self.files.mkdir(parents=True)
        self.addCleanup(self.files.rmdir)
        theirs = self.files / "resolv.conf"
        theirs.write_text("nameserver 192.0.2.1\n")
        self.addCleanup(theirs.unlink)
        before = harness.snapshot()
        self.ours.write(self.interface(DNS=PEER_V4), self.towards_peer())
        done = self.ours.call("up", self.ours.path, check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(str(theirs), done.stderr)
        self.assertEqual(harness.snapshot(), before)
        # Without DNS in the configuration they are what is used, and nothing is said.
        done = self.ours.up(self.interface(), self.towards_peer())
        self.assertEqual(done.stderr, "")
        self.ours.down()
        self.assertEqual(self.texts(), {"resolv.conf": "nameserver 192.0.2.1\n"})

    def test_kills_leave_nothing_for_down(self):
        self.up(DNS=PEER_V4)
        self.ours.kill()
        self.ours.path.unlink()
        self.ours.down()
        self.assertEqual(entries("/etc/netns"), [])

    def test_files_that_a_crash_of_the_machine_left_are_ours(self):
        self.files.mkdir(parents=True)
        for name in ("resolv.conf", "nsswitch.conf"):
            (self.files / name).write_text(MARK + "from before\n")
        self.up(DNS=PEER_V4)
        self.assertEqual(self.texts()["resolv.conf"], f"{MARK}nameserver {PEER_V4}\n")
        self.ours.down()
        self.assertNotIn(self.name, entries("/etc/netns"))
        if entries("/etc/netns") == []:
            self.files.parent.rmdir()

    def test_programs_inside_ask_the_configured_server(self):
        self.up(DNS=PEER_V4)
        log = self.serve()
        curl = f"curl -sv --max-time 2 http://$1/ 2>&1 | grep -o '{ANSWER_V4}' | head -1"
        by_libc = "import socket,sys; print(socket.getaddrinfo(sys.argv[1], 80))"
        programs = [
            # 1: nsswitch and libc
            ["getent", "ahostsv4"],
            # 2: libc in another program; nobody is at the address, which it tells
            ["sh", "-c", curl, "sh"],
            # 3: libc in a language of its own
            ["python3", "-c", by_libc],
            # 4: no libc at all: resolv.conf and datagrams, as a static Go program does
            ["python3", "-c", OWN_RESOLVER],
        ]
        for number, words in enumerate(programs, 1):
            with self.subTest(number):
                name = f"host{number}.example.org"
                done = self.ours.call("exec", self.name, "--", *words, name)
                self.assertIn(ANSWER_V4, done.stdout)
                self.assertIn(f"udp {name}", log.read_text())

    def test_off_lets_everybody_ask_whom_they_like(self):
        self.up(DNS=PEER_V4)
        self.serve()
        self.assertEqual(self.ask("udp", PEER_V4), ANSWERED)
        self.assertNotEqual(self.ask("udp", ELSEWHERE_V4), ANSWERED)

    def test_redirect_leads_every_question_to_the_server(self):
        self.up(DNS=f"{PEER_V4}, {PEER_V6}", DNSEnforce="redirect")
        log = self.serve()
        self.serve(853)
        table = [("udp", ELSEWHERE_V4), ("tcp", ELSEWHERE_V4), ("udp", ELSEWHERE_V6),
                 ("tcp", ELSEWHERE_V6), ("udp", PEER_V4), ("tcp", PEER_V6)]
        for transport, server in table:
            with self.subTest(transport=transport, server=server):
                before = log.read_text().count(transport)
                self.assertEqual(self.ask(transport, server), ANSWERED)
                self.assertEqual(log.read_text().count(transport), before + 1)
        self.assertEqual(self.ask("tcp", PEER_V4, 853), ANSWERED)

    def test_redirect_refuses_a_family_that_has_no_server(self):
        self.up(DNS=PEER_V4, DNSEnforce="redirect")
        log = self.serve()
        self.assertEqual(self.ask("udp", ELSEWHERE_V4), ANSWERED)
        for transport in ("udp", "tcp"):
            for server in (PEER_V6, ELSEWHERE_V6):
                with self.subTest(transport=transport, server=server):
                    self.assertEqual(self.ask(transport, server), REFUSED)
        self.assertEqual(log.read_text().count("example.org"), 1)

    def test_strict_refuses_other_ways_to_look_names_up(self):
        self.up(DNS=f"{PEER_V4}, {PEER_V6}", DNSEnforce="strict")
        self.serve()
        for port in (853, 5353, 5355):
            log = self.serve(port)
            for transport in ("udp", "tcp"):
                for theirs in (ELSEWHERE_V4, ELSEWHERE_V6):
                    with self.subTest(port=port, transport=transport, server=theirs):
                        self.assertEqual(self.ask(transport, theirs, port), REFUSED)
                for ours in (PEER_V4, PEER_V6):
                    with self.subTest(port=port, transport=transport, server=ours):
                        self.assertEqual(self.ask(transport, ours, port), ANSWERED)
            self.assertEqual(log.read_text().count("example.org"), 4)
        self.assertEqual(self.ask("udp", ELSEWHERE_V4), ANSWERED)


if __name__ == "__main__":
    harness.main()
