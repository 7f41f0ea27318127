"""A containment closes an account's chain with a leaf of its own: what was shown until then is all there is."""

import pytest

from beffroi.actions.audit import audit
from beffroi.actions.contain import Containing, Order
from beffroi.errors import AccountFrozen
from beffroi.ledger.merkle import leaf_hash
from beffroi.ledger.proofs import inclusion_ranges, is_included, places, proof
from beffroi.model.containment import ContainmentKind
from beffroi.model.disclosure import Operation
from beffroi.model.search import Criteria, DateRange, Text
from beffroi.store.cosigning import CosigningStore
from beffroi.store.database import ROLE_SEALER, ROLE_WEB, Database
from beffroi.store.ledger_audit import AUDIT_SETTINGS
from disclosed import KEY, ORIGIN, seal_all, sealer
from opened import opened_as
from requests_and_records import BORN, ask, record

FULL = Criteria(birth_date=DateRange(BORN, BORN), family=Text("Mar"), given=Text("L"))


own = opened_as(ROLE_SEALER, **AUDIT_SETTINGS)


async def test_a_containment_is_the_last_leaf_that_shows_anything(
    house, put, account, database, own, clock, dsn_of
) -> None:
    """Sealed behind the last reading, in the tree by proof; nothing that shows a patient follows it."""
    await put(1, "A1", record("MARTIN", "Louise"), explained_h=5)
    asker = await account(subject="one")
    for _ in range(3):
        await house.finder.search(ask(asker), FULL)
    async with await Database.open(dsn_of(ROLE_WEB)) as web:
        order = Order(ContainmentKind.ACCOUNT, str(asker.account_id), "at three in the morning", "operator:anne")
        await Containing(web, clock).contain(order)
    with pytest.raises(AccountFrozen):
        await house.finder.search(ask(asker), FULL)
    await seal_all(sealer(own))
    rows = await database.pool.fetch(
        "select d.operation, d.shown, l.tree_index, l.commitment from leaves l "
        "join disclosures d using (disclosure_id) where d.account_id = $1 order by d.running_number",
        asker.account_id,
    )
    closing = max(place for place, one in enumerate(rows) if one["operation"] == Operation.CONTAIN)
    assert closing == 3 and all(one["shown"] == "[]" for one in rows[closing:])
    size, root = await database.pool.fetchrow("select tree_size, root from checkpoints order by 1 desc limit 1")
    ranges = inclusion_ranges(rows[closing]["tree_index"], size)
    hashes = proof(ranges, await CosigningStore(own).tiles(places(ranges)))
    assert is_included(rows[closing]["tree_index"], size, leaf_hash(rows[closing]["commitment"]), root, hashes)
    assert (await audit(own, [KEY.verifier()], ORIGIN, clock)).sound
