"""Who may do what: every address as every role and as a stranger, by the one table; both languages of every text."""

import re
from importlib import resources

import pytest

from beffroi.access.professional import APPLICATION_ROLES
from beffroi.model.account import Role
from beffroi.servers.console.exchange import ROOT
from beffroi.servers.console.rooms import Room, rooms_of
from beffroi.servers.console.routes import HANDLE, ROUTES
from beffroi.servers.console.speaking import ATTRIBUTES, DOORS, FIELDS, OPERATIONS, PURPOSES, ROLES, SEXES, STATUSES
from beffroi_region.staff import account_name
from console.asking import token_of

PEOPLE = [role for role in Role if role not in APPLICATION_ROLES]
TEMPLATES = {
    file.name: file.read_text(encoding="utf-8")
    for file in (resources.files("beffroi.servers.console") / "templates").iterdir()
}
SAID = re.compile(r"""\bt\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*,\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*\)""")


async def test_every_address_as_every_role(served) -> None:
    """A route opens to the roles of its row and to no other: 403 in words; no route fails, whatever the handle, and
    nothing that any answers is kept by a browser or a proxy.
    """
    for role in PEOPLE:
        client = await served.signed_in(account_name(role))
        token = token_of(await client.get("/help"))
        for route in ROUTES:
            if route.roles is None or route.path in ("/sign-out", "/switch"):
                continue
            path = route.path.replace(HANDLE, "A" * 40)
            data = {"form": token} if route.method == "POST" else None
            async with client.stream(
                route.method, path, data=data, headers={"sec-fetch-site": "same-origin"}, timeout=5
            ) as answer:
                allowed = role in route.roles
                assert (answer.status_code != 403) == allowed, (route.method, route.path, answer.status_code)
                assert answer.status_code < 500, (route.method, route.path)
                assert answer.headers["cache-control"] == "no-store", (route.method, route.path)
    for route in ROUTES:
        if route.bodiless:  # whatever the role: by a proof, or not at all
            answer = await client.post(route.path)
            assert not {"set-cookie", "secure-session-challenge"} & set(answer.headers), route.path


async def test_a_stranger_opens_nothing(served) -> None:
    """Without a session every room answers with the way to sign in, and records nothing."""
    client = await served.stranger()
    for route in ROUTES:
        if route.roles is not None:
            answer = await client.request(route.method, route.path.replace(HANDLE, "x"), data={} or None)
            assert answer.status_code in (401, 406, 415), (route.method, route.path)
    assert await served.database.pool.fetchval("select count(*) from disclosures") == 0


async def test_what_is_no_address_is_said_in_words(served) -> None:
    """404 and 405 are pages too."""
    client = await served.stranger()
    assert (await client.get("/nowhere")).status_code == 404
    assert (await client.request("DELETE", "/find")).status_code == 405


def test_the_navigation_leads_somewhere() -> None:
    """Every room that is shown has a route which its roles may use; every role but software has a room of its own."""
    opened = {route.path: route for route in ROUTES if route.method == "GET"}
    for role in Role:
        for room in rooms_of(role):
            route = opened[room.path]
            assert route.roles is not None and role in route.roles
    assert all(rooms_of(role) for role in PEOPLE)
    assert {room.path for room in Room if room.path} <= set(opened)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_both_languages_of_every_template(name: str) -> None:
    """Each text is given in both languages, and no text stands outside."""
    text = TEMPLATES[name]
    for english, french in SAID.findall(text):
        assert english[1:-1] or not french[1:-1], english
        assert french[1:-1] or not english[1:-1], french
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|<!doctype html>", " ", SAID.sub("", text), flags=re.DOTALL)
    words = set(re.findall(r"[A-Za-zÀ-ÿ]{2,}", bare)) - {"Beffroi", "INS"}
    assert words == set(), words


def test_every_word_of_ours_is_said_in_both_languages() -> None:
    """Roles, purposes, statuses, fields: complete, in both languages."""
    for table in (ROLES, PURPOSES, STATUSES, SEXES, ATTRIBUTES, FIELDS, DOORS, OPERATIONS):
        kind = type(next(iter(table)))
        assert set(table) == set(kind)
        assert all(words.english and words.french for words in table.values())
    assert ROOT == "/console"
