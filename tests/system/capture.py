#!/usr/bin/env python3
"""`capture.py MARK FILE`: watches every link of its network namespace and counts in FILE the
packets that hold MARK as it is, until SIGTERM. A packet socket sees what is sent as well
(packet(7))."""

import signal
import socket
import sys
from pathlib import Path

ETH_P_ALL = 3
FLUSH_SECONDS = 0.2


def main():
    mark, path = sys.argv[1].encode(), Path(sys.argv[2])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as everything:
        everything.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        everything.settimeout(FLUSH_SECONDS)
        packets = marked = 0
        path.write_text("0 0\n")
        while True:
            try:
                packet = everything.recv(65536)
            except TimeoutError:
                path.write_text(f"{packets} {marked}\n")
                continue
            packets += 1
            marked += mark in packet
            if packets % 100 == 0 or mark in packet:
                path.write_text(f"{packets} {marked}\n")


if __name__ == "__main__":
    main()
