"""Which readings a scope is about: by account, device, network, application, structure, query, patient, and when.

A selection narrows: every part of it that is not empty must hold, and one of the values of a part. A scope is the union
of several selections.
"""

import shlex
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

SELECTIONS_MAX = 50
"""Selections of one scope: an incident has a few accounts and devices; more is a list made by a program."""
VALUES_MAX = 1_000
"""Values of one part: all accounts of an attack that was spread over many (1,500 in the largest one known)."""
QUERY_MAX = 20
"""Criteria of a query: FHIR's search for a patient knows fewer."""


class Selection(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Readings of these accounts, by these devices, ... from `since` to before `until` (both aware, UTC).

    `devices` are session keys in hexadecimal, `people` the numbers that patients bear now, `query` criteria with their
    normalised values as they were recorded.
    """

    accounts: tuple[int, ...] = ()
    devices: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    structures: tuple[int, ...] = ()
    people: tuple[int, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether it would select everything."""
        return self == Selection()


PARTS = ("accounts", "devices", "networks", "applications", "structures", "people")


def within_limits(selections: tuple[Selection, ...]) -> bool:
    """Whether a scope is one that is worked out: some selections, none of them everything, none too long.

    >>> within_limits((Selection(accounts=(7,)),)), within_limits(()), within_limits((Selection(),))
    (True, False, False)
    """
    return 0 < len(selections) <= SELECTIONS_MAX and all(
        not one.empty
        and len(one.query) <= QUERY_MAX
        and all(len(getattr(one, part)) <= VALUES_MAX for part in PARTS)
        and (one.since is None or one.until is None or one.since < one.until)
        for one in selections
    )


def described(selections: tuple[Selection, ...]) -> dict[str, str]:
    """What is recorded of a look at a scope: its selections, without the value of any query.

    >>> described((Selection(accounts=(7, 9), query=(("family", "MARTIN"),)),))
    {'selection': 'accounts=7,9 query=family'}
    """
    texts = {f"selection{f'.{n}' if n > 1 else ''}": _text(one) for n, one in enumerate(selections, 1)}
    return {name: _short(text) for name, text in texts.items()}


TEXT_LENGTH_MAX = 500
"""Characters of one selection in the record; a longer one is cut, and a digest stands for the whole."""


def _text(one: Selection) -> str:
    parts = [f"{part}={','.join(map(str, values))}" for part in PARTS if (values := getattr(one, part))]
    parts += [f"query={','.join(name for name, _ in one.query)}"] if one.query else []
    return " ".join([*parts, *_limits(one)])


def _limits(one: Selection) -> list[str]:
    return [f"{name}={_instant(at)}" for name, at in (("since", one.since), ("until", one.until)) if at]


def _short(text: str) -> str:
    if len(text) <= TEXT_LENGTH_MAX:
        return text
    return f"{text[:TEXT_LENGTH_MAX]}... sha256={sha256(text.encode()).hexdigest()}"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Draft(msgspec.Struct, frozen=True, omit_defaults=True):
    """A selection as somebody wrote it: accounts by subject, patients by reference, still to be found."""

    selection: Selection
    subjects: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


TEXT_CHARACTERS_MAX = 100_000
"""Characters of a selection as it is written: a thousand accounts of a hundred characters."""
_TEXTS = {"device": "devices", "session-key": "devices", "network": "networks", "application": "applications"}
_NUMBERS = {"account-number": "accounts", "hospital": "structures", "structure": "structures"}
_HEXADECIMAL = frozenset({"device", "session-key"})


def parse(text: str) -> Draft:
    """Words such as `account=S1,S2 network=192.0.2.7 query=family:MAR since=2026-11-01`; all of them must hold.

    `account` is a subject, `account-number` its number here, `hospital` the one for which it was read, `patient` a
    reference, `device` a session key in hexadecimal, because a key is made in a device and stays there; `structure` and
    `session-key` say the same. Raises ValueError with the word that cannot be read.

    >>> parse("account=S1,S2 since=2026-11-01").subjects
    ('S1', 'S2')
    >>> parse("colour=blue")
    Traceback (most recent call last):
    ValueError: colour
    """
    if len(text) > TEXT_CHARACTERS_MAX:
        raise ValueError("...")
    parts: dict[str, tuple[object, ...]] = {}
    limits: dict[str, datetime] = {}
    for word in _words(text):
        name, _, value = word.partition("=")
        try:
            if name in ("since", "until"):
                limits[name] = _moment(value)
            else:
                kind, values = _values(name, value)
                parts[kind] = (*parts.get(kind, ()), *values)
        except ValueError:
            raise ValueError(name) from None
    subjects, references = parts.pop("subjects", ()), parts.pop("references", ())
    return msgspec.convert(
        {"selection": {**parts, **limits}, "subjects": subjects, "references": references}, Draft, strict=True
    )


_WORDS = {part: word for word, part in reversed((_NUMBERS | _TEXTS).items())}
"""The word by which `parse` knows a part again: the first of two."""
_SEPARATORS = frozenset(",\r\n")


def written(selection: Selection) -> str:
    """The words that `parse` reads as this very selection; empty where it is about patients, whose references are not
    kept, about a query, whose values nobody is told, or about what has a comma or a line in its name.

    >>> written(Selection(accounts=(7, 9), since=datetime(2026, 11, 1, tzinfo=UTC)))
    'account-number=7,9 since=2026-11-01T00:00:00.000000Z'
    >>> written(Selection(people=(7,)))
    ''
    """
    parts = [(_WORDS[part], getattr(selection, part)) for part in PARTS if part in _WORDS]
    if (
        selection.people
        or selection.query
        or any(_SEPARATORS & set(str(value)) for _, values in parts for value in values)
    ):
        return ""
    words = [shlex.quote(f"{word}={','.join(map(str, values))}") for word, values in parts if values]
    return " ".join([*words, *_limits(selection)])


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise ValueError('"') from None


def _values(name: str, value: str) -> tuple[str, tuple[object, ...]]:
    if name == "query":
        criterion, colon, asked = value.partition(":")
        if not (criterion and colon):
            raise ValueError(name)
        return "query", ((criterion, asked),)
    values = tuple(one for one in value.split(",") if one)
    if not values:
        raise ValueError(name)
    if name in _NUMBERS:
        return _NUMBERS[name], tuple(_number(one) for one in values)
    if name in _TEXTS:
        return _TEXTS[name], tuple(bytes.fromhex(one).hex() for one in values) if name in _HEXADECIMAL else values
    if name not in ("account", "patient"):
        raise ValueError(name)
    return "subjects" if name == "account" else "references", values


NUMBER_MAX = 2**31 - 1


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text[:11]) > NUMBER_MAX:
        raise ValueError(text)
    return int(text)


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
