"""The data protection officer's journey: the register, the 72 hours, whose data, what lacks, the list as a file."""

from datetime import datetime, timedelta

from beffroi.model.disclosure import Operation
from console.asking import find, path_of, post


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
    await post(officer, opened, what="told", facts="Un accès", effects="Aucun", measures="Arrêt", reason="registre")
    await post(officer, opened, what="notified", reason="dépôt fait")
    assert (await post(officer, opened, what="closed", reason="fini")).status_code == 303
    page = await officer.get(opened)
    assert "clos" in page.text and page.text.count("dépôt fait") == 1


async def test_the_list_is_a_file_of_references(served, louise) -> None:
    """A row for each patient, opaque; the look is recorded with the list's digest."""
    nurse, officer = await served.signed_in("ward-nurse"), await served.signed_in("data-protection-officer")
    await find(nurse)
    subject = served.staff["ward-nurse"].subject
    opened = path_of(await post(officer, "/incidents", title="Compte volé", accounts=subject, reason="signalement"))
    file = await officer.get(opened.replace("/incidents/", "/incidents/file/"))
    assert file.headers["content-type"].startswith("text/csv") and file.headers["cache-control"] == "no-store"
    head, row = file.text.splitlines()
    assert head.startswith("reference;") and "590000001" in row and "MARTIN" not in row
    count = "select count(*) from disclosures where operation = $1"
    assert await served.database.pool.fetchval(count, Operation.SCOPE_VIEW) == 1


async def test_what_is_missing_is_said_beside_its_field(served) -> None:
    """An incident needs a title, accounts that exist and a reason."""
    officer = await served.signed_in("data-protection-officer")
    page = await post(officer, "/incidents", title="x")
    assert page.status_code == 422 and page.text.count('class="mistake"') == 3
    page = await post(officer, "/incidents", title="Compte volé", accounts="nobody", reason="signalement")
    assert page.status_code == 404 and 'id="accounts-mistake"' in page.text
    assert (await officer.get("/incidents/99")).status_code == 404
