"""Every setting is explained in French too, and nothing else is."""

from typing import get_args, get_type_hints

import msgspec

from beffroi.config.french import Said, french_texts
from beffroi.config.settings import Config, Section


def settings() -> dict[str, Said]:
    """Every setting with its English texts."""
    found = {}
    for name, hint in get_type_hints(Config).items():
        section = next((c for c in (hint, *get_args(hint)) if isinstance(c, type) and issubclass(c, Section)), None)
        if section is not None:
            hints = get_type_hints(section, include_extras=True)
            for field in msgspec.structs.fields(section):
                assert len(get_args(hints[field.name])) > 1, f"{field.name}: Annotated[..., said(what, gains)]"
                meta = get_args(hints[field.name])[1]
                found[f"{name}.{field.name}"] = Said(meta.description, meta.extra["gains"])
    return found


def quoted(text: str) -> set[str]:
    """Names of settings and values that a text quotes."""
    return {part for part in text.split("`")[1::2] if "." in part or "_" in part}


def test_each_setting_has_its_french_texts() -> None:
    """None is missing, none is left over, and they stand in the same order."""
    there, here = list(french_texts()), list(settings())
    assert set(there) ^ set(here) == set(), "config/settings.fr.toml has none of these, or they are no settings"
    assert there == here


def test_a_french_text_is_french_and_a_sentence() -> None:
    """It ends, and is not the English one; quotes of settings are the same in both."""
    english = settings()
    for name, texts in french_texts().items():
        for said, there in zip(texts, english[name], strict=True):
            assert said.endswith(".") and said != there, name
            assert quoted(said) <= quoted(there), name
