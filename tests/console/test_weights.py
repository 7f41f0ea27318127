"""Every page with the longest list that it can show and the longest names: under 60 KiB with its style and script."""

import json
import re
from typing import Any

import asyncpg
import pytest

from beffroi.model.person import BirthPlace, Hospital, HospitalId
from beffroi.servers.console.assets import Assets
from console.asking import link_in, path_of, post
from doubles import HOSPITALS
from requests_and_records import record

PAGE_BYTES_MAX = 60 * 1024
NAME = "Centre hospitalier intercommunal « Les Tilleuls & l'Étang » de Sainte-Marthe-sur-la-Lys, la Grande-Place"
LONG = "D'Aubigny-Ændersen & Fils de la Tour-Saint-Jean " * 6
WHY = ("Lectures inhabituelles cette nuit, signalées par l'astreinte à 3 h ; " * 8)[:500]
MANY = 80
"""Hospitals: a region has 50."""


@pytest.fixture
async def hospitals(dsn: str) -> tuple[Hospital, ...]:
    """The four, and as many again as make a large region, each with the longest name that a configuration takes."""
    more = [
        Hospital(HospitalId(n), f"{620000000 + n}", f"{NAME[:114]} {n}", f"1.2.250.1.999.1.{n}", f"CH-{n}")
        for n in range(5, MANY + 1)
    ]
    connection = await asyncpg.connect(dsn)
    try:
        await connection.executemany(
            "insert into hospitals (hospital_id, finess, name, oid, namespace, sensitive) values ($1,$2,$3,$4,$5,$6)",
            [(h.hospital_id, h.finess, h.name, h.oid, h.namespace, h.sensitive) for h in (*HOSPITALS, *more)],
        )
    finally:
        await connection.close()
    return (*HOSPITALS, *more)


async def fill_watch(pool: Any) -> None:
    """As many accounts held and stopped as the room looks up, as many alarms, each with the longest words."""
    await pool.execute(
        """insert into accounts (kind, issuer, subject) select 'person', 'https://issuer.test', $1 || n
           from generate_series(1, 400) n""",
        LONG[:250],
    )
    await pool.execute(
        """insert into account_states (account_id, rung, structure_id)
           select account_id, case when account_id % 2 = 0 then 4 else 0 end, 7 from accounts
           where issuer = 'https://issuer.test'"""
    )
    await pool.execute(
        """insert into containments (kind, target, reason, asked_by, asked_at, in_force_from)
           select 'account', account_id::text, $1, 'account:' || account_id + 1, now(), now() from accounts
           where issuer = 'https://issuer.test' limit 300""",
        WHY,
    )
    told = json.dumps({"why": WHY[:300], "by": "operator:" + LONG[:280], "rung": "hold"})
    await pool.execute(
        """insert into alerts (kind, severity, account_id, topic, first_at, last_at, count, particulars)
           select 'verdict', 1, account_id, account_id::text, now(), now(), 12, $1::json from accounts limit 300""",
        told,
    )


async def fill_day(pool: Any, account: int) -> None:
    """A day of more readings than are listed, most of whole lists."""
    shown = json.dumps([[number, 0x7FFFF, [number]] for number in range(1, 51)])
    await pool.execute(
        """insert into disclosures (at, account_id, running_number, role, structure_id, application, session_key,
           network, door, operation, outcome, purpose, reason, request_id, request, policy_version, criteria_fields,
           shown, nonce, new_unexplained)
           select now() - n * interval '1 minute', $1, 100000 - n, 'ward_nurse', 7, $2, decode(md5(n::text), 'hex'),
                  '2001:db8::' || n, 1, case when n % 9 = 0 then 10 else 1 end, 1, 'TREAT', $3, gen_random_uuid(),
                  $4::json, '2026-11-1', 0, case when n % 9 = 0 then '[]' when n < 99 then $5
                  else '[[1, 7, [1]]]' end::json, '\\x00'::bytea, 9
           from generate_series(1, 1200) n""",
        account, LONG[:120], WHY, json.dumps({"family": "", "given": "", "birthdate": "", "identifier": ""}), shown,
    )  # fmt: skip


