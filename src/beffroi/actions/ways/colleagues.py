"""A colleague helps, within a minute: vouches for named patients, or agrees to an emergency reading.

The asker shows a short code. The colleague works at the same hospital, signed in within hours, is another person and
not under suspicion. Whoever vouches proves who is there with a key, and reads each patient through the gate themselves:
so the debt is theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from beffroi.actions.asking import Ask
from beffroi.actions.events import Locked
from beffroi.actions.find import Finder
from beffroi.actions.ways.acting import FRESH_S, Act, Acting, proved_just_now
from beffroi.actions.ways.codes import COLLEAGUE_CHARACTERS, digest_of, new_code
from beffroi.actions.ways.keys import Code
from beffroi.clock import Clock
from beffroi.errors import WayRefused, Words
from beffroi.model.account import AccountId, AccountKind
from beffroi.model.account_event import AccountEvent
from beffroi.model.disclosure import Operation
from beffroi.model.person import PersonId
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.store.presence import PersonRow
from beffroi.telemetry import Event, log
from beffroi.watch.evidence import WARN, Evidence
from beffroi.watch.vouching import CONFIRMED_24H, CONFIRMED_S, VOUCHED_24H, confirm, room_to_confirm, room_to_vouch
from beffroi.watch.vouching import second as agree

CODE_SERVES: Final = timedelta(minutes=10)
CODES_PER_DAY_MAX: Final = 40
"""Codes that one account may ask for in 24 hours: more than its ceilings can use."""
ON_DUTY_S: Final = 12 * 3_600
"""Seconds since a colleague's sign-in: a shift."""
PATIENTS_MAX: Final = 10
_KIND: Final = "colleague"
_DAY: Final = timedelta(days=1)

_EMERGENCY = Words(
    "In an emergency, an emergency reading needs no colleague for the first five.",
    "Dans l'urgence, une lecture en urgence ne demande pas de collègue pour les cinq premières.",
)
_NO_CODE = Words("this code does not serve (any more)", "ce code ne vaut pas, ou plus")
_NEW_CODE = Words("Your colleague asks for a new one.", "Votre collègue en demande un nouveau.")
_SAME = Words("it takes another person", "il faut une autre personne")
_SITE = Words("it takes somebody of the same hospital", "il faut quelqu'un du même hôpital")
_DUTY = Words(
    "it takes somebody who signed in within 12 hours", "il faut quelqu'un qui s'est connecté depuis moins de 12 h"
)
_SIGN_IN = Words("Sign in again.", "Identifiez-vous de nouveau.")
_SUSPECT = Words(
    "many of your own last new patients are unknown to the hospital",
    "beaucoup de vos propres derniers nouveaux patients sont inconnus de l'hôpital",
)
_OTHER = Words("Another colleague can do it.", "Un autre collègue peut le faire.")
_PROVE = Words(
    "a proof of presence with your key is needed, now", "il faut prouver votre présence avec votre clé, maintenant"
)
_TOUCH = Words(
    "Touch your key, then confirm within five minutes.", "Touchez votre clé, puis confirmez sous cinq minutes."
)
_FULL_ASKER = Words(
    f"{CONFIRMED_24H} patients in 24 hours were confirmed", f"{CONFIRMED_24H} patients confirmés en 24 h"
)
_FULL = Words(f"you confirmed {VOUCHED_24H} patients in 24 hours", f"vous avez confirmé {VOUCHED_24H} patients en 24 h")
_HOW_MANY = Words(f"name 1 to {PATIENTS_MAX} patients", f"nommez 1 à {PATIENTS_MAX} patients")
_ONE_BY_ONE = Words("Each by reference, or in full.", "Chacun par référence, ou complètement.")
_NOT_ONE = Words("a patient is not named so that one person alone matches", "un patient n'est pas nommé sans ambiguïté")
_MANY_CODES = Words("too many codes were asked for today", "trop de codes ont été demandés aujourd'hui")


@dataclass(frozen=True, slots=True)
class Named:
    """A patient as a colleague names her: by reference, or by full traits."""

    reference: str = ""
    born: date | None = None
    family: str = ""
    given: str = ""


