"""The data protection officer's journey: the register, the 72 hours, whose data, what lacks, the list as a file."""

import io
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pyrage

from beffroi.model.disclosure import Operation
from console.asking import find, path_of, post
from requests_and_records import record


async def test_an_incident_from_suspicion_to_its_end(served, louise) -> None:
    """Opened, confirmed with its clock, counted, described, notified and closed; each step is in the history."""
    nurse = await served.signed_in("ward-nurse")
    await find(nurse)
    officer = await served.signed_in("data-protection-officer")
    subject = served.staff["ward-nurse"].subject
    opened = path_of(await post(officer, "/incidents", title="Compte volé", accounts=subject, reason="signalement"))
    page = await officer.get(opened)
    assert "soupçonné" in page.text and "Compte volé" in page.text
    aware = (datetime.now() - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")  # noqa: DTZ005 - as a browser's field
    assert (await post(officer, opened, what="confirmed", reason="vu dans la veille", aware=aware)).status_code == 303
    assert "pour notifier" in (await officer.get(opened)).text
    scope = await officer.get(opened.replace("/incidents/", "/incidents/scope/"))
    assert "1 patient" in scope.text and "CH de Beaumont" in scope.text and "MARTIN" not in scope.text
    early = await post(officer, opened, what="closed", reason="fini")
    assert early.status_code == 422 and "il manque au registre" in early.text
    register = opened.replace("/incidents/", "/incidents/register/")
    for name, content in {"facts": "Un accès", "effects": "Aucun", "measures": "Arrêt"}.items():
        assert path_of(await post(officer, register, text=name, content=content, reason="registre")) == opened
    await post(officer, opened, what="notified", reason="dépôt fait")
    assert (await post(officer, opened, what="closed", reason="fini")).status_code == 303
    page = await officer.get(opened)
    assert "clos" in page.text and page.text.count("dépôt fait") == 1


async def opened_about(served, officer, account: str = "ward-nurse") -> str:
    """The path of an incident about that account."""
    subject = served.staff[account].subject
    return path_of(await post(officer, "/incidents", title="Compte volé", accounts=subject, reason="signalement"))


async def test_the_scope_grows_before_the_officer_s_eyes(served, louise, put) -> None:
    """By hospital, by field and in time, with its table; what the account reads next is told to the open page."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("data-protection-officer")
    await find(nurse)
    opened = await opened_about(served, officer)
    path = opened.replace("/incidents/", "/incidents/scope/")
    page = await officer.get(path)
    assert "1 patient" in page.text and 'class="grown"' in page.text and page.text.count("<table") == 3
    address = re.search(r'data-news="/console([^"]+)"', page.text)
    assert address
    await put(1, "IPP-8", record("MARTIN", "Lucie"), explained_h=5)
    await find(nurse, name="mar lu")
    async with officer.stream("GET", address[1], timeout=20) as answer:
        assert [line async for line in until_news(answer)]
    assert "2 patients" in (await officer.get(path)).text


async def until_news(answer) -> AsyncIterator[str]:
    async for line in answer.aiter_lines():
        if line == "event: news":
            yield line
            return


FILES = {
    "report.{language}.pdf": (b"%PDF-", "application/pdf"),
    "cnil-initial.{language}.csv": (b"", "text/csv; charset=utf-8"),
    "patients.csv": (b"patient,", "text/csv; charset=utf-8"),
    "patients.ndjson": (b'{"', "application/x-ndjson"),
    "everything": (b"PK", "application/zip"),
}


async def test_each_download_is_an_event(served, louise) -> None:
    """The report's files: of their kinds, without a name, and each in the ledger before it leaves."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("data-protection-officer")
    await find(nurse)
    opened = await opened_about(served, officer)
    number = opened.rpartition("/")[2]
    assert "patients.ndjson" in (await officer.get(f"/incidents/files/{number}")).text
    for count, (name, (begins, kind)) in enumerate(FILES.items(), 1):
        file = await post(officer, f"/incidents/report/{number}", file=name, language="fr")
        assert file.status_code == 200, file.text
        assert file.content.startswith(begins) and file.headers["content-type"] == kind
        assert file.headers["content-disposition"].startswith("attachment; ")
        assert file.headers["cache-control"] == "no-store" and b"MARTIN" not in file.content
        events = "select count(*) from disclosures where operation = $1"
        assert await served.database.pool.fetchval(events, Operation.EXPORT) == count
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        names = set(archive.namelist())
    assert {"report.fr.pdf", "report.en.pdf", "SHA256SUMS", "hospital-590000001.csv"} <= names
    assert "rapport" in (await officer.get(opened)).text
    for wrong in ({"file": "../../etc/passwd"}, {"file": "patients.csv", "language": "de"}, {}):
        assert path_of(await post(officer, f"/incidents/report/{number}", **wrong)) == f"/incidents/files/{number}"


async def test_a_proof_needs_its_reader_s_key(served, louise) -> None:
    """Without a key, with what is none, or while nothing is sealed: said beside the field, and nothing leaves."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("data-protection-officer")
    await find(nurse)
    number = (await opened_about(served, officer)).rpartition("/")[2]
    key = str(pyrage.x25519.Identity.generate().to_public())
    for recipient, selection, status in (("", "1", 422), ("age1x", "1", 400), (key, "7", 404), (key, "1", 404)):
        page = await post(officer, f"/incidents/proof/{number}", recipient=recipient, selection=selection)
        assert page.status_code == status and 'id="recipient-mistake"' in page.text, (recipient, selection)


async def test_whole_lists_take_two_people(served, louise) -> None:
    """One asks; the same does not approve; without anybody else nothing is written."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("data-protection-officer")
    await find(nurse)
    number = (await opened_about(served, officer)).rpartition("/")[2]
    short = await post(officer, f"/incidents/lists/{number}", reason="x")
    assert short.status_code == 400 and 'id="reason-mistake"' in short.text
    await post(officer, f"/incidents/lists/{number}", reason="à remettre aux hôpitaux")
    page = await officer.get(f"/incidents/files/{number}")
    assert "attend une seconde personne" in page.text and "Approuver" not in page.text
    export = await served.database.pool.fetchval("select export_id from scope_exports")
    for step in ("approve", "write"):
        refused = await post(officer, f"/incidents/{step}/{export}", incident=number)
        assert refused.status_code == 400 and 'role="alert"' in refused.text
    assert path_of(await post(officer, f"/incidents/refuse/{export}", incident=number)).endswith(number)


async def test_what_it_is_about_is_said_in_words_and_changed(served, louise) -> None:
    """Accounts by their own identifiers, times in the region's; a wider selection with its reason, mistakes at hand."""
    await served.signed_in("ward-nurse")
    officer = await served.signed_in("data-protection-officer")
    opened, subject = await opened_about(served, officer), served.staff["ward-nurse"].subject
    assert f"<dt>Comptes</dt><dd>{subject}</dd>" in (await officer.get(opened)).text
    wide = f"account={subject}\nnetwork=192.0.2.7"
    assert (await post(officer, opened, what="select", selections=wide, reason="même réseau")).status_code == 303
    page = await officer.get(opened)
    assert "<dt>Réseaux</dt><dd>192.0.2.7</dd>" in page.text
    account = await served.database.pool.fetchval("select account_id from accounts where subject = $1", subject)
    assert (
        f">account-number={account}\nnetwork=192.0.2.7</textarea>" in page.text
    )  # what is there is there to be changed
    for wrong in ("colour=blue", "account=nobody"):
        page = await post(officer, opened, what="select", selections=wrong, reason="essai")
        assert page.status_code == 422 and wrong in page.text and 'class="mistake"' in page.text


async def test_long_texts_have_pages_of_their_own(served) -> None:
    """A text that is refused comes back as it was typed; an entry of the history that is cut is whole on its page."""
    officer = await served.signed_in("data-protection-officer")
    await served.signed_in("ward-nurse")
    opened = await opened_about(served, officer)
    register, entry = (opened.replace("/incidents/", f"/incidents/{room}/") for room in ("register", "entry"))
    refused = await post(officer, register, text="effects", content="Des appels frauduleux", reason="x")
    assert (
        refused.status_code == 422 and "Des appels frauduleux" in refused.text and 'id="reason-mistake"' in refused.text
    )
    assert path_of(await post(officer, register, text="colour", content="bleu", reason="essai")) == register
    await post(officer, opened, what="note", reason="mot " * 200 + "fin.")
    page = (await officer.get(opened)).text
    assert "à écrire" in page and "fin." not in page and "?entry=1" in page
    assert "fin." in (await officer.get(f"{entry}?entry=1")).text
    for place in ("2", "x", ""):
        assert (await officer.get(f"{entry}?entry={place}")).status_code == 404


async def test_the_severity_is_explained_and_chosen_with_a_reason(served, louise) -> None:
    """Each factor with its words and the program's reason; a choice stands beside the proposal, and in the history."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("data-protection-officer")
    await find(nurse)
    opened = await opened_about(served, officer)
    path = opened.replace("/incidents/", "/incidents/severity/")
    page = (await officer.get(path)).text.replace("\xa0", " ")
    assert '<p class="figure">3</p>' in page and "oui, sans délai" in page and "proposée" in page
    assert "Facilité d&#39;identification" in page and "une personne et aucune autre" in page and "MARTIN" not in page
    looked = "select request from disclosures where operation = $1 order by disclosure_id desc limit 1"
    assert '"step":"severity"' in await served.database.pool.fetchval(looked, Operation.SCOPE_VIEW)
    for wrong in ({"value": "0.3", "reason": "une erreur de saisie"}, {"value": "0.0", "reason": "bref"}, {}):
        refused = await post(officer, path, what="malice", **wrong)
        assert refused.status_code == 400 and 'id="mistake-malice"' in refused.text, wrong
    chosen = await post(officer, path, what="malice", value="0.0", reason="une erreur de saisie du titulaire")
    assert path_of(chosen) == f"{path}#malice"
    page = (await officer.get(path)).text.replace("\xa0", " ")
    assert '<p class="figure">2,5</p>' in page and "Le programme propose 0,5" in page and "retenue" in page
    assert "une erreur de saisie du titulaire" in (await officer.get(opened)).text


async def test_a_severity_is_kept_as_proposed(served, louise) -> None:
    """By a form that says so; once the incident is closed nothing of it can be chosen."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("data-protection-officer")
    await find(nurse)
    opened = await opened_about(served, officer)
    path = opened.replace("/incidents/", "/incidents/severity/")
    assert path_of(await post(officer, path, what="keep")) == path
    assert path_of(await post(officer, path, what="nothing")) == path
    assert "Gravité : 3," in (await officer.get(opened)).text.replace("\xa0", " ")
    await served.database.pool.execute("update incidents set state = 'closed'")
    assert "Choisir autrement" not in (await officer.get(path)).text
    assert "clos" in (await post(officer, path, what="keep")).text
    assert (await officer.get("/incidents/severity/99")).status_code == 404


async def test_what_is_missing_is_said_beside_its_field(served) -> None:
    """An incident needs a title, accounts that exist and a reason."""
    officer = await served.signed_in("data-protection-officer")
    page = await post(officer, "/incidents", title="x")
    assert page.status_code == 422 and page.text.count('class="mistake"') == 3
    page = await post(officer, "/incidents", title="Compte volé", accounts="nobody", reason="signalement")
    assert page.status_code == 404 and 'id="accounts-mistake"' in page.text
    assert (await officer.get("/incidents/99")).status_code == 404
