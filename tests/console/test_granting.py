"""The operator's journey with roles: asked for here and agreed to at the machine, or the other way round; they end."""

from datetime import timedelta

from beffroi.actions.roles import Roles
from beffroi.actions.ways.acting import Acting
from beffroi.model.account import Role
from beffroi.model.person import HospitalId
from beffroi.model.role_request import Wanted
from console.asking import done_at, post
from console.virtual_key import touch_key

SUBJECT = "899700000777"
FORM = {"subject": SUBJECT, "role": "auditor", "hospital": "1", "reason": "contrôle de l'année"}


def machine(served) -> Roles:
    """Somebody at the machine."""
    return Roles(served.database, Acting(served.database, served.clock), served.clock)


def until(served, days: int = 30) -> str:
    return (served.clock.now() + timedelta(days=days)).date().isoformat()


async def test_asked_here_agreed_at_the_machine(served) -> None:
    """The page lists what waits and says what to do; the role is in force once somebody at the machine agrees."""
    operator = await served.signed_in("operator")
    await touch_key(served, "operator")
    asked = await post(operator, "/operate/roles", **FORM, until=until(served))
    page = await operator.get(done_at(asked, "/operate/roles"))
    assert "Demandé. Il faut maintenant" in page.text
    assert SUBJECT in page.text and "contrôle de l&#39;année" in page.text
    one = await operator.get("/operate/roles/1")
    assert "beffroi account agree 1" in one.text and 'value="agree"' not in one.text
    refused = await post(operator, "/operate/roles/1", what="agree")
    assert refused.status_code == 409 and "par un serveur" in refused.text
    await machine(served).agree("operator:bruno", 1)
    page = await operator.get("/operate/roles")
    assert "Auditeur" in page.text and "exploitant bruno" in page.text and "Rien n&#39;attend" in page.text


async def test_who_may_not_ask_makes_no_account(served) -> None:
    """Without a touch of the key nothing is left behind, not even the account that the role would be for."""
    operator = await served.signed_in("operator")
    refused = await post(operator, "/operate/roles", **FORM, until=until(served))
    assert refused.status_code == 409 and "prouver votre présence" in refused.text
    assert not await served.database.pool.fetchval("select count(*) from accounts where subject = $1", SUBJECT)


async def test_asked_at_the_machine_agreed_here_and_its_end(served) -> None:
    """With the key touched; a role opens its room within seconds, and closes it at its end."""
    operator = await served.signed_in("operator")
    roles, subject = machine(served), served.staff["ward-nurse"].subject
    account = await roles.account(served.issuer.url, subject)
    ends = served.clock.now() + timedelta(days=2)
    number = await roles.ask("operator:anne", Wanted(account, HospitalId(1), Role.DUTY_OFFICER, ends, "astreinte"))
    path = f"/operate/roles/{number}"
    assert "Touchez d&#39;abord votre clé" in (await operator.get(path)).text
    unproved = await post(operator, path, what="agree")
    assert unproved.status_code == 409 and "prouver votre présence" in unproved.text
    await touch_key(served, "operator")
    page = await operator.get(done_at(await post(operator, path, what="agree"), "/operate/roles"))
    assert "Le rôle est donné" in page.text and "Astreinte" in page.text
    nurse = await served.signed_in("ward-nurse")
    assert (await nurse.get("/watch")).status_code == 200
    served.clock.moved += timedelta(days=2, minutes=1)
    nurse = await served.signed_in("ward-nurse")
    assert (await nurse.get("/watch")).status_code == 403


async def test_withdrawn(served) -> None:
    """Nothing waits any more, and what is gone is not found."""
    operator = await served.signed_in("operator")
    await touch_key(served, "operator")
    await post(operator, "/operate/roles", **FORM, until=until(served))
    withdrawn = done_at(await post(operator, "/operate/roles/1", what="withdraw"), "/operate/roles")
    assert "La demande est retirée." in (await operator.get(withdrawn)).text
    for wrong in ("1", "0", "x", "9" * 30, "²"):
        assert (await operator.get(f"/operate/roles/{wrong}")).status_code == 404


async def test_a_mistake_is_said_beside_its_field(served) -> None:
    """Each with what was typed kept."""
    operator = await served.signed_in("operator")
    await touch_key(served, "operator")
    for change, mistake in (
        ({"subject": ""}, "subject-mistake"),
        ({"until": ""}, "until-mistake"),
        ({"until": until(served, 900)}, "until-mistake"),
        ({"reason": "x"}, "reason-mistake"),
        ({"role": "king"}, "Quel rôle"),
    ):
        page = await post(operator, "/operate/roles", **{**FORM, "until": until(served), **change})
        assert page.status_code in (400, 422) and mistake in page.text, change
    assert await served.database.pool.fetchval("select count(*) from role_requests") == 0
