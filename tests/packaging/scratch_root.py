"""A root folder with exactly the essential packages and those that one package depends on, copied
from this host's own: like a fresh installation of the same release, but without a network."""

import os
import re
from pathlib import Path

import tool

MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
# Where most of the bytes are that nobody needs to run something.
LEFT_OUT = ("/usr/share/doc/", "/usr/share/locale/", "/usr/share/man/", "/usr/share/info/")
FIELDS = ("${Package}", "${Essential}", "${Pre-Depends}, ${Depends}", "${Provides}")
DPKG = "var/lib/dpkg"


class Installed:
    """What this host has: {name: (is essential, [[alternative…]…])}, and who provides a name."""

    def __init__(self):
        self.packages, self.provided = {}, {}
        row = "\\t".join((*FIELDS, "${db:Status-Status}\\n"))
        for line in tool.run(["dpkg-query", "-W", f"-f={row}"]).stdout.splitlines():
            name, essential, depends, provides, status = line.split("\t")
            if status != "installed":
                continue
            self.packages[name] = (essential == "yes", relations(depends))
            for alternatives in relations(provides):
                self.provided.setdefault(alternatives[0], name)

    def choose(self, alternatives):
        for name in alternatives:
            if name in self.packages or name in self.provided:
                return self.provided.get(name, name) if name not in self.packages else name
        raise AssertionError(f"none of {alternatives} is installed here")

    def closure(self, depends):
        waiting = [name for name, (essential, _) in self.packages.items() if essential]
        waiting += [self.choose(alternatives) for alternatives in relations(depends)]
        found = set()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [self.choose(each) for each in self.packages[name][1]]
        return sorted(found)


def relations(text):
    """ "a (>= 1) | b, c:any" as [["a", "b"], ["c"]]."""
    name = re.compile(r"[^\s:(]+")
    parts = [part for part in text.split(",") if part.strip()]
    return [[name.match(each.strip()).group() for each in part.split("|")] for part in parts]


def make(root, depends):
    """Makes the folder `root` ready for `dpkg --install` of a package with these Depends."""
    names = Installed().closure(depends)
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        os.symlink(f"usr/{name}", root / name)
    paths = set(tool.run(["dpkg-query", "-L", *names]).stdout.splitlines())
    paths = {path for path in paths if path.startswith("/") and os.path.lexists(path)}
    kept = sorted(path[1:] for path in paths if path != "/." and not path.startswith(LEFT_OUT))
    archive = root / "packages.tar"
    pack = ["tar", "--create", "--no-recursion", f"--file={archive}", "--directory=/"]
    tool.run([*pack, "--verbatim-files-from", "--files-from=-"], text_in="\n".join(kept))
    unpack = ["tar", "--extract", "--keep-directory-symlink", f"--file={archive}"]
    tool.run([*unpack, f"--directory={root}"])
    archive.unlink()
    for name in ("passwd", "group"):
        master = Path(f"/usr/share/base-passwd/{name}.master").read_text()
        (root / "etc" / name).write_text(master)
    register(root, names)


def register(root, names):
    """Lets the root's dpkg know of them."""
    for folder in ("info", "updates", "triggers"):
        (root / DPKG / folder).mkdir(parents=True, exist_ok=True)
    (root / DPKG / "status").write_text(tool.run(["dpkg-query", "-s", *names]).stdout)
    for name in names:
        for path in Path("/", DPKG, "info").glob(f"{name}*.list"):
            if path.name.split(":")[0].removesuffix(".list") == name:
                (root / DPKG / "info" / path.name).write_text(path.read_text())
