"""A strict reader of Prometheus' text exposition format, version 0.0.4."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
HELP = re.compile(rf"# HELP ({NAME}) ((?:[^\\]|\\[\\n])+)")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge)")
SAMPLE = re.compile(rf"({NAME})\{{((?:{LABEL},)*{LABEL})\}} (\S+)")
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


class Malformed(AssertionError):
    pass


class Metric:
    def __init__(self, kind):
        self.kind = kind
        self.samples = {}  # {frozenset of (label, value): number}

    def value(self, **labels):
        """Of the one sample that has these labels; None where there is none."""
        wanted = set(labels.items())
        found = [number for each, number in self.samples.items() if wanted <= each]
        if len(found) > 1:
            raise AssertionError(f"{labels} is not enough")
        return found[0] if found else None


def demand(condition, line):
    if not condition:
        raise Malformed(line)


def read_labels(text):
    pairs = re.findall(LABEL, text)
    unescaped = [(name, re.sub(r"\\.", lambda m: ESCAPES[m[0]], value)) for name, value in pairs]
    demand(len({name for name, _ in pairs}) == len(pairs), text)
    return frozenset(unescaped)


def read(text):
    """{name: Metric}: each has HELP, then TYPE, then all of its samples, each once."""
    demand(text.endswith("\n") and "\r" not in text, "the end of the text")
    metrics, helped, current = {}, None, None
    for line in text.removesuffix("\n").split("\n"):
        if told := HELP.fullmatch(line):
            demand(told[1] not in metrics and helped is None, line)
            helped = told[1]
        elif told := TYPE.fullmatch(line):
            demand(told[1] == helped, line)
            demand((told[2] == "counter") == helped.endswith("_total"), line)
            current, helped = helped, None
            metrics[current] = Metric(told[2])
        else:
            told = SAMPLE.fullmatch(line)
            demand(told is not None and helped is None and told[1] == current, line)
            labels = read_labels(told[2])
            demand(labels not in metrics[current].samples, line)
            metrics[current].samples[labels] = float(told[told.re.groups])
    demand(helped is None, "the last HELP")
    return metrics
