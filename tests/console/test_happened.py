"""What events and alerts say besides their kind: in words, in both languages, and no patient's number."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from beffroi import actions
from beffroi.model.containment import ContainmentKind
from beffroi.servers.console.happened import KINDS, acting_in, told
from beffroi.servers.console.speaking import Speaker

FRENCH, ENGLISH = (Speaker(language, ZoneInfo("Europe/Paris")) for language in ("fr", "en"))
NAMES, HOSPITALS = {3: "ANS-3", 7: "ANS-7"}, {2: "CHU de Valcourt"}
SOURCE = "\n".join(file.read_text(encoding="utf-8") for file in Path(actions.__path__[0]).rglob("*.py"))
WHATS = sorted(
    {
        *re.findall(r'"what": "([^"]+)"', SOURCE),
        "vouched",
        "seconded",
        "crisis declared",
        "crisis confirmed",
        "crisis ended",
    }
)


@pytest.mark.parametrize("what", WHATS)
def test_every_event_has_words(what: str) -> None:
    """Whatever an action writes is said in both languages, and not by its code."""
    english, french = (told(speaker, {"what": what}, {}, {}) for speaker in (ENGLISH, FRENCH))
    assert len(WHATS) > 10
    assert " " in english and french not in (english, what, "")


def test_no_patients_number_is_told() -> None:
    """A worklist's event names people by number: whoever reads the account's day is not told them."""
    assert told(ENGLISH, {"what": "deposited", "people": "4,7", "worklist": "9", "lines": "2"}, {}, {}) == (
        "a worklist was deposited, lines: 2"
    )


@pytest.mark.parametrize("kind", ContainmentKind)
def test_what_was_stopped_is_named(kind: ContainmentKind) -> None:
    """A containment says what it stops; an account by its professional's identifier, a device by its beginning."""
    particulars = {
        "kind": kind.value,
        "target": "7" if kind is ContainmentKind.ACCOUNT else "f" * 64,
        "by": "account:3",
    }
    assert acting_in(particulars)[0] == "account:3"
    said = told(FRENCH, particulars, NAMES, HOSPITALS)
    assert said.startswith(f"concerne\u00a0: {KINDS[kind].french} ") and said.endswith(", par ANS-3") and len(said) < 60
    assert ("ANS-7" in said) == (kind is ContainmentKind.ACCOUNT)


def test_another_account_of_the_same_person_is_named() -> None:
    """By its professional's identifier, as everybody whom an event names; by its number where that is not known."""
    particulars = {"what": "same person", "by": "operator:anne", "with": "7"}
    assert acting_in(particulars) == ["operator:anne", "account:7"]
    said = "the same person has another account, namely ANS-7, by operator anne"
    assert told(ENGLISH, particulars, NAMES, HOSPITALS) == said
    assert "account 7" in told(ENGLISH, particulars, {}, HOSPITALS)


def test_dates_and_places_are_said_as_people_say_them() -> None:
    """A day without an hour stays a day; a moment is told in the region's time; a hospital by its name."""
    told_fr = told(FRENCH, {"what": "left", "for": "2", "until": "2026-11-30"}, NAMES, HOSPITALS)
    assert told_fr == "a quitté l'hôpital, pour CHU de Valcourt, jusqu'au 30 novembre 2026"
    assert told(FRENCH, {"what": "left", "for": "4"}, NAMES, HOSPITALS) == "a quitté l'hôpital"
    moment = told(FRENCH, {"kind": "session", "until": "2026-11-30T23:30:00+00:00"}, NAMES, HOSPITALS)
    assert moment == "concerne\u00a0: session, jusqu'au 1er décembre 2026, 0\u00a0h\u00a030"
