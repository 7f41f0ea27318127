"""What rings, one line each: an emergency reading, a ceiling that was reached, a rung, somebody who has left.

Rung once the disclosure is durable, so that the line can be followed to it. Nobody is named: the account's number is.
A replayed proof is counted among the rejected ones, since only the gate can tell.
"""

from beffroi.access.rejection import INVALID_PROOF
from beffroi.actions.disclose.judging import Judged
from beffroi.errors import CeilingReached, Departed, NotAuthenticated
from beffroi.model.alert import Alert, AlertKind, Severity
from beffroi.model.disclosure import Operation, Outcome
from beffroi.telemetry import Event, log
from beffroi.telemetry.metrics import Rejection, count_rejection
from beffroi.watch.evidence import ASK, HOLD, MASK, RUNG_NAMES, WARN

_SEVERITIES = {WARN: Severity.NOTICE, ASK: Severity.NOTICE, MASK: Severity.WARNING, HOLD: Severity.ALERT}


def alerts_of(judged: Judged, disclosure_id: int) -> list[Alert]:
    """What the duty officer is told of it, in the gate's own transaction."""
    question, verdict = judged.entry.question, judged.verdict
    asker = question.asker
    told = {"disclosure": str(disclosure_id), "hospital": str(asker.structure), "role": asker.role.value}
    found = []
    if verdict is not None and verdict.risen:
        rung = RUNG_NAMES[verdict.rung]
        severity = _SEVERITIES[verdict.rung]
        found.append(Alert(AlertKind.VERDICT, severity, asker.account_id, rung, told | {"rung": rung}))
    if question.operation is Operation.EMERGENCY_READ and judged.outcome is Outcome.SHOWN:
        found.append(Alert(AlertKind.EMERGENCY, Severity.NOTICE, asker.account_id, "", told))
    if isinstance(judged.error, Departed):
        found.append(Alert(AlertKind.DEPARTED, Severity.ALERT, asker.account_id, "", told))
    return found


def ring(judged: Judged, disclosure_id: int) -> None:
    """Rings when there is something to ring for."""
    question = judged.entry.question
    asker, error, verdict = question.asker, judged.error, judged.verdict
    if verdict is not None and verdict.risen:
        rung = int(verdict.rung)
        log(Event.RUNG, account=asker.account_id, hospital=asker.structure, rung=rung, disclosure=disclosure_id)
    if question.operation is Operation.EMERGENCY_READ and judged.outcome is Outcome.SHOWN:
        event = Event.EMERGENCY_READ
    elif isinstance(error, CeilingReached):
        event = Event.CEILING_REACHED
    elif isinstance(error, Departed):
        event = Event.DEPARTED
    else:
        if isinstance(error, NotAuthenticated) and error.error == INVALID_PROOF:
            count_rejection(Rejection.REPLAYED)
        return
    log(event, account=asker.account_id, role=asker.role, hospital=asker.structure, disclosure=disclosure_id)
