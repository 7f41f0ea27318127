"""A configuration as it is in force: table by table, each setting with its default, its meaning and what a thief of it
gains. Pure.

No secret is among it: those stand in files of their own, and no address holds a password. Of an address that is a
secret itself only the host is told.
"""

from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec

from beffroi.config.french import french_texts
from beffroi.config.settings import Config, Section
from beffroi.errors import Words
from beffroi.model.configuration import Line, Listing, Part

VALUE_CHARACTERS_MAX: Final = 200
WHO_KNOWS_POSTS: Final = frozenset({"alert_webhook.url"})
"""Addresses to which whoever knows them may post, by many services' custom."""
_CALLED: Final = ("name", "url", "issuer")
"""Settings by which one of several tables is told from the others, the first that it has."""


def listed(config: Config) -> Listing:
    """The whole configuration."""
    parts = tuple(_parts(config))
    there = {part.table for part in parts}
    return Listing(parts, tuple(name for name in _tables() if name not in there))


def _tables() -> dict[str, bool]:
    """Each table, and whether it may come several times."""
    hints = get_type_hints(Config)
    return {name: get_origin(hint) is tuple for name, hint in hints.items() if name != "folder"}


def _parts(config: Config) -> Iterator[Part]:
    for table, many in _tables().items():
        value = getattr(config, table)
        if many:
            for place, one in enumerate(value):
                yield Part(table, place, _called(one), tuple(_lines(table, f"{table}[{place}]", one)))
        elif value is not None:
            yield Part(table, None, "", tuple(_lines(table, table, value)))


def _called(section: Section) -> str:
    return next((str(getattr(section, name)) for name in _CALLED if hasattr(section, name)), "")


def _lines(table: str, prefix: str, section: Section) -> Iterator[Line]:
    hints = get_type_hints(type(section), include_extras=True)
    for field in msgspec.structs.fields(section):
        meta = get_args(hints[field.name])[1]
        name = f"{table}.{field.name}"
        french = french_texts()[name]
        yield Line(
            f"{prefix}.{field.name}",
            _told(name, _written(getattr(section, field.name))),
            None if field.required else _written(_default(field)),
            Words(meta.description or "", french.meaning),
            Words(str((meta.extra or {}).get("gains", "")), french.gains),
        )


def _default(field: Any) -> Any:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


def _told(name: str, text: str) -> str:
    """A value as it may be shown: of an address that is a secret, its host."""
    if name not in WHO_KNOWS_POSTS:
        return text
    address = urlsplit(text)
    return f"{address.scheme}://{address.hostname}/…"


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        text = ", ".join(f"{key} = {one}" for key, one in value.items())
    else:
        text = ", ".join(map(str, value)) if isinstance(value, tuple | list | frozenset) else str(value)
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"
