"""What each setting is for and what its thief gains, in French: `settings.fr.toml` beside the settings, read once. Pure
but for that.

The English stands in the settings themselves, where a program's reader meets it; a catalogue beside them keeps the
French out of their types, and a test holds the two complete.
"""

import tomllib
from functools import lru_cache
from importlib import resources
from typing import NamedTuple


class Said(NamedTuple):
    """As `settings.said`: what a setting is for, and what an attacker who may write it gains."""

    meaning: str
    gains: str


@lru_cache(maxsize=1)
def french_texts() -> dict[str, Said]:
    """By `section.setting`.

    >>> french_texts()["console.idle_s"].meaning
    'Secondes sans usage au bout desquelles une session prend fin.'
    """
    text = (resources.files("beffroi.config") / "settings.fr.toml").read_text(encoding="utf-8")
    tables: dict[str, dict[str, list[str]]] = tomllib.loads(text)
    return {f"{section}.{name}": Said(*said) for section, table in tables.items() for name, said in table.items()}
