"""Whatever is in an id: the package asks the database through the ORM, which binds values."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import django_sezzle

PACKAGE = Path(django_sezzle.__file__).resolve().parent
OWN_SQL = {"RawSQL", "RunSQL", "cursor", "extra", "raw"}


def own_sql(source: str) -> set[str]:
    """Name the calls in which a text could become SQL."""
    called = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return OWN_SQL.intersection(getattr(call, "attr", getattr(call, "id", "")) for call in called)


@pytest.mark.fault(80)
def test_the_package_writes_no_sql_of_its_own() -> None:
    files = list(PACKAGE.rglob("*.py"))
    assert len(files) > 50
    assert [path.name for path in files if own_sql(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "source", ["rows.raw(text)", "rows.extra(where=[x])", "RawSQL(x, [])", "connection.cursor()"]
)
def test_sql_that_is_planted_is_found(source: str) -> None:
    assert own_sql(source)
