"""Finds the functions of a C++ text with a brace matcher: good enough to count lines and
parameters of code that clang-format laid out; it never needs to compile."""

import re
from typing import NamedTuple

SCOPES = re.compile(r"^(?:inline\s+)?(?:namespace|class|struct|union|enum|extern)\b")
ACCESS = re.compile(r"\b(?:public|protected|private)\s*:(?!:)")
LEAD = re.compile(r"\s*(?:(?:public|protected|private)\s*:(?!:)\s*)*")
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|"""
    r"""(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'|^[ \t]*\#(?:[^\n\\]|\\\n|\\.)*""",
    re.DOTALL | re.MULTILINE,
)


class Function(NamedTuple):
    name: str
    line: int
    lines: int  # 0 for a declaration
    parameters: int


def blank(text):
    """The same text with comments, literals and preprocessor lines empty; newlines stay."""
    return TOKEN.sub(lambda match: "\n" * match.group().count("\n") or " ", text)


def closing(text, start):
    """Index of the bracket that closes the one at `start`, or the end of the text."""
    depth = 0
    for index in range(start, len(text)):
        if text[index] in "({[":
            depth += 1
        elif text[index] in ")}]":
            depth -= 1
            if depth == 0:
                return index
    return len(text) - 1


def without_templates(head):
    """Drops every `template <…>`, whose `class` and `=` would mislead."""
    match = re.search(r"\btemplate\s*<", head)
    if not match:
        return head
    depth, index = 1, match.end()
    while depth and index < len(head):
        depth += {"<": 1, ">": -1}.get(head[index], 0)
        index += 1
    return without_templates(head[: match.start()] + head[index:])


def groups(head):
    """(name before it, contents) of each outermost pair of parentheses."""
    index = head.find("(")
    while index >= 0:
        end = closing(head, index)
        name = re.search(r"([\w~:]+|operator\W+)\s*$", head[:index])
        yield (name.group(1) if name else "", head[index + 1 : end])
        index = head.find("(", end)


def count_parameters(contents):
    depth, commas = 0, 0
    for char in re.sub(r"->|<=|>=", "", contents):
        depth += {"<": 1, "(": 1, "{": 1, "[": 1}.get(char, 0)
        depth -= {">": 1, ")": 1, "}": 1, "]": 1}.get(char, 0)
        commas += char == "," and depth == 0
    return commas + 1 if contents.strip() not in ("", "void") else 0


def outside_brackets(head):
    """The head with everything in parentheses gone, and operator names with it."""
    head = re.sub(r"\boperator\s*(?:\(\s*\)|[^\s\w(]+)", "operator_ ", head)
    while True:
        shorter = re.sub(r"\([^()]*\)", " () ", head)
        if "(" not in shorter.replace(" () ", ""):
            return shorter.replace(" () ", "()")
        head = shorter.replace(" () ", "  ")


def signature(head):
    """The head as far as a constructor's list of initializers, or None if it is no function."""
    head = without_templates(ACCESS.sub(" ", head)).strip()
    flat = outside_brackets(head)
    if "()" not in flat or SCOPES.match(head) or "=" in flat.split("()")[0]:
        return None
    return re.split(r"\)[\w\s]*(?<!:):(?!:)", head, maxsplit=1)[0] + ")"


def make_function(head, start, text, end):
    """The function whose head starts at `start` and whose body, if any, ends at `end`."""
    shape = signature(head)
    if shape is None:
        return None
    found = list(groups(shape))
    first = text.count("\n", 0, start + LEAD.match(head).end()) + 1
    lines = text.count("\n", 0, end) + 2 - first if end else 0
    return Function(found[0][0], first, lines, max(count_parameters(group) for _, group in found))


def ends_in_initializer(text, end):
    return re.match(r"\s*[,{]", text[end + 1 :]) is not None


def functions(source):
    """Every function and declaration outside other functions, in order."""
    text = blank(source)
    found, start, index = [], 0, 0
    while index < len(text):
        char, head = text[index], text[start:index]
        if char == "(":
            index = closing(text, index)
        elif char == "{" and signature(head) is not None:
            index = closing(text, index)
            if not ends_in_initializer(text, index):
                found.append(make_function(head, start, text, index))
                start = index + 1
        elif char == "{" and not re.search(r"=\s*$", head) and is_scope(head):
            start = index + 1
        elif char == "{":
            index = closing(text, index)
        elif char in ";}":
            declared = make_function(head, start, text, 0) if char == ";" else None
            found += [declared] if declared else []
            start = index + 1
        index += 1
    return found


def is_scope(head):
    return SCOPES.match(without_templates(ACCESS.sub(" ", head)).strip()) is not None
