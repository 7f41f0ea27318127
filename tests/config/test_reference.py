"""The settings' page: complete, and never stale."""

from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import pytest

from beffroi.config import settings
from beffroi.config.reference import settings_page
from beffroi.config.settings import Config, Section

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
SECTIONS = [kind for kind in vars(settings).values() if isinstance(kind, type) and issubclass(kind, Section)]


def test_the_page_is_what_the_settings_say() -> None:
    """docs/reference/settings.md is the output of `beffroi settings`."""
    assert PAGE.read_text(encoding="utf-8") == settings_page(), "run: beffroi settings > docs/reference/settings.md"


@pytest.mark.parametrize("section", [s for s in SECTIONS if s is not Section])
def test_every_setting_says_what_it_is_for_and_what_an_attacker_gains(section: type[Section]) -> None:
    """No setting is without its documentation, its attacker and its place in the file; no number is without bounds."""
    hints = get_type_hints(section, include_extras=True)
    for field in msgspec.structs.fields(section):
        assert len(get_args(hints[field.name])) == 2, f"{field.name}: Annotated[..., said(what, gains)]"
        kind, meta = get_args(hints[field.name])
        assert meta.description and meta.extra["gains"], field.name
        assert kind is not int or meta.ge is not None, f"{field.name}: a number has bounds, said(..., ge=, le=)"
    assert any(section in (hint, *get_args(hint)) for hint in get_type_hints(Config).values())
