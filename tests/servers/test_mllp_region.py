"""Conversations over the HL7 v2 door with the real register, finder and gate: what two hospitals feed and ask."""

import asyncio
import re
from collections.abc import AsyncIterator

import msgspec
import pytest

from beffroi.actions.connections import Connections
from beffroi.actions.house import House, open_house
from beffroi.actions.register import Registrar
from beffroi.clock import Clock
from beffroi.model.account import Role
from beffroi.model.person import HospitalId
from beffroi.servers.mllp_messages import Messages
from beffroi.store.credentials import CredentialStore
from beffroi.store.database import ROLE_FEED, Database
from beffroi.store.registers import ApplicationEntry, Credential, copy_registers
from doubles import HOSPITALS
from servers.mllp_doubles import REGION, Client, Serving, serving
from wire.hl7_messages import message, pid

BEAUMONT, VALCOURT, _, PSYCHIATRY = HOSPITALS
INS = "260058815400233^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS"
NAMES = "DE L'ÉTÉ^ANNE^ANNE MARIE^^^^L"
BORN = "^^^^^^BDL^^59350"


def application(name: str, hospital: int, role: Role) -> ApplicationEntry:
    """An application known on the loopback by the facility of its name."""
    feeds = role is Role.FEED
    credential = Credential(f"loopback:{name}", may_feed=feeds, may_query=not feeds)
    return ApplicationEntry(name, "urn:test", name, HospitalId(hospital), role, (credential,))


APPLICATIONS = [
    application("GAM-1", 1, Role.FEED),
    application("GAM-2", 2, Role.FEED),
    application("GAM-4", 4, Role.FEED),
    application("DPI-1", 1, Role.HOSPITAL_APPLICATION),
    application("DPI-2", 2, Role.HOSPITAL_APPLICATION),
    application("XREF-1", 1, Role.CROSS_REFERENCE_APPLICATION),
]


def adt(event: str, facility: str, ids: str, *more: str, control: str = "1", **fields: str) -> bytes:
    header = (
        f"MSH|^~\\&|GAM|{facility}|BEFFROI|R|20261124090000||ADT^{event}|{control}|P|2.5^FRA^2.11|||||FRA|UNICODE UTF-8"
    )
    said = {"names": NAMES, "f7": "19800412", "f8": "F", "f11": BORN, "f32": "VALI"} | fields
    return message(header, "EVN||20261124090000", pid(ids=ids, **said), *more)


def qbp(event: str, facility: str, qpd: str, *more: str) -> bytes:
    header = f"MSH|^~\\&|DPI|{facility}|BEFFROI|R|20261124||QBP^{event}|q|P|2.5|||||FRA|UNICODE UTF-8"
    return message(header, f"QPD|IHE Query|T1|{qpd}", *(more or ("RCP|I",)))


def ipp(value: str, hospital: int) -> str:
    return f"{value}^^^&{HOSPITALS[hospital - 1].oid}&ISO^PI"


@pytest.fixture
async def house(
    dsn: str, dsn_of: object, hospitals: object, deployment: object, clock: Clock
) -> AsyncIterator[tuple[House, Database]]:
    await copy_registers(dsn, HOSPITALS, APPLICATIONS)
    opened = await Database.open(dsn_of(ROLE_FEED))  # type: ignore[operator]
    house = await open_house(opened, clock)
    yield house, opened
    await house.close()
    await opened.close()


@pytest.fixture
async def door(house: tuple[House, Database], clock: Clock) -> AsyncIterator[Serving]:
    opened, database = house
    registrar = Registrar(database, clock)
    await registrar.start()
    callers = Connections(CredentialStore(database), opened.hospitals, clock)
    messages = Messages(registrar, opened.finder, callers.caller, clock, REGION)
    async with serving(messages) as running:
        yield running
    await registrar.stop()


@pytest.fixture
async def client(door: Serving) -> AsyncIterator[Client]:
    opened = await door.client()
    yield opened
    await opened.close()


