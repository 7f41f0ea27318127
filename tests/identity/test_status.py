"""What a status allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.identity.status import carried_ins, may_be_linked, settled, stays_local
from beffroi.model.person import OID_INS_NIR_TEST, IdentityAttribute, IdentityStatus, Ins, Record

INS = Ins("297022A02077878", OID_INS_NIR_TEST)

records = st.builds(
    Record,
    status=st.sampled_from(IdentityStatus),
    attributes=st.lists(st.sampled_from(IdentityAttribute), max_size=4).map(tuple),
    ins=st.sampled_from([None, INS]),
    birth_date_interpreted=st.booleans(),
)


@given(records)
def test_a_settled_record_is_settled(record: Record) -> None:
    """Settling twice changes nothing."""
    assert settled(settled(record)) == settled(record)


@given(records)
def test_only_a_qualified_identity_has_an_ins(record: Record) -> None:
    """After settling, an INS and the status QUAL go together, always (EXI ID 29)."""
    now = settled(record)
    assert (now.ins is not None) == (now.status is IdentityStatus.QUALIFIED)
    assert carried_ins(now) == now.ins


@given(records)
def test_doubtful_and_fictitious_are_provisional(record: Record) -> None:
    """DOUT and FICT go with PROV only, and FICT with neither DOUT nor HOMA (EXI SI 09, EXI ID 24)."""
    now = settled(record)
    if {IdentityAttribute.DOUBTFUL, IdentityAttribute.FICTITIOUS} & set(record.attributes):
        assert now.status is IdentityStatus.PROVISIONAL
    if IdentityAttribute.FICTITIOUS in now.attributes:
        assert not {IdentityAttribute.DOUBTFUL, IdentityAttribute.HOMONYM} & set(now.attributes)


def test_an_ins_with_a_lesser_status_is_dropped() -> None:
    """A receiver that gets an INS without VALI integrates the message and drops the INS (PAM FR 6.6.15)."""
    assert settled(Record(status=IdentityStatus.PROVISIONAL, ins=INS)).ins is None
    assert settled(Record(status=IdentityStatus.RETRIEVED, ins=INS)) == Record(status=IdentityStatus.RETRIEVED)


def test_validated_with_an_ins_is_qualified() -> None:
    """PAM France's VALI with an INS is the RNIV's QUAL."""
    assert settled(Record(status=IdentityStatus.VALIDATED, ins=INS)).status is IdentityStatus.QUALIFIED


@pytest.mark.parametrize(
    "record",
    [
        Record(status=IdentityStatus.PROVISIONAL),
        Record(status=IdentityStatus.RETRIEVED),
        Record(status=IdentityStatus.VALIDATED, birth_date_interpreted=True),
        *(
            Record(status=IdentityStatus.VALIDATED, attributes=(attribute,))
            for attribute in ("DOUT", "FICT", "ANOM", "NN", "COLP", "USUR")
        ),
    ],
)
def test_uncertain_identities_are_not_linked(record: Record) -> None:
    """Unchecked, doubtful, fictitious, unidentified, unnamed, interpreted: none is linked by its traits."""
    assert not may_be_linked(record)


@pytest.mark.parametrize(("attribute", "local"), [("FICT", True), ("ANOM", True), ("HOMA", False), ("NN", False)])
def test_fictitious_and_unidentified_patients_stay_in_their_hospital(attribute: str, local: bool) -> None:
    """Fictitious and unidentified identities are never shown elsewhere."""
    assert stays_local(Record(attributes=(IdentityAttribute(attribute),))) is local
