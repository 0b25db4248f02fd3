#!/usr/bin/env python3
"""The firewall inside: what it lets in, the user's own rules, and that the host's rules are not
touched by any of it."""

import contextlib
import re

import harness
from harness import entries, inside, process, run, wait_until
from tunnel import OUR_V4, OUR_V6, PEER_V4, TunnelTest

FAILED, BAD_CONFIGURATION = 1, 2

# As nft prints them; `counter` without what it has counted.
DEFAULT = """\
table inet my_table {
chain my_input {
type filter hook input priority filter; policy drop;
iif "lo" accept
ct state invalid drop
ct state established,related accept
meta l4proto icmp accept
meta l4proto ipv6-icmp accept
ip protocol igmp accept
counter
}
chain my_forward {
type filter hook forward priority filter; policy drop;
}
chain my_output {
type filter hook output priority filter; policy accept;
}
}
"""
# What strace shows of a socket in another namespace: NFT_MSG_DELTABLE, and RTM_NEWLINK whose last
# numbers are the flag and its mask.
STEPS = {
    "rules": "nlmsg_type=0xa02 ",
    "a link comes up": r'\x01\x00\x00\x00\x01\x00\x00\x00"], 32, 0',
}
HOSTS = """\
add table inet of_the_host
add chain inet of_the_host input { type filter hook input priority 0; policy accept; }
add rule inet of_the_host input tcp dport 4711 drop
"""


def rules(where):
    """Without indentation and counts."""
    text = run(inside(where, "nft", "list", "ruleset")).stdout
    text = re.sub(r"counter packets \d+ bytes \d+", "counter", text)
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line)


@contextlib.contextmanager
def echo_server(where, port, log):
    """Answers each UDP datagram with itself and each TCP connection with a word."""
    program = (
        "import socket,threading,sys\n"
        "port=int(sys.argv[1])\n"
        "tcp=socket.create_server(('::',port),family=socket.AF_INET6,dualstack_ipv6=True)\n"
        "udp=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM)\n"
        "udp.setsockopt(socket.IPPROTO_IPV6,socket.IPV6_V6ONLY,0)\n"
        "udp.bind(('::',port))\n"
        "def echo():\n"
        "    while True: udp.sendto(*udp.recvfrom(2048))\n"
        "threading.Thread(target=echo,daemon=True).start()\n"
        "while True:\n"
        "    with tcp.accept()[0] as one: one.sendall(b'hello')\n"
    )
    with process(inside(where, "python3", "-c", program, port), log):
        listening = lambda: f":{port}" in run(inside(where, "ss", "-Hltn")).stdout  # noqa: E731
        wait_until(listening, 10, f"port {port} is served")
        yield


def reaches_tcp(where, address, port):
    connect = (
        "import socket,sys\n"
        "with socket.create_connection((sys.argv[1],int(sys.argv[2])),2) as s:\n"
        "    sys.exit(s.recv(9)!=b'hello')\n"
    )
    command = inside(where, "python3", "-c", connect, address, port)
    return run(command, check=False).returncode == 0


def reaches_udp(where, address, port):
    ask = (
        "import socket,sys\n"
        "s=socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET,"
        "socket.SOCK_DGRAM)\n"
        "s.settimeout(1)\n"
        "s.sendto(b'x',(sys.argv[1],int(sys.argv[2])))\n"
        "sys.exit(s.recv(9)!=b'x')\n"
    )
    command = inside(where, "python3", "-c", ask, address, port)
    return run(command, check=False).returncode == 0


