"""The operator's room: how the deployment stands, nobody's identity, no secret, nothing to change."""

import re
from datetime import timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import msgspec

from beffroi.outbound.signing_key import base64url, read_key
from beffroi.servers.console.speaking import Speaker
from beffroi.servers.console.storing import TABLES
from console.filled import enrolled, noted, trusted
from disclosed import KEY


async def test_the_operator_sees_the_feeds_and_the_roles(served, louise) -> None:
    """A feed that never sent is marked; roles given by name with by whom and until when; no patient."""
    operator = await served.signed_in("operator")
    page = await operator.get("/operate")
    assert page.status_code == 200
    assert "CHU de Valcourt" in page.text and "jamais" in page.text
    assert "Certificats à renouveler\u00a0: 1." in page.text and 'href="/console/operate/keys"' in page.text
    assert "MARTIN" not in page.text
    page = await operator.get("/operate/roles")
    assert served.staff["duty-officer"].subject in page.text and "sans fin" in page.text
    assert "MARTIN" not in page.text


async def test_the_configuration_shows_what_was_changed_and_no_secret(served) -> None:
    """First what is not as delivered; every table behind a link, each setting with its meaning; no password, no key."""
    operator = await served.signed_in("operator")
    overview = (await operator.get("/operate/settings")).text
    assert "console.call" in overview and "changé" in overview and "console.idle_s" not in overview
    assert "Absentes, donc sans usage" in overview and "<code>archive</code>" in overview
    table = (await operator.get("/operate/settings/console")).text
    assert "console.idle_s" in table and "<code>900</code>" in table
    assert "Secondes sans usage au bout desquelles une session prend fin." in table
    assert "À une heure : un poste laissé ouvert" in table.replace("\xa0", " ")
    english = await (await served.signed_in("operator", "en")).get("/operate/settings/console")
    assert "Seconds without use after which a session ends." in english.text
    for page in (overview, table, (await operator.get("/operate/settings/database")).text):
        assert '<form method="post" action="/console/operate' not in page
        assert '"d":' not in page and "password=" not in page


async def test_a_setting_is_found_by_its_words(served) -> None:
    """Without a script: by name, value or meaning, accents or not; nothing found is said; of several tables one."""
    operator = await served.signed_in("operator")
    found = (await operator.get("/operate/settings", params={"q": "Secondes SANS idle"})).text
    assert "console.idle_s" in found and "console.session_s" not in found
    assert "Aucun réglage" in (await operator.get("/operate/settings", params={"q": "xyzzy <b>"})).text
    one = await operator.get("/operate/settings/issuer.1")
    assert "issuer[1].allow_bearer" in one.text and served.issuer.url in one.text
    assert (await operator.get("/operate/settings/issuer")).text.count("/operate/settings/issuer.") == 2
    for wrong in ("issuer.7", "nothing", "issuer."):
        assert (await operator.get(f"/operate/settings/{wrong}")).status_code == 404


async def test_the_operator_sees_the_work_and_the_room_left(served) -> None:
    """What the worker did last, what is stored where, and the disk; never a key that is a secret."""
    operator = await served.signed_in("operator")
    page = await operator.get("/operate")
    assert "n&#39;a encore rien écrit" in page.text, "a worker that never ran is said"
    assert "Communications : à qui" in page.text.replace("\xa0", " ") and "Gio" in page.text
    assert "retention.disclosures_days" in page.text and "Jours au bout desquels" in page.text
    await noted(served)
    page = await operator.get("/operate")
    assert "Comparaison des identités" in page.text and "en cours" in page.text
    assert "échec 3 fois" in page.text and "un autre serveur ne répond pas (FetchFailed)" in page.text
    assert "en retard" not in page.text and "1 min 15 s" in page.text
    served.clock.moved += timedelta(minutes=3)
    page = await operator.get("/operate")
    assert page.text.count("en retard") == 5 and 'role="alert"' in page.text


def test_what_lies_in_every_table_is_said() -> None:
    """In words, of every table of the schema and of nothing else."""
    schema = (files("beffroi.store") / "schema.sql").read_text(encoding="utf-8")
    assert set(re.findall(r"^create table (\w+)", schema, re.MULTILINE)) == set(TABLES)


async def test_the_operator_sees_whose_keys_count(served) -> None:
    """Issuers' keys as this process has them, our own by their thumbprints, since when the ledger's signs, witnesses,
    certificates; never a private part."""
    operator = await served.signed_in("operator", "en")
    page = await operator.get("/operate/keys")
    assert "No witness cosigns" in page.text and "cannot be read, it does not exist" in page.text
    await trusted(served)
    page = await operator.get("/operate/keys")
    assert served.issuer.url in page.text and "demo-" in page.text and "ES256" in page.text
    assert "Keys could not be fetched from" in page.text and "nobody can sign in by it (ValueError)" in page.text
    key = msgspec.json.decode((served.folder / "console.key").read_bytes())
    assert base64url(read_key(key).thumbprint) in page.text and key["d"] not in page.text
    since = served.clock.now() - timedelta(days=6)
    assert f"{KEY.name}+" in page.text and f"since {Speaker('en', ZoneInfo('Europe/Paris')).day(since)}" in page.text
    assert "does not answer" in page.text and "cosigned" in page.text and "less than a day, renew it" in page.text


async def test_the_operator_sees_which_software_there_is(served) -> None:
    """By what it is known, when it was last seen, and that one is stopped or has no right any more."""
    operator = await served.signed_in("operator", "en")
    assert "No application is enrolled." in (await operator.get("/operate/applications")).text
    await enrolled(served)
    page = (await operator.get("/operate/applications")).text
    rows = {row.partition("</th>")[0].rpartition(">")[2]: row for row in page.split('class="plain">')[1:]}
    assert "certificate" in rows["EAI de Beaumont"] and "may ask" in rows["EAI de Beaumont"]
    assert "token" in rows["DPI de Valcourt"] and "stopped" in rows["bornes"]
    assert "no right any more" in rows["ancien"] and "no right any more" not in rows["bornes"]
