"""The duty officer over the API: what rings, whom a stop would touch, stopping and letting go.

The same desk as the console's and the command line's (`actions.contain`, `actions.watch_room`), for the hospitals' own
alarm systems and for scripts at night. Whoever acts is admitted first, under the lock that the gate takes: a stopped
officer stops nobody.
"""

from dataclasses import dataclass

from beffroi.actions.contain import HOURS_DEFAULT, Containing, Order
from beffroi.actions.watch_room import WatchRoom
from beffroi.actions.ways.acting import Act, Acting
from beffroi.model.containment import Containment, ContainmentId, ContainmentKind, Preview
from beffroi.model.disclosure import Operation
from beffroi.model.watch_room import Held, Ringing


@dataclass(frozen=True, slots=True)
class Alarms:
    """`ringing`: the last two days, the latest first. `held`: accounts that the watch holds, and why."""

    ringing: list[Ringing]
    held: list[Held]


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be stopped."""

    kind: ContainmentKind
    target: str


class DutyDesk:
    """What a duty officer may do, once `admit` has let them: once for a request, whose proof it burns."""

    def __init__(self, acting: Acting, containing: Containing, room: WatchRoom) -> None:
        self._acting = acting
        self._containing = containing
        self._room = room

    async def admit(self, act: Act) -> None:
        """Raises what refuses the officer."""
        async with self._acting.doing(act, Operation.RELEASE):
            return

    async def alarms(self) -> Alarms:
        """What an officer who comes on duty looks at."""
        return Alarms(await self._room.ringing(), await self._room.held())

    async def containments(self) -> list[Containment]:
        """What is stopped or waits for a second person first, then what was."""
        return await self._containing.listed()

    async def preview(self, target: Target) -> Preview:
        """Whom it would touch. Raises InvalidValue, NotFound or ContainmentRefused."""
        return await self._containing.preview(target.kind, target.target)

    async def contain(self, act: Act, target: Target, reason: str, hours: int = HOURS_DEFAULT) -> Containment:
        """Stops; a network or a structure once somebody else confirms. Raises as `Containing.contain`."""
        order = Order(target.kind, target.target, reason, act.by, hours, act.door)
        return await self._containing.contain(order)

    async def confirm(self, act: Act, containment: int) -> Containment:
        """The second person."""
        return await self._containing.confirm(ContainmentId(containment), act.by, act.door)

    async def release(self, act: Act, containment: int, reason: str) -> Containment:
        """Lets go; an account once somebody else says so too."""
        return await self._containing.release(ContainmentId(containment), act.by, reason, act.door)
