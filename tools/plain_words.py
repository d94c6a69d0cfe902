"""Refuse habits of prose that stop a reader, and sentences of more than 35 words (`make lint`).

Reads README, CHANGELOG, CONTRIBUTING, docs, the help of commands, descriptions of columns and keys, and
messages of errors. Code, tables, formulas and generated text are left out.

    python tools/plain_words.py
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

MOST_WORDS = 35
#: Pages that are written from sources, which are read themselves.
GENERATED = ("docs/claims*.md", "docs/reference/*", "docs/_generated/*")

#: What to avoid, and what to write.
HABITS = {
    r"(?<!here )\b(is|are|was) no\b(?! (?:longer|more than)\b)": "is not a; there is no",
    r"(?<!there )\b(is|are) none\b": "does not exist",
    r"\bof (its|their|his) own\b": "its own; separate",
    r"\bstands?\b(?! for\b)": "is; is written",
    r"\bheld (to|against)\b": "compared with",
    r"\bwhat is\b(?! missing\b)": "name the thing",
    r"\bto be had\b": "available",
    r"\banew\b": "again",
    r"\bwhatever\b": "any",
    r"\bwherefrom\b|\bwhereof\b|\bthereof\b|\bthereby\b": "from where",
    r"\bhas to\b": "must",
    r"\bby which\b": "that; with",
    r"\bin (?:its|their) (?:place|stead)\b": "instead",
    r"\bof which\b(?= (?:all|each|every|none|some|one)\b)": "subject first",
    r"^Of (?:every|each|all|the|a|an|what|these|those)\b": "subject first",
    r"^What (?!(?:was|it|each|they|comes|this|makes) ).+ (?:is|are|goes|takes|stays)\b.*[^?]$": "a noun",
    r"\bbeforehand\b": "in advance",
    r"\b(?:door|wished|wishes|lest|nought|aught|yonder|hence|whence)\b": "a plain word",
}


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Sentences of a Markdown text, each with the line on which it begins."""

    def blank(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", found[0])

    text = re.sub(
        r"(?ms)<!-- claims.*?<!-- end of claims -->|^(```|\$\$).*?^\1|^( {4}|\||:::|<).*?$", blank, text
    )
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"`[^`]*`|\$[^$]+\$", "X", text)
    for block in re.finditer(r"(?:^(?!\s*$).*\n?)+", text, re.M):
        for part in re.finditer(
            r"(?s).+?(?:[.!?:](?=[\s*_)\"]|$)|(?=^\s*(?:[-*#]|\d+\.) )|\Z)", block[0], re.M
        ):
            if words := " ".join(part[0].split()):
                start = block.start() + part.start() + len(part[0]) - len(part[0].lstrip())
                yield text.count("\n", 0, start) + 1, re.sub(r"^(?:[-*#>_ ]|\d+\.)+", "", words)


def spoken(path: Path) -> Iterator[tuple[int, str]]:
    """Help of commands and stages, and messages of errors, in a Python file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            marks = {getattr(mark, "id", "") for mark in node.decorator_list}
            if marks & {"stage", "command", "figure"} and (told := ast.get_docstring(node)):
                told = re.sub(r"^(\w+|-+)$", "", re.sub(r"^ {4}", "", told, flags=re.M), flags=re.M)
                yield from ((node.lineno + line, said) for line, said in sentences(told))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("BadInput", "About", "Column"):
            for text in ast.walk(node):
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield from ((text.lineno, said) for _, said in sentences(text.value))


def faults(places: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """What is wrong with each sentence."""
    for line, sentence in places:
        if (count := len(re.findall(r"[^\W\d_][\w'’.-]*", sentence))) > MOST_WORDS:
            yield line, f"{count} words: {sentence[:60]}…"
        for habit, better in HABITS.items():
            if found := re.search(habit, sentence):
                yield line, f"{found[0]!r} (better: {better}): {sentence[:80]}"


def main() -> int:
    """Print every fault as path:line, and their number."""
    pages = [Path(name) for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    pages += sorted(
        path for path in Path("docs").rglob("*.md") if not any(path.match(pattern) for pattern in GENERATED)
    )
    found = [(path, *fault) for path in pages for fault in faults(sentences(path.read_text()))]
    sources = sorted(Path("workflow/memgen").rglob("*.py"))
    found += [(path, *fault) for path in sources for fault in faults(spoken(path))]
    for path, line, text in found:
        print(f"{path}:{line}: {text}")
    print(f"{len(found)} faults of language in {len(pages)} pages and {len(sources)} sources")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
