"""Every form that any page shows, every field of it, as every role, with what is not the asker's.

The forms are found by walking the pages, and every POST of `ROUTES` must have been found: a new form is tried without a
new line here. What is tried is a table of values, and whatever identifier another session was seen to use.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import pytest

from beffroi.actions.roles import Roles
from beffroi.actions.ways.acting import Acting
from beffroi.model.account import Role
from beffroi.model.person import HospitalId
from beffroi.model.role_request import Wanted
from beffroi.servers.console.exchange import FORM_NUMBER, FORM_TOKEN
from beffroi.servers.console.headers import POLICY
from beffroi.servers.console.rooms import rooms_of
from beffroi.servers.console.routes import HANDLE, ROUTES, Route, Router
from beffroi_region.staff import account_name
from console.asking import altered, find, path_of, post
from console.conftest import in_one_loop
from console.forms import Form, read
from console.test_rooms import PEOPLE
from console.test_watching import number_of
from requests_and_records import record

NAMES = ("QUESNOY", "Aldegonde", "MARTINEAU", "Lothaire", "17/05/1980")
"""Whoever stands in an answer to a form, or in a log, was not asked for there: a form answers with an address."""
FORM = {"content-type": "application/x-www-form-urlencoded"}
SAME = {"sec-fetch-site": "same-origin"}
NUMBERS_TRIED, HANDLES_TRIED = 4, 2
PAGES_OF_A_ROUTE = 2
"""Pages of each route that the walk opens for each role."""
LEAVING = ("/sign-out", "/switch")

VALUES: dict[str, str | None] = {
    "missing": None,
    "empty": "",
    "NUL": "a\0b",
    "long": "x" * 9_000,
    "nobody's": "999999999",
    "64 bits": "9223372036854775808",
    "padded": "0001" + "0" * 5_000,
    "a power": "² mars 1985",
    "not a number": "nan",
    "markup and a head": "=1+1\"><script>alert(1)</script><b x='\r\nset-cookie: a=b\u202e{{ 7 * 7 }}' or 1=1--",
    "the first day": "0001-01-01T00:00",
    "the last hour": "9999-12-31T23:59",
    "JSON": '{"id":"x","rawId":"x","response":{"clientDataJSON":"e30"}}',
    "deep JSON": "[" * 3_000,
    "selections": "account=0\nnetwork=::/0\ncolour=blue\nsince=9999-12-31T23:59Z",
}
QUICK = ("missing", "nobody's", "padded", "a power", "markup and a head", "the last hour", "deep JSON")
"""What each run tries; the others are for the long one."""
BYTES = (b"%ff%fe", b"\xe9")
"""Values as they are sent, not escaped again."""


Wrong = tuple[list[str], list[str | None]]
"""What others use, and what nobody does."""


@dataclass
class Walker:
    """One signed-in person: the forms of their pages, and every identifier that stands in them."""

    name: str
    role: Role
    account: int
    client: httpx2.AsyncClient
    token: str = ""
    patient: str = ""
    forms: dict[tuple[str, tuple[str, ...]], Form] = field(default_factory=dict)
    handles: set[str] = field(default_factory=set)
    opened: dict[str, int] = field(default_factory=dict)

    def send(self, form: Form, fields: dict[str, str], **headers: str) -> Any:
        """Sends a form with a token of one's own."""
        return self.client.post(form.action, data=fields | {FORM_TOKEN: self.token}, headers=SAME | headers)


def route_of(method: str, path: str) -> tuple[Route, str]:
    return Router().find(method, path.partition("?")[0])


def checked(answer: httpx2.Response, what: object, *, named: bool = False) -> httpx2.Response:
    """What holds of every answer: no failure, kept by nobody, under the policy, without a name that nobody asked."""
    assert answer.status_code < 500, (what, answer.status_code)
    assert answer.headers["cache-control"] == "no-store" and answer.headers["content-security-policy"] == POLICY, what
    assert answer.headers["referrer-policy"] == "no-referrer", what
    assert "a=b" not in answer.headers.get("set-cookie", "") and "<script>alert" not in answer.text, what
    told = str(answer.headers) if named else f"{answer.headers} {answer.text}"
    assert not [name for name in NAMES if name in told], what
    return answer


