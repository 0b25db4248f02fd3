"""A name server for tests: it answers every question for an address with one of its own, and prints
what it was asked, a line each: `udp NAME` or `tcp NAME`. Arguments: PORT IPV4 IPV6."""

import socket
import struct
import sys
import threading

A, AAAA, IN = 1, 28, 1


def question_of(message):
    """The name, the kind and the bytes of the first question."""
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("ascii"))
        at += 1 + message[at]
    kind = struct.unpack_from("!H", message, at + 1)[0]
    return ".".join(labels), kind, message[12:at + 5]


def answer_to(message, addresses):
    name, kind, question = question_of(message)
    data = addresses.get(kind)
    header = message[:2] + struct.pack("!HHHHH", 0x8580, 1, 1 if data else 0, 0, 0)
    record = struct.pack("!HHHLH", 0xC00C, kind, IN, 0, len(data)) + data if data else b""
    return name, header + question + record


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


def main(port, v4, v6):
    addresses = {
        A: socket.inet_pton(socket.AF_INET, v4),
        AAAA: socket.inet_pton(socket.AF_INET6, v6),
    }
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    udp.bind(("::", int(port)))
    tcp = socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True)
    threading.Thread(target=serve_udp, args=(udp, addresses), daemon=True).start()
    print("ready", flush=True)
    serve_tcp(tcp, addresses)


if __name__ == "__main__":
    main(*sys.argv[1:])
