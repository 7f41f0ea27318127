"""An issuer's keys: fetched, refreshed, kept while it is away, and never for ever."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from beffroi.access.tokens import UnverifiedToken, read_token
from beffroi.model.trust import IssuerKey, IssuerStanding
from beffroi.outbound.fetching import FetchFailed
from beffroi.outbound.issuer_keys import KEYS_AGE_S_MAX, UNKNOWN_KEY_S_MIN, IssuerKeys
from credentials import ISSUER, OTHER_P256, P256, person_claims, public, token, trusted
from doubles import FakeClock

METADATA = f"{ISSUER}/.well-known/openid-configuration"
KEY_SET = f"{ISSUER}/certs"


class Web:
    """Stands for the issuer: documents by address, and how often each was asked for."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {METADATA: self.metadata(), KEY_SET: self.keys("k1")}
        self.asked: list[str] = []

    @staticmethod
    def metadata(**changes: Any) -> bytes:
        return json.dumps({"issuer": ISSUER, "jwks_uri": KEY_SET} | changes).encode()

    @staticmethod
    def keys(*numbers: str, key: Any = P256) -> bytes:
        return json.dumps({"keys": [public(key, kid=number) for number in numbers]}).encode()

    async def fetch(self, url: str, bytes_max: int) -> bytes:
        self.asked.append(url)
        await asyncio.sleep(0)
        if url not in self.documents:
            raise FetchFailed("away")
        return self.documents[url]


@pytest.fixture
def web() -> Web:
    """The issuer's documents."""
    return Web()


@pytest.fixture
def keys(web: Web, clock: FakeClock) -> IssuerKeys:
    """The keys under test."""
    return IssuerKeys(trusted(), clock, web.fetch)


def names(keys: IssuerKeys, clock: FakeClock) -> set[str]:
    trust = keys.trust(clock.now().timestamp())
    return {name for name, _ in trust.keys} if trust else set()


def naming(number: str) -> UnverifiedToken:
    return read_token(token(person_claims(), kid=number))


async def test_by_discovery(keys: IssuerKeys, web: Web, clock: FakeClock) -> None:
    """The metadata says where the keys are; before the first fetch there are none."""
    assert names(keys, clock) == set()
    assert await keys.refresh()
    assert names(keys, clock) == {"k1"} and web.asked == [METADATA, KEY_SET]


async def test_other_sources(web: Web, clock: FakeClock, tmp_path: Path) -> None:
    """A configured discovery address, key set address or file takes the place of the usual one."""
    web.documents = {"https://a.example/wallet": Web.metadata(), KEY_SET: Web.keys("k2")}
    by_discovery = IssuerKeys(trusted(discovery_url="https://a.example/wallet"), clock, web.fetch)
    by_address = IssuerKeys(trusted(key_set_url=KEY_SET), clock, web.fetch)
    (tmp_path / "keys.json").write_bytes(Web.keys("k3"))
    by_file = IssuerKeys(trusted(key_set_file=str(tmp_path / "keys.json")), clock, web.fetch)
    assert [await k.refresh() for k in (by_discovery, by_address, by_file)] == [True] * 3
    assert [names(k, clock) for k in (by_discovery, by_address, by_file)] == [{"k2"}, {"k2"}, {"k3"}]
    (tmp_path / "keys.json").unlink()
    assert not await by_file.refresh()


@pytest.mark.parametrize(
    "metadata",
    [
        Web.metadata(issuer="https://other.example"),
        Web.metadata(issuer=ISSUER + "/"),
        Web.metadata(jwks_uri="http://issuer.example/certs"),
        Web.metadata(jwks_uri="file:///etc/passwd"),
        Web.metadata(jwks_uri=None),
        b"{}",
        b"\xff",
        b"[" * 60_000,
    ],
)
async def test_metadata_that_is_refused(keys: IssuerKeys, web: Web, clock: FakeClock, metadata: bytes) -> None:
    """Metadata of another issuer, or that names keys elsewhere than by https, gives no keys."""
    web.documents[METADATA] = metadata
    assert not await keys.refresh()
    assert names(keys, clock) == set() and KEY_SET not in web.asked


