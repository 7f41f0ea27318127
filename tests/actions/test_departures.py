"""Accounts of people who have left a hospital: refused in its name, in words, and rung; and accounts that slept."""

from datetime import timedelta

import msgspec
import pytest

from beffroi.access.professional import claimed
from beffroi.access.tokens import Claims
from beffroi.access.verified import Verified
from beffroi.actions.departures import Departure, Departures, departures_in
from beffroi.actions.sign_in import ASKER_S, SignIn
from beffroi.errors import Departed, OperatorError
from beffroi.model.alert import AlertKind
from beffroi.model.disclosure import Operation, Outcome
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import HospitalId
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.store.accounts import AccountStore
from beffroi.store.database import ROLE_WEB, Database
from credentials import ISSUER, NOW_S, person_claims, trusted
from doubles import HOSPITALS
from requests_and_records import BORN, ask, record

SUBJECT = person_claims()["SubjectNameID"]
FULL = Criteria(birth_date=DateRange(BORN, BORN), family=Text("Mar"), given=Text("L"))
ONE = HospitalId(1)


@pytest.fixture
def departures(database, hospitals, clock):
    return Departures(database, clock, "operator:anne")


@pytest.fixture
async def sign_in(dsn_of, hospitals, clock):
    async with await Database.open(dsn_of(ROLE_WEB)) as web:
        yield SignIn(AccountStore(web), Hospitals(HOSPITALS), clock)


def token() -> Verified:
    claims = claimed(msgspec.convert(person_claims(), Claims))
    return Verified(b"token", bytes(range(32)), b"", NOW_S + 9_999_999, claims, trusted())


async def test_whoever_has_left_asks_nothing_in_that_hospitals_name(
    house, put, sign_in, departures, database, clock, deployment
):
    """From that day on: a genuine token, refused in words at each question, in the chain, and one alert."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=999)
    day = clock.now() + timedelta(days=1)
    assert await departures.left(ISSUER, ONE, [Departure(SUBJECT, day)]) == (1, 1), "nobody has asked yet"
    asker = await sign_in.asker(token(), "192.0.2.1")
    assert not asker.departed and (await house.finder.search(ask(asker), FULL)).content.shown
    clock.advance(86_400 + ASKER_S)
    asker = await sign_in.asker(token(), "192.0.2.1")
    for _ in range(2):
        with pytest.raises(Departed, match="you have left it"):
            await house.finder.search(ask(asker), FULL)
    chain = await database.pool.fetch("select operation, outcome, shown from disclosures order by running_number")
    assert [(row[0], row[1]) for row in chain] == [
        (Operation.GRANT, Outcome.RECORDED),
        (Operation.SEARCH, Outcome.SHOWN),
        (Operation.SEARCH, Outcome.REFUSED),
        (Operation.SEARCH, Outcome.REFUSED),
    ]
    assert chain[-1]["shown"] == "[]"
    (alert,) = await database.pool.fetch("select kind, count from alerts")
    assert (alert["kind"], alert["count"]) == (AlertKind.DEPARTED, 2)


async def test_another_hospital_is_not_left(sign_in, departures):
    """Whoever works elsewhere now goes on there, under the same account."""
    await departures.left(ISSUER, HospitalId(2), departures_in([f"{SUBJECT};2026-01-01"]))
    assert not (await sign_in.asker(token(), "192.0.2.1")).departed


async def test_an_error_is_corrected_within_seconds(sign_in, departures, clock):
    """The hospital takes it back; what was never said cannot be."""
    await departures.left(ISSUER, ONE, departures_in([f"{SUBJECT}\t2026-01-01"]))
    assert (await sign_in.asker(token(), "192.0.2.1")).departed
    await departures.returned(ISSUER, ONE, SUBJECT)
    clock.advance(ASKER_S)
    assert not (await sign_in.asker(token(), "192.0.2.1")).departed
    with pytest.raises(OperatorError):
        await departures.returned(ISSUER, ONE, SUBJECT)


def test_a_directory_that_cannot_be_read_changes_nothing():
    """The line is named, never its content."""
    with pytest.raises(OperatorError, match="Line 2") as found:
        departures_in(["1;2026-11-30", "DUPONT Anne;30/11/2026"])
    assert "DUPONT" not in str(found.value)
