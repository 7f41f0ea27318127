"""Security keys: enrolled in person, and used to prove who is there.

Whoever has stolen a session can enrol no key of theirs: a code is needed, that an operator, the identity cell or the
duty officer hands over to the person in front of them; and a new key proves nothing for a week, in which its owner can
see it in the account's digest.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from beffroi.access.presence import (
    ENROL,
    NONCE_BYTES,
    PROVE,
    Challenges,
    Enrolled,
    KeyPlace,
    challenge_of,
    credential_number,
    enrolled,
    enrolment_options,
    proof_options,
    proved,
)
from beffroi.actions.events import Locked
from beffroi.actions.ways.acting import Act, Acting
from beffroi.actions.ways.codes import ENROL_CHARACTERS, digest_of, new_code
from beffroi.clock import Clock
from beffroi.errors import NotFound, ProofRefused, WayRefused, Words
from beffroi.model.account import AccountId, Role
from beffroi.model.account_event import AccountEvent
from beffroi.model.disclosure import Operation
from beffroi.store.presence import KeyRow
from beffroi.telemetry import Event, log
from beffroi.watch.channels import key_of

COUNTS_AFTER: Final = timedelta(days=7)
"""A key counts for proofs of presence once it was enrolled for longer than this."""
CODE_SERVES: Final = timedelta(hours=24)
KEYS_MAX: Final = 5
"""Keys of one account: one on the badge, one in the drawer, and some more."""
_KIND: Final = "enrol"
_CREDENTIAL: Final = "fido2-roaming"
"""As CAEP calls a security key."""
_DIGEST_BYTES: Final = 16
_MINUTE_S: Final = 60

_ACCOUNT = Words("Account", "Compte")
_KEY = Words("Key", "Clé")
_NO_CODE = Words("this code does not serve (any more)", "ce code ne vaut pas, ou plus")
_ASK_AGAIN = Words(
    "Ask the identity cell or the duty officer for one, in person.",
    "Demandez-en un, en personne, à la cellule d'identitovigilance ou à l'astreinte.",
)
_OWN = Words("nobody grants a key to themselves", "nul ne s'accorde une clé à soi-même")
_ANOTHER = Words("Ask a colleague of the identity cell.", "Demandez à un collègue de la cellule d'identitovigilance.")
_ELSEWHERE = Words("this account works at another hospital", "ce compte travaille dans un autre hôpital")
_THERE = Words("Its own identity cell does it.", "Sa propre cellule d'identitovigilance le fait.")
_FULL = Words(f"this account has {KEYS_MAX} keys", f"ce compte a {KEYS_MAX} clés")
_REVOKE_FIRST = Words("Revoke one first.", "Révoquez-en une d'abord.")
_NO_KEY = Words(
    "no key of this account was enrolled more than 7 days ago", "aucune clé de ce compte n'est enrôlée depuis 7 jours"
)


@dataclass(frozen=True, slots=True)
class Code:
    """A code to hand over, once."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key as its owner sees it. `counts_from`: since when it proves who is there."""

    key: str
    enrolled_at: datetime
    granted_by: str
    counts_from: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyRing:
    """An account's keys, and what a browser needs to have one touched (None while none counts) or another made."""

    keys: list[KnownKey]
    proof: dict[str, Any] | None
    enrolment: dict[str, Any]


