#!/usr/bin/env python3
"""One report of many benchmarks. `report.py STEM FILE…` reads what Google Benchmark wrote as JSON,
keeps the medians, and writes STEM.json and STEM.md; the latter is printed too."""

import json
import math
import platform
import sys
from pathlib import Path

NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
# What stands beside the counters in Google Benchmark's JSON; numbers with other names are counters.
FIELDS = {
    "family_index",
    "per_family_instance_index",
    "repetitions",
    "threads",
    "iterations",
    "real_time",
    "cpu_time",
    "items_per_second",
}


class Unusable(Exception):
    """Results that no report can be made of."""


def measured(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def result_of(run):
    """What one median says, of one item: of one iteration where the benchmark counts no items."""
    per_second = run.get("items_per_second")
    if per_second is None:
        time = run.get("real_time")
        if not measured(time) or time <= 0 or run.get("time_unit") not in NANOSECONDS:
            raise Unusable(f"{run['run_name']} has no time")
        per_second = 1e9 / (time * NANOSECONDS[run["time_unit"]])
    if not measured(per_second) or per_second <= 0:
        raise Unusable(f"{run['run_name']} counted no items")
    counters = {key: value for key, value in run.items() if key not in FIELDS and measured(value)}
    return {
        "name": run["run_name"],
        "ns_per_item": 1e9 / per_second,
        "items_per_second": per_second,
        "counters": counters,
    }


def results_of(document):
    runs = document.get("benchmarks") if isinstance(document, dict) else None
    if not isinstance(runs, list) or not all(isinstance(run, dict) for run in runs):
        raise Unusable("is not what Google Benchmark writes")
    for run in runs:
        if run.get("error_occurred"):
            raise Unusable(f"{run.get('name')} failed: {run.get('error_message')}")
    medians = [run for run in runs if run.get("aggregate_name") == "median" and "run_name" in run]
    if not medians:
        raise Unusable("has no medians")
    return [result_of(run) for run in medians]


def cpu_model(cpuinfo):
    """Of /proc/cpuinfo's text. Not every architecture has a name there."""
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()


def conditions_of(context):
    """What the figures depend on; `context` is Google Benchmark's."""
    load = " ".join(f"{each:.1f}" for each in context.get("load_avg", []))
    model = cpu_model(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    return {
        "machine": context.get("host_name", ""),
        "kernel": f"{platform.system()} {platform.release()}",
        "CPU": f"{context.get('num_cpus', '?')} × {model}",
        "compiler": context.get("compiler", ""),
        "date": context.get("date", ""),
        "load when it began": load,
    }


def make_report(documents):
    """Of {file name: parsed JSON}; conditions are those of the first."""
    results, conditions = [], None
    for file, document in documents.items():
        try:
            results += results_of(document)
        except Unusable as why:
            raise Unusable(f"{file}: {why}") from None
        conditions = conditions or conditions_of(document.get("context", {}))
    return {"conditions": conditions, "results": results}


def number(value):
    """Four digits that count, for people: 0.1234, 56.78, 1,234, 5,678,000."""
    if value == 0 or abs(value) < 1000:
        return f"{value:.4g}"
    return f"{round(value, 3 - math.floor(math.log10(abs(value)))):,.0f}"


def markdown(report):
    results = report["results"]
    counters = list(dict.fromkeys(key for each in results for key in each["counters"]))
    rows = [["what", "ns per item", "items/s", *counters]]
    for each in results:
        row = [each["name"], number(each["ns_per_item"]), number(each["items_per_second"])]
        own = each["counters"]
        rows.append(row + [number(own[key]) if key in own else "" for key in counters])
    widths = [max(len(cell) for cell in column) for column in zip(*rows)]
    lines = [f"- {key}: {value}" for key, value in report["conditions"].items()] + [""]
    for i, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append(f"| {' | '.join(cells)} |")
        if i == 0:
            rules = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
            lines.append(f"| {' | '.join(rules)} |")
    return "\n".join(lines) + "\n"


def read(file):
    try:
        return json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as why:
        raise Unusable(f"{file}: {why}") from None


def main(arguments):
    if len(arguments) < 2:
        sys.exit("usage: report.py STEM FILE…")
    stem, *files = arguments
    try:
        report = make_report({file: read(file) for file in files})
    except Unusable as why:
        sys.exit(f"report.py: {why}")
    text = markdown(report)
    as_json = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    Path(f"{stem}.json").write_text(as_json, encoding="utf-8")
    Path(f"{stem}.md").write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main(sys.argv[1:])