async def fed(client: Client, content: bytes) -> None:
    reply = await client.ask(content)
    assert reply[1].startswith("MSA|AA"), reply


PDQ = "@PID.5.1^DE L ETE~@PID.5.2^ANNE~@PID.7^19800412"


async def test_an_admission_is_found_at_once(client: Client, database: Database) -> None:
    """What the hospital's feed says, its application finds in the next query; the disclosure holds what was shown."""
    await fed(client, adt("A01", "GAM-1", ipp("42", 1)))
    reply = await client.ask(qbp("Q22", "DPI-1", PDQ))
    assert reply[1:3] == ["MSA|AA|q", "QAK|T1|OK"], reply
    shown = next(line for line in reply if line.startswith("PID")).split("|")
    assert shown[3].startswith(f"42^^^CH-BEAUMONT&{BEAUMONT.oid}&ISO^PI~") and shown[5] == NAMES
    assert (shown[7], shown[8], shown[11]) == ("19800412", "F", BORN)
    rows = await database.pool.fetch(
        "select operation, outcome, door, shown::text as shown from disclosures order by 1"
    )
    assert [(row["operation"], row["outcome"], row["door"]) for row in rows] == [(5, 1, 2), (8, 6, 2)]
    assert msgspec.json.decode(rows[0]["shown"])[0][0] == 1


async def test_a_heartbeat_is_a_sign_of_life_and_no_message(client: Client, database: Database) -> None:
    """NMD^N02 of a feed is acknowledged and noted; of software that only asks it is refused."""
    beat = "MSH|^~\\&|GAM|{}|BEFFROI|R|20261124||NMD^N02|9|P|2.5|||||FRA|UNICODE UTF-8"
    for facility, code in (("GAM-1", "AA"), ("DPI-1", "AR")):
        reply = await client.ask(message(beat.format(facility), "NST|Y"))
        assert reply[1].startswith(f"MSA|{code}"), reply
    rows = await database.pool.fetch("select hospital_id, message_count from feeds")
    assert [tuple(row) for row in rows] == [(1, 0)]


async def test_one_patient_of_two_hospitals(client: Client) -> None:
    """The same qualified INS in two hospitals: only who may cross-reference is told the other's identifier."""
    await fed(client, adt("A28", "GAM-1", f"{ipp('42', 1)}~{INS}"))
    await fed(client, adt("A28", "GAM-2", f"{ipp('7', 2)}~{INS}"))
    asked = ipp("42", 1)
    reply = await client.ask(qbp("Q23", "XREF-1", f"{asked}|^^^&{VALCOURT.oid}&ISO"))
    assert reply[1:3] == ["MSA|AA|q", "QAK|T1|OK"], reply
    assert reply[-1] == f"PID|1||7^^^CHU-VALCOURT&{VALCOURT.oid}&ISO^PI||~^^^^^^S"
    everything = await client.ask(qbp("Q23", "XREF-1", asked))
    assert "260058815400233^^^" in everything[-1] and "42^^^" not in everything[-1]
    refused = await client.ask(qbp("Q23", "DPI-1", asked))
    assert refused[1] == "MSA|AE|q" and not any(line.startswith("PID") for line in refused)


async def test_cross_reference_errors(client: Client) -> None:
    """Unknown identifier, source and targets: AE, 204 and the place that the standard gives each."""
    await fed(client, adt("A28", "GAM-1", ipp("42", 1)))
    places = {
        ipp("unknown", 1): ["QPD^1^3^1^1"],
        "42^^^&9.9.9&ISO": ["QPD^1^3^1^4"],
        f"{ipp('42', 1)}|^^^&9.9&ISO~^^^&{VALCOURT.oid}&ISO~^^^NOBODY": ["QPD^1^4^1", "QPD^1^4^3"],
        f"{ipp('42', 1)}|^^^&{PSYCHIATRY.oid}&ISO": ["QPD^1^4^1"],
    }
    for qpd, expected in places.items():
        reply = await client.ask(qbp("Q23", "XREF-1", qpd))
        errors = [line.split("|") for line in reply if line.startswith("ERR")]
        assert [error[2] for error in errors] == expected, reply
        assert {error[3].split("^")[0] for error in errors} == {"204"}
        assert f"QPD|IHE Query|T1|{qpd}" in reply
    nothing_else = await client.ask(qbp("Q23", "XREF-1", ipp("42", 1)))
    assert nothing_else[1:3] == ["MSA|AA|q", "QAK|T1|NF"]


