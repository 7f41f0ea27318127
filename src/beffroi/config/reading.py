"""From a TOML file to a `Config`, or to words that name every unknown setting, its line and the nearest known one.

Source: TOML 1.0.0. Values of the file are never quoted in an error: one of them may be a secret put in the wrong place.
"""

import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from beffroi.config.contradictions import contradictions
from beffroi.config.settings import Config
from beffroi.errors import OperatorError, Words, reason_of

FILE_BYTES_MAX = 1_048_576
"""A thousand hospitals and applications fit; something larger is another file named by mistake."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\"-]+)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*\"?([^\s\"=]+)\"?\s*=")
_AT = re.compile(r"^(.*) - at (?:`key` in )?`\$\.?(.*)`$")

Place = tuple[str | int, ...]


def load(path: Path, *, demo: bool = False, paths_from: Path | None = None) -> Config:
    """The configuration of a file. `demo` allows what only the demonstration may have.

    Paths in it are relative to `paths_from`, by default the file's own folder. Raises OperatorError with every problem
    found, one a line.
    """
    config = parse(read_text(path), str(path), str(paths_from or path.absolute().parent))
    _raise_if_any(str(path), contradictions(config, demo=demo))
    return config


def read_text(path: Path) -> str:
    """The file's text. Raises OperatorError when it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise _no_configuration(path, error) from None
    if len(content) > FILE_BYTES_MAX:
        raise OperatorError(f"{path} is too large.", f"{path} est trop grand.")
    return content.decode("utf-8", "replace")


def _no_configuration(path: Path, error: OSError) -> OperatorError:
    why = reason_of(error)
    return OperatorError(
        f"The configuration {path} cannot be read: {why.english}. Name it with --config FILE or BEFFROI_CONFIG.",
        f"La configuration {path} est illisible : {why.french}. Nommez-la par --config FICHIER ou BEFFROI_CONFIG.",
    )


def parse(text: str, origin: str, folder: str) -> Config:
    """A configuration from its text, each setting checked by itself. Raises OperatorError."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = str(error).rpartition("(at ")[2].rstrip(")")
        raise OperatorError(f"{origin}: not TOML ({where}).", f"{origin} : ce n'est pas du TOML ({where}).") from None
    _raise_if_any(origin, [_unknown(text, place, known) for place, known in _unknown_settings(tables, Config, ())])
    try:
        config = msgspec.convert(tables, Config)
    except msgspec.ValidationError as error:
        _raise_if_any(origin, [_wrong(text, str(error))])
        raise
    return msgspec.structs.replace(config, folder=folder)


def _raise_if_any(origin: str, problems: list[Words]) -> None:
    if problems:
        raise OperatorError(
            "\n".join(f"{origin}: {problem.english}" for problem in problems),
            "\n".join(f"{origin} : {problem.french}" for problem in problems),
        )


def dotted(place: Place) -> str:
    """A setting's name as an operator writes it.

    >>> dotted(("issuer", 0, "url"))
    'issuer[0].url'
    """
    name = ""
    for part in place:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def _known(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(kind).items() if (kind, name) != (Config, "folder")}


def _section(hint: Any) -> type[msgspec.Struct] | None:
    """The section that a setting of this type is, or is a list of."""
    candidates = [hint, *get_args(hint)]
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, msgspec.Struct)), None)


def _unknown_settings(table: Any, kind: type[msgspec.Struct], place: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The places of unknown settings, with the settings that are known beside them."""
    if not isinstance(table, dict):
        return
    known = _known(kind)
    for name, value in table.items():
        if name not in known:
            yield (*place, name), known
            continue
        section = _section(known[name])
        if section is None:
            continue
        many = get_origin(known[name]) is tuple and isinstance(value, list)
        for index, item in enumerate(value if many else [value]):
            yield from _unknown_settings(item, section, (*place, name, index) if many else (*place, name))


def _unknown(text: str, place: Place, known: dict[str, Any]) -> Words:
    near = get_close_matches(str(place[-1]), list(known), 1, cutoff=0.5)
    name, (line, ligne) = dotted(place), _at_line(text, place)
    return Words(
        f"unknown setting {name}{line}" + (f"; did you mean {near[0]}?" if near else "."),
        f"réglage inconnu {name}{ligne}" + (f" ; vouliez-vous dire {near[0]} ?" if near else "."),
    )


def _at_line(text: str, place: Place) -> tuple[str, str]:
    line = line_of(text, place)
    return (f" (line {line})", f" (ligne {line})") if line else ("", "")


def line_of(text: str, place: Place) -> int | None:
    """The line (from 1) of a setting or, when it is not to be found, of its table; None when neither is.

    >>> line_of("[web]\\nport = 1\\n", ("web", "port"))
    2
    """
    counts: dict[str, int] = {}
    current: Place = ()
    table_line: int | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            names = tuple(part.strip('" ') for part in header[2].split("."))
            if header[1] == "[[":
                counts[header[2]] = counts.get(header[2], -1) + 1
                current = (*names, counts[header[2]])
            else:
                current = _within(names, counts)
            if current == place:
                return number
            if place[: len(current)] == current:
                table_line = number
            continue
        key = _KEY.match(line)
        if key and (*current, *key[1].split(".")) == place:
            return number
    return table_line


def _within(names: tuple[str, ...], counts: dict[str, int]) -> Place:
    """A table inside the latest element of an array of tables, as TOML reads `[issuer.roles]`."""
    if names[0] in counts:
        return (names[0], counts[names[0]], *names[1:])
    return names


def _wrong(text: str, message: str) -> Words:
    """What msgspec says of a value, with the setting's name and line, without the value."""
    matched = _AT.match(message)
    what, where = (matched[1], matched[2]) if matched else (message, "")
    name = where.replace("[...]", "")
    missing = re.search(r"missing required field `(\w+)`", what)
    if missing:
        name = f"{name}.{missing[1]}" if name else missing[1]
        place = _place(name)
        line, ligne = _at_line(text, place[:-1]) if len(place) > 1 else ("", "")
        return Words(f"the setting {name} is required{line}.", f"le réglage {name} est obligatoire{ligne}.")
    what = re.sub(r"Invalid enum value .*", "not one of the accepted words", what)
    line, ligne = _at_line(text, _place(name))
    return Words(f"{name}{line}: {_english(what)}.", f"{name}{ligne} : {_french(what)}.")


def _place(name: str) -> Place:
    parts: list[str | int] = []
    for part in name.split("."):
        word, *indices = part.replace("]", "").split("[")
        parts.append(word)
        parts += [int(index) for index in indices if index.isdigit()]
    return tuple(parts)


_TERMS = (
    ("Object missing", "missing", "il manque"),
    ("Expected", "expected", "attendu :"),
    ("matching regex", "of the form", "de la forme"),
    ("got", "but it is", "mais c'est"),
    ("of length", "of length", "de longueur"),
    ("not one of the accepted words", "not one of the accepted words", "pas l'un des mots acceptés"),
    ("`str`", "a text", "un texte"),
    ("`int`", "a whole number", "un nombre entier"),
    ("`bool`", "true or false", "true ou false"),
    ("`float`", "a number", "un nombre"),
    ("`array`", "a list", "une liste"),
    ("`object`", "a table", "une table"),
)


def _english(what: str) -> str:
    for term, english, _ in _TERMS:
        what = what.replace(term, english)
    return what


def _french(what: str) -> str:
    for term, _, french in _TERMS:
        what = what.replace(term, french)
    return what
