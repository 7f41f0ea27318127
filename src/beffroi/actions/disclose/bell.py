"""What rings: an emergency reading, and a ceiling that was reached, each one line for whoever is on duty.

Rung once the disclosure is durable, so that the line can be followed to it. Nobody is named: the account's number is.
A replayed proof is counted among the rejected ones, since only the gate can tell.
"""

from beffroi.errors import BeffroiError, CeilingReached, NotAuthenticated
from beffroi.model.disclosure import Operation, Outcome, Question
from beffroi.telemetry import Event, log
from beffroi.telemetry.metrics import Rejection, count_rejection


def ring(question: Question, outcome: Outcome, error: BeffroiError | None, disclosure_id: int) -> None:
    """Rings when there is something to ring for."""
    asker = question.asker
    if question.operation is Operation.EMERGENCY_READ and outcome is Outcome.SHOWN:
        event = Event.EMERGENCY_READ
    elif isinstance(error, CeilingReached):
        event = Event.CEILING_REACHED
    else:
        if isinstance(error, NotAuthenticated):  # the gate's only one: a proof that was used before
            count_rejection(Rejection.REPLAYED)
        return
    log(event, account=asker.account_id, role=asker.role, hospital=asker.structure, disclosure=disclosure_id)