async def test_each_unknown_domain_to_return_is_named(client: Client) -> None:
    """PDQ: AE and one ERR, 204, for each repetition of QPD-8 that names no domain, a hidden hospital's among them."""
    await fed(client, adt("A28", "GAM-1", ipp("42", 1)))
    domains = f"^^^&9.9&ISO~^^^&{BEAUMONT.oid}&ISO~^^^&{PSYCHIATRY.oid}&ISO"
    reply = await client.ask(qbp("Q22", "DPI-1", f"{PDQ}|||||{domains}"))
    errors = [line.split("|") for line in reply if line.startswith("ERR")]
    assert reply[1] == "MSA|AE|q" and [error[2] for error in errors] == ["QPD^1^8^1", "QPD^1^8^3"]
    assert {error[3].split("^")[0] for error in errors} == {"204"}
    known = await client.ask(qbp("Q22", "DPI-1", f"{PDQ}|||||^^^&{BEAUMONT.oid}&ISO"))
    assert known[1] == "MSA|AA|q"


async def test_a_message_sent_again_is_acknowledged_again(client: Client, database: Database) -> None:
    """A retransmission is AA and changes nothing; the same number with another content is another message."""
    once = adt("A28", "GAM-1", ipp("42", 1))
    await fed(client, once)
    await fed(client, once)
    await fed(client, adt("A31", "GAM-1", ipp("42", 1), names="MARTIN^ANNE^^^^^L"))
    assert await database.pool.fetchval("select count(*) from feed_messages") == 2
    assert await database.pool.fetchval("select record->>'birth_family' from identities") == "MARTIN"


async def test_merges_and_changes(client: Client) -> None:
    """A40: the subsumed identifier no longer answers for itself; A47: the new one does; unknown ones are named."""
    await fed(client, adt("A28", "GAM-1", ipp("41", 1)))
    await fed(client, adt("A28", "GAM-1", ipp("42", 1)))
    await fed(client, adt("A40", "GAM-1", ipp("42", 1), f"MRG|{ipp('41', 1)}", control="2"))
    found = await client.ask(qbp("Q22", "DPI-1", PDQ))
    pids = [line for line in found if line.startswith("PID")]
    assert len(pids) == 1 and pids[0].split("|")[3].startswith("42^^^")
    await fed(client, adt("A47", "GAM-1", ipp("43", 1), f"MRG|{ipp('42', 1)}", control="3"))
    (renamed,) = [line for line in await client.ask(qbp("Q22", "DPI-1", PDQ)) if line.startswith("PID")]
    assert renamed.split("|")[3].startswith("43^^^")


async def test_links_and_messages_without_patient(client: Client, database: Database) -> None:
    """A24 and A37 assert and deny that two identities are one person; A20 is a sign of life; A17 updates two."""
    for number in ("1", "2"):
        await fed(client, adt("A28", "GAM-1", ipp(number, 1), names=f"N{number}^ANNE^^^^^L", control=number))
    other = pid(ids=ipp("2", 1), names="N2^ANNE^^^^^L")
    await fed(client, adt("A24", "GAM-1", ipp("1", 1), other, control="3"))
    assert await database.pool.fetchval("select count(distinct person_id) from identities") == 1
    await fed(client, adt("A37", "GAM-1", ipp("1", 1), other, control="4"))
    assert await database.pool.fetchval("select count(distinct person_id) from identities") == 2
    await fed(client, adt("A17", "GAM-1", ipp("1", 1), other, control="5"))
    await fed(client, adt("A20", "GAM-1", ipp("1", 1), control="6").replace(b"PID|", b"NPU|"))
    unknown = await client.ask(adt("A24", "GAM-1", ipp("1", 1), pid(ids=ipp("9", 1)), control="7"))
    assert unknown[1] == "MSA|AE|7" and unknown[2].startswith("ERR||PID^2^3|204^")


