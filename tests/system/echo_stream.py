#!/usr/bin/env python3
"""`echo_stream.py serve ADDRESS PORT`, `echo_stream.py talk ADDRESS PORT SECONDS`: one TCP
connection that carries numbered lines there and back for so long. Talking fails when the connection
does, when a line comes back as another, or when nothing comes for QUIET_SECONDS."""

import socket
import sys
import time

QUIET_SECONDS = 20
PAUSE_SECONDS = 0.02


def serve(address, port):
    with socket.create_server((address, port)) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(65536):
                    connection.sendall(data)


def talk(address, port, seconds):
    end, number, longest = time.monotonic() + seconds, 0, 0.0
    with socket.create_connection((address, port), QUIET_SECONDS) as connection:
        lines = connection.makefile("rw", encoding="ascii", newline="\n")
        while (began := time.monotonic()) < end:
            number += 1
            told = f"{number}: {'x' * (number * 37 % 1200)}\n"
            lines.write(told)
            lines.flush()
            if lines.readline() != told:
                sys.exit(f"line {number} did not come back")
            longest = max(longest, time.monotonic() - began)
            time.sleep(PAUSE_SECONDS)  # a rate, not a wait
    print(f"{number} lines, the slowest took {longest:.1f} s")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        talk(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
