"""Records and requests for the tests of actions."""

from datetime import date
from uuid import UUID

from beffroi.access.fields import MINIMAL
from beffroi.actions.asking import Ask
from beffroi.model.account import Asker
from beffroi.model.disclosure import Door, Field, Operation, Purpose
from beffroi.model.person import BirthPlace, IdentityStatus, Record, Sex, Telecom, TelecomKind
from beffroi.model.search import Criteria, DateRange, Text

BORN = date(1980, 5, 17)


def record(family: str, given: str, **more: object) -> Record:
    values = {
        "birth_family": family,
        "birth_given": given,
        "birth_date": BORN,
        "sex": Sex.FEMALE,
        "birth_place": BirthPlace("59350", "Lille"),
        "status": IdentityStatus.VALIDATED,
        "telecoms": (Telecom(TelecomKind.PHONE, "0612345678"), Telecom(TelecomKind.EMAIL, "a@example.org")),
    } | more
    return Record(**values)  # type: ignore[arg-type]


def louise(number: int) -> Record:
    """One of many women of one birth date, each with a name of her own."""
    return record(f"MAR{number:04d}", "Louise")


def named(number: int) -> Criteria:
    """What finds her and nobody else."""
    return Criteria(birth_date=DateRange(BORN, BORN), family=Text(f"MAR{number:04d}"), given=Text("L"))


def ask(
    asker: Asker,
    operation: Operation = Operation.SEARCH,
    wanted: Field = MINIMAL,
    **more: object,
) -> Ask:
    """A request through the FHIR door."""
    values = {"purpose": Purpose.TREATMENT} | more
    return Ask(asker, Door.FHIR, operation, UUID(int=7), wanted, **values)  # type: ignore[arg-type]
