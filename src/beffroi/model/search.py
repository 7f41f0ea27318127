"""What may be asked of the identities, in one vocabulary for FHIR, PDQ and the console."""

from datetime import date

import msgspec

from beffroi.model.person import Sex


class DateRange(msgspec.Struct, frozen=True):
    """Both ends included. A full birth date has the same day at both ends."""

    first: date
    last: date

    @property
    def is_day(self) -> bool:
        """True for one single day.

        >>> DateRange(date(1980, 1, 1), date(1980, 12, 31)).is_day
        False
        """
        return self.first == self.last


class Text(msgspec.Struct, frozen=True):
    """A string criterion: by prefix, accents and separators ignored, or as written when `exact`."""

    value: str
    exact: bool = False


class IdentifierToken(msgspec.Struct, frozen=True):
    """`system` is an OID without its urn:oid: prefix, or a URI; empty when the asker named none."""

    system: str
    value: str


class Criteria(msgspec.Struct, frozen=True, omit_defaults=True):
    """All given criteria must hold. `identifiers` is a list of alternatives.

    `reference` is a patient's public reference (FHIR `_id`). `domains` are the assigning authorities (OIDs) whose
    identifiers the asker wants back; empty means no restriction. `count` is the page that the asker would like, None for
    the server's own limit.
    """

    reference: str = ""
    family: Text | None = None
    given: Text | None = None
    birth_date: DateRange | None = None
    sex: Sex | None = None
    identifiers: tuple[IdentifierToken, ...] = ()
    telecom: str = ""
    address: Text | None = None
    address_city: Text | None = None
    address_postal_code: Text | None = None
    address_state: Text | None = None
    address_country: Text | None = None
    mother_birth_family: Text | None = None
    active: bool | None = None
    updated_since: date | None = None
    domains: tuple[str, ...] = ()
    count: int | None = None
