"""A case file as files: lists (CSV, NDJSON), the forms' fields, a PDF in each language, and the digest of each.

They are written for their owner's eyes alone, into a new folder. No name stands in any of them: patients are opaque
references. A sensitive hospital's list is for it alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256

import msgspec

from beffroi.actions.case_report import CaseFile
from beffroi.actions.tables import csv_table
from beffroi.breach.notification import FormField, cnil, health_authorities
from beffroi.breach.page_parts import Source
from beffroi.breach.pages import pages
from beffroi.breach.report import HospitalCount
from beffroi.breach.report_words import moment
from beffroi.model.disclosure import Released
from beffroi.outbound.typesetting import pdf_of

LANGUAGES = ("fr", "en")
Typeset = Callable[[msgspec.Struct, datetime], bytes]
PATIENT_COLUMNS = (
    *("patient", "certainty", "fields", "times", "first_at", "last_at", "hospitals"),
    *("minor", "deceased", "protected", "reachable", "disclosures"),
)
DISCLOSURE_COLUMNS = (
    *("disclosure", "at", "account", "running_number", "tree_index", "operation", "outcome", "fate", "people"),
)
FOREIGN_COLUMNS = (
    *("server", "system", "value", "certainty", "times", "beyond_identity", "first_at", "last_at", "references"),
)


def case_files(
    released: Released[CaseFile],
    languages: Sequence[str] = LANGUAGES,
    *,
    complementary: bool = True,
    typeset: Typeset = pdf_of,
) -> dict[str, bytes]:
    """Every file by name; `SHA256SUMS` last, as sha256sum writes it. `typeset` makes the PDF, here or apart."""
    case = released.content
    files: dict[str, bytes] = {
        "patients.csv": csv_table(PATIENT_COLUMNS, case.patients),
        "patients.ndjson": _ndjson(case.patients),
        "disclosures.csv": csv_table(DISCLOSURE_COLUMNS, case.disclosures),
    }
    for hospital in case.report.hospitals:
        files[f"hospital-{hospital.finess}.csv"] = csv_table(PATIENT_COLUMNS, case.by_hospital[hospital.hospital_id])
    if case.foreign.fact_count:
        files["foreign.csv"] = csv_table(FOREIGN_COLUMNS, _foreign_lines(case))
    sources = [Source(name, _lines(name, content), _digest(content)) for name, content in files.items()]
    for language in languages:
        made, document = _documents(case, language, sources, complementary=complementary)
        files |= {**made, f"report.{language}.pdf": typeset(document, case.report.made_at)}
    files["report.json"] = msgspec.json.format(msgspec.json.encode(case.report))
    sums = "".join(f"{_digest(content)}  {name}\n" for name, content in sorted(files.items()))
    return {**files, "SHA256SUMS": sums.encode()}


def _documents(
    case: CaseFile, language: str, sources: Sequence[Source], *, complementary: bool
) -> tuple[dict[str, bytes], msgspec.Struct]:
    """The forms, and the pages that are to be set in type."""
    report = case.report
    forms = {
        f"cnil-initial.{language}.csv": cnil(report, language, complementary=False),
        f"cnil-complementary.{language}.csv": cnil(report, language, complementary=True),
        f"cert-sante-ars.{language}.csv": health_authorities(report, language),
    }
    for hospital in report.hospitals:
        forms[f"cnil-{hospital.finess}.{language}.csv"] = _own_form(case, hospital, language)
    rows = [_row(line, language) for line in case.disclosures]
    chosen = cnil(report, language, complementary=complementary)
    document = pages(report, language, chosen, sources, rows)
    return {name: csv_table(FormField.__struct_fields__, _form_lines(form)) for name, form in forms.items()}, document


def _own_form(case: CaseFile, hospital: HospitalCount, language: str) -> tuple[FormField, ...]:
    return cnil(case.report, language, complementary=True, controller=hospital)


def _row(line: Mapping[str, object], language: str) -> tuple[str, ...]:
    at = moment(datetime.fromisoformat(str(line["at"])), language)
    return (*(str(line[name]) for name in ("disclosure", "account", "running_number", "tree_index")), at)


def _form_lines(form: Iterable[FormField]) -> list[dict[str, object]]:
    return [msgspec.structs.asdict(one) | {"known": int(one.known)} for one in form]


def _foreign_lines(case: CaseFile) -> list[dict[str, object]]:
    return [
        {
            "server": one.server,
            "system": one.system,
            "value": one.value,
            "certainty": one.certainty.name.lower(),
            "times": sum(one.times.values()),
            "beyond_identity": int(one.beyond_identity),
            "first_at": one.first_at.isoformat() if one.first_at else "",
            "last_at": one.last_at.isoformat() if one.last_at else "",
            "references": " ".join(f"{log}:{line}" for log, line in one.references),
        }
        for one in case.foreign.patients.values()
    ]


def _ndjson(lines: Iterable[Mapping[str, object]]) -> bytes:
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def _lines(name: str, content: bytes) -> int:
    return content.count(b"\n") - name.endswith(".csv")


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