async def test_a_new_key_is_fetched_when_a_token_names_it(keys: IssuerKeys, web: Web, clock: FakeClock) -> None:
    """A rotation needs no restart and no waiting for the next refresh."""
    await keys.refresh()
    web.documents[KEY_SET] = Web.keys("k1", "k2")
    clock.advance(UNKNOWN_KEY_S_MIN)
    await keys.look_for(naming("k2"))
    assert names(keys, clock) == {"k1", "k2"}


async def test_made_up_key_numbers_are_no_flood(keys: IssuerKeys, web: Web, clock: FakeClock) -> None:
    """However many tokens name unknown keys, the issuer is asked once in ten seconds."""
    await keys.refresh()
    clock.advance(UNKNOWN_KEY_S_MIN)
    before = len(web.asked)
    await asyncio.gather(*(keys.look_for(naming(f"made-up-{n}")) for n in range(50)))
    assert len(web.asked) - before == 2
    clock.advance(UNKNOWN_KEY_S_MIN)
    await keys.look_for(naming("made-up"))
    assert len(web.asked) - before == 4


async def test_a_known_key_is_not_looked_for(keys: IssuerKeys, web: Web, clock: FakeClock) -> None:
    """A request that waited while another one fetched finds the key there."""
    await keys.refresh()
    clock.advance(UNKNOWN_KEY_S_MIN)
    before = len(web.asked)
    await keys.look_for(naming("k1"))
    assert len(web.asked) == before


async def test_an_issuer_that_is_away(keys: IssuerKeys, web: Web, clock: FakeClock) -> None:
    """The last keys stay good for a day, and for no longer."""
    await keys.refresh()
    web.documents = {}
    clock.advance(KEYS_AGE_S_MAX - 1)
    assert not await keys.refresh() and names(keys, clock) == {"k1"}
    clock.advance(1)
    assert names(keys, clock) == set()
    web.documents = Web().documents
    assert await keys.refresh() and names(keys, clock) == {"k1"}


async def test_what_is_told_of_them(keys: IssuerKeys, web: Web, clock: FakeClock) -> None:
    """Each key with since when it is known, the last fetch, what failed, and until when they are believed."""
    assert keys.standing() == IssuerStanding(ISSUER, (), None, "", None)
    began = clock.now()
    await keys.refresh()
    web.documents[KEY_SET] = Web.keys("k1", "k2")
    fetched = clock.advance(60)
    await keys.refresh()
    del web.documents[KEY_SET]
    clock.advance(60)
    await keys.refresh()
    told = keys.standing()
    assert told.keys == (IssuerKey("k1", "ES256", began), IssuerKey("k2", "ES256", fetched))
    assert (told.fetched_at, told.failure) == (fetched, "FetchFailed")
    assert told.good_until == fetched + timedelta(seconds=KEYS_AGE_S_MAX)


async def test_what_is_withdrawn_is_told(keys: IssuerKeys, web: Web) -> None:
    """When a key is withdrawn or replaced, what it signed is to be forgotten; one more key changes nothing."""
    told = list[bool]()
    keys.changed = lambda: told.append(True)
    for document, expected in (
        (Web.keys("k1"), 0),
        (Web.keys("k1", "k2"), 0),
        (Web.keys("k1", "k2"), 0),
        (Web.keys("k2"), 1),
        (Web.keys("k2", key=OTHER_P256), 2),
    ):
        web.documents[KEY_SET] = document
        assert await keys.refresh()
        assert len(told) == expected


async def test_a_broken_key_set_changes_nothing(keys: IssuerKeys, web: Web, clock: FakeClock) -> None:
    """A set that cannot be read, is empty or is a demo's leaves the last good keys."""
    await keys.refresh()
    for document in (b"", b'{"keys": []}', Web.keys("demo-1"), Web.keys("k1", "demo-1")):
        web.documents[KEY_SET] = document
        assert not await keys.refresh()
    assert names(keys, clock) == {"k1"}
