"""What leaves an incident as a file: its report, its proofs, whole lists by two people. Each is an event of the ledger.

A file is the answer to a form, so no address that can be kept, sent or prefetched takes one away.
"""

import asyncio
import io
import zipfile
from collections.abc import Mapping
from typing import Final

from beffroi.actions.case_files import LANGUAGES
from beffroi.errors import CallerError, Words
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import Page, Visit, number_of, see_other
from beffroi.servers.console.incidents import INCIDENT, about, ask_of, taking
from beffroi.servers.console.paging import cut
from beffroi.servers.console.rooms import Room
from beffroi.servers.exchange import number_in

TITLE = Words("Files", "Documents")
EVERYTHING: Final = "everything"
EXPORTS_MAX: Final = 10
"""Lists that were asked for, of one incident, on a page: the latest."""
FILES: Final = {
    "report.{language}.pdf": Words("The report (PDF)", "Le rapport (PDF)"),
    "cnil-initial.{language}.csv": Words("CNIL's form, initial (CSV)", "Formulaire de la CNIL, initial (CSV)"),
    "cnil-complementary.{language}.csv": Words(
        "CNIL's form, complementary (CSV)", "Formulaire de la CNIL, complémentaire (CSV)"
    ),
    "cert-sante-ars.{language}.csv": Words("For the CERT Santé and the ARS (CSV)", "Pour le CERT Santé et l'ARS (CSV)"),
    "patients.csv": Words("Patients, as codes (CSV)", "Patients, par codes (CSV)"),
    "patients.ndjson": Words("Patients, as codes (NDJSON)", "Patients, par codes (NDJSON)"),
    "disclosures.csv": Words("Readings, for who counts again (CSV)", "Lectures, pour qui recompte (CSV)"),
    EVERYTHING: Words(
        "Everything, each hospital's too, with the digests (ZIP)",
        "Tout, ceux de chaque hôpital aussi, avec les empreintes (ZIP)",
    ),
}
_TYPES: Final = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "zip": "application/zip",
}
_BINARY: Final = "application/octet-stream"


async def room(desk: Desk, visit: Visit) -> Page:
    """What may be taken away of one incident, and what waits for a second person."""
    return await _room(desk, visit, number_of(visit, INCIDENT), {})


async def _room(desk: Desk, visit: Visit, number: int, mistakes: dict[str, str], status: int = 200) -> Page:
    incident, exports = (await desk.cases.leaving(ask_of(visit), number)).content
    return desk.pages.render(
        visit,
        "case_files.html",
        TITLE,
        Room.INCIDENTS,
        status=status,
        number=number,
        title_of=incident.title,
        files=list(FILES.items()),
        about=await about(desk, visit, incident.selections),
        exports=cut(exports, visit.query, rows_max=EXPORTS_MAX),
        own=visit.visitor.asker.account_id,
        said={name: visit.form.get(name, "") for name in ("recipient", "reason")},
        mistakes=mistakes,
    )


async def report(desk: Desk, visit: Visit) -> Page:
    """One file of the report, or all of them. It is counted anew, and recorded."""
    number, form = number_of(visit, INCIDENT), visit.form
    wanted, language = form.get("file", ""), form.get("language", visit.language)
    if wanted not in FILES or language not in LANGUAGES:
        return see_other(f"/incidents/files/{number}")
    everything = wanted == EVERYTHING
    languages = LANGUAGES if everything else (language,)
    made = await desk.cases.report(ask_of(visit), number, languages, complementary="initial" not in wanted)
    if everything:
        return _file(f"incident-{number}.zip", await asyncio.to_thread(_zipped, made.content))
    name = wanted.format(language=language)
    return _file(f"incident-{number}-{name}", made.content[name])


async def proof(desk: Desk, visit: Visit) -> Page:
    """The proof of one of its selections, encrypted to its reader."""
    number, form = number_of(visit, INCIDENT), visit.form
    recipient, place = form.get("recipient", "").strip(), number_in(form.get("selection", "1"))
    if not recipient:
        mistake = desk.pages.speaker(visit).say("To whose key?", "Pour quelle clé ?")
        return await _room(desk, visit, number, {"recipient": mistake}, 422)
    chosen = (place or 0) - 1  # one that there is not is not found
    try:
        made = await desk.cases.proof_of_incident(taking(visit), number, chosen, (recipient,))
    except CallerError as error:
        return await _room(desk, visit, number, {"recipient": error.text(visit.language)}, error.http_status)
    return _file(f"incident-{number}-proof-{chosen + 1}.json.age", made.content)


async def ask_lists(desk: Desk, visit: Visit) -> Page:
    """Asks for each hospital's list; somebody else approves."""
    number = number_of(visit, INCIDENT)
    try:
        await desk.cases.request_export(taking(visit), number, visit.form.get("reason", ""))
    except CallerError as error:
        return await _room(desk, visit, number, {"reason": error.text(visit.language)}, error.http_status)
    return see_other(f"/incidents/files/{number}")


async def approve_lists(desk: Desk, visit: Visit) -> Page:
    """As the second person."""
    return await _stepped(desk, visit, "approve")


async def refuse_lists(desk: Desk, visit: Visit) -> Page:
    """Nothing leaves."""
    return await _stepped(desk, visit, "refuse")


async def _stepped(desk: Desk, visit: Visit, step: str) -> Page:
    export, number = number_of(visit, INCIDENT), _incident_in(visit)
    try:
        if step == "approve":
            await desk.cases.approve_export(taking(visit), export)
        else:
            await desk.cases.refuse_export(taking(visit), export, "refused")
    except CallerError as error:
        return await _room(desk, visit, number, {"lists": error.text(visit.language)}, error.http_status)
    return see_other(f"/incidents/files/{number}")


async def write_lists(desk: Desk, visit: Visit) -> Page:
    """The lists, once: each encrypted to its hospital's data protection officer."""
    export, number = number_of(visit, INCIDENT), _incident_in(visit)
    try:
        made, without = await desk.cases.write_export(taking(visit), export)
    except CallerError as error:
        return await _room(desk, visit, number, {"lists": error.text(visit.language)}, error.http_status)
    names = {h.hospital_id: h.finess for h in desk.hospitals}
    files = {f"{names[hospital]}.csv.age": content for hospital, content in made.items()}  # type: ignore[index]
    left_out = "".join(f"{names[hospital]}\n" for hospital in without)  # type: ignore[index]
    files |= {"hospitals-without-a-key.txt": left_out.encode()} if without else {}
    return _file(f"incident-{number}-lists.zip", await asyncio.to_thread(_zipped, files))


def _incident_in(visit: Visit) -> int:
    return number_in(visit.form.get("incident", "")) or 0


def _zipped(files: Mapping[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def _file(name: str, content: bytes) -> Page:
    kind = _TYPES.get(name.rpartition(".")[2], _BINARY)
    return Page(
        content,
        headers=((b"content-disposition", f'attachment; filename="{name}"'.encode("ascii")),),
        media_type=kind,
    )
