"""Legal holds: what is wanted for an investigation or a court stays, whatever its age. Under the owner's role."""

from dataclasses import dataclass
from datetime import datetime

from beffroi.access.reference import References
from beffroi.clock import Clock
from beffroi.errors import OperatorError
from beffroi.store.database import Database
from beffroi.store.holds import Hold, HoldStore, PlacedHold
from beffroi.store.identities import load_deployment


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operator wants held: of an account, of a patient (by reference), of a window; each narrows the others."""

    account: int | None = None
    reference: str = ""
    from_at: datetime | None = None
    until_at: datetime | None = None


class Holding:
    """The operator's desk for holds. `by` says who acts."""

    def __init__(self, database: Database, clock: Clock, by: str) -> None:
        self._database = database
        self._store = HoldStore(database)
        self._clock = clock
        self._by = by

    async def place(self, wanted: Wanted, reason: str) -> int:
        """Places a hold; its number. A patient is held under every number that was ever hers. Raises OperatorError."""
        if wanted == Wanted() or not reason.strip():
            raise OperatorError(
                "Say what is held (--account, --patient, --since, --until) and why (--reason).",
                "Dites ce qui est gelé (--account, --patient, --since, --until) et pourquoi (--reason).",
            )
        if wanted.account is not None and not await self._store.is_account(wanted.account):
            raise OperatorError(
                f"No account has the number {wanted.account}: `beffroi account list` shows them.",
                f"Aucun compte n'a le numéro {wanted.account} : `beffroi account list` les montre.",
            )
        people = await self._numbers(wanted.reference) if wanted.reference else None
        hold = Hold(wanted.account, people, wanted.from_at, wanted.until_at)
        return await self._store.place(hold, reason, self._clock.now(), self._by)

    async def lift(self, number: int) -> None:
        """Lifts a hold. Raises OperatorError when there is none to lift."""
        if not await self._store.lift(number, self._clock.now(), self._by):
            raise OperatorError(f"There is no hold {number} to lift.", f"Il n'y a pas de gel {number} à lever.")

    async def listed(self) -> list[PlacedHold]:
        """Every hold, the lifted ones too."""
        return await self._store.listed()

    async def _numbers(self, reference: str) -> tuple[int, ...]:
        deployment = await load_deployment(self._database)
        person = References(deployment.reference_key).person(reference) if deployment else None
        if person is None:
            raise OperatorError(
                "--patient: not a reference of this deployment.", "--patient : pas une référence de ce déploiement."
            )
        return await self._store.numbers_of(person)