class Firewall(TunnelTest):
    def setUp(self):
        super().setUp()
        run(inside(self.host, "nft", "-f", "-"), text_in=HOSTS)
        before = self.rules_of_the_host()
        self.addCleanup(lambda: self.assertEqual(self.rules_of_the_host(), before))

    def rules_of_the_host(self):
        return run(inside(self.host, "nft", "-a", "list", "ruleset")).stdout

    def up(self, **interface):
        self.configure_peer()
        return self.ours.up(self.interface(**interface), self.towards_peer())

    def refused(self, status, before=(), **interface):
        self.ours.write(self.interface(DNS=PEER_V4, **interface), self.towards_peer())
        command = [*before, harness.product_binary(), "up", self.ours.path]
        done = run(inside(self.host, *command), check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for folder in ("/run/netns", "/run/wgns-user", "/etc/netns"):
            self.assertNotIn(self.name, entries(folder))
        return done.stderr

    def test_the_default(self):
        self.up()
        self.assertEqual(rules(self.name), DEFAULT)

    def test_no_link_comes_up_before_it(self):
        self.configure_peer()
        self.ours.write(self.interface(), self.towards_peer())
        log = self.folder / "strace.log"
        # Not what it leaves behind, which never ends.
        words = ["strace", "-f", "-b", "execve", "-e", "trace=sendto", "-o", log]
        command = inside(self.host, *words, harness.product_binary(), "up", self.ours.path)
        run(command, timeout=60)
        steps = [name for line in log.read_text().splitlines()
                 for name, sign in STEPS.items() if sign in line]
        self.assertEqual(steps[:3], ["rules", "a link comes up", "a link comes up"])

    def test_none_makes_nothing(self):
        self.up(Firewall="none")
        self.assertEqual(rules(self.name), "")

    def test_users_rules_alone(self):
        self.up(Firewall="none", ExtraFirewallRules=["table inet own {", "chain c { }", "}"])
        self.assertIn("table inet own", rules(self.name))
        self.assertNotIn("my_table", rules(self.name))

    def test_nobody_comes_in_unasked(self):
        self.up()
        harness.ping(self.name, PEER_V4)
        self.enter(echo_server(self.name, 8080, self.folder / "echo.log"))
        for address in (OUR_V4, OUR_V6):
            self.assertFalse(reaches_tcp(self.provider, address, 8080))
            self.assertFalse(reaches_udp(self.provider, address, 8080))
            # ICMP is answered, and the way out is open.
            harness.ping(self.provider, address)
        self.assertTrue(reaches_tcp(self.name, "127.0.0.1", 8080))
        self.enter(echo_server(self.provider, 8081, self.folder / "echo-peer.log"))
        self.assertTrue(reaches_tcp(self.name, PEER_V4, 8081))
        self.assertTrue(reaches_udp(self.name, PEER_V4, 8081))

    def test_allow_from_tunnel_opens_what_it_names(self):
        self.up(AllowFromTunnel="tcp/8080, udp/5000-5010")
        harness.ping(self.name, PEER_V4)
        table = [
            # port, TCP, UDP
            (8080, True, False),
            (8081, False, False),
            (4999, False, False),
            (5000, False, True),
            (5010, False, True),
            (5011, False, False),
        ]
        for port, tcp, udp in table:
            self.enter(echo_server(self.name, port, self.folder / f"echo-{port}.log"))
            with self.subTest(port=port):
                self.assertEqual(reaches_tcp(self.provider, OUR_V4, port), tcp)
                self.assertEqual(reaches_udp(self.provider, OUR_V6, port), udp)

    def test_users_rules_come_behind_ours(self):
        file = self.folder / "own.nft"
        file.write_text('include "./more.nft"\nadd rule inet my_table my_output counter\n')
        (self.folder / "more.nft").write_text(f"add rule inet my_table my_input iif {self.name} "
                                              "tcp dport 8081 accept\n")
        self.up(
            ExtraFirewallRules=["add rule inet my_table my_input tcp dport 8080 accept", "# note"],
            ExtraFirewallRulesFile=file.name,
        )
        expected = (
            f'counter\ntcp dport 8080 accept\niif "{self.name}" tcp dport 8081 accept\n}}\n'
        )
        self.assertIn(expected, rules(self.name))

    def test_an_error_in_users_rules_names_the_line(self):
        line = self.refused(FAILED, ExtraFirewallRules=[
            "add rule inet my_table my_input tcp dport 8080 accept",
            "add rule inet my_table my_inptu tcp dport 8081 accept",
        ])
        self.assertIn("ExtraFirewallRules:2: ", line)
        self.assertIn("my_inptu", line)

    def test_an_error_in_a_file_of_rules_names_the_line(self):
        (self.folder / "own.nft").write_text("# rules\n\ntable inet own {\n  nonsense\n}\n")
        line = self.refused(FAILED, ExtraFirewallRulesFile="own.nft",
                            ExtraFirewallRules="add table inet first")
        self.assertIn("own.nft:4: syntax error", line)

    def test_a_missing_file_of_rules(self):
        line = self.refused(BAD_CONFIGURATION, ExtraFirewallRulesFile="own.nft")
        self.assertRegex(line, r"\.conf:\d+: ExtraFirewallRulesFile: .*own\.nft")

    def test_a_kernel_without_nftables(self):
        for code, cure in (("EOPNOTSUPP", "load nf_tables"), ("EPERM", "CAP_NET_ADMIN")):
            with self.subTest(code):
                # The thread that makes the firewall is the first that sends anything.
                words = ["strace", "-f", "-o", self.folder / "strace.log", "-e", "trace=sendto",
                         "-e", f"inject=sendto:error={code}:when=1"]
                self.assertIn(cure, self.refused(FAILED, before=words))

    def test_a_kernel_without_nftables_and_rules_of_the_users(self):
        # libnftables sends its transaction by sendmsg, and nobody else does so early.
        for code, cure in (("EOPNOTSUPP", "load nf_tables"), ("EPERM", "CAP_NET_ADMIN")):
            with self.subTest(code):
                words = ["strace", "-f", "-o", self.folder / "strace.log", "-e", "trace=sendmsg",
                         "-e", f"inject=sendmsg:error={code}:when=1"]
                line = self.refused(FAILED, before=words, ExtraFirewallRules="add table inet own")
                self.assertIn(cure, line)
                self.assertNotIn("ExtraFirewallRules", line)

    def test_enforced_dns_needs_a_firewall(self):
        line = self.refused(BAD_CONFIGURATION, Firewall="none", DNSEnforce="redirect")
        self.assertRegex(line, r"\.conf:\d+: DNSEnforce: ")


if __name__ == "__main__":
    harness.main()