async def test_deleting_an_ins(client: Client, database: Database) -> None:
    """A47 with `""` leaves the identity without INS, provisional where PID-32 says so."""
    await fed(client, adt("A28", "GAM-1", f"{ipp('42', 1)}~{INS}"))
    assert await database.pool.fetchval("select ins from identities") == "260058815400233|1.2.250.1.213.1.4.10"
    deleted = INS.replace("260058815400233", '""')
    await fed(client, adt("A47", "GAM-1", f"{ipp('42', 1)}~{deleted}", f"MRG|{INS}", control="2", f32="PROV"))
    row = await database.pool.fetchrow("select ins, coalesce(record->>'status', 'PROV') as status from identities")
    assert row is not None and (row["ins"], row["status"]) == (None, "PROV")


async def test_an_ins_names_its_bearer(client: Client, database: Database) -> None:
    """A47 without an IPP finds the patient of this hospital by the INS of MRG-1; nobody else's, and none is AE, 204."""
    for facility, number in (("GAM-1", 1), ("GAM-2", 2)):
        await fed(client, adt("A28", facility, f"{ipp('42', number)}~{INS}"))
    deleted = INS.replace("260058815400233", '""')
    message = adt("A47", "GAM-1", deleted, f"MRG|{INS}", control="2", f32="PROV")
    await fed(client, message)
    await fed(client, message)
    rows = await database.pool.fetch("select hospital_id, ins is null as gone from identities order by 1")
    assert [tuple(row) for row in rows] == [(1, True), (2, False)]
    unknown = await client.ask(adt("A47", "GAM-1", deleted, f"MRG|{INS}", control="3", f32="PROV"))
    assert unknown[1] == "MSA|AE|3" and unknown[2].startswith("ERR||MRG^1^1|204^")
    for number in ("50", "51"):
        await fed(client, adt("A28", "GAM-1", f"{ipp(number, 1)}~{INS}", control=f"4{number}"))
    two = await client.ask(adt("A47", "GAM-1", deleted, f"MRG|{INS}", control="5"))
    assert two[1] == "MSA|AE|5" and two[2].startswith("ERR||MRG^1^1|102^")


async def test_one_transaction_finds_a_bearer_that_it_made(client: Client, database: Database) -> None:
    """An A47 right behind the A28 that brings the INS: both in one batch, applied in their order."""
    deleted = INS.replace("260058815400233", '""')
    await client.write(
        adt("A28", "GAM-1", f"{ipp('42', 1)}~{INS}"),
        adt("A47", "GAM-1", deleted, f"MRG|{INS}", control="2", f32="PROV"),
    )
    assert [(await client.read())[1] for _ in range(2)] == ["MSA|AA|1", "MSA|AA|2"]
    assert await database.pool.fetchval("select ins from identities") is None


async def test_the_hour_alone_changes_nothing(client: Client, database: Database) -> None:
    """PID-33 counts where something else changed: software that sends the present time gives nobody a new version."""
    await fed(client, adt("A31", "GAM-1", ipp("42", 1), f33="20261124080000"))
    await fed(client, adt("A31", "GAM-1", ipp("42", 1), control="2", f33="20261124090000"))
    kept = "select record->>'last_update' from identities"
    assert (await database.pool.fetchval(kept)).startswith("2026-11-24T08:00")
    await fed(client, adt("A31", "GAM-1", ipp("42", 1), control="3", f8="U", f33="20261124100000"))
    assert (await database.pool.fetchval(kept)).startswith("2026-11-24T10:00")


