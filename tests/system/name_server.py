"""A name server for tests: it answers every question for an address with those of its own, and
prints what it was asked, a line each: `udp NAME` or `tcp NAME`. Arguments: PORT ADDRESS… or PORT
FILE: a file of addresses, in the order of the answer, that is read for each question. No addresses
at all: there is no such name."""

import functools
import ipaddress
import os
import socket
import struct
import sys
import threading

A, AAAA, IN = 1, 28, 1
NO_SUCH_NAME = 3


def question_of(message):
    """The name, the kind and the bytes of the first question."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("ascii"))
        at += 1 + message[at]
    kind = struct.unpack_from("!H", message, at + 1)[0]
    return ".".join(labels), kind, message[12:at + 5]


def records(kind, addresses):
    version = {A: 4, AAAA: 6}.get(kind)
    packed = [one.packed for one in addresses if one.version == version]
    return [struct.pack("!HHHLH", 0xC00C, kind, IN, 0, len(data)) + data for data in packed]


def answer_to(message, addresses):
    name, kind, question = question_of(message)
    known = addresses()
    found = records(kind, known)
    flags = 0x8580 if known else 0x8580 | NO_SUCH_NAME
    header = message[:2] + struct.pack("!HHHHH", flags, 1, len(found), 0, 0)
    return name, header + question + b"".join(found)


def serve_udp(server, addresses):
    while True:
        message, sender = server.recvfrom(2048)
        name, answer = answer_to(message, addresses)
        print("udp", name, flush=True)
        server.sendto(answer, sender)


def serve_tcp(server, addresses):
    while True:
        with server.accept()[0] as one:
            size = struct.unpack("!H", one.recv(2))[0]
            name, answer = answer_to(one.recv(size), addresses)
            print("tcp", name, flush=True)
            one.sendall(struct.pack("!H", len(answer)) + answer)


def addresses_of(words):
    if len(words) == 1 and os.path.exists(words[0]):
        with open(words[0], encoding="ascii") as file:
            words = file.read().split()
    return [ipaddress.ip_address(word) for word in words]


def main(port, *words):
    addresses = functools.partial(addresses_of, words)
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    udp.bind(("::", int(port)))
    tcp = socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True)
    threading.Thread(target=serve_udp, args=(udp, addresses), daemon=True).start()
    print("ready", flush=True)
    serve_tcp(tcp, addresses)


if __name__ == "__main__":
    main(*sys.argv[1:])
