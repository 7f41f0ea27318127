"""Who makes a scope's proof: this process, or one of its own that opens the database and the archive for it.

`python -m beffroi.actions.proving` reads what is asked on standard input. A proof opens thousands of leaves and may
read the archive, so no process that serves makes one itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from beffroi.actions.prove_scope import Proof, encrypted, prove
from beffroi.breach.scope import Whom
from beffroi.errors import CallerError, InvalidValue, NotFound, Words
from beffroi.model.selection import Selection
from beffroi.store.archive_place import Location, place_at
from beffroi.store.child import answer_once, ask_child
from beffroi.store.database import FREE_PLANS, Database
from beffroi.store.ledger import LedgerStore
from beffroi.store.openings import Openings, openings

_PROOF = Words("The proof", "La preuve")
_UNSEALED = Words("A sealed disclosure", "Une divulgation scellée")


class ProofOrder(msgspec.Struct, frozen=True):
    """What is to be proved, of whom (as `Whom`), to whom it is encrypted, and whether a range is opened whole."""

    selection: Selection
    identities: tuple[int, ...] | None = None
    hidden: tuple[int, ...] = ()
    recipients: tuple[str, ...] = ()
    everything: bool = False

    @property
    def whom(self) -> Whom:
        """To whom to listen."""
        return Whom(None if self.identities is None else frozenset(self.identities), frozenset(self.hidden))


class MadeProof(msgspec.Struct, frozen=True):
    """A proof's file, its kind, and how many leaves it opens."""

    kind: str
    openings: int
    content: bytes


Prover = Callable[[ProofOrder], Awaitable[MadeProof]]


def order_of(selection: Selection, whom: Whom, recipients: Sequence[str], *, everything: bool) -> ProofOrder:
    """An order. Raises `InvalidValue` for what is no recipient."""
    encrypted(b"", recipients)
    alone = None if whom.identities is None else tuple(sorted(whom.identities))
    return ProofOrder(selection, alone, tuple(sorted(whom.hidden)), tuple(recipients), everything)


def prover_here(reading: Openings, note: str) -> Prover:
    """Makes proofs in this process, with what is open."""

    async def made(order: ProofOrder) -> MadeProof:
        whom = order.whom
        proof: Proof = await prove(reading, note, order.selection, whom, open_everything=order.everything)
        content = encrypted(msgspec.json.encode(proof), order.recipients)
        return MadeProof(proof.kind, len(proof.openings), content)

    return made


class _Task(msgspec.Struct, frozen=True):
    dsn: str
    location: dict[str, str]
    order: ProofOrder


class _Refused(msgspec.Struct, frozen=True, tag=True):
    """What the other process raised, so that it can be raised here."""

    missing: bool
    what: tuple[str, str]
    why: tuple[str, str] = ("", "")


class _Done(msgspec.Struct, frozen=True, tag=True):
    made: MadeProof


class _Answer(msgspec.Struct, frozen=True):
    given: _Done | _Refused


def prover_apart(dsn: str, location: dict[str, str] | None) -> Prover:
    """Has proofs made by a process of its own, which opens this database and this archive."""

    async def made(order: ProofOrder) -> MadeProof:
        answer = (await ask_child(__name__, _Task(dsn, location or {}, order), _Answer, _PROOF)).given
        if isinstance(answer, _Done):
            return answer.made
        if answer.missing:
            raise NotFound(what=Words(*answer.what))
        raise InvalidValue(what=Words(*answer.what), why=Words(*answer.why))

    return made


async def _made(task: _Task) -> _Answer:
    try:
        async with await Database.open(task.dsn, size=2, **FREE_PLANS) as database:
            note = await LedgerStore(database).checkpoint()
            if note is None:
                raise NotFound(what=_UNSEALED)
            place = place_at(msgspec.convert(task.location, Location)) if task.location else None
            async with openings(database, place) as reading:
                return _Answer(_Done(await prover_here(reading, note)(task.order)))
    except CallerError as error:
        what, why = (_both(error.parameters.get(name, "")) for name in ("what", "why"))
        return _Answer(_Refused(isinstance(error, NotFound), what, why))


def _both(said: Any) -> tuple[str, str]:
    return (said.english, said.french) if isinstance(said, Words) else (str(said), str(said))


def main() -> None:
    """Makes one proof."""
    answer_once(_Task, lambda task: asyncio.run(_made(task)))


if __name__ == "__main__":
    main()
