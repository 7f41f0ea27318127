"""The register of incidents on a real database."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from beffroi.actions.events import Events
from beffroi.actions.incidents import Incidents, proposed_selections
from beffroi.actions.investigate import Investigation
from beffroi.breach.incident import Account33, State
from beffroi.breach.severity import Factor, of
from beffroi.errors import InvalidValue, NotFound
from beffroi.model.account_event import AccountEvent
from beffroi.model.disclosure import Operation
from beffroi.model.person import PersonId
from beffroi.model.selection import Selection
from requests_and_records import ask, record

ABOUT = (Selection(accounts=(7,)),)


@pytest.fixture
async def incidents(house, account, database, clock) -> Incidents:
    officer = await account(subject="dpo")
    return Incidents(database, clock, officer.account_id)


async def test_an_incident_from_suspicion_to_the_end(incidents, clock) -> None:
    """Each step with its author and reason; the clock runs from awareness; closing needs the register's three texts."""
    number = await incidents.open("A sweep by birth date", ABOUT, "the watch rang")
    assert (await incidents.standing(number)).clock is None
    aware = clock.now()
    clock.advance(3600)
    await incidents.move(number, State.CONFIRMED, "the owner was on leave", aware)
    assert (await incidents.standing(number)).clock.left_s == 71 * 3600
    await incidents.move(number, State.NOTIFIED, "teleservice, number 123")
    with pytest.raises(InvalidValue, match="the facts, the effects, the measures"):
        await incidents.move(number, State.CLOSED, "done")
    await incidents.tell(number, Account33("a log-in was stolen", "phishing"), "first facts")
    await incidents.tell(number, Account33(measures="stopped, key withdrawn"), "measures")
    await incidents.move(number, State.CLOSED, "letters sent")
    standing = await incidents.standing(number)
    assert standing.incident.told == Account33("a log-in was stolen", "phishing", "stopped, key withdrawn")
    assert [(e.kind, e.by) for e in standing.entries] == [
        *(("opened", "dpo"), ("state", "dpo"), ("state", "dpo")),
        *(("told", "dpo"), ("told", "dpo"), ("state", "dpo")),
    ]
    assert standing.entries[1].particulars == {
        "from": "suspected",
        "state": "confirmed",
        "aware": aware.isoformat(),
    }
    with pytest.raises(InvalidValue, match="open it again"):
        await incidents.tell(number, Account33("other facts"), "too late")
    await incidents.note(number, "a letter came back")


async def test_what_cannot_be_is_refused_and_leaves_no_trace(incidents, clock) -> None:
    """A jump between states, an awareness in the future, an incident that is not there, no reason."""
    number = await incidents.open("A doubt", ABOUT, "a call")
    with pytest.raises(InvalidValue, match="may only become"):
        await incidents.move(number, State.CLOSED, "done")
    with pytest.raises(InvalidValue, match="future"):
        await incidents.aware(number, clock.now() + timedelta(days=1), "tomorrow")
    with pytest.raises(InvalidValue, match="words"):
        await incidents.note(number, " ")
    with pytest.raises(NotFound):
        await incidents.note(999, "nothing there")
    assert [e.kind for e in (await incidents.standing(number)).entries] == ["opened"]


async def test_the_history_is_added_to_and_never_changed(incidents, database) -> None:
    """What is said again stands beside what was said before; several selections, awareness corrected."""
    number = await incidents.open("Several accounts", ABOUT, "the watch rang")
    both = (Selection(accounts=(7,)), Selection(networks=("192.0.2.7",)))
    await incidents.select(number, both, "the same network")
    standing = await incidents.standing(number)
    assert standing.incident.selections == both
    assert standing.entries[1].particulars == {"selection": "accounts=7", "selection.2": "networks=192.0.2.7"}


