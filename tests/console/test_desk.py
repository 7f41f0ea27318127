"""The desk's journey: who saw a patient, told to her alone, with what was checked; never anybody else's."""

from datetime import UTC, datetime

import msgspec
import pytest

from beffroi.model.disclosure import Field, Operation
from beffroi.store.database import Database
from console.asking import find, link_in, path_of, post
from requests_and_records import record


async def told(client, name: str = "mar l"):
    """What a desk prints for the patient of that name."""
    link = link_in(await find(client, name=name)).replace("/patient/", "/desk/")
    assert "carte d&#39;identité" in (await client.get(link)).text
    return await client.get(path_of(await post(client, link, document="passport", person="self")))


async def test_a_patient_is_told_who_saw_her(served, louise) -> None:
    """Role, organisation, data, purpose and door of each sight; the telling is a disclosure with what was checked."""
    nurse, clerk = await served.signed_in("ward-nurse"), await served.signed_in("admission-clerk")
    await find(nurse)
    page = await told(clerk)
    assert "Infirmier de service" in page.text and "CH de Beaumont" in page.text and "date de naissance" in page.text
    assert "MARTIN" not in page.text
    row = await served.database.pool.fetchrow(
        "select * from disclosures where operation = $1", Operation.PATIENT_ACCESS
    )
    assert row["reason"] == "identity checked: passport; asked by the patient"
    ((person, fields, _),) = msgspec.json.decode(row["shown"])
    assert (person, Field(fields)) == (louise, Field.REFERENCE)


@pytest.fixture(
    params=[
        ({1: "127.0.0.0/8"}, "réseau de CH de Beaumont"),
        ({1: "192.0.2.0/24", 3: "127.0.0.0/16"}, "réseau de CH de Sainte-Marthe"),
        ({1: "192.0.2.0/24", 4: "127.0.0.0/8"}, "hors du réseau de l&#39;organisation"),
        ({}, ""),
    ],
    ids=["inside", "another's", "a sensitive hospital's", "undeclared"],
)
async def from_where(request: pytest.FixtureRequest, hospitals: object, dsn: str) -> str:
    """What hospitals have declared their networks, before the console starts; what a reading from here is told as."""
    declared, said = request.param
    async with await Database.open(dsn) as database:
        for hospital, network in declared.items():
            await database.pool.execute(
                "update hospitals set networks = $2 where hospital_id = $1", hospital, [network]
            )
    return str(said)


async def test_from_where_it_was_read(from_where: str, served, louise) -> None:
    """By the networks that hospitals have declared; a hospital whose name alone is medical is not named."""
    nurse, clerk = await served.signed_in("ward-nurse"), await served.signed_in("admission-clerk")
    await find(nurse)
    page = (await told(clerk)).text
    assert page.count(from_where or "écran") == 2  # the nurse's search, and the clerk's
    assert from_where or "réseau" not in page
    assert "EPSM" not in page


async def test_nothing_is_told_without_a_check(served, louise) -> None:
    """Without a document the form comes back and nobody is told anything."""
    clerk = await served.signed_in("admission-clerk")
    link = link_in(await find(clerk)).replace("/patient/", "/desk/")
    assert (await post(clerk, link)).status_code == 422
    count = "select count(*) from disclosures where operation = $1"
    assert await served.database.pool.fetchval(count, Operation.PATIENT_ACCESS) == 0


async def test_somebody_else_s_sights_are_never_told(served, louise, put) -> None:
    """Two people once taken for one: each is told of what was read of her own identities, whatever number they bore."""
    other = await put(1, "IPP-8", record("MARTIN", "Lucette"), explained_h=5)
    nurse, clerk = await served.signed_in("ward-nurse"), await served.signed_in("admission-clerk")
    pool = served.database.pool
    await pool.execute("update identities set person_id = $1 where identity_id = $2", louise, other)
    await find(nurse)  # shows both identities as one person
    await pool.execute("update identities set person_id = $1 where identity_id = $1", other)
    now = datetime.now(UTC)
    for moved in ((louise, other), (other, louise)):
        await pool.execute(
            "insert into moves (identity_id, from_person, to_person, moved_at, cause) values ($1, $2, $3, $4, 'A37')",
            other, *moved, now,
        )  # fmt: skip
    await find(nurse, name="mar lo")  # Louise alone
    lucette = await told(clerk, "mar lu")
    louise_told = await told(clerk, "mar lo")
    assert lucette.text.count("Infirmier de service") == 1
    assert louise_told.text.count("Infirmier de service") == 2


async def test_a_sensitive_hospital_tells_for_itself(served, put) -> None:
    """What the psychiatric hospital read is told there, and not elsewhere; the words are the same either way."""
    person = await put(1, "IPP-7", record("MARTIN", "Louise"), explained_h=5)
    await put(4, "P-1", record("MARTIN", "Louise"), person=person, explained_h=5)
    there, clerk = await served.signed_in("ward-nurse-4"), await served.signed_in("admission-clerk")
    await find(there)
    page = await told(clerk)
    assert "EPSM" not in page.text and "Infirmier de service" not in page.text
    assert "dont le seul nom dirait quelque chose de votre santé" in page.text


async def test_an_open_investigation_delays(served, louise) -> None:
    """What an open incident is about is kept back, and the page says so; once it is closed it is told."""
    nurse, clerk = await served.signed_in("ward-nurse"), await served.signed_in("admission-clerk")
    officer = await served.signed_in("data-protection-officer")
    await find(nurse)
    subject = served.staff["ward-nurse"].subject
    opened = await post(officer, "/incidents", title="Compte volé", accounts=subject, reason="signalement")
    page = await told(clerk)
    assert "Infirmier de service" not in page.text and "enquête en cours" in page.text
    number = path_of(opened).rpartition("/")[2]
    await post(officer, f"/incidents/{number}", what="dismissed", reason="fausse alerte")
    page = await told(clerk)
    assert "Infirmier de service" in page.text and "enquête en cours" not in page.text
