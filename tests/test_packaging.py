"""What the shop installs: the whole package, its data files, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import docutils.core
import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
IGNORED = shutil.ignore_patterns("__pycache__", "*.py[co]", ".*_cache")

#: Planted beside what the package has, so that each kind is known to be carried.
PLANTED = [
    "django_sezzle/templates/sezzle/planted.html",
    "django_sezzle/static/sezzle/planted.css",
    "django_sezzle/locale/fr_CA/LC_MESSAGES/planted.po",
    "django_sezzle/locale/fr_CA/LC_MESSAGES/planted.mo",
    "django_sezzle/emulator/templates/planted.html",
]
#: Planted outside the package, where the wheel must not look.
STRANGERS = ["tests/planted.py", "example_project/planted.py", "benchmarks/planted.py"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the wheel is made from, with the planted files."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.rst", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, copy / name)
    shutil.copytree(ROOT / "django_sezzle", copy / "django_sezzle", ignore=IGNORED)
    for name in (*PLANTED, *STRANGERS):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("planted")
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel, built without an index: the builder is part of the test dependencies."""
    folder = tmp_path_factory.mktemp("dist")
    command = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    built = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (file,) = folder.glob("*.whl")
    return zipfile.Path(file)


@pytest.fixture(scope="module")
def names(wheel: zipfile.Path) -> set[str]:
    """The files in the wheel."""
    return {name for name in wheel.root.namelist() if not name.endswith("/")}


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.Path, names: set[str]) -> Message:
    """What the wheel says about itself."""
    (name,) = (name for name in names if name.endswith(".dist-info/METADATA"))
    return Parser().parsestr(wheel.root.read(name).decode())


def test_every_file_of_the_package_is_in_the_wheel(source: Path, names: set[str]) -> None:
    package = source / "django_sezzle"
    files = {path.relative_to(source).as_posix() for path in package.rglob("*") if path.is_file()}
    assert files >= {"django_sezzle/py.typed", "django_sezzle/__init__.py", *PLANTED}
    assert {name for name in names if name.startswith("django_sezzle/")} == files


def test_nothing_outside_the_package_is_in_the_wheel(names: set[str]) -> None:
    folders = {name.split("/")[0] for name in names}
    others = folders - {"django_sezzle"}
    assert "django_sezzle" in folders
    assert len(others) == 1
    assert others.pop().endswith(".dist-info")


def test_the_licence_travels_with_the_wheel(names: set[str], metadata: Message) -> None:
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert not [line for line in metadata.get_all("Classifier", []) if line.startswith("License")]


def test_no_dependency_is_capped(metadata: Message) -> None:
    needed = [line.partition(";")[0] for line in metadata.get_all("Requires-Dist", [])]
    assert len(needed) == 7
    assert not [line for line in needed if "<" in line or "==" in line or "~=" in line]


def test_every_catalogue_is_compiled() -> None:
    sources = sorted((ROOT / "django_sezzle").rglob("*.po"))
    assert [path for path in sources if not path.with_suffix(".mo").exists()] == []


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.parametrize("name", ["README.rst", "CHANGELOG.rst"])
def test_documents_are_valid_restructuredtext(name: str) -> None:
    strict = {"halt_level": 2, "report_level": 2, "file_insertion_enabled": False}
    text = (ROOT / name).read_text(encoding="utf-8")
    page = docutils.core.publish_string(text, writer="html5", settings_overrides=strict)
    assert b"</html>" in page
