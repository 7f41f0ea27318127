"""Whose tokens a session of the console keeps: a person's, bound to the session's own key."""

from typing import Any

import msgspec
import pytest

from beffroi.access.professional import claimed
from beffroi.access.tokens import Claims
from beffroi.access.verified import Verified
from beffroi.actions.kept_sessions import KeptSessions, SignInFailed
from beffroi.clock import Clock
from beffroi.outbound.openid import Tokens
from beffroi.outbound.signing_key import SigningKey
from beffroi.store.database import Database
from beffroi.store.sessions import SessionStore
from credentials import NOW_S, application_claims, person_claims, trusted


@pytest.mark.parametrize(
    ("claims", "bound", "taken"),
    [(person_claims(), True, True), (person_claims(), False, False), (application_claims(), True, False)],
    ids=["own", "another key's", "an application's"],
)
async def test_a_session_takes_its_person_s_tokens_alone(
    database: Database, claims: dict[str, Any], bound: bool, taken: bool
) -> None:
    """A genuine token of somebody else's key, or of software, begins no session and renews none."""
    key = SigningKey()
    holder = key.thumbprint if bound else SigningKey().thumbprint
    read = Verified(b"token", holder, b"", NOW_S + 60.0, claimed(msgspec.convert(claims, Claims)), trusted())

    async def verify(_: bytes) -> Verified:
        return read

    kept = KeptSessions(SessionStore(database), None, verify, Clock(), 900)  # type: ignore[arg-type]
    if taken:
        assert await kept.verified(Tokens("token"), key) is read
    else:
        with pytest.raises(SignInFailed):
            await kept.verified(Tokens("token"), key)