async def test_a_nia_makes_way_for_a_nir(client: Client, database: Database) -> None:
    """A31 with a NIR, alone or beside the NIA: the NIR is kept; A47 then takes either away."""
    nia = INS.replace("ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10", "ASIP-SANTE-INS-NIA&1.2.250.1.213.1.4.9")
    kept = "select ins from identities"
    await fed(client, adt("A28", "GAM-1", f"{ipp('42', 1)}~{nia}"))
    assert (await database.pool.fetchval(kept)).endswith("|1.2.250.1.213.1.4.9")
    await fed(client, adt("A31", "GAM-1", f"{ipp('42', 1)}~{nia}~{INS}", control="2"))
    assert (await database.pool.fetchval(kept)).endswith("|1.2.250.1.213.1.4.10")
    deleted = INS.replace("260058815400233", '""')
    await fed(client, adt("A47", "GAM-1", f"{ipp('42', 1)}~{deleted}", f"MRG|{nia}", control="3"))
    assert await database.pool.fetchval(kept) is None


async def test_a_feed_speaks_for_its_own_hospital_only(client: Client, database: Database) -> None:
    """Another hospital's identifier is refused (AE), and an application that asks may not feed (AR)."""
    for facility, code in (("GAM-1", "AE"), ("DPI-2", "AR")):
        assert (await client.ask(adt("A28", facility, ipp("7", 2))))[1] == f"MSA|{code}|1"
    assert await database.pool.fetchval("select count(*) from identities") == 0


async def test_a_sensitive_hospital_stays_hidden(client: Client) -> None:
    """What the psychiatric hospital alone feeds, another hospital's application does not find."""
    await fed(client, adt("A28", "GAM-4", ipp("9", 4)))
    reply = await client.ask(qbp("Q22", "DPI-1", PDQ))
    assert reply[2] == "QAK|T1|NF" or reply[3] == "QAK|T1|NF"
    assert not any(line.startswith("PID") for line in reply)


async def test_sweeps_are_refused_and_recorded(client: Client, database: Database) -> None:
    """A wildcard that would sweep, and a question that says too little: an error with the way on, in the ledger."""
    for parameters in ("@PID.5.1^*", "@PID.8^F"):
        reply = await client.ask(qbp("Q22", "DPI-1", parameters))
        assert reply[1] == "MSA|AE|q" and "ERR" in reply[2]
    outcomes = await database.pool.fetch("select outcome from disclosures where operation = 5")
    assert [row["outcome"] for row in outcomes] == [4, 4]


MEDICAL = (
    "PV1|1|I|^^^PSYCHIATRIE^^N|||||||CARDIO",
    "PV2|||LAPAROTOMIE",
    "DG1|1||F20.0^SCHIZOPHRENIE^CIM10",
    "AL1|1|DA|PENICILLINE",
    "OBX|1|TX|NOTE||ALCOOLISME",
    "NTE|1||TOXICOMANIE",
    "PR1|1||APPENDICECTOMIE",
    "ZBE|1|20261124||INSERT|N||UROLOGIE^^^^^X^UF",
    "ZFA|ACTIF||CONSENTEMENT",
    "NK1|1|VOISINE^PAULE",
    "GT1|1||GARANTE",
    "IN1|1|MUTUELLE",
    "ACC|20261124|ACCIDENTEL",
    "ROL|1|AD|ODRP|DOCTEUR",
)
WORDS = re.findall(r"[A-Z]{6,}", " ".join((*MEDICAL, "RELIGION ETHNIE")))


async def test_no_medical_word_is_kept(client: Client, database: Database, capfd: pytest.CaptureFixture[str]) -> None:
    """Segments of every kind go in with an admission; no table, log or reply holds a word of them."""
    admission = adt("A01", "GAM-1", ipp("42", 1), *MEDICAL, f17="RELIGION", f22="ETHNIE")
    report = admission.replace(b"ADT^A01", b"ORU^R01")
    replies = [await client.ask(content) for content in (admission, report)]
    assert [reply[1] for reply in replies] == ["MSA|AA|1", "MSA|AR|1"]
    assert await database.pool.fetchval("select count(*) from identities") == 1
    held = repr(replies) + capfd.readouterr().err
    tables = await database.pool.fetch("select tablename from pg_tables where schemaname = 'public'")
    for (table,) in tables:
        rows = await database.pool.fetch(f'select t::text from "{table}" t')
        held += "".join(row[0] for row in rows)
    assert "DE L'ÉTÉ" in held
    assert [word for word in WORDS if word in held] == []