class Keys:
    """The keys of a deployment."""

    def __init__(self, acting: Acting, challenges: Challenges, place: KeyPlace, clock: Clock) -> None:
        self._acting = acting
        self._store = acting.presence
        self._challenges = challenges
        self._place = place
        self._clock = clock

    async def grant(self, act: Act, subject: str) -> Code:
        """A code for somebody who stands there, named as their token names them by the granter's own issuer.

        Raises NotFound, or WayRefused for the granter's own accounts and for those of another hospital.
        """
        issuer = await self._store.issuer_of(act.asker.account_id)
        number = await self._store.named(issuer, subject)
        person = await self._acting.person(AccountId(number)) if number is not None else None
        if number is None or person is None:
            raise NotFound(what=_ACCOUNT)
        if person.holder == act.holder:
            raise WayRefused(why=_OWN, instead=_ANOTHER)
        if act.asker.role is Role.IDENTITY_CELL and person.structure_id not in (None, act.asker.structure):
            raise WayRefused(why=_ELSEWHERE, instead=_THERE)
        async with self._acting.doing(act, Operation.KEY, [AccountId(number)]) as locked:
            return await self._code(locked, AccountId(number), act.by)

    async def grant_as_operator(self, account_id: AccountId, by: str) -> Code:
        """The same at the machine itself."""
        async with self._acting.events.locking([account_id]) as locked:
            if not locked.knows(account_id):
                raise NotFound(what=_ACCOUNT)
            return await self._code(locked, account_id, by)

    async def enrolment(self, act: Act) -> dict[str, Any]:
        """What a browser needs to make a key (PublicKeyCredentialCreationOptionsJSON)."""
        return self._to_enrol(act, await self._store.keys(act.asker.account_id))

    async def enrol(self, act: Act, code: str, credential: dict[str, Any]) -> KnownKey:
        """Enrols the key of a RegistrationResponseJSON, with the code. Raises ProofRefused or WayRefused."""
        account_id, now = act.asker.account_id, self._clock.now()
        async with self._acting.doing(act, Operation.STEP_UP) as locked:
            challenge = await self._burnt(locked, act, credential, ENROL)
            made_by = await self._store.use_code(locked.connection, digest_of(code), _KIND, account_id, now)
            if made_by is None:
                raise WayRefused(why=_NO_CODE, instead=_ASK_AGAIN)
            if len(await self._store.keys(account_id, locked.connection)) >= KEYS_MAX:
                raise WayRefused(why=_FULL, instead=_REVOKE_FIRST)
            key = enrolled(credential, challenge, self._place)
            values = (key.credential_id, key.public_key, key.sign_count)
            if not await self._store.add_key(locked.connection, account_id, values, now, made_by):
                raise ProofRefused(why=Words("this key is enrolled already", "cette clé est déjà enrôlée"))
            told = {"what": "enrolled", "key": _short(key.credential_id), "granted_by": made_by}
            await locked.record(act.event(Operation.KEY, "a security key was enrolled", told))
            await self._acting.signals.credential_changed(locked.connection, account_id, _CREDENTIAL, "create")
        log(Event.KEY_ENROLLED, account=account_id)
        return _known(KeyRow(*values, now, made_by, None))

    async def ring(self, act: Act) -> KeyRing:
        """The actor's own keys, with what can be done with them."""
        keys = await self._store.keys(act.asker.account_id)
        return KeyRing([_known(key) for key in keys], self._to_prove(act, keys), self._to_enrol(act, keys))

    async def listed(self, account_id: AccountId) -> list[KnownKey]:
        """An account's keys."""
        return [_known(key) for key in await self._store.keys(account_id)]

    async def revoke(self, act: Act, key: str) -> None:
        """The owner's own, by its short number. Raises NotFound."""
        async with self._acting.doing(act, Operation.STEP_UP) as locked:
            await self._revoke(locked, act.asker.account_id, key, act.by)

    async def revoke_as_operator(self, account_id: AccountId, key: str, by: str) -> None:
        """Anybody's, at the machine itself. Raises NotFound."""
        async with self._acting.events.locking([account_id]) as locked:
            await self._revoke(locked, account_id, key, by)

    async def challenge(self, act: Act) -> dict[str, Any]:
        """What a browser needs to have a key touched (PublicKeyCredentialRequestOptionsJSON). Raises WayRefused."""
        options = self._to_prove(act, await self._store.keys(act.asker.account_id))
        if options is None:
            raise WayRefused(why=_NO_KEY, instead=_ASK_AGAIN)
        return options

    async def prove(self, act: Act, credential: dict[str, Any]) -> datetime:
        """The step-up: effective in every process when this returns. Raises ProofRefused."""
        now = self._clock.now()
        async with self._acting.doing(act, Operation.STEP_UP) as locked:
            challenge = await self._burnt(locked, act, credential, PROVE)
            number = credential_number(credential)
            key = await self._store.key(locked.connection, act.asker.account_id, number)
            if key is None or now - key.enrolled_at <= COUNTS_AFTER:
                raise ProofRefused(why=_NO_KEY)
            known = Enrolled(key.credential_id, key.public_key, key.sign_count)
            count = proved(credential, challenge, self._place, known)
            await self._store.use_key(locked.connection, number, count, now)
            evidence = locked.evidence(act.holder)
            # The same second as the question that asked for it must do.
            evidence.proved_s = max(int(now.timestamp()), evidence.asked_s + 1, evidence.held_s + 1)
            evidence.proved_key = key_of(act.asker.session_key)
            await locked.keep(act.holder, evidence)
            told = {"means": "key", "key": _short(number)}
            await locked.record(act.event(Operation.STEP_UP, "proved who is there with a security key", told))
            await self._acting.signals.presence_proved(locked.connection, act.asker.account_id)
        log(Event.PROVED, account=act.asker.account_id)
        return now

    def _to_enrol(self, act: Act, keys: list[KeyRow]) -> dict[str, Any]:
        known = [_text(key.credential_id) for key in keys]
        user = sha256(b"beffroi user" + act.asker.account_id.to_bytes(8, "big")).digest()[:_DIGEST_BYTES]
        return enrolment_options(self._place, _text(self._challenge(act, ENROL)), user, known)

    def _to_prove(self, act: Act, keys: list[KeyRow]) -> dict[str, Any] | None:
        now = self._clock.now()
        numbers = [_text(key.credential_id) for key in keys if now - key.enrolled_at > COUNTS_AFTER]
        return proof_options(self._place, _text(self._challenge(act, PROVE)), numbers) if numbers else None

    def _challenge(self, act: Act, purpose: bytes) -> bytes:
        nonce, now_s = self._clock.token_bytes(NONCE_BYTES), int(self._clock.now().timestamp())
        return self._challenges.made(_whom(act), purpose, nonce, now_s)

    async def _burnt(self, locked: Locked, act: Act, credential: dict[str, Any], purpose: bytes) -> bytes:
        """The challenge that a response answers, which serves no second time. Raises ProofRefused."""
        challenge = challenge_of(credential)
        expiry_s = self._challenges.expiry_s(challenge, _whom(act), purpose, int(self._clock.now().timestamp()))
        digest = sha256(challenge).digest()[:_DIGEST_BYTES]
        if not await self._store.burn(expiry_s // _MINUTE_S, digest, locked.connection):
            raise ProofRefused(why=Words("this answer was used before", "cette réponse a déjà servi"))
        return challenge

    async def _code(self, locked: Locked, account_id: AccountId, by: str) -> Code:
        now = self._clock.now()
        code, until = new_code(self._clock, ENROL_CHARACTERS), now + CODE_SERVES
        await self._store.add_code(locked.connection, digest_of(code), _KIND, account_id, by, (now, until))
        told = {"what": "granted", "by": by, "until": until.isoformat()}
        await locked.record(AccountEvent(account_id, Operation.KEY, "a security key may be enrolled", told))
        log(Event.KEY_GRANTED, account=account_id)
        return Code(code, until)

    async def _revoke(self, locked: Locked, account_id: AccountId, key: str, by: str) -> None:
        keys = await self._store.keys(account_id, locked.connection)
        found = [one for one in keys if _short(one.credential_id) == key]
        if not found:
            raise NotFound(what=_KEY)
        await self._store.revoke_key(locked.connection, account_id, found[0].credential_id, self._clock.now(), by)
        told = {"what": "revoked", "key": key, "by": by}
        await locked.record(AccountEvent(account_id, Operation.KEY, "a security key was revoked", told))
        await self._acting.signals.credential_changed(locked.connection, account_id, _CREDENTIAL, "revoke")
        log(Event.KEY_REVOKED, account=account_id)


def _whom(act: Act) -> tuple[int, bytes]:
    return act.asker.account_id, act.asker.session_key


def _known(key: KeyRow) -> KnownKey:
    counts_from = key.enrolled_at + COUNTS_AFTER
    return KnownKey(_short(key.credential_id), key.enrolled_at, key.granted_by, counts_from, key.used_at)


def _short(credential_id: bytes) -> str:
    """A key's number as people see it."""
    return sha256(credential_id).hexdigest()[:12]


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
