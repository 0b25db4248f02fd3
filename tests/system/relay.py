#!/usr/bin/env python3
"""`relay.py PORT ADDRESS:PORT LOSS SEED`: a network between two WireGuard ends that loses datagrams
(LOSS of 1) and lets others be overtaken. What comes to PORT is forwarded to the address; answers go
back to whoever sent last."""

import asyncio
import random
import sys

DELAYED, DELAY_SECONDS = 0.1, 0.02  # a tenth arrives late


class Relay(asyncio.DatagramProtocol):
    """One side; the other's transport is where its datagrams leave."""

    def __init__(self, chance, loss):
        self.chance, self.loss = chance, loss
        self.other, self.sender = None, None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        self.sender = sender
        if self.chance.random() < self.loss:
            return
        if self.chance.random() < DELAYED:
            late = self.chance.random() * DELAY_SECONDS
            asyncio.get_running_loop().call_later(late, self.other.send, data)
        else:
            self.other.send(data)

    def send(self, data):
        if self.sender:
            self.transport.sendto(data, self.sender)

    def error_received(self, error):
        """The target is not there yet, or no more: datagrams are lost, that is all."""


async def main(port, target, loss, seed):
    chance = random.Random(seed)
    outside, inside = Relay(chance, loss), Relay(chance, loss)
    outside.other, inside.other = inside, outside
    inside.sender = target
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: outside, local_addr=("0.0.0.0", port))
    await loop.create_datagram_endpoint(lambda: inside, local_addr=("0.0.0.0", 0))
    await asyncio.Event().wait()


if __name__ == "__main__":
    address, _, number = sys.argv[2].rpartition(":")
    target = (address, int(number))
    asyncio.run(main(int(sys.argv[1]), target, float(sys.argv[3]), int(sys.argv[4])))
