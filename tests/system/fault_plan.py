"""How a test tells a running process which of its operations fail: tests/faults, which the dynamic
linker puts between the program and the C library, reads a file that both have mapped."""

import errno
import mmap
import os
import struct

RULES = 2
# operation, result, one_in, limit, calls, injected, pid: tests/faults/fault_plan.h
RULE = struct.Struct("=24siIIIII")
PID_AT = RULE.size - 4

HALF, ONE_BYTE = 0, 1
SHORT = {"half": HALF, "one byte": ONE_BYTE}
NO_LIMIT = 2**32 - 1


def result_of(name):
    """What an operation comes to: of an errno's name, or one of SHORT."""
    return SHORT[name] if name in SHORT else -getattr(errno, name)


class FaultPlan:
    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(RULE.size * RULES))
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), RULE.size * RULES)

    @staticmethod
    def library():
        return os.environ["WGNS_FAULTS"]

    def environment(self):
        """As words of `env`, for the program that shall follow the plan."""
        return ["env", f"LD_PRELOAD={self.library()}", f"WGNS_FAULT_PLAN={self.path}"]

    def fail(self, pid, operation, result, one_in=1, limit=NO_LIMIT, rule=0):
        self.stop(rule)
        at = rule * RULE.size
        packed = RULE.pack(operation.encode(), result, one_in, limit, 0, 0, 0)
        self._memory[at:at + RULE.size] = packed
        # Last, because it switches the rule on.
        self._memory[at + PID_AT:at + RULE.size] = struct.pack("=I", pid)

    def stop(self, rule=0):
        at = rule * RULE.size
        self._memory[at + PID_AT:at + RULE.size] = bytes(4)

    def stop_all(self):
        for rule in range(RULES):
            self.stop(rule)

    def injected(self, rule=0):
        return RULE.unpack_from(self._memory, rule * RULE.size)[5]

    def calls(self, rule=0):
        return RULE.unpack_from(self._memory, rule * RULE.size)[4]
