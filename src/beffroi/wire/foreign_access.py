"""Access logs of a web server before a FHIR server: nginx and Apache (common, combined), HAProxy (httplog).

They tell the address that was asked and how it ended, never what the answer held: a reading by number names its
patient, a search names nobody. Fields are not known.

Source: Apache mod_log_config (Common and Combined Log Format), nginx log_format combined; HAProxy 8.2.3 (HTTP log
format): https://docs.haproxy.org/3.0/configuration.html#8.2.3.
"""

import calendar
import re
from datetime import datetime

from beffroi.errors import Malformed, Words
from beffroi.model.disclosure import Operation
from beffroi.model.foreign import ForeignFact, ForeignOutcome, ForeignPatient
from beffroi.wire.foreign_text import identified, kept, local_time, target_of

_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_TIME = re.compile(
    r"(?P<day>\d\d)/(?P<month>[A-Z][a-z]{2})/(?P<year>\d{4}):(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
    r"(?:\.(?P<fraction>\d{1,6}))?(?: (?P<zone>[+-]\d{4}))?"
)
_REQUEST = r'"(?P<method>[A-Z]{2,10}) (?P<address>\S{1,8000}?)(?: HTTP/[\d.]{1,4})?"'
_COMMON = re.compile(
    r"^(?:(?P<vhost>[\w.\-]{1,250}:\d{1,5}) )?(?P<network>[0-9A-Fa-f:.]{2,45}|[\w.\-]{1,250}) \S{1,250} "
    r"(?P<user>\S{1,250}|\"[^\"]{1,250}\") \[(?P<time>[^\]]{10,40})\] " + _REQUEST + r" (?P<status>\d{3}) "
)
_HAPROXY = re.compile(
    r"(?P<network>[0-9A-Fa-f:.]{2,45}):\d{1,5} \[(?P<time>[^\]]{10,40})\] \S{1,250} \S{1,250} "
    r"[-\d/+]{1,80} (?P<status>-?\d{1,3}) \+?\d{1,15} \S{1,250} \S{1,250} (?P<state>\S{4}) "
    r"[-\d/+]{1,80} [-\d/+]{1,80} (?:\{[^}]{0,2000}\} ){0,2}" + _REQUEST
)
_CLIENT_GONE = 499
"""nginx: the client closed the connection before the answer."""

_NOT_ITS_FORM = Words("it has not the form of an access log", "elle n'a pas la forme d'un journal d'accès")
_NO_TIME = Words("its time cannot be read", "l'heure est illisible")


def access_fact(line: str, *, utc: bool) -> ForeignFact | None:
    """The reading that a line of nginx or Apache tells; None for what reads no patient. Raises `Malformed`."""
    found = _COMMON.match(line)
    if not found:
        raise _malformed(_NOT_ITS_FORM)
    return _fact(found, found["user"].strip('"'), cut=False, utc=utc)


def haproxy_fact(line: str, *, utc: bool) -> ForeignFact | None:
    """The reading that a line of HAProxy tells; None for what reads no patient. Raises `Malformed`."""
    found = _HAPROXY.search(line)
    if not found:
        raise _malformed(_NOT_ITS_FORM)
    return _fact(found, "", cut=found["state"][0] in "CI", utc=utc)


def _fact(found: re.Match[str], user: str, *, cut: bool, utc: bool) -> ForeignFact | None:
    at = _moment(found["time"], utc)
    target = target_of(found["method"], found["address"])
    if target.operation is None:
        return None
    patients = target.patients
    outcome = _outcome(int(found["status"]), cut)
    if target.operation in (Operation.SEARCH, Operation.MATCH) and outcome is ForeignOutcome.SHOWN:
        outcome = ForeignOutcome.UNKNOWN  # the answer left; whether it held anybody is not said
        patients = patients or identified(target.criteria)
    return ForeignFact(
        at=at,
        operation=target.operation,
        outcome=outcome,
        actor=kept(user),
        network=kept(found["network"]),
        criteria=target.criteria,
        patients=_without_empty(patients),
        beyond_identity=target.beyond_identity,
    )


def _without_empty(patients: tuple[ForeignPatient, ...]) -> tuple[ForeignPatient, ...]:
    return tuple(patient for patient in patients if patient.value)


def _outcome(status: int, cut: bool) -> ForeignOutcome:
    """How a status ends a question. What was cut, or failed on the way, may have been read in part.

    >>> _outcome(200, False).name, _outcome(404, False).name, _outcome(403, False).name, _outcome(499, False).name
    ('SHOWN', 'NONE', 'REFUSED', 'UNKNOWN')
    """
    if cut or status == _CLIENT_GONE or status < 200 or status >= 500:
        return ForeignOutcome.UNKNOWN
    if status < 300:
        return ForeignOutcome.SHOWN
    if status < 400:
        return ForeignOutcome.UNKNOWN
    return ForeignOutcome.NONE if status in (404, 410) else ForeignOutcome.REFUSED


def _moment(text: str, utc: bool) -> datetime:
    found = _TIME.fullmatch(text)
    if not found or found["month"] not in _MONTHS:
        raise _malformed(_NO_TIME)
    date = f"{found['year']}-{_MONTHS[found['month']]:02}-{found['day']}"
    fraction = (found["fraction"] or "0").ljust(6, "0")
    try:
        at = datetime.fromisoformat(
            f"{date}T{found['hour']}:{found['minute']}:{found['second']}.{fraction}{found['zone'] or ''}"
        )
        return at if at.tzinfo else local_time(at, utc=utc)
    except ValueError:
        raise _malformed(_NO_TIME) from None


def _malformed(why: Words) -> Malformed:
    return Malformed(what=Words("The line", "La ligne"), why=why)
