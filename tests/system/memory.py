"""What a process has in its memory, read as root by /proc, and keys looked for in it."""

import base64
import re
from pathlib import Path

PIECE = 16  # what one vector register holds: keys are copied in such pieces


def forms(key):
    """`key`, as wg(8) prints it, in every form that a program of ours may know it in."""
    raw = base64.b64decode(key)
    return {"raw": raw, "hex": raw.hex().encode(), "base64": key.rstrip("=").encode()}


def pieces(text):
    return [text[at : at + PIECE] for at in range(0, len(text) - PIECE + 1, PIECE)]


def regions(pid):
    """(name, flags, bytes) of every mapping that can be read. What is only set aside reads as
    nothing."""
    blocks = re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", Path(f"/proc/{pid}/smaps").read_text())
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for block in filter(None, blocks):
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", block)
            begin, end = int(found[1], 16), int(found[2], 16)
            if "r" not in found[3] or found[4] in ("[vvar]", "[vvar_vclock]", "[vsyscall]"):
                continue
            flags = re.search(r"VmFlags: (.*)", block)[1].split()
            yield found[4] or "anonymous", flags, read(memory, begin, end)


def read(memory, begin, end):
    """The bytes of a mapping; those of a device cannot be had."""
    memory.seek(begin)
    whole = bytearray()
    while begin + len(whole) < end:
        try:
            piece = memory.read(end - begin - len(whole))
        except OSError:
            break
        if not piece:
            break
        whole += piece
    return bytes(whole)


def is_for_secrets(flags):
    """Locked, left out of dumps, and empty in a child: crypto/secret_pages.h."""
    return {"lo", "dd", "wf"} <= set(flags)


def places_of(pid, keys):
    """Where a process has a piece of one of `keys` (name: key): (name, form, mapping, whether that
    is one for secrets), sorted."""
    wanted = [(name, form, piece) for name, key in keys.items()
              for form, text in forms(key).items() for piece in pieces(text)]
    return sorted({(name, form, where, is_for_secrets(flags))
                   for where, flags, text in regions(pid)
                   for name, form, piece in wanted if piece in text})
