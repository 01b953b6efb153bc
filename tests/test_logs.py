"""docs/logs.rst lists every log line of the package, and none that is not there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "django_sezzle"
LEVELS = {"info", "warning", "error", "critical"}


def lines_of_the_code() -> set[tuple[str, str]]:
    return {
        line
        for path in PACKAGE.rglob("*.py")
        if "emulator" not in path.relative_to(PACKAGE).parts
        for line in lines_of(path)
    }


def lines_of(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "logger":
            level = {"exception": "error"}.get(node.func.attr, node.func.attr)
            assert level in LEVELS, f"{path.name}:{node.lineno}"
            text = ast.literal_eval(node.args[0])
            yield level, re.sub(r"%[sd]", "…", text)


def lines_of_the_docs() -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "logs.rst").read_text()
    return re.findall(r"^   \* - (\w+)\n     - ``(.+)``$", text, re.MULTILINE)


def test_the_docs_list_every_line_once() -> None:
    documented = lines_of_the_docs()
    assert sorted(documented) == sorted(lines_of_the_code())


def test_a_line_is_read_as_it_is_written(tmp_path: Path) -> None:
    source = tmp_path / "example.py"
    source.write_text('logger.exception("a=%s"\n    " ms=%d", 1, 2)\nother.info("b")\n')
    assert list(lines_of(source)) == [("error", "a=… ms=…")]
