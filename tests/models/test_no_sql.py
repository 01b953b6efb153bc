"""Whatever is in an id: the package asks the database through the ORM, which binds values."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import django_sezzle

PACKAGE = Path(django_sezzle.__file__).resolve().parent
#: Asks the database about itself.
DOCTOR = PACKAGE / "health" / "database.py"
OWN_SQL = {"RawSQL", "RunSQL", "cursor", "extra", "raw"}


def own_sql(source: str) -> set[str]:
    """Name the calls in which a text could become SQL."""
    called = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return OWN_SQL.intersection(getattr(call, "attr", getattr(call, "id", "")) for call in called)


@pytest.mark.fault(80)
def test_the_package_writes_no_sql_of_its_own() -> None:
    files = list(PACKAGE.rglob("*.py"))
    assert len(files) > 50
    assert [path for path in files if own_sql(path.read_text("utf-8"))] == [DOCTOR]


def test_what_the_doctor_asks_a_database_is_written_out() -> None:
    """The ORM cannot ask for an isolation level; nothing from outside is in these texts."""
    tree = ast.parse(DOCTOR.read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    executed = [call for call in calls if getattr(call.func, "attr", "") == "execute"]
    assert executed
    assert all(isinstance(arg, ast.Constant) for call in executed for arg in call.args)


@pytest.mark.parametrize(
    "source", ["rows.raw(text)", "rows.extra(where=[x])", "RawSQL(x, [])", "connection.cursor()"]
)
def test_sql_that_is_planted_is_found(source: str) -> None:
    assert own_sql(source)
