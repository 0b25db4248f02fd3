#!/usr/bin/env python3
"""The dashboard for Grafana: JSON that names metrics which there are."""

import json
import re
import unittest
from pathlib import Path

import tool

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "packaging/grafana/wgns-user.json"


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.text = DASHBOARD.read_text()
        self.dashboard = json.loads(self.text)

    def test_its_metrics_exist(self):
        there = set(re.findall(r'"(wgns_\w+)"', (ROOT / "control/metrics.cpp").read_text()))
        self.assertGreaterEqual(len(there), 13)
        self.assertEqual(set(re.findall(r"\bwgns_\w+", self.text)), there)

    def test_its_panels_have_numbers_and_places_of_their_own(self):
        panels = self.dashboard["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        cells = [
            (x, y)
            for place in (panel["gridPos"] for panel in panels)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ]
        self.assertEqual(len(set(cells)), len(cells))
        self.assertLessEqual(max(x for x, _ in cells), 23)


if __name__ == "__main__":
    tool.main()
