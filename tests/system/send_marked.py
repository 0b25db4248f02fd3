#!/usr/bin/env python3
"""`send_marked.py MARK SECONDS ADDRESS…`: sends datagrams that hold MARK to port 9 of each address,
hundreds a second, whatever the network says, for so long."""

import contextlib
import socket
import sys
import time

PORT = 9
PAUSE_SECONDS = 0.005


def main():
    mark, seconds, addresses = sys.argv[1].encode(), float(sys.argv[2]), sys.argv[3:]
    end, count = time.monotonic() + seconds, 0
    families = {":" in address: socket.AF_INET6 if ":" in address else socket.AF_INET
                for address in addresses}
    sockets = {is_v6: socket.socket(family, socket.SOCK_DGRAM)
               for is_v6, family in families.items()}
    while time.monotonic() < end:
        for address in addresses:
            with contextlib.suppress(OSError):
                sockets[":" in address].sendto(mark * 8, (address, PORT))
                count += 1
        time.sleep(PAUSE_SECONDS)  # a rate, not a wait
    print(f"{count} sent")


if __name__ == "__main__":
    main()
