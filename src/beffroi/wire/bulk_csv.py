(
    """The CSV form of a bulk file: a header line of known columns, one identity a line, UTF-8, comma, semicolon or tab.

An empty cell is "not mentioned"; a cell that holds two double quotes (written `"""
    """`) deletes. Columns that make one
value (phones and e-mails, address, birth place, INS) are one mention: say them together. No line breaks within cells.
"""
)

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from beffroi.errors import InvalidValue, Malformed, Missing, TooLarge, Words
from beffroi.model.feed import FeedEvent, Patch
from beffroi.model.person import (
    Address,
    BirthPlace,
    HospitalId,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    Sex,
    Telecom,
    TelecomKind,
)
from beffroi.wire.bulk_values import ITEMS_MAX, TEXTS, bulk_event, checked_patch, checked_text

DELETED = '""'
BIRTH_ORDER_MAX = 12

COLUMNS = MappingProxyType(
    {
        "ipp": "The hospital's identifier of the patient. Required.",
        "birth_family": "Birth family name.",
        "birth_given": "First birth given name.",
        "birth_given_list": "All birth given names, separated by spaces.",
        "used_family": "Used family name; empty when it is the birth name.",
        "used_given": "Used given name.",
        "birth_date": "YYYY-MM-DD.",
        "birth_date_interpreted": "Y when the date was completed or guessed, else N.",
        "sex": "M, F, or U for indeterminate.",
        "birth_place_cog": "INSEE code of the commune, or 99 and three digits for a country.",
        "birth_place_city": "Name of the place.",
        "birth_place_country": "ISO 3166 alpha-3.",
        "birth_order": "1 for the first of twins, 2 for the second, ...",
        "mother_birth_family": "The mother's birth family name.",
        "nationality": "ISO 3166 alpha-3.",
        "deceased": "Y or N.",
        "deceased_at": "ISO 8601 with its time zone.",
        "status": "PROV, VALI, RECUP or QUAL (RNIV).",
        "attributes": "HOMA, DOUT, FICT, ANOM, CACH, DPOT, DOUA, COLP, USUR, NN, separated by spaces.",
        "restricted": "Y for protected access, else N.",
        "ins": "INS with its key, 15 characters; kept for a qualified identity only.",
        "ins_oid": "OID of the INS.",
        "phones": "Phone numbers, separated by |.",
        "emails": "E-mail addresses, separated by |.",
        "address_lines": "Street lines, separated by |.",
        "address_city": "Town.",
        "address_postal_code": "Postal code.",
        "address_country": "ISO 3166 alpha-3.",
        "last_activity_at": "ISO 8601 with its time zone: when the hospital last dealt with the patient. "
        "Without it, the row explains no reading.",
    }
)
"""Every column, in the order of the documentation; a file may have any of them, `ipp` at least, in any order."""

_YES_NO = {"Y": True, "N": False}
_FORM = Words("not in its form", "pas dans la forme attendue")


def csv_reader(header: bytes, hospital_id: HospitalId) -> Callable[[bytes], Iterable[FeedEvent]]:
    """A function that reads one line. Raises `Malformed` for a header that is none, without repeating it: it may be a
    patient's row.
    """
    names, separator = _header(header)

    def read(line: bytes) -> Iterable[FeedEvent]:
        cells = _cells(line, separator)
        if len(cells) != len(names):
            why = Words(f"{len(cells)} cells, {len(names)} columns", f"{len(cells)} cellules, {len(names)} colonnes")
            raise Malformed(what=Words("The row", "La ligne"), why=why)
        said = {name: checked_text(name, cell) for name, cell in zip(names, cells, strict=True) if cell}
        if not said.get("ipp"):
            raise Missing(what="ipp")
        active_at = _one(said, "last_activity_at", datetime.fromisoformat)
        return (bulk_event(hospital_id, said["ipp"], _patch(said), active_at),)

    return read


def _header(line: bytes) -> tuple[list[str], str]:
    for separator in (";", ",", "\t"):
        names = [cell.strip().lower() for cell in _cells(line, separator)]
        if "ipp" in names:
            break
    else:
        raise Malformed(what=Words("The header", "L'en-tête"), why=Words("no column ipp", "pas de colonne ipp"))
    for number, name in enumerate(names, 1):
        if name not in COLUMNS or name in names[: number - 1]:
            why = Words(f"column {number} is unknown or there twice", f"colonne {number} inconnue ou en double")
            raise Malformed(what=Words("The header", "L'en-tête"), why=why)
    return names, separator


