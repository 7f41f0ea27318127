"""Law 1, walked through the console: with the gate shut no page shows a word of a patient; and what each page costs."""

from beffroi.actions.find_doubts import DoubtWalk
from beffroi.model.account import Role
from beffroi.store.doubts import DoubtStore
from beffroi_region.bench.meter import GATE, Meter
from beffroi_region.bench.tour import PAGES, Visitors, flag, ways
from console.asking import link_in, path_of, post
from console.conftest import in_one_loop
from console.filled import people

WORDS = ("QUESNOY", "Aldegonde", "VANDAMME", "06 12 34 56 78", "2 97 02", "Bollezeele", "IPP-8", "V-8")
PAGE_MS_MAX = 100.0
TRIES_MAX = 10
"""Other tests run too: a page is as quick as its quickest answer."""

COSTS = {
    "/": (0, 0),
    "/left": (0, 0),
    "/accessibility": (0, 0),
    "/help": (1, 0),
    "/find": (1, 0),
    "/find/{handle}": (2, 3),
    "/patient/{handle}": (3, 3),
    "/emergency": (1, 0),
    "/emergency/{handle}": (1, 0),
    "/emergency/read/{handle}": (3, 3),
    "/colleague": (2, 0),
    "/worklists": (2, 0),
    "/desk": (1, 0),
    "/desk/{handle}": (1, 0),
    "/desk/told/{handle}": (7, 3),
    "/identities": (4, 3),
    "/identities/page/{handle}": (4, 3),
    "/identities/pair/{handle}": (3, 3),
    "/incidents": (2, 3),
    "/incidents/{handle}": (4, 3),
    "/incidents/scope/{handle}": (11, 3),
    "/incidents/register/{handle}": (3, 3),
    "/incidents/entry/{handle}": (3, 3),
    "/incidents/severity/{handle}": (11, 3),
    "/incidents/files/{handle}": (5, 3),
    "/operate": (6, 0),
    "/operate/keys": (3, 0),
    "/operate/applications": (2, 0),
    "/operate/roles": (3, 0),
    "/operate/roles/{handle}": (2, 0),
    "/operate/settings": (1, 0),
    "/operate/settings/{handle}": (1, 0),
    "/watch": (6, 0),
    "/watch/account/{handle}": (5, 3),
    "/watch/name/{handle}": (1, 0),
    "/watch/named/{handle}": (4, 3),
    "/watch/stop": (1, 0),
    "/watch/stop/{handle}": (6, 0),
    "/watch/release/{handle}": (6, 0),
    "/watch/free/{handle}": (7, 0),
    "/watch/drill": (1, 0),
    "/keys": (2, 0),
    "/keys/codes": (1, 0),
}
"""Statements of each page, by its route: its own (its session, what it shows), and the gate's, three for each question.
Who asks is remembered for some seconds; what a process looks up by itself is nobody's.
"""


@in_one_loop
async def aldegonde(served, put) -> None:
    await people(put)


async def addresses(client) -> dict[str, str]:
    """Pages about her, and the addresses that led there."""
    found = await post(client, "/find", born="17051980", name="que a")
    list_page = path_of(found)
    link = link_in(await client.get(list_page))
    more = path_of(await post(client, link, contact="1", identifiers="1", purpose="HOPERAT"))
    desk = link.replace("/patient/", "/desk/")
    told = path_of(await post(client, desk, document="passport", person="self"))
    return {"found": list_page, "patient": link, "more": more, "who saw": told}


async def doubtful(served, client) -> dict[str, str]:
    """The identity cell's pages, once the worker has walked."""
    await DoubtWalk(DoubtStore(served.database)).round()
    return {"/identities": "/identities?kind=ins", "side by side": link_in(await client.get("/identities?kind=ins"))}


async def test_behind_a_shut_gate_nobody_is_shown(served, aldegonde) -> None:
    """When nothing can be written, every page answers 503 in words, and holds no word of her."""
    client = await served.signed_in("admission-clerk")
    pages = await addresses(client)
    cell = await served.signed_in("identity-cell")
    compared = await doubtful(served, cell)
    of_cell = set(compared.values())
    for path in (pages["found"], pages["patient"], pages["more"], *of_cell):
        shown = (await (cell if path in of_cell else client).get(path)).text
        assert [word for word in WORDS if word in shown], path
    await served.database.pool.execute("alter table seen rename to seen_elsewhere")
    for path in (*pages.values(), *of_cell):
        answer = await (cell if path in of_cell else client).get(path)
        assert answer.status_code == 503, path
        assert not [word for word in WORDS if word in answer.text]
        assert "Rien n&#39;a été montré" in answer.text


async def test_each_page_is_quick_and_asks_no_more_than_it_did(served, aldegonde) -> None:
    """Every page that has a route: below 100 ms at the server, its statements known, the gate's too."""
    meter, visitors = Meter(), Visitors(served.url, served.issuer)
    await DoubtWalk(DoubtStore(served.database)).round()
    await flag(served.database)
    costs: dict[str, tuple[int, int]] = {}
    try:
        with meter.installed():
            for path, way in (await ways(visitors, served.database, [("17051980", "que a")])).items():
                quickest_ms = PAGE_MS_MAX
                for n in range(TRIES_MAX):
                    if n > 1 and quickest_ms < PAGE_MS_MAX:
                        break
                    role, where = await way(n)
                    client = await visitors.of(role or Role.AUDITOR)
                    meter.forget()
                    answer = await client.get(where, headers={} if role else {"cookie": ""})
                    assert answer.status_code == 200, (path, answer.text)
                    of_gate = sum(name in GATE for name in meter.asked)
                    costs[path] = min(costs.get(path, (99, 99)), (len(meter.asked) - of_gate, of_gate))
                    quickest_ms = min(quickest_ms, meter.took_ms[-1])
                assert quickest_ms < PAGE_MS_MAX, path
    finally:
        await visitors.close()
    assert set(costs) == set(PAGES), "a page without a way to it: beffroi_region.bench.tour"
    assert costs == COSTS
