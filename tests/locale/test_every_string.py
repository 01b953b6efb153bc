"""The French catalogue says everything that the package says, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import django
from django.utils import translation

from django_sezzle.gateway.messages import Kind
from tests.locale.catalogue import Entry, compiled, entries
from tests.locale.strings import PACKAGE, gettext_calls, in_python, in_template, sentences

FOLDER = PACKAGE / "locale" / "fr" / "LC_MESSAGES"
HEAD, *ENTRIES = entries(FOLDER / "django.po")

#: ``%(name)s``, ``%(name)d``, ``{name}``; a doubled per cent sign is one of the text.
PLACEHOLDER = re.compile(r"(?<!%)%\(\w+\)[sd]|\{\w*\}")
#: How French is written in Canada, by what it must not have.
WRONG_SIGNS = {
    "a straight apostrophe": re.compile(r"\w'\w"),
    "a space before ; ! or ?": re.compile(r"\s[;!?]"),
    "no no-break space before : % or $": re.compile(r"[^\u00a0\d:]:(?= |$)|[^\u00a0]\$|\d ?%"),
    "quotation marks of English": re.compile('["“”]'),
    "no no-break space inside « »": re.compile("«[^\u00a0]|[^\u00a0]»"),
    "three full stops": re.compile(r"\.\.\."),
    "two spaces": re.compile(r"\s\s"),
    "the reader as a friend": re.compile(r"\b(?:tu|ton|ta|tes|toi)\b", re.IGNORECASE),
}


def named(entry: Entry) -> str:
    return entry.key.replace("\x04", ": ")[:60]


def test_every_string_of_the_package_is_in_the_catalogue() -> None:
    have = {(entry.context, entry.msgid, entry.plural) for entry in ENTRIES}
    missing = [each for each in sentences() if each[:3] not in have]
    assert not missing, "Write these into django.po, and compile it:\n" + "\n".join(
        f"{each.where}: {each.context} {each.msgid!r} {each.plural!r}" for each in missing
    )


def test_the_catalogue_has_nothing_that_nobody_says() -> None:
    said = {each[:3] for each in sentences()}
    gone = [named(e) for e in ENTRIES if (e.context, e.msgid, e.plural) not in said or e.is_gone]
    assert gone == [], "Take these out of django.po, and compile it."


def test_no_string_is_there_twice() -> None:
    keys = [entry.key for entry in ENTRIES]
    assert sorted(keys) == sorted(set(keys))


def test_every_string_has_its_french() -> None:
    faults = [f"{named(entry)}: {fault}" for entry in ENTRIES for fault in faults_of(entry)]
    assert faults == []


def faults_of(entry: Entry) -> Iterator[str]:
    if entry.is_fuzzy:
        yield "it is only guessed"
    if len(entry.texts) != (2 if entry.plural else 1):
        yield "a form of the plural is missing"
    for english, french in zip([entry.msgid, entry.plural], entry.texts, strict=False):
        if not french or french != french.strip():
            yield "it is empty, or begins or ends with a space"
        if sorted(PLACEHOLDER.findall(french)) != sorted(PLACEHOLDER.findall(english)):
            yield "it has other placeholders"
        if (french[-1:] in ".:") != (english[-1:] in ".:"):
            yield "one is a sentence, the other is not"
        # Django's humanize has this word, too.
        signs = WRONG_SIGNS if english != "today" else {}
        yield from (sign for sign, wrong in signs.items() if wrong.search(french))


def test_faults_are_found() -> None:
    wrong = Entry(msgid="Of %(a)s:", texts=["L'un de %(b)s: ton..."], is_fuzzy=True)
    assert list(faults_of(wrong)) == [
        "it is only guessed",
        "it has other placeholders",
        "a straight apostrophe",
        "no no-break space before : % or $",
        "three full stops",
        "the reader as a friend",
    ]
    assert list(faults_of(Entry(msgid="%(n)s day", plural="%(n)s days", texts=["%(n)s"]))) == [
        "a form of the plural is missing"
    ]


def test_the_compiled_catalogue_is_made_of_this_text() -> None:
    expected = {entry.key: entry.texts for entry in (HEAD, *ENTRIES)}
    assert compiled(FOLDER / "django.mo") == expected


def test_words_that_django_has_too_stay_as_they_are() -> None:
    # An app's catalogue counts for the whole project: another word here would change it there.
    ours = {entry.key: entry.texts for entry in ENTRIES}
    other = {
        f"{path.parts[-5]}: {key}": (texts, ours[key])
        for path in Path(django.__file__).parent.rglob("locale/fr/LC_MESSAGES/django.mo")
        for key, texts in compiled(path).items()
        if ours.get(key, texts) != texts
    }
    assert other == {}


def test_django_takes_it_for_french_in_canada_and_anywhere() -> None:
    for language in ("fr", "fr-ca"):
        with translation.override(language):
            assert translation.gettext("Unknown outcomes") == "Résultats inconnus"
            assert translation.pgettext("purchase", "Order") == "Commande"
            for number, text in ((0, "dans 0 jour"), (1, "dans 1 jour"), (2, "dans 2 jours")):
                found = translation.ngettext("in %(days)d day", "in %(days)d days", number)
                assert found % {"days": number} == text


def test_every_call_says_what_it_translates() -> None:
    unsaid = [
        f"{path.relative_to(PACKAGE).as_posix()}: {ast.unparse(call)}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for function, call in gettext_calls(path.read_text("utf-8"))
        if "gettext" in function and not isinstance(call.args[0], ast.Constant)
    ]
    # Words of the model for operations, where they are found.
    assert unsaid == ["models/transaction.py: _(kind.value)"]
    assert {kind.value for kind in Kind} <= {each.msgid for each in sentences()}


def test_an_examination_has_no_bare_words() -> None:
    # Of the webhook's address the doctor alone speaks, in English.
    modules = [path for path in (PACKAGE / "health").glob("*.py") if path.stem != "delivery"]
    assert [words for path in modules for words in bare_words(path.read_text("utf-8"))] == []
    assert list(bare_words('Symptom("x", RED, f"{n} wait.", _("See it."))')) == ["f'{n} wait.'"]


def test_what_people_read_has_no_bare_sentences() -> None:
    found = [
        f"{path.relative_to(PACKAGE).as_posix()}: {sentence}"
        for path in spoken_to_people()
        for sentence in BareSentences.of(path.read_text("utf-8"))
    ]
    assert found == []


def test_the_admin_never_shows_an_errors_own_words() -> None:
    # Errors are in English; what each means is said by its class, as in results.NOT_SENT.
    found = [
        f"{path.name}: {words}"
        for path in (PACKAGE / "admin").glob("*.py")
        for words in quoted_errors(path.read_text("utf-8"))
    ]
    assert found == []


def test_bare_sentences_and_quoted_errors_are_found() -> None:
    code = (
        "from django.utils.translation import gettext as _text, ngettext\n"
        '"""A docstring of some words."""\n'
        'found.append(f"Order {x}: {y} was captured and is in no payout.")\n'
        'raise InvalidInput("This is for whoever wrote it.")\n'
        'logger.info("user=%s asks for it", user)\n'
        'ngettext("There is one of them.", "There are %d of them.", n)\n'
        'say(_text("It is said."), "admin:a_name", "a few words")\n'
        "try: pass\n"
        "except ValueError as error:\n"
        '    say(f"It failed: {error}", str(error), type(error))\n'
    )
    assert BareSentences.of(code) == ["Order …: … was captured and is in no payout."]
    assert list(quoted_errors(code)) == ["f'It failed: {error}'", "str(error)"]


def spoken_to_people() -> Iterator[Path]:
    """Name the modules whose sentences end on a page: of staff, of shoppers, of a till."""
    for folder in ("admin", "health", "models", "templatetags"):
        # Of the webhook's address the doctor alone speaks, in English.
        yield from (path for path in (PACKAGE / folder).glob("*.py") if path.stem != "delivery")
    for name in ("books", "settled", "settlements"):
        yield PACKAGE / "services" / f"{name}.py"
    for name in ("arrival", "installments", "saved_account", "till/answers", "views"):
        yield PACKAGE / f"{name}.py"


class BareSentences(ast.NodeVisitor):
    """Finds words that end in a full stop with no gettext around; errors and logs are English."""

    SENTENCE = re.compile(r"[A-Za-z]{2},? [a-z]{2}.*[.!?]\s*\Z", re.DOTALL)

    def __init__(self, source: str) -> None:
        self.found: list[str] = []
        self.translated = {
            (call.lineno, call.col_offset) for _function, call in gettext_calls(source)
        }
        self.visit(ast.parse(source))

    @classmethod
    def of(cls, source: str) -> list[str]:
        """Give what a Python file says so."""
        return cls(source).found

    def visit_Raise(self, node: ast.Raise) -> None:
        """Pass by what is raised."""

    def visit_Expr(self, node: ast.Expr) -> None:
        """Pass by docstrings."""
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Pass by what is translated, logged, or becomes an error."""
        is_translated = (node.lineno, node.col_offset) in self.translated
        if not (is_translated or ast.unparse(node.func).startswith("logger.")):
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Look at an f-string with its blanks."""
        parts = (str(each.value) if isinstance(each, ast.Constant) else "…" for each in node.values)
        self._look_at("".join(parts))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Look at a text."""
        if isinstance(node.value, str):
            self._look_at(node.value)

    def _look_at(self, text: str) -> None:
        if self.SENTENCE.search(text):
            self.found.append(text)


