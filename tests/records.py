"""Hypothesis strategies for the model's nouns, shared by the tests of every floor."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from beffroi.model.person import (
    OID_INS_NIR_TEST,
    Address,
    BirthPlace,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    OtherIdentifier,
    Record,
    Sex,
    Telecom,
    TelecomKind,
)

words = st.text(
    st.characters(codec="utf-8", categories=["Lu", "Ll"], include_characters=" -'"), min_size=1, max_size=12
)

records = st.builds(
    Record,
    birth_family=words,
    birth_given=words,
    birth_given_list=words,
    used_family=st.one_of(st.just(""), words),
    used_given=st.one_of(st.just(""), words),
    birth_date=st.one_of(st.none(), st.dates(date(1900, 1, 1), date(2026, 1, 1))),
    birth_date_interpreted=st.booleans(),
    sex=st.sampled_from(Sex),
    birth_place=st.builds(BirthPlace, cog=st.sampled_from(["", "59350", "2A004", "99352"]), city=words),
    birth_order=st.integers(0, 3),
    mother_birth_family=st.one_of(st.just(""), words),
    nationality=st.sampled_from(["", "FRA", "MAR"]),
    deceased=st.booleans(),
    deceased_at=st.one_of(st.none(), st.just(datetime(2024, 1, 2, tzinfo=UTC))),
    status=st.sampled_from(IdentityStatus),
    attributes=st.lists(st.sampled_from(IdentityAttribute), max_size=2, unique=True).map(tuple),
    restricted=st.booleans(),
    ins=st.one_of(st.none(), st.just(Ins("297022A02077878", OID_INS_NIR_TEST))),
    telecoms=st.lists(
        st.one_of(
            st.builds(Telecom, st.just(TelecomKind.PHONE), st.just("0612345678")),
            st.builds(Telecom, st.just(TelecomKind.EMAIL), st.just("a.b@example.org")),
        ),
        max_size=2,
    ).map(tuple),
    addresses=st.lists(st.builds(Address, lines=st.just(("1 rue Haute",)), city=words), max_size=1).map(tuple),
    others=st.lists(st.builds(OtherIdentifier, st.just("urn:x"), words), max_size=1).map(tuple),
    lunar_birth_date=st.sampled_from(["", "1961-14-33"]),
    mother_identifiers=st.lists(
        st.builds(OtherIdentifier, st.just("1.2.250.1.999.1"), words, st.just("PI")), max_size=1
    ).map(tuple),
    collected_by=st.sampled_from(["", "SM", "INSI"]),
    insi_called_on=st.sampled_from(["", "2026-03-04"]),
    document=st.sampled_from(["", "CN", "LE"]),
    document_expires_on=st.sampled_from(["", "2031-05-01"]),
    sms_consent=st.sampled_from([None, True, False]),
    last_update=st.one_of(st.none(), st.just(datetime(2026, 3, 4, tzinfo=UTC))),
    last_update_facility=st.sampled_from(["", "590000011"]),
)
