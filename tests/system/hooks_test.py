#!/usr/bin/env python3
"""PreUp, PostUp, PreDown and PostDown, inside and on the host's side."""

import signal

import harness
from harness import entries, ping, run, wait_until
from peers import foreground
from tunnel import PEER_V4, TunnelTest


class Hooks(TunnelTest):
    def setUp(self):
        super().setUp()
        self.configure_peer()
        self.told = self.folder / "told"

    def hook(self, word, test="true"):
        """A command that fails unless `test` holds, and else tells that it ran."""
        return f"{test} && echo {word} >> {self.told}"

    def keys(self):
        is_inside = "test -e /proc/sys/net/ipv4/conf/%i"
        is_up = "ip link show %i | grep -q state.UNKNOWN"
        # A first initiation may be lost, and the next one comes after five seconds.
        carries = f"ping -c 1 -W 12 {PEER_V4}"
        return {
            "PreUp": self.hook("pre-up", f"{is_inside} && ! {is_up}"),
            "PostUp": [self.hook("post-up", f"{is_inside} && {carries}"),
                       self.hook("$WGNS_NAME", "[[ 1 == 1 ]]")],
            "PreDown": self.hook("pre-down", carries),
            "PostDown": self.hook("post-down", f"! {is_inside}"),
            "PreUpHost": self.hook("pre-up-host", f"! {is_inside}"),
            "PostUpHost": self.hook("post-up-host", f"! {is_inside}"),
            "PreDownHost": self.hook("pre-down-host", "test -e /run/netns/%i"),
            "PostDownHost": self.hook("post-down-host", "! test -e /run/netns/%i"),
        }

    UP = ["pre-up", "pre-up-host", "post-up", "wgtc", "post-up-host"]
    DOWN = ["pre-down", "pre-down-host", "post-down", "post-down-host"]

    def lines(self):
        return self.told.read_text().split() if self.told.exists() else []

    def test_each_runs_at_its_moment_and_place(self):
        self.ours.up(self.interface(**self.keys()), self.towards_peer())
        self.assertEqual(self.lines(), self.UP)
        self.ours.path.unlink()
        done = self.ours.down()
        self.assertEqual(self.lines(), self.UP + self.DOWN, done.stderr)

    def test_a_foreground_instance_runs_them_too(self):
        self.ours.write(self.interface(**self.keys()), self.towards_peer())
        with foreground(self.ours) as child:
            wait_until(lambda: self.lines() == self.UP, 15, "all of them ran")
            child.send_signal(signal.SIGTERM)
            self.assertEqual(child.wait(timeout=15), 0)
        self.assertEqual(self.lines(), self.UP + self.DOWN)

    def test_one_that_fails_undoes_everything(self):
        table = [("PreUp", False), ("PreUpHost", False), ("PostUp", True), ("PostUpHost", True)]
        for key, is_late in table:
            with self.subTest(key):
                self.told.unlink(missing_ok=True)
                keys = {"PostDown": self.hook("post-down"), key: "exit 7"}
                self.ours.write(self.interface(**keys), self.towards_peer())
                done = self.ours.call("up", self.ours.path, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"{key} 'exit 7'; ended with status 7", done.stderr)
                self.assertNotIn(self.name, entries("/run/netns"))
                self.assertEqual(self.lines(), ["post-down"])

    def test_one_that_fails_on_the_way_down_is_a_warning(self):
        keys = {"PreDown": ["false", self.hook("more")], "PostDown": "kill $$"}
        self.ours.up(self.interface(**keys), self.towards_peer())
        done = self.ours.down()
        self.assertIn("PreDown 'false'; ended with status 1", done.stderr)
        self.assertEqual(self.lines(), ["more"])
        self.assertNotIn(self.name, entries("/run/netns"))

    def test_down_runs_them_after_a_crash(self):
        keys = {"PreDownHost": self.hook("pre-down"), "PostDownHost": self.hook("post-down")}
        self.ours.up(self.interface(**keys), self.towards_peer())
        self.ours.kill()
        self.ours.down()
        self.assertEqual(self.lines(), ["pre-down", "post-down"])

    def test_up_runs_them_after_a_crash(self):
        keys = {"PreUp": self.hook("up"), "PostDownHost": self.hook("post-down")}
        self.ours.up(self.interface(**keys), self.towards_peer())
        self.ours.kill()
        self.ours.call("up", self.ours.path)
        self.assertEqual(self.lines(), ["up", "post-down", "up"])
        self.ours.down()
        self.assertEqual(self.lines(), ["up", "post-down", "up", "post-down"])

    def test_reload_changes_what_down_will_run(self):
        self.ours.up(self.interface(PostDownHost=self.hook("old")), self.towards_peer())
        self.ours.write(self.interface(PostDownHost=self.hook("new")), self.towards_peer())
        self.ours.call("reload", self.name)
        ping(self.name, PEER_V4)
        self.ours.down()
        self.assertEqual(self.lines(), ["new"])


if __name__ == "__main__":
    harness.main()
