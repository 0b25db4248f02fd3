#!/usr/bin/env python3
"""bench/report.py on small results, and on such as no report can be made of."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

import report  # noqa: E402
from report import Unusable  # noqa: E402


def run_of(name, aggregate="median", **rest):
    run = {"name": f"{name}_{aggregate}", "run_name": name, "run_type": "aggregate"}
    run |= {"family_index": 0, "per_family_instance_index": 0, "repetitions": 5, "threads": 1}
    run |= {"aggregate_name": aggregate, "iterations": 5, "time_unit": "ns"}
    return run | {"real_time": 2000.0, "cpu_time": 1000.0} | rest


def document_of(*runs, **context):
    return {"context": context, "benchmarks": list(runs)}


class Results(unittest.TestCase):
    def one(self, **rest):
        (result,) = report.results_of(document_of(run_of("A/b/64", **rest)))
        return result

    def test_an_item_is_what_the_benchmark_counts(self):
        result = self.one(items_per_second=4e6, bytes_per_second=2.5e8, label="x")
        self.assertEqual(result["name"], "A/b/64")
        self.assertAlmostEqual(result["ns_per_item"], 250)
        self.assertEqual(result["counters"], {"bytes_per_second": 2.5e8})

    def test_an_item_is_an_iteration_where_nothing_is_counted(self):
        self.assertAlmostEqual(self.one()["ns_per_item"], 2000)
        self.assertAlmostEqual(self.one(time_unit="us")["items_per_second"], 500)

    def test_counters_are_kept(self):
        counters = self.one(aead_share=0.5, cycles_per_packet=0)["counters"]
        self.assertEqual(counters, {"aead_share": 0.5, "cycles_per_packet": 0})

    def test_only_medians_count(self):
        names = ("mean", "median", "stddev", "cv")
        document = document_of(*(run_of("A", each, real_time=7.0) for each in names))
        self.assertEqual([each["ns_per_item"] for each in report.results_of(document)], [7.0])

    def test_what_is_unusable_says_why(self):
        table = [
            # 1: other JSON
            ([], "not what"),
            ({"context": {}}, "not what"),
            ({"benchmarks": {}}, "not what"),
            ({"benchmarks": [1]}, "not what"),
            # 5: nothing measured, or once
            (document_of(), "no medians"),
            (document_of(run_of("A", "mean")), "no medians"),
            ({"benchmarks": [{"aggregate_name": "median"}]}, "no medians"),
            # 8: a benchmark that gave up
            (
                document_of(run_of("A", error_occurred=True, error_message="refused")),
                "A_median failed: refused",
            ),
            # 9: figures that are none
            (document_of(run_of("A", items_per_second=0.0)), "A counted no items"),
            (document_of(run_of("A", items_per_second=float("nan"))), "A counted no items"),
            (document_of(run_of("A", items_per_second="1")), "A counted no items"),
            (document_of(run_of("A", real_time=0)), "A has no time"),
            (document_of(run_of("A", time_unit="days")), "A has no time"),
        ]
        for number, (document, why) in enumerate(table, 1):
            with self.subTest(number), self.assertRaisesRegex(Unusable, why):
                report.results_of(document)


class Report(unittest.TestCase):
    def test_conditions_are_the_first_files(self):
        first = document_of(run_of("A"), host_name="h", num_cpus=2, compiler="g++ 12")
        made = report.make_report({"a": first, "b": document_of(run_of("B"), host_name="i")})
        conditions = made["conditions"]
        self.assertEqual((conditions["machine"], conditions["compiler"]), ("h", "g++ 12"))
        self.assertTrue(conditions["CPU"].startswith("2 × "))
        self.assertEqual([each["name"] for each in made["results"]], ["A", "B"])

    def test_the_unusable_file_is_named(self):
        documents = {"good.json": document_of(run_of("A")), "bad.json": document_of()}
        with self.assertRaisesRegex(Unusable, "^bad.json: has no medians$"):
            report.make_report(documents)

    def test_cpu_model(self):
        self.assertEqual(report.cpu_model("processor : 0\nmodel name\t: A: B\n"), "A: B")
        self.assertEqual(report.cpu_model("nothing here"), report.platform.machine())

    def test_numbers(self):
        values = [0, 0.123456, 56.784, 999.96, 1234.5, 5_678_432, 2_841_333_222]
        texts = ["0", "0.1235", "56.78", "1000", "1,234", "5,678,000", "2,841,000,000"]
        self.assertEqual([report.number(each) for each in values], texts)

    def test_markdown(self):
        results = [
            {"name": "A", "ns_per_item": 2.0, "items_per_second": 5e8, "counters": {}},
            {"name": "Bb", "ns_per_item": 4.0, "items_per_second": 2.5e8, "counters": {"c": 0.5}},
        ]
        text = report.markdown({"conditions": {"machine": "h"}, "results": results})
        expected = [
            "- machine: h",
            "",
            "| what | ns per item |     items/s |   c |",
            "| ---- | ----------: | ----------: | --: |",
            "| A    |           2 | 500,000,000 |     |",
            "| Bb   |           4 | 250,000,000 | 0.5 |",
        ]
        self.assertEqual(text.splitlines(), expected)


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def report(self, *files):
        words = [sys.executable, "-B", BENCH / "report.py", self.folder / "out", *files]
        return subprocess.run(words, capture_output=True, text=True, timeout=30)

    def test_writes_both_files(self):
        first = self.write("a.json", json.dumps(document_of(run_of("A"))))
        second = self.write("b.json", json.dumps(document_of(run_of("B", share=0.5))))
        done = self.report(first, second)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual((self.folder / "out.md").read_text(encoding="utf-8"), done.stdout)
        written = json.loads((self.folder / "out.json").read_text(encoding="utf-8"))
        self.assertEqual(written["results"][1]["counters"], {"share": 0.5})

    def test_wrong_input_leaves_no_report(self):
        whole = json.dumps(document_of(run_of("A")))
        for number, file in enumerate(
            [
                self.folder / "absent.json",
                self.write("cut.json", whole[:-1]),
                self.write("empty.json", ""),
                self.write("other.json", "[]"),
            ],
            1,
        ):
            with self.subTest(number):
                done = self.report(self.write("good.json", whole), file)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, f"^report.py: .*{file.name}")
                self.assertEqual(list(self.folder.glob("out.*")), [])

    def test_nothing_to_report_of(self):
        self.assertNotEqual(self.report().returncode, 0)


if __name__ == "__main__":
    unittest.main()