def quoted_errors(source: str) -> Iterator[str]:
    """Find where the text of an error that was caught is made use of."""
    for handler in ast.walk(ast.parse(source)):
        if not isinstance(handler, ast.ExceptHandler) or handler.name is None:
            continue
        for node in ast.walk(handler):
            parts = node.values if isinstance(node, ast.JoinedStr) else []
            blanks = [ast.unparse(p.value) for p in parts if isinstance(p, ast.FormattedValue)]
            is_text = isinstance(node, ast.Call) and ast.unparse(node) == f"str({handler.name})"
            if is_text or handler.name in blanks:
                yield ast.unparse(node)


def bare_words(source: str) -> Iterator[str]:
    """Find what a symptom says that no gettext is around; its id and account are names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Symptom":
            for said in node.args[2:4]:
                parts = said.values if isinstance(said, ast.JoinedStr) else [said]
                texts = (str(part.value) for part in parts if isinstance(part, ast.Constant))
                if re.search(r"[a-z]{2}", "".join(texts)):
                    yield ast.unparse(said)


def test_strings_are_found_in_every_way_of_writing_them() -> None:
    code = (
        "from django.utils.translation import gettext as _text, ngettext_lazy, pgettext\n"
        '_text("One "\n  "whole")\n'
        'ngettext_lazy("%d day", "%d days", "n")\n'
        'pgettext("month", "May")\n'
        'other("no")'
    )
    assert [each[:3] for each in in_python(code, "x.py")] == [
        ("", "One whole", ""),
        ("", "%d day", "%d days"),
        ("month", "May", ""),
    ]
    page = (
        "{% trans \"it's\" %}{% translate 'May' context 'month' %}{{ _('Held') }}"
        '{% include "x.html" with title=_("Taken") %}'
        "{% blocktranslate with a=b %}{{ a }} left, 5 %{% endblocktranslate %}"
        "{% blocktranslate trimmed count n=n %}\n one\n {% plural %}\n {{ n }} of\n them\n"
        "{% endblocktranslate %}"
    )
    assert [each[:3] for each in in_template(page, "x.html")] == [
        ("", "it's", ""),
        ("month", "May", ""),
        ("", "Held", ""),
        ("", "Taken", ""),
        ("", "%(a)s left, 5 %%", ""),
        ("", "one", "%(n)s of them"),
    ]
