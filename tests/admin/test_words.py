"""Every word that staff and shoppers read can be translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

import django_sezzle

PACKAGE = Path(django_sezzle.__file__).parent
TEMPLATES = sorted((PACKAGE / "templates").rglob("*.html"))
MODULES = sorted((PACKAGE / "admin").glob("*.py"))

#: What is translated, and the classes of a page, which nobody reads.
TRANSLATED = re.compile(
    r"\{%\s*blocktrans(?:late)?\b.*?%\}.*?\{%\s*endblocktrans(?:late)?\s*%\}"
    r"|\{%\s*block bodyclass\s*%\}.*?\{%\s*endblock\s*%\}",
    re.DOTALL,
)
CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2,}")

#: Attributes that are read aloud or shown.
READ_ALOUD = {"alt", "aria-description", "aria-label", "data-label", "placeholder", "title"}

#: What people read, when something of this name is given to a form, a column or a page.
SHOWN = {
    "amount_label",
    "description",
    "empty_value_display",
    "explanation",
    "help_text",
    "label",
    "reason_help",
    "search_help_text",
    "title",
    "verbose_name",
}


class Words(HTMLParser):
    """Collects the text of a template and of what screen readers say."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(CODE.sub("", TRANSLATED.sub("", source)))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        names = set(READ_ALOUD)
        if tag == "input" and given.get("type") in ("submit", "button"):
            names.add("value")
        self.found += [value for name, value in attrs if name in names and _is_bare(value)]

    def handle_data(self, data: str) -> None:
        if _is_bare(data):
            self.found.append(data.strip())


def _is_bare(text: str | None) -> bool:
    return text is not None and WORD.search(text) is not None


def bare_words(source: str) -> Iterator[str]:
    """Find text under a name that is shown, or given to a message, that no gettext is around."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg in SHOWN:
            value: ast.expr | None = node.value
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            value = node.value if names & SHOWN else None
        elif isinstance(node, ast.Call) and _says(node.func):
            value = node.args[-1] if node.args else None
        else:
            continue
        if isinstance(value, ast.JoinedStr | ast.Constant) and _is_bare(_text(value)):
            yield f"line {node.value.lineno if isinstance(node, ast.keyword) else node.lineno}"


def _says(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and (
        function.attr == "message_user"
        or (isinstance(function.value, ast.Name) and function.value.id == "messages")
    )


def _text(value: ast.JoinedStr | ast.Constant) -> str:
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    return "".join(str(p.value) for p in parts if isinstance(p, ast.Constant) and p.value)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_bare_words(template: Path) -> None:
    assert Words(template.read_text("utf-8")).found == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_the_admin_has_no_bare_words(module: Path) -> None:
    assert list(bare_words(module.read_text("utf-8"))) == []


def test_bare_words_are_found() -> None:
    page = (
        '<p title="Held">{% translate "Taken" %} {{ x }} back</p><input type="submit" value="Go">'
    )
    assert Words(page).found == ["Held", "back", "Go"]
    assert Words("{% blocktranslate %}all of it{% endblocktranslate %} &ndash; 12").found == []
    code = 'a = F(label="Held", name="held")\ntitle = f"{x} taken"\nmessages.error(r, "No")'
    assert sorted(bare_words(code)) == ["line 1", "line 2", "line 3"]
    assert list(bare_words('a = F(label=_("Held"))\ntitle = _("Taken")')) == []