class Colleagues:
    """What colleagues may do for a held account."""

    def __init__(self, acting: Acting, finder: Finder, clock: Clock) -> None:
        self._acting = acting
        self._finder = finder
        self._clock = clock

    async def code(self, act: Act) -> Code:
        """A code for the asker to show to a colleague who stands there."""
        now = self._clock.now()
        async with self._acting.doing(act, Operation.CONFIRM) as locked:
            made = await self._acting.presence.codes_since(locked.connection, _KIND, act.asker.account_id, now - _DAY)
            if made >= CODES_PER_DAY_MAX:
                raise WayRefused(why=_MANY_CODES, instead=_EMERGENCY)
            code, until = new_code(self._clock, COLLEAGUE_CHARACTERS), now + CODE_SERVES
            span = (now, until)
            store = self._acting.presence
            await store.add_code(locked.connection, digest_of(code), _KIND, act.asker.account_id, act.by, span)
        return Code(code, until)

    async def checked(self, act: Act, code: str, count: int) -> str:
        """The code, once everything but the patients is right. Raises WayRefused; nobody was read."""
        if not 1 <= count <= PATIENTS_MAX:
            raise WayRefused(why=_HOW_MANY, instead=_ONE_BY_ONE)
        await self._check(act, await self._asker(act, code), count)
        return code

    async def confirm(self, act: Act, code: str, patients: Sequence[Named]) -> int:
        """Vouches for patients to whoever shows the code; how many. Raises WayRefused, or what the gate refuses."""
        asker = await self._asker(act, await self.checked(act, code, len(patients)))
        people = await self._read(act, patients)
        alone = Act(act.asker, act.door, act.request_id)  # the proof was burnt with the first reading
        holder, now_s = AccountId(asker.holder), int(self._clock.now().timestamp())
        accounts = [AccountId(asker.account_id), holder]
        async with self._acting.doing(alone, Operation.CONFIRM, accounts) as locked:
            await self._use(locked, code, asker.account_id)
            theirs, own = locked.evidence(holder), locked.evidence(act.holder)
            _check_room(theirs, own, len(people), now_s)
            if own.held_s:
                raise WayRefused(why=_SUSPECT, instead=_OTHER)
            confirm(theirs, own, people, now_s)
            await locked.keep(holder, theirs)
            await locked.keep(act.holder, own)
            told = {"people": ",".join(map(str, people)), "until_s": str(now_s + CONFIRMED_S)}
            await self._record(locked, alone, asker, "vouched", told)
        log(Event.VOUCHED, account=act.asker.account_id, count=len(people))
        return len(people)

    async def second(self, act: Act, code: str) -> None:
        """Agrees to one emergency reading of whoever shows the code. Raises WayRefused."""
        asker = await self._asker(act, code)
        holder = AccountId(asker.holder)
        async with self._acting.doing(act, Operation.CONFIRM, [AccountId(asker.account_id), holder]) as locked:
            _check_trusted(locked.evidence(act.holder))
            await self._use(locked, code, asker.account_id)
            theirs = locked.evidence(holder)
            agree(theirs, act.asker.account_id, int(self._clock.now().timestamp()))
            await locked.keep(holder, theirs)
            await self._record(locked, act, asker, "seconded", {})
        log(Event.SECONDED, account=act.asker.account_id)

    async def _asker(self, act: Act, code: str) -> PersonRow:
        """Whose code it is, once this colleague may help them at all."""
        found = await self._acting.presence.code(digest_of(code), _KIND, self._clock.now())
        person = await self._acting.person(AccountId(found[0])) if found else None
        if person is None:
            raise WayRefused(why=_NO_CODE, instead=_NEW_CODE)
        if person.holder == act.holder or act.asker.kind is not AccountKind.PERSON:
            raise WayRefused(why=_SAME, instead=_OTHER)
        if person.structure_id != act.asker.structure:
            raise WayRefused(why=_SITE, instead=_OTHER)
        now_s = int(self._clock.now().timestamp())
        if not now_s - ON_DUTY_S < act.asker.authenticated_at_s <= now_s + FRESH_S:
            raise WayRefused(why=_DUTY, instead=_SIGN_IN)
        return person

    async def _check(self, act: Act, asker: PersonRow, count: int) -> None:
        """Before anybody is read. The proof of the request is left for what follows."""
        now_s = int(self._clock.now().timestamp())
        alone = Act(act.asker, act.door, act.request_id)
        async with self._acting.doing(alone, Operation.CONFIRM, [AccountId(asker.holder)]) as locked:
            own = locked.evidence(act.holder)
            _check_trusted(own)
            if not proved_just_now(locked, act, now_s):
                raise WayRefused(why=_PROVE, instead=_TOUCH)
            _check_room(locked.evidence(AccountId(asker.holder)), own, count, now_s)

    async def _read(self, act: Act, patients: Sequence[Named]) -> list[PersonId]:
        """The colleague reads each of them, through the gate."""
        people: list[PersonId] = []
        for index, named in enumerate(patients):
            operation = Operation.READ if named.reference else Operation.SEARCH
            proof = act.proof if index == 0 else None
            ask = Ask(act.asker, act.door, operation, act.request_id, reason="to confirm for a colleague", proof=proof)
            if named.reference:
                released = await self._finder.read(ask, named.reference)
            else:
                born = DateRange(named.born, named.born) if named.born else None
                family, given = Text(named.family) if named.family else None, Text(named.given) if named.given else None
                released = await self._finder.search(ask, Criteria(birth_date=born, family=family, given=given))
            shown = {one.person_id for one in released.content.shown}
            if len(shown) != 1:
                raise WayRefused(why=_NOT_ONE, instead=_ONE_BY_ONE)
            people.append(shown.pop())
        return list(dict.fromkeys(people))

    async def _use(self, locked: Locked, code: str, account_id: int) -> None:
        used = await self._acting.presence.use_code(
            locked.connection, digest_of(code), _KIND, account_id, self._clock.now()
        )
        if used is None:
            raise WayRefused(why=_NO_CODE, instead=_NEW_CODE)

    async def _record(self, locked: Locked, act: Act, asker: PersonRow, what: str, told: dict[str, str]) -> None:
        given = {"what": what, "for": f"account:{asker.account_id}"} | told
        taken = {"what": what, "by": act.by} | told
        await locked.record(
            act.event(Operation.CONFIRM, f"{what} for a colleague", given),
            AccountEvent(AccountId(asker.account_id), Operation.CONFIRM, f"a colleague {what}", taken, door=act.door),
        )


def _check_trusted(colleague: Evidence) -> None:
    if colleague.rung >= WARN or colleague.held_s:
        raise WayRefused(why=_SUSPECT, instead=_OTHER)


def _check_room(asker: Evidence, colleague: Evidence, count: int, now_s: int) -> None:
    if count > room_to_confirm(asker, now_s):
        raise WayRefused(why=_FULL_ASKER, instead=_EMERGENCY)
    if count > room_to_vouch(colleague, now_s):
        raise WayRefused(why=_FULL, instead=_OTHER)
