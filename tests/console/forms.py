"""The forms and links of a page, read as a browser reads them; and what a person would type into each field."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

ROOT = "/console"
TYPED = {
    "born": "17051980",
    "number": "",
    "until": "2026-12-20",
    "name": "mar l",
    "reason": "essai de la nuit, sans suite",
    "title": "Essai de la nuit",
    "purpose": "consultation",
    "patients": "IPP-7",
    "hours": "2",
    "language": "fr",
    "target": "192.0.2.7",
    "aware": "2026-11-24T09:00",
    "credential": "{}",
}
"""What is typed where a form offers nothing; a field that is not here is given a few words."""


IN_ADDRESSES = ("/operate/settings",)
"""Where what is typed may stand in an address: it names no patient and no account."""


@dataclass
class Form:
    """What a browser would send, and where: `action` is below the console's root."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name in ("href", "data-news"):
            if given.get(name, "").startswith(f"{ROOT}/") and tag != "link":
                self.links.append(given[name].removeprefix(ROOT).partition("#")[0])
        if tag == "form":
            self._form = Form(given["action"].removeprefix(ROOT), given["method"].upper())
            assert self._form.method == "POST" or self._form.action in IN_ADDRESSES, "what is typed stands in a history"
            self.forms.append(self._form)
        if self._form is not None:
            self._read(self._form, tag, given)

    def _read(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "option":
            name = self._select
        if tag == "select":
            self._select = name
            return
        if tag not in ("input", "textarea", "option", "button") or not name:
            return
        form.fields.setdefault(name, given.get("value", "") or TYPED.get(name, "quelques mots"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


def read(text: str) -> tuple[list[Form], list[str]]:
    """The forms and the links of a page."""
    reader = _Reader()
    reader.feed(text)
    return reader.forms, reader.links