async def test_a_severity_is_kept_with_its_choices(incidents) -> None:
    """Weighed once, chosen otherwise by somebody; both in the history."""
    number = await incidents.open("Weighed", ABOUT, "the watch rang")
    await incidents.weigh(number, of(2, 1, 0.5, malice=0.5), "as proposed")
    kept = (await incidents.standing(number)).incident.severity
    assert (kept.score, kept.level.value) == (3.0, "high")
    await incidents.choose(number, kept, Factor.EI, 0.75, "birth dates were wrong", "dpo")
    standing = await incidents.standing(number)
    assert standing.incident.severity.score == 2.5
    assert [e.particulars["score"] for e in standing.entries[1:]] == ["3.0", "2.5"]
    with pytest.raises(InvalidValue):
        await incidents.choose(number, kept, Factor.EI, 0.6, "birth dates were wrong", "dpo")


async def test_two_who_weigh_at_once_lose_nothing(incidents) -> None:
    """What somebody chose since the page was opened holds, whatever the other chooses, or keeps as it was counted."""
    number = await incidents.open("Weighed by two", ABOUT, "the watch rang")
    counted = of(2, 1, 0.5, people=40)
    await incidents.choose(number, counted, Factor.EI, 0.75, "birth dates were wrong", "dpo")
    both = await incidents.choose(number, counted, Factor.MALICE, 0.5, "the log-in was bought", "a colleague")
    assert both == (await incidents.standing(number)).incident.severity
    assert (both.value(Factor.EI), both.value(Factor.MALICE), both.people) == (0.75, 0.5, 40)
    assert await incidents.weigh(number, of(2, 1, 0.5, people=41), "as proposed") == replace(both, people=41)


async def test_the_window_is_proposed_from_the_accounts_chain(incidents, database, house, account, clock) -> None:
    """An account without dates: from its last proof of presence to its stop; what says dates keeps them."""
    stolen = await account(subject="stolen")
    events = Events(database, clock)
    proof = clock.now()
    await events.record(AccountEvent(stolen.account_id, Operation.STEP_UP, "", {}, asker=stolen))
    clock.advance(3600)
    await events.record(AccountEvent(stolen.account_id, Operation.VERDICT, "", {}))
    clock.advance(60)
    stop = clock.now()
    await events.record(AccountEvent(stolen.account_id, Operation.CONTAIN, "stolen", {}))
    investigation = Investigation(database, house.gate, house.references, house.hospitals, clock)
    texts = ["account=stolen", "account=stolen since=2026-11-01"]
    (proposed, said), (window,) = await proposed_selections(incidents, investigation, texts)
    assert (proposed.since, proposed.until) == (proof, stop + timedelta(seconds=1))
    assert said.until is None
    assert len(window.disclosures) == 3


async def test_an_alarm_opens_an_incident_from_its_first_reading(incidents, database, house, put, account, clock):
    """The watch's verdict names the readings that it was made of: the window begins before the first of them."""
    stolen = await account(subject="stolen")
    events = Events(database, clock)
    proof = clock.now()
    await events.record(AccountEvent(stolen.account_id, Operation.STEP_UP, "", {}, asker=stolen))
    clock.advance(60)
    number = await put(1, "A", record("NOM", "Anne"), explained_h=5)
    read = await house.finder.read(ask(stolen, Operation.READ), house.references.of(PersonId(number)))
    clock.advance(60)
    await events.record(AccountEvent(stolen.account_id, Operation.STEP_UP, "", {}, asker=stolen))
    clock.advance(60)
    trail = {"readings": str(read.content.disclosure_id)}
    verdict = await events.record(AccountEvent(stolen.account_id, Operation.VERDICT, "", trail))
    investigation = Investigation(database, house.gate, house.references, house.hospitals, clock)
    texts = await incidents.of_alarms([verdict])
    (selection,), _ = await proposed_selections(incidents, investigation, texts)
    assert (selection.accounts, selection.since) == ((stolen.account_id,), proof)
    with pytest.raises(NotFound):
        await incidents.of_alarms([read.content.disclosure_id])


async def test_the_register_is_a_list(incidents) -> None:
    """Every incident, dismissed ones too, with its clock while it runs."""
    first = await incidents.open("One", ABOUT, "the watch rang")
    await incidents.move(first, State.DISMISSED, "an exercise")
    assert [(one.incident_id, one.state, clock) for one, clock in await incidents.listed()] == [
        (first, State.DISMISSED, None)
    ]
