"""Which texts the pages tell: found in the code and the templates, as gettext does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import nodes

from tasks.report.page import make_environment

ROOM = Path(__file__).parents[2] / "tasks" / "report"
# How many leading arguments of a call are texts.
TELLERS = {"tell": 1, "mark": 1, "tell_count": 2, "Term": 2}
TEMPLATE_TELLERS = {"_": 1, "_n": 2}
# What nobody translates: names of files and tables, and what a reader copies.
_TAG = re.compile(r"<(?:style|code|title)\b.*?</(?:style|code|title)>|<[^>]*>", re.S)


def told_in_code() -> Iterator[tuple[str, str]]:
    """Each text with the file that tells it."""
    for file in sorted(ROOM.glob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                for text in call.args[: TELLERS.get(call.func.id, 0)]:
                    if isinstance(text, ast.Constant) and isinstance(text.value, str):
                        yield text.value, file.name


def told_in_templates() -> Iterator[tuple[str, str]]:
    """Each text with the template that tells it."""
    environment = make_environment()
    for file in sorted((ROOM / "templates").glob("*.html")):
        tree = environment.parse(file.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name):
                for text in call.args[: TEMPLATE_TELLERS.get(call.node.name, 0)]:
                    if isinstance(text, nodes.Const):
                        yield text.value, file.name


def untold_in_templates(*names: str) -> Iterator[str]:
    """Words that stand in a template as they are, in whatever language the page is."""
    environment = make_environment()
    for name in names:
        source = (ROOM / "templates" / name).read_text(encoding="utf-8")
        tree = environment.parse(source)
        text = "".join(part.data for part in tree.find_all(nodes.TemplateData))
        yield from re.findall(r"[A-Za-z]{3,}[^<>\n]*", _TAG.sub(" ", text))
