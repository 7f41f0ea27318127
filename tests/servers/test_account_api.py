"""The ways on of an account over HTTP: plain JSON, each address for its roles, refusals in words."""

from authenticator import SoftwareKey
from beffroi.model.account import Role
from beffroi.model.disclosure import Outcome, Proof
from beffroi.servers.routes import ACCOUNT_ROUTES
from ways import WEEK


async def test_a_nurse_enrols_and_proves(door, clock):
    """The whole way over HTTP."""
    key = SoftwareKey()
    assert (await door(Role.WARD_NURSE, "GET", "/account/keys")).json == {"keys": []}
    code = (await door(Role.IDENTITY_CELL, "POST", "/account/key-codes", {"subject": "ward_nurse"})).json["code"]
    options = (await door(Role.WARD_NURSE, "POST", "/account/keys/challenge", {})).json["publicKey"]
    told = await door(Role.WARD_NURSE, "POST", "/account/keys", {"code": code, "credential": key.created(options)})
    assert (told.status, told.headers["content-type"]) == (200, "application/json")
    early = await door(Role.WARD_NURSE, "POST", "/account/proof/challenge", {})
    assert early.status == 409 and "7 days" in early.text
    clock.advance(WEEK)
    options = (await door(Role.WARD_NURSE, "POST", "/account/proof/challenge", {})).json["publicKey"]
    answer = {"credential": key.touched(options)}
    assert (await door(Role.WARD_NURSE, "POST", "/account/proof", answer)).status == 200
    again = await door(Role.WARD_NURSE, "POST", "/account/proof", answer)
    assert again.status == 403 and "used before" in again.text


async def test_each_address_is_for_its_roles(door, database):
    """A role without the right is refused, in words, and the refusal is recorded."""
    for route in (one for one in ACCOUNT_ROUTES if one.path != "/account/not-me"):
        for role in (Role.WARD_NURSE, Role.AUDITOR, Role.HOSPITAL_APPLICATION):
            told = await door(role, route.method, route.path.replace("{reference}", "1"), {})
            assert (told.status == 403 and "may not have" in told.text) == (role not in route.roles), (route, role)
            assert told.status in (200, 400, 403, 404, 409, 422), (route, told.text)
    refused = await database.pool.fetchval("select count(*) from disclosures where outcome = $1", int(Outcome.REFUSED))
    assert refused > len(ACCOUNT_ROUTES)


async def test_a_proof_of_possession_serves_once(door):
    """At every address, whether it looked, did something or was refused."""
    for place, route in enumerate(ACCOUNT_ROUTES):
        role = sorted(route.roles)[0]
        proof = Proof(place.to_bytes(16, "big"), 1)
        first = await door(role, route.method, route.path, {}, subject=f"{place}", proof=proof)
        assert first.status in (200, 400, 404, 409, 422), (route, first.text)
        again = await door(role, route.method, route.path, {}, subject=f"{place}", proof=proof)
        assert again.status == 401 and "used before" in again.text, route


async def test_a_body_that_cannot_be_read_is_said_without_its_content(door):
    """The place, never the value."""
    told = await door(Role.WARD_NURSE, "POST", "/account/proof", {"credential": "Martin"})
    assert told.status == 400 and "Martin" not in told.text