async def walk(walker: Walker, *begin: str) -> None:
    """Opens what the pages link to, and sends each form once as a person would."""
    left = [*begin] or [room.path for room in rooms_of(walker.role)]
    sent: set[str] = set()
    while left:
        path = left.pop(0)
        route, handle = route_of("GET", path)
        if route.background or route.roles is None or walker.opened.get(route.path, 0) >= PAGES_OF_A_ROUTE:
            walker.handles |= {handle} if handle else set()
            continue
        walker.opened[route.path] = walker.opened.get(route.path, 0) + 1
        walker.patient = path if route.path.startswith("/patient/") else walker.patient
        page = checked(await walker.client.get(path, headers=SAME), (walker.name, path), named=True)
        for form in _kept(walker, page.text, left):
            if form.method == "GET":
                continue
            posted = route_of("POST", form.action)[0]
            key = f"{posted.path} {form.fields.get('what', '')}"
            if key in sent or posted.roles is None or form.action in LEAVING or posted.path.startswith(DECIDING):
                continue
            sent.add(key)
            answer = checked(await walker.send(form, form.fields), (walker.name, form.action))
            if answer.status_code == 303:
                left.append(answer.headers["location"].removeprefix("/console"))
            else:
                _kept(walker, answer.text, left)


DECIDING = (
    *("/watch/stop/", "/watch/release", "/worklists/c", "/incidents/refuse", "/incidents/write", "/keys/revoke"),
    "/operate/roles/",
)
"""What a walk shows and does not do, since nothing would be left to try."""


def _kept(walker: Walker, text: str, left: list[str]) -> list[Form]:
    """The page's forms and links, remembered."""
    forms, links = read(text)
    left += [link for link in links if not link.startswith("/assets/")]
    for form in forms:
        walker.token = form.fields.pop(FORM_TOKEN, walker.token)
        form.fields.pop(FORM_NUMBER, None)  # each attack would be the same form, sent again
        route, handle = route_of(form.method, form.action)
        walker.handles |= {handle} if handle else set()
        walker.forms.setdefault((route.path, (*form.fields, form.fields.get("what", ""))), form)
    return forms


async def prepare(served: Any, put: Any) -> None:
    """Something of everything: patients, stops, an account that is held, long lists, an incident, requests."""
    await put(1, "IPP-7", record("MARTINEAU", "Lothaire"), explained_h=5)
    await put(1, "IPP-8", record("QUESNOY", "Aldegonde"), explained_h=5)
    secretary, officer = await served.signed_in("medical-secretary"), await served.signed_in("duty-officer-2")
    doctor, protection = await served.signed_in("ward-doctor"), await served.signed_in("data-protection-officer")
    await find(doctor)
    lines = "\n".join(f"N-{n}" for n in range(21))
    await post(secretary, "/worklists", role="ward_nurse", purpose="vaccination", hours="24", patients=lines)
    network = path_of(await post(officer, "/watch/stop", kind="network", target="192.0.2.9/28", hours="2"))
    await post(officer, network, reason="lectures inhabituelles")
    subject = served.staff["ward-doctor"].subject
    opened = path_of(await post(protection, "/incidents", title="Compte volé", accounts=subject, reason="signalement"))
    await post(protection, f"/incidents/lists/{opened.rpartition('/')[2]}", reason="à remettre aux hôpitaux")
    roles = Roles(served.database, Acting(served.database, served.clock), served.clock)
    account = await roles.account(served.issuer.url, "899700000777")
    until = served.clock.now() + timedelta(days=30)
    await roles.ask("operator:anne", Wanted(account, HospitalId(2), Role.AUDITOR, until, "contrôle de l'année"))
    for statement in PREPARED:
        await served.database.pool.execute(statement, await number_of(served, "ward-doctor"))


PREPARED = (
    """update account_states set rung = 4, evidence = json_build_object('rung', 4, 'held_s', 1, 'asked_s', 1)
       where account_id = $1""",
    """insert into containments (kind, target, spared, reason, asked_by, asked_at, in_force_from)
       select 'device', repeat('ab', 32), '{}', 'volé', 'operator:test', now(), now() where $1 > 0""",
    "update scope_exports set requested_by = $1",
    """insert into scope_exports (incident_id, selections, reason, digest, patients, requested_by, requested_at,
       approved_by, approved_at)
       select incident_id, selections, reason, digest, patients, $1, now(), (select min(account_id) from grants), now()
       from scope_exports""",
)
PROTECTED = "update identities set restricted = true, record = jsonb_set(record::jsonb, '{restricted}', 'true')::json"
KEYS = """insert into presence_keys (credential_id, public_key, account_id, sign_count, enrolled_at, granted_by)
          select decode(lpad(to_hex(account_id), 8, '0'), 'hex'), '', account_id, 0, now() - interval '8 days', 'test'
          from account_states"""