def _cells(line: bytes, separator: str) -> list[str]:
    try:
        rows = list(csv.reader([line.decode("utf-8")], delimiter=separator, strict=True))
    except UnicodeDecodeError:
        raise Malformed(
            what=Words("The row", "La ligne"), why=Words("it is not UTF-8", "ce n'est pas de l'UTF-8")
        ) from None
    except csv.Error:
        why = Words("a quote is not closed", "un guillemet n'est pas fermé")
        raise Malformed(what=Words("The row", "La ligne"), why=why) from None
    return rows[0] if rows else []


def _patch(said: dict[str, str]) -> Patch:
    patch: dict[str, Any] = {name: "" if said[name] == DELETED else said[name] for name in TEXTS if name in said}
    patch["birth_date"] = _one(said, "birth_date", date.fromisoformat)
    patch["deceased_at"] = _one(said, "deceased_at", datetime.fromisoformat)
    patch["sex"] = _one(said, "sex", Sex)
    patch["status"] = _one(said, "status", IdentityStatus)
    patch["birth_order"] = _one(said, "birth_order", _birth_order, deleted=0)
    for name in ("birth_date_interpreted", "deceased", "restricted"):
        patch[name] = _one(said, name, _YES_NO.__getitem__, deleted=False)
    patch["attributes"] = _one(said, "attributes", _attributes, deleted=())
    patch["birth_place"] = _birth_place(said)
    patch["telecoms"] = _telecoms(said)
    patch["addresses"] = _addresses(said)
    if said.get("ins") == DELETED:
        patch["ins_removed"] = True
    elif "ins" in said:
        patch["ins"] = Ins(said["ins"], said.get("ins_oid", ""))
    return checked_patch(Patch(**patch))


def _one(said: dict[str, str], name: str, convert: Callable[[str], Any], deleted: Any = None) -> Any:
    """The converted value, None when it is not mentioned. Raises `InvalidValue` for another form."""
    cell = said.get(name)
    if not cell:
        return None
    if cell == DELETED:
        return deleted
    try:
        return convert(cell)
    except (ValueError, KeyError, OverflowError):
        raise InvalidValue(what=name, why=_FORM) from None


def _birth_order(text: str) -> int:
    order = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= order <= BIRTH_ORDER_MAX:
        raise ValueError("not a rank")
    return order


def _attributes(text: str) -> tuple[IdentityAttribute, ...]:
    return tuple(IdentityAttribute(code) for code in text.split()[:ITEMS_MAX])


def _together(said: dict[str, str], names: Sequence[str]) -> list[str] | None:
    """The cells of columns that are one mention, "" for those that are absent or deleted; None when none is said."""
    if not any(name in said for name in names):
        return None
    return ["" if (cell := said.get(name, "")) == DELETED else cell for name in names]


def _birth_place(said: dict[str, str]) -> BirthPlace | None:
    cells = _together(said, ("birth_place_cog", "birth_place_city", "birth_place_country"))
    return None if cells is None else BirthPlace(*cells)


def _telecoms(said: dict[str, str]) -> tuple[Telecom, ...] | None:
    cells = _together(said, ("phones", "emails"))
    if cells is None:
        return None
    kinds = (TelecomKind.PHONE, TelecomKind.EMAIL)
    return tuple(Telecom(kind, one) for kind, cell in zip(kinds, cells, strict=True) for one in _several(cell))


def _addresses(said: dict[str, str]) -> tuple[Address, ...] | None:
    cells = _together(said, ("address_lines", "address_city", "address_postal_code", "address_country"))
    if cells is None:
        return None
    lines, city, postal_code, country = cells
    return (Address(_several(lines), city, postal_code, country),) if any(cells) else ()


def _several(cell: str) -> tuple[str, ...]:
    found = tuple(one for part in cell.split("|") if (one := part.strip()))
    if len(found) > ITEMS_MAX:
        raise TooLarge(what="|", limit=str(ITEMS_MAX))
    return found
