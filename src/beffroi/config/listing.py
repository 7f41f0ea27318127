"""A configuration as it is in force, setting by setting, with its meaning and what a thief of it gains. Pure.

No secret is among it: those stand in files of their own, and addresses hold no password.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec

from beffroi.config.french import french_meanings
from beffroi.config.settings import Config, Section
from beffroi.errors import Words

VALUE_CHARACTERS_MAX = 200


class Line(NamedTuple):
    """One setting."""

    name: str
    value: str
    meaning: Words
    gains: str


def listed(config: Config) -> Iterator[Line]:
    """Every setting of every section that is there."""
    for name, hint in get_type_hints(Config).items():
        value = getattr(config, name)
        if isinstance(value, Section):
            yield from _section(name, name, value)
        elif isinstance(value, tuple) and any(isinstance(kind, type) for kind in get_args(hint)):
            for index, one in enumerate(value):
                if isinstance(one, Section):
                    yield from _section(name, f"{name}[{index}]", one)


def _section(table: str, prefix: str, section: Section) -> Iterator[Line]:
    hints = get_type_hints(type(section), include_extras=True)
    for field in msgspec.structs.fields(section):
        meta = get_args(hints[field.name])[1]
        extra = meta.extra or {}
        value = _written(getattr(section, field.name))
        meaning = Words(meta.description or "", french_meanings()[f"{table}.{field.name}"])
        yield Line(f"{prefix}.{field.name}", value, meaning, str(extra.get("gains", "")))


def _written(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list | frozenset) else str(value)
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"
