"""The same form sent twice at once, a form in two tabs, two people in the same moment: one thing is done, and no choice
of somebody's is lost unseen.
"""

import asyncio
from typing import Any

import httpx2

from beffroi.model.disclosure import Operation
from beffroi.servers.console.exchange import FORM_NUMBER
from console.asking import find, path_of, post
from console.forms import Form, read
from console.test_watching import number_of

SAME = {"sec-fetch-site": "same-origin"}


async def form_of(client: httpx2.AsyncClient, page: str, action: str, **typed: str) -> Form:
    """A page's form as somebody fills it in. `action`: where it goes."""
    form = next(one for one in read((await client.get(page)).text)[0] if one.action == action)
    return Form(form.action, form.method, form.fields | typed)


async def at_once(*sending: Any) -> list[int]:
    """The statuses of what is sent in one moment, in order."""
    return sorted(answer.status_code for answer in await asyncio.gather(*sending))


async def happened(served, operation: Operation) -> int:
    """How many such events stand in the accounts' chains."""
    counted: int = await served.database.pool.fetchval(
        "select count(*) from disclosures where operation = $1", operation.value
    )
    return counted


async def test_what_makes_something_new_is_done_once(served, louise) -> None:
    """An incident, a note, lists asked for, a worklist: the same form sent twice at once makes one; a form of another
    tab makes another.
    """
    assert await find(await served.signed_in("ward-doctor"))
    officer, secretary = await served.signed_in("data-protection-officer"), await served.signed_in("medical-secretary")
    about = {"title": "Compte volé", "accounts": served.staff["ward-doctor"].subject, "aware": ""}
    patients = {"role": "ward_nurse", "hours": "4", "patients": "IPP-7"}
    for table, client, page, action, typed in (
        ("incidents", officer, "/incidents", "/incidents", about),
        ("scope_exports", officer, "/incidents/files/1", "/incidents/lists/1", {}),
        ("worklists", secretary, "/worklists", "/worklists", patients),
    ):
        for tab in (1, 2):
            form = await form_of(client, page, action, **typed)
            twice = [client.post(form.action, data=form.fields, headers=SAME) for _ in range(2)]
            assert await at_once(*twice) == [303, 409], (table, tab)
            assert await served.database.pool.fetchval(f"select count(*) from {table}") == tab
    again = await officer.post("/incidents", data=(await form_of(officer, "/incidents", "/incidents", title="")).fields)
    assert again.status_code == 422 and FORM_NUMBER in read(again.text)[0][-1].fields


async def test_a_stop_and_a_release_are_done_once(served, louise) -> None:
    """Two officers who stop one account at once stop it once; whoever sends a release twice is one of two people still;
    two who confirm or let go at once do it once, and the chain says it once.
    """
    assert await find(await served.signed_in("ward-nurse"))
    first, second = await served.signed_in("duty-officer"), await served.signed_in("duty-officer-2")
    number, pool = await number_of(served, "ward-nurse"), served.database.pool
    stop, why = f"/watch/stop/{number}", "lectures inhabituelles"
    assert await at_once(
        post(first, stop, reason=why), post(first, stop, reason=why), post(second, stop, reason=why)
    ) == [
        303,
        409,
        409,
    ]
    assert await happened(served, Operation.CONTAIN) == 1
    release = f"/watch/release/{await pool.fetchval('select containment_id from containments')}"
    assert await at_once(*(post(first, release, reason="vérifié") for _ in range(2))) == [303, 409]
    assert await pool.fetchval("select released_at from containments") is None
    assert await at_once(*(post(second, release, reason="vérifié") for _ in range(2))) == [303, 404]
    assert await happened(served, Operation.RELEASE) == 1
    network = path_of(await post(first, "/watch/stop", kind="network", target="203.0.113.0/24", hours="2"))
    await post(first, network, reason=why)
    confirm = f"/watch/confirm/{await pool.fetchval('select max(containment_id) from containments')}"
    async with pool.acquire() as other, other.transaction():
        await other.execute("select from containments for update")
        confirming = [asyncio.create_task(post(second, confirm)) for _ in range(2)]
        while await pool.fetchval("select count(*) from pg_locks where not granted") < len(confirming):
            await asyncio.sleep(0.01)
    assert await at_once(*confirming) == [303, 409]
    alarms = "select count(*) from alerts where kind = 'contained' and particulars::jsonb ->> 'kind' = 'network'"
    assert await pool.fetchval(alarms) == 1


async def test_a_code_seconds_one_emergency(served, louise) -> None:
    """The same code typed by two colleagues, and twice by one, in one moment: one of them agrees, to one reading."""
    doctor, nurse = await served.signed_in("ward-doctor"), await served.signed_in("ward-nurse")
    assert (await find(nurse)) and (await find(doctor))
    clerk = await served.signed_in("admission-clerk")
    code = (await post(doctor, "/colleague/code")).text.partition('<p class="figure" role="status"><code>')[2][:9]
    typed = [post(client, "/colleague/second", code=code) for client in (nurse, nurse, clerk)]
    statuses = await at_once(*typed)
    assert statuses.count(303) == 1 and set(statuses) <= {303, 403, 409}, statuses
    agreed = "select json_array_length(evidence -> 'seconds') from account_states where account_id = $1"
    assert await served.database.pool.fetchval(agreed, await number_of(served, "ward-doctor")) == 1


async def test_a_text_of_the_register_is_not_replaced_unseen(served) -> None:
    """What somebody else wrote since the page was opened is said, and stays; sent again, one's own replaces it."""
    assert await served.signed_in("ward-doctor")
    one = await served.signed_in("data-protection-officer")
    about = {"title": "Compte volé", "accounts": served.staff["ward-doctor"].subject, "reason": "signalement"}
    page = path_of(await post(one, "/incidents", **about)).replace("/incidents/", "/incidents/register/")
    mine, theirs = [await form_of(one, page, page, content=text, reason="relu") for text in ("les miens", "les siens")]
    assert (await one.post(page, data=theirs.fields, headers=SAME)).status_code == 303
    told = await one.post(page, data=mine.fields, headers=SAME)
    facts = "select facts from incidents"
    assert told.status_code == 422 and "pendant que vous écriviez" in told.text and "les miens" in told.text
    assert await served.database.pool.fetchval(facts) == "les siens"
    again = next(form for form in read(told.text)[0] if form.action == page)
    assert (await one.post(page, data=again.fields | {"content": "les miens"}, headers=SAME)).status_code == 303
    assert await served.database.pool.fetchval(facts) == "les miens"
