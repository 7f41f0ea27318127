"""One request as its door understood it, and how it becomes a question to the gate."""

from dataclasses import dataclass
from uuid import UUID

from beffroi.access.fields import MINIMAL
from beffroi.access.policy import Permit
from beffroi.actions.disclose.gate import Gate
from beffroi.errors import CallerError
from beffroi.model.account import Asker
from beffroi.model.disclosure import Door, Field, Operation, Proof, Purpose, Question


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks, by which door and operation, for which fields and why. `only` narrows the answer (FHIR `_elements`).

    `seconded`: the account of whoever agreed to an emergency reading beyond the first few (0: nobody).
    """

    asker: Asker
    door: Door
    operation: Operation
    request_id: UUID
    wanted: Field = MINIMAL
    purpose: Purpose = Purpose.TREATMENT
    reason: str = ""
    proof: Proof | None = None
    only: Field | None = None
    seconded: int = 0

    def question(
        self,
        criteria: dict[str, str],
        told: Field,
        domains: tuple[str, ...] = (),
        wanted: Field | None = None,
        *,
        specified: bool = False,
        one_person: bool = False,
        apart: bool = False,
    ) -> Question:
        """The question to the gate. `told`: what a match tells; `domains`: OIDs to which identifiers are limited;
        `specified`, `one_person`, `apart`: as in `Question`."""
        return Question(
            asker=self.asker,
            door=self.door,
            operation=self.operation,
            request_id=self.request_id,
            criteria=criteria,
            criteria_fields=told,
            wanted=self.wanted if wanted is None else wanted,
            purpose=self.purpose,
            reason=self.reason,
            proof=self.proof,
            domains=domains,
            specified=specified,
            one_person=one_person,
            seconded=self.seconded,
            apart=apart,
        )

    async def permit(self, gate: Gate, question: Question) -> Permit:
        """What policy allows, narrowed by `only`; a refusal is recorded, then raised."""
        try:
            permit = gate.check(question)
        except CallerError as error:
            await gate.refuse(question, error)
        if self.only is None:
            return permit
        return Permit(permit.fields & self.only | Field.REFERENCE, permit.restricted & self.only)
