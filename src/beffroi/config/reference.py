"""docs/reference/settings.md, written from the settings themselves, so that it cannot tell another story. Pure."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from beffroi.config.settings import Config, Section

_TITLES = (
    "# Settings\n\n"
    "<!-- Written by `beffroi settings`; a test fails when it is stale. -->\n\n"
    "`beffroi serve --config beffroi.toml` reads one TOML file. A setting that is not listed here is an error. "
    "Paths are relative to the file's folder. Secrets stand in files of their own.\n\n"
    "For each setting: what an attacker gains who can write it, and only it. Whoever can write the whole file gains "
    "all of that, so it belongs to the operator alone. **No setting switches off the gate, the watch or a record.**\n"
)
_TYPES = {str: "text", int: "whole number", bool: "true or false", float: "number"}


def settings_page() -> str:
    """The whole page, in Markdown."""
    parts = [_TITLES]
    for name, hint in get_type_hints(Config).items():
        section = next((c for c in (hint, *get_args(hint)) if isinstance(c, type) and issubclass(c, Section)), None)
        if section is not None:
            many = get_origin(hint) is tuple
            parts.append(_table(f"[[{name}]]" if many else f"[{name}]", section))
    return "\n".join(parts)


def _table(title: str, section: type[Section]) -> str:
    rows = "\n".join(_rows(section))
    about = " ".join((section.__doc__ or "").split())
    head = "| Setting | Type and default | What it is for | An attacker who holds it gains |\n|---|---|---|---|"
    return f"## {title}\n\n{about}\n\n{head}\n{rows}\n"


def _rows(section: type[Section]) -> Iterator[str]:
    hints = get_type_hints(section, include_extras=True)
    for field in msgspec.structs.fields(section):
        kind, meta = get_args(hints[field.name])[:2]
        extra = meta.extra or {}
        cells = (f"`{field.name}`", _type(kind, meta, field), meta.description or "", str(extra.get("gains", "")))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(kind: Any, meta: msgspec.Meta, field: Any) -> str:
    text = _name(kind)
    if meta.ge is not None and meta.le is not None:
        text += f", {meta.ge:,} to {meta.le:,}"
    if field.required:
        return f"{text}, **required**"
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return f"{text}; `{_written(default)}`"


def _name(kind: Any) -> str:
    if get_origin(kind) is tuple:
        return "list of texts"
    if get_origin(kind) is dict:
        return "table"
    return _TYPES.get(kind, "word")


def _written(value: Any) -> str:
    """A default as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value!s}"'
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    return str(value)