OTHERS = {"worklists": "hospital_id <> 1"} | dict.fromkeys(
    ("worklist_entries", "deliveries", "proofs", "signals"), "false"
)
"""Rows that are not the asker's, where they have no account: another hospital's; what was sent, and what served, is."""
TOUCHED = {
    Role.DUTY_OFFICER: {"containments", "account_states", "disclosures", "hold_releases", "one_time_codes", "alerts"},
    Role.DATA_PROTECTION_OFFICER: {"incidents", "scope_exports"},
    Role.OPERATOR: {"role_requests"},
    Role.IDENTITY_CELL: {"one_time_codes", "disclosures", "account_states"},
}
"""What a role changes of others by right: stopping and releasing, the register, requests of roles, codes of keys."""


async def others(pool: Any, walker: Walker) -> dict[str, str]:
    """A digest of each table's rows that are not this person's, but those that their role changes by right."""
    tables = await pool.fetch(
        """select c.relname, exists(select from pg_attribute a where a.attrelid = c.oid and attname = 'account_id') own
           from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace"""
    )
    digests = []
    for table, own in tables:
        if table not in TOUCHED.get(walker.role, ()):
            which = OTHERS.get(table, f"account_id is distinct from {walker.account}" if own else "true")
            rows = f"(select string_agg(t::text, '|' order by t::text) from {table} t where {which})"
            digests.append(f"select '{table}', md5({rows})")
    return dict(await pool.fetch(" union all ".join(digests)))


async def everything(pool: Any) -> dict[str, str]:
    """A digest of each table, but when a session was last used."""
    nobody = Walker("nobody", Role.AUDITOR, 0, None)  # type: ignore[arg-type]
    return {table: digest for table, digest in (await others(pool, nobody)).items() if table != "console_sessions"}


@in_one_loop
async def walkers(served, put) -> list[Walker]:
    """Everybody, each with the forms of their pages; the duty officer last, who may stop the others."""
    await prepare(served, put)
    order = sorted(PEOPLE, key=lambda role: role is Role.DUTY_OFFICER)
    found = []
    for role in order:
        client = await served.signed_in(account_name(role))
        found.append(Walker(account_name(role), role, await number_of(served, account_name(role)), client))
    await served.database.pool.execute(KEYS)
    for walker in found:
        await walk(walker)
    await served.database.pool.execute(PROTECTED)
    for walker in found:
        if walker.patient:
            walker.opened.clear()
            await walk(walker, walker.patient)
    return found


@pytest.mark.parametrize(
    "tried_with", [QUICK, pytest.param(tuple(VALUES), marks=pytest.mark.long)], ids=["quick", "all"]
)
async def test_every_form_as_every_role(served, walkers, capfd, tried_with: tuple[str, ...]) -> None:
    """Whatever is written into any field of any form: no failure, nobody's name, nothing of others changed, and nothing
    at all by a role that may not, by another site, or without the session's own token.
    """
    forms = {p: one for walker in reversed(walkers) for (p, _), one in walker.forms.items() if one.method == "POST"}
    assert {r.path for r in ROUTES if r.method == "POST" and not r.bodiless} == set(forms), "each has its form"
    before = await everything(served.database.pool)
    for form in forms.values():
        await refused(served, walkers, route_of("POST", form.action)[0], form)
    assert await everything(served.database.pool) == before
    tried: set[tuple[str, str]] = set()
    count = 0
    for walker in walkers:
        before = await others(served.database.pool, walker)
        foreign = identifiers(walkers, walker)
        for (path, _), form in walker.forms.items():
            if path in LEAVING:
                continue
            fresh = {name for name in ("", *form.fields) if (path, name) not in tried}
            tried |= {(path, name) for name in fresh}
            count += await attacked(walker, form, (foreign, [VALUES[name] for name in tried_with]), fresh)
        assert await others(served.database.pool, walker) == before, walker.name
        await still_there(walker)
    assert count > 1_000
    told = capfd.readouterr()
    assert not [name for name in NAMES if name in told.out + told.err]