async def weigh(client: Any, path: str) -> int:
    """Bytes of a page and of every file that it brings to an empty cache."""
    answer = await client.get(path)
    assert answer.status_code == 200, (path, answer.text)
    return len(answer.content) + Assets().bytes_count


async def fill_incidents(pool: Any, officer: int, account: int) -> int:
    """Hundreds of incidents; of the first everything is as long as it may be."""
    accounts = [row[0] for row in await pool.fetch("select account_id from accounts where issuer like '%.test'")]
    whole = {
        "accounts": [account, *accounts],
        "networks": [f"2001:db8::{n}" for n in range(200)],
        "structures": [7, 8, 9],
    }
    selections = json.dumps([whole, *({"networks": [f"192.0.2.{n}"]} for n in range(49))])
    text = (WHY + "\n") * 40
    number: int = await pool.fetchval(
        """insert into incidents (title, state, opened_at, aware_at, selections, facts, effects, measures, changed_at)
           values ($1, 'confirmed', now(), now(), $2::json, $3, $3, $3, now()) returning incident_id""",
        LONG[:200], selections, text[:20_000],
    )  # fmt: skip
    await pool.execute(
        """insert into incidents (title, state, opened_at, selections, changed_at)
           select $1, 'suspected', now(), '[]', now() from generate_series(1, 400)""",
        LONG[:200],
    )
    said = dict.fromkeys(("facts", "effects", "measures"), text[:20000])
    said |= {f"selection.{n}": LONG[:250] * 2 for n in range(50)}
    await pool.execute(
        """insert into incident_entries (incident_id, at, account_id, kind, reason, particulars)
           select $1, now(), $2, 'told', $3, $4::json from generate_series(1, 100)""",
        number, officer, text[:20_000], json.dumps(said),
    )  # fmt: skip
    await pool.execute(
        """insert into scope_exports (incident_id, selections, reason, digest, patients, requested_by, requested_at)
           select $1, $2::json, $3, '', 1, $4, now() from generate_series(1, 60)""",
        number, selections, (WHY * 4)[:2_000], account,
    )  # fmt: skip
    return number


async def fill_roles(pool: Any) -> None:
    """Roles given and asked for, as many as are looked up."""
    await pool.execute(
        """insert into grants (account_id, hospital_id, role, granted_by, expires_at)
           select account_id, 7 + account_id % 60, 'data_protection_officer', $1, now() + interval '9 days'
           from accounts""",
        f"operator:{LONG[:200]}, account:12",
    )
    await pool.execute(
        """insert into role_requests (account_id, hospital_id, role, until, reason, asked_by, asked_at)
           select account_id, 7, 'data_protection_officer', now() + interval '9 days', $1, $2, now()
           from accounts limit 150""",
        WHY, f"operator:{LONG[:200]}",
    )  # fmt: skip


async def fill_worklists(pool: Any, account: int) -> None:
    """As many lists as are looked up."""
    await pool.execute(
        """insert into worklists (hospital_id, role, deposited_by, ready, deposited_at, expires_at, purpose, lines)
           select 1, 'regional_coordinator', $1, false, now(), now() + interval '9 h', $2, 1000
           from generate_series(1, 250)""",
        account, WHY[:200],
    )  # fmt: skip


async def fill_sights(pool: Any, person: int, account: int) -> None:
    """One patient, shown as often as is told."""
    await pool.execute(
        """with made as (
             insert into disclosures (at, account_id, running_number, role, structure_id, application, session_key,
               network, door, operation, outcome, purpose, reason, request_id, request, policy_version,
               criteria_fields, shown, nonce)
             select now(), $2, 500000 + n, 'data_protection_officer', 7, 'dpi', '', '192.0.2.7', 1, 1, 1, 'TREAT', '',
               gen_random_uuid(), '{}', '2026-11-1', 0, $3::json, '\\x00'
             from generate_series(1, 2100) n returning disclosure_id, account_id)
           insert into seen (person_id, account_id, disclosure_id, at)
           select $1::bigint, account_id, disclosure_id, now() from made""",
        person, account, json.dumps([[person, 0x3FFFF, [person]]]),
    )  # fmt: skip


