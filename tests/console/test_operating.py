"""The operator's room: how the deployment stands, nobody's identity, no secret, nothing to change."""


async def test_the_operator_sees_the_feeds_and_the_roles(served, louise) -> None:
    """A feed that never sent is marked; roles given by name with by whom and until when; no patient."""
    operator = await served.signed_in("operator")
    page = await operator.get("/operate")
    assert page.status_code == 200
    assert "CHU de Valcourt" in page.text and "jamais" in page.text
    assert "MARTIN" not in page.text
    page = await operator.get("/operate/roles")
    assert served.staff["duty-officer"].subject in page.text and "sans fin" in page.text
    assert "MARTIN" not in page.text


async def test_the_configuration_shows_no_secret(served) -> None:
    """Every setting with its meaning; no password, no key."""
    operator = await served.signed_in("operator")
    page = await operator.get("/operate/settings")
    assert "console.idle_s" in page.text and "900" in page.text and "database.web_url" in page.text
    assert '<form method="post" action="/console/operate' not in page.text
    assert "Secondes sans usage au bout desquelles une session prend fin." in page.text
    english = await (await served.signed_in("operator", "en")).get("/operate/settings")
    assert "Seconds without use after which a session ends." in english.text
    assert '"d":' not in page.text and "password=" not in page.text


async def test_the_operator_sees_the_work_and_the_room_left(served) -> None:
    """What the worker did last, what is stored where, and the disk; never a key that is a secret."""
    from beffroi.actions.find_doubts import DoubtWalk
    from beffroi.store.doubts import DoubtStore

    operator = await served.signed_in("operator")
    page = await operator.get("/operate")
    assert "Comparaison des identités" in page.text and "rien jusqu&#39;ici" in page.text
    assert "disclosures" in page.text and "Gio" in page.text and "retention.disclosures_days" in page.text
    before = page.text.count("rien jusqu&#39;ici")
    await DoubtWalk(DoubtStore(served.database)).round()
    assert (await operator.get("/operate")).text.count("rien jusqu&#39;ici") == before - 1
