"""Reading a page as a strict browser would."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Reads a page, refusing tags that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), attrs
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1] in {"script", "style"}:
            self.inline.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """List the attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


class _Inline(HTMLParser):
    """Notes what a policy without 'unsafe-inline' does not let run or apply."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            is_code = (value or "").strip().lower().startswith("javascript:")
            if name.startswith("on") or name == "style" or is_code:
                self.found.append(f"<{tag} {name}={value!r}>")
            if name in ("src", "action") and (value or "/").startswith(("//", "http", "data:")):
                self.found.append(f"<{tag} {name}={value!r}>")


def inline_code(text: str) -> list[str]:
    """List what a strict content policy would stop on a page."""
    reader = _Inline()
    reader.feed(text)
    reader.close()
    return reader.found