async def test_many_senders_at_once(door: Serving, database: Database) -> None:
    """Sixteen connections with messages in a row: each acknowledged, each applied once."""

    async def send(number: int) -> None:
        client = await door.client()
        contents = [
            adt("A28", "GAM-1", ipp(f"{number}-{n}", 1), control=f"{number}-{n}", names=f"N{number}^P{n}^^^^^L")
            for n in range(20)
        ]
        await client.write(*contents)
        for n in range(20):
            assert (await client.read())[1] == f"MSA|AA|{number}-{n}"
        await client.close()

    await asyncio.gather(*(send(number) for number in range(16)))
    assert await database.pool.fetchval("select count(*) from identities") == 320


async def test_an_answer_in_pages(client: Client, database: Database) -> None:
    """RCP-2 pages: DSC leads on to everybody once; how many there are is told, and whoever is counted is recorded."""
    for number in range(5):
        await fed(
            client, adt("A28", "GAM-1", ipp(f"P{number}", 1), control=f"c{number}", names=f"MARTIN^L{number}^^^^^L")
        )
    asked = "@PID.5.1^MAR~@PID.5.2^L~@PID.7^19800412"
    reply = await client.ask(qbp("Q22", "DPI-1", asked, "RCP|I|2^RD"))
    assert "QAK|T1|OK||5|2|3" in reply
    assert await database.pool.fetchval("select count(distinct person_id) from seen") == 5
    seen: list[str] = []
    while True:
        seen += [line.split("|")[5].split("^")[1] for line in reply if line.startswith("PID")]
        pointer = next((line.split("|")[1] for line in reply if line.startswith("DSC")), "")
        if not pointer:
            break
        reply = await client.ask(qbp("Q22", "DPI-1", asked, "RCP|I|2^RD", f"DSC|{pointer}|I"))
    assert sorted(seen) == [f"L{number}" for number in range(5)]
    assert "QAK|T1|OK||5|1|0" in reply


async def test_a_pointer_is_good_for_its_query_alone(client: Client) -> None:
    """Another query, another application, a made-up pointer and a cancelled query: AE with 204 at DSC, all alike."""
    for number in range(3):
        await fed(
            client, adt("A28", "GAM-1", ipp(f"P{number}", 1), control=f"c{number}", names=f"MARTIN^L{number}^^^^^L")
        )
    asked = "@PID.5.1^MAR~@PID.5.2^L~@PID.7^19800412"
    reply = await client.ask(qbp("Q22", "DPI-1", asked, "RCP|I|2^RD"))
    pointer = next(line for line in reply if line.startswith("DSC"))
    others = [
        qbp("Q22", "DPI-1", asked.replace("MAR", "MART"), "RCP|I|2^RD", pointer),
        qbp("Q22", "DPI-2", asked, "RCP|I|2^RD", pointer),
        qbp("Q22", "DPI-1", asked, "RCP|I|2^RD", "DSC|AAAA|I"),
    ]
    told = {tuple((await client.ask(other))[1:4]) for other in others}
    assert len(told) == 1 and next(iter(told))[0].startswith("MSA|AE") and "DSC^1^1|204" in next(iter(told))[1]
    cancel = message(
        "MSH|^~\\&|DPI|DPI-1|BEFFROI|R|20261124||QCN^J01|x|P|2.5|||||FRA|UNICODE UTF-8", "QID|T1|IHE PDQ Query"
    )
    assert (await client.ask(cancel))[1].startswith("MSA|AA")
    assert "DSC^1^1|204" in (await client.ask(qbp("Q22", "DPI-1", asked, "RCP|I|2^RD", pointer)))[2]
