"""Every setting is explained in French too, and nothing else is."""

from typing import get_args, get_type_hints

import msgspec

from beffroi.config.french import french_meanings
from beffroi.config.settings import Config, Section


def settings() -> dict[str, str]:
    """Every setting with its English meaning."""
    found = {}
    for name, hint in get_type_hints(Config).items():
        section = next((c for c in (hint, *get_args(hint)) if isinstance(c, type) and issubclass(c, Section)), None)
        if section is not None:
            hints = get_type_hints(section, include_extras=True)
            for field in msgspec.structs.fields(section):
                found[f"{name}.{field.name}"] = get_args(hints[field.name])[1].description
    return found


def quoted(text: str) -> set[str]:
    """Names of settings and values that a text quotes."""
    return {part for part in text.split("`")[1::2] if "." in part or "_" in part}


def test_each_setting_has_its_french_text() -> None:
    """None is missing, none is left over, and they stand in the same order."""
    assert list(french_meanings()) == list(settings())


def test_a_french_text_is_french_and_a_sentence() -> None:
    """It ends, and is not the English one; quotes of settings and numbers are the same in both."""
    english = settings()
    for name, said in french_meanings().items():
        assert said.endswith(".") and said != english[name], name
        quoted = [
            {part for part in text.split("`")[1::2] if "." in part or "_" in part} for text in (said, english[name])
        ]
        assert quoted[0] <= quoted[1], name
