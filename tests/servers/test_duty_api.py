"""The duty officer over HTTP: alarms, preview, stop and release, for that role alone."""

from beffroi.model.account import Role
from beffroi.model.disclosure import Operation

OFFICER, OTHER = "anne", "bruno"


async def test_an_account_is_looked_at_stopped_and_released_by_two(door, database):
    """Alarms, whom it touches, the stop with its reason, and the way back with a second officer."""
    assert (await door(Role.WARD_NURSE, "POST", "/account/colleague-codes", {}, subject="thief")).status == 200
    thief = await database.pool.fetchval("select account_id from accounts where subject = 'thief'")
    target = {"kind": "account", "target": str(thief)}
    asked = await door(Role.DUTY_OFFICER, "POST", "/duty/containments/preview", target)
    assert asked.status == 200 and asked.json["accounts"][0]["subject"] == "thief"
    assert {"sessions_count", "requests_hour", "requests_day"} <= asked.json.keys()
    short = await door(Role.DUTY_OFFICER, "POST", "/duty/containments", target | {"reason": "?"})
    assert short.status == 400
    made = await door(Role.DUTY_OFFICER, "POST", "/duty/containments", target | {"reason": "a stolen badge"})
    assert made.status == 200 and made.json["in_force_from"]
    assert await database.pool.fetchval("select frozen from account_states where account_id = $1", thief)
    event = await database.pool.fetchrow("select * from disclosures where operation = $1", int(Operation.CONTAIN))
    assert event["account_id"] == thief and event["reason"] == "a stolen badge"
    alarms = (await door(Role.DUTY_OFFICER, "GET", "/duty/alarms")).json
    assert [one["kind"] for one in alarms["ringing"]] == ["contained"] and alarms["held"] == []
    (listed,) = (await door(Role.DUTY_OFFICER, "GET", "/duty/containments")).json["containments"]
    release = {"containment": listed["containment_id"], "reason": "a new badge"}
    for subject, status, is_over in ((OFFICER, 200, False), (OFFICER, 409, False), (OTHER, 200, True)):
        told = await door(Role.DUTY_OFFICER, "POST", "/duty/containments/release", release, subject=subject)
        assert (told.status, bool(told.json.get("released_at"))) == (status, is_over)


async def test_a_network_takes_a_second_officer(door, database):
    """Asked by one, in force when the other confirms."""
    order = {"kind": "network", "target": "203.0.113.0/24", "reason": "a robot farm", "hours": 2}
    asked = (await door(Role.DUTY_OFFICER, "POST", "/duty/containments", order, subject=OFFICER)).json
    named = {"containment": asked["containment_id"]}
    assert asked["in_force_from"] is None
    assert (await door(Role.DUTY_OFFICER, "POST", "/duty/containments/confirm", named, subject=OFFICER)).status == 409
    confirmed = (await door(Role.DUTY_OFFICER, "POST", "/duty/containments/confirm", named, subject=OTHER)).json
    assert confirmed["in_force_from"] and confirmed["confirmed_by"] != confirmed["asked_by"]


async def test_a_stopped_officer_stops_nobody(door, database):
    """What holds for everybody holds for them: refused, in words."""
    await door(Role.DUTY_OFFICER, "GET", "/duty/alarms", subject=OFFICER)
    await database.pool.execute("update account_states set frozen = true")
    order = {"kind": "account", "target": "1", "reason": "a stolen badge"}
    told = await door(Role.DUTY_OFFICER, "POST", "/duty/containments", order, subject=OFFICER)
    assert told.status == 403 and "stopped" in told.text