def identifiers(walkers: list[Walker], walker: Walker) -> list[str]:
    """What stands in others' addresses and forms, and not in one's own: some of each kind."""
    found = {one for other in walkers for one in other.handles - walker.handles}
    numbers = sorted(one for one in found if one.isdigit() and one != str(walker.account))
    handles = sorted(one for one in found if not one.isdigit())
    return [*numbers[:NUMBERS_TRIED], *handles[:: len(handles) // HANDLES_TRIED or 1]]


async def still_there(walker: Walker) -> None:
    """What was tried was tried by somebody whom their rooms are open to."""
    assert (await walker.client.get(rooms_of(walker.role)[0].path)).status_code == 200, walker.name


async def refused(served, walkers: list[Walker], route: Route, form: Form) -> None:
    """By every role that may not, by nobody, from elsewhere, with another's token, as another kind of content."""
    stranger = await served.stranger()
    if route.roles is not None:
        answer = await stranger.post(form.action, data=form.fields, headers=SAME)
        assert checked(answer, form.action).status_code == 401
    own = next(one for one in walkers if route.roles is None or one.role in route.roles)
    for walker in walkers:
        if route.roles is not None and walker.role not in route.roles:
            assert checked(await walker.send(form, form.fields), (walker.name, form.action)).status_code == 403
    token = {FORM_TOKEN: own.token}
    other = next(one for one in walkers if one is not own)
    ours = [
        (form.fields | token, {"sec-fetch-site": "cross-site"}),
        (form.fields | token, {"sec-fetch-site": "same-site"}),
        (form.fields | token, {"origin": "https://elsewhere.example"}),
        (form.fields | token, {"origin": "null", "sec-fetch-site": "cross-site"}),
    ]
    if route.roles is not None:
        ours += [(form.fields | given, SAME) for given in ({}, {FORM_TOKEN: ""}, {FORM_TOKEN: other.token})]
    for fields, headers in ours:
        answer = await own.client.post(form.action, content=urlencode(fields), headers=FORM | headers)
        assert checked(answer, (form.action, headers)).status_code == 403
    body = urlencode(form.fields | token)
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/json", ""):
        answer = await own.client.post(form.action, content=body, headers=SAME | {"content-type": kind})
        assert checked(answer, (form.action, kind)).status_code == 415
    for method in ("PUT", "HEAD"):
        answer = await own.client.request(method, form.action, headers=SAME)
        assert answer.status_code == 405 and answer.headers["cache-control"] == "no-store"


async def attacked(walker: Walker, form: Form, wrong: Wrong, fresh: set[str]) -> int:
    """Each field in turn, and the address (""); how many were sent. `fresh`: those not tried with every value yet."""
    count = 0
    for path, body in _attacks(form, wrong, fresh):
        content = body + b"&" + urlencode({FORM_TOKEN: walker.token}).encode()
        if form.method == "GET":
            answer = await walker.client.get(f"{path}?{body.decode('latin-1')}", headers=SAME)
        else:
            answer = await walker.client.post(path, content=content, headers=SAME | FORM)
        checked(answer, (walker.name, path[:80], body[:80]))
        assert answer.status_code != 403 or "Formulaire périmé" not in answer.text, (walker.name, path, body)
        count += 1
    return count


def _attacks(form: Form, wrong: Wrong, fresh: set[str]) -> Iterator[tuple[str, bytes]]:
    """Addresses and bodies, each wrong in one place."""
    foreign, values = wrong
    body = urlencode(form.fields).encode()
    head, _, handle = form.action.rpartition("/")
    if route_of(form.method, form.action)[0].path.endswith(HANDLE):
        for value in (*(values if "" in fresh else ()), *foreign, altered(handle)):
            if value:
                yield f"{head}/{quote(value, safe='')}", body
    for name in form.fields:
        rest = {one: value for one, value in form.fields.items() if one != name}
        rest_body = urlencode(rest).encode()
        if name not in fresh:
            yield form.action, rest_body
            yield form.action, urlencode(rest | {name: foreign[0]}).encode()
            continue
        for value in (*values, *foreign):
            yield form.action, urlencode(rest if value is None else rest | {name: value}).encode()
        yield form.action, rest_body + f"&{name}=a&{name}=b&{name}[]=c".encode()
        yield from ((form.action, rest_body + f"&{name}=".encode() + value) for value in BYTES)