async def account_of(served: Any, name: str) -> int:
    """The number of somebody's account, once they have signed in."""
    subject = served.staff[name].subject
    number: int = await served.database.pool.fetchval("select account_id from accounts where subject = $1", subject)
    return number


async def test_the_fullest_pages_stay_light(served, put) -> None:
    """Each list at its maximum, with the longest names, on its first page, its second and its last."""
    pool = served.database.pool
    officer, protection, operator, secretary, clerk = [
        await served.signed_in(name)
        for name in ("duty-officer", "data-protection-officer", "operator", "medical-secretary", "admission-clerk")
    ]
    await served.signed_in("ward-nurse")
    nurse = await account_of(served, "ward-nurse")
    people: list[int] = []
    for n in range(20):
        given, used = f"{chr(97 + n)}{LONG}"[:250], LONG[::-1][:250]
        content = record(f"DURAND {LONG}"[:250], given, used_family=used, birth_place=BirthPlace("59350", LONG[:250]))
        people.append(await put(1, f"IPP-{n}", content, explained_h=5))
    listed = path_of(await post(clerk, "/find", born="17051980", name="dur"))
    link = link_in(await clerk.get(listed))
    for hospital in range(5, MANY + 1):
        await put(hospital, f"IPP-{hospital}-0123456789", content, person=people[0])
    await fill_watch(pool)
    await fill_day(pool, nurse)
    number = await fill_incidents(pool, await account_of(served, "data-protection-officer"), nurse)
    await fill_roles(pool)
    await fill_worklists(pool, await account_of(served, "medical-secretary"))
    await fill_sights(pool, people[0], await account_of(served, "duty-officer"))
    stop = await pool.fetchval("select max(containment_id) from containments")
    handle = path_of(await post(officer, "/watch/stop", kind="network", target="2001:db8::/32", hours="4"))
    pages = [
        (officer, path)
        for path in (
            *("/watch", "/watch?held=2&stops=9&ringing=99", f"/watch/account/{nurse}", "/watch/stop", handle),
            *(f"/watch/account/{nurse}?before=99500", f"/watch/stop/{nurse}", f"/watch/release/{stop}"),
        )
    ]
    pages += [
        (protection, path)
        for path in (
            *("/incidents", "/incidents?page=3", f"/incidents/{number}", f"/incidents/{number}?page=99"),
            *(f"/incidents/files/{number}", f"/incidents/register/{number}", f"/incidents/entry/{number}?entry=7"),
            *(f"/incidents/scope/{number}", f"/incidents/severity/{number}"),
        )
    ]
    pages += [
        (operator, path)
        for path in (
            *("/operate", "/operate?page=2", "/operate/roles", "/operate/roles?people=9&applications=2&waiting=3"),
            *("/operate/settings", "/operate/settings?q=e", "/operate/settings/database"),
        )
    ]
    overview = (await operator.get("/operate/settings")).text
    pages += [(operator, path) for path in re.findall(r'href="/console(/operate/settings/[^"]+)"', overview)]
    pages += [(secretary, "/worklists"), (secretary, "/worklists?page=99"), (clerk, listed), (clerk, link)]
    pages += [(clerk, path_of(await post(clerk, link, contact="1", identifiers="1", purpose="HOPERAT")))]
    told = path_of(await post(clerk, link.replace("/patient/", "/desk/"), document="passport", person="self"))
    following = re.search(r'href="/console(/desk/told/[^"]+)"', (await clerk.get(told)).text)
    assert following
    pages += [(clerk, told), (clerk, following[1])]
    weights = {path: await weigh(client, path) for client, path in pages}

    assert {path: weight for path, weight in weights.items() if weight > PAGE_BYTES_MAX} == {}
