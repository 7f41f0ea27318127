"""What each setting is for, in French: `settings.fr.toml` beside the settings, read once. Pure but for that.

The English stands in the settings themselves, where a program's reader meets it; a catalogue beside them keeps 158
sentences out of their types, and a test holds the two complete.
"""

import tomllib
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=1)
def french_meanings() -> dict[str, str]:
    """By `section.setting`.

    >>> french_meanings()["console.idle_s"]
    'Secondes sans usage au bout desquelles une session prend fin.'
    """
    text = (resources.files("beffroi.config") / "settings.fr.toml").read_text(encoding="utf-8")
    tables: dict[str, dict[str, str]] = tomllib.loads(text)
    return {f"{section}.{name}": said for section, table in tables.items() for name, said in table.items()}
