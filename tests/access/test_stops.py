"""Containments match what they name and nothing else."""

from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.access.stops import Stops, covered, refusal, stop_reaches, target_of
from beffroi.errors import InvalidValue
from beffroi.model.account import AccountId, AccountKind, Asker, Role
from beffroi.model.containment import ContainmentId, ContainmentKind, Stop
from beffroi.model.disclosure import Operation
from beffroi.model.person import HospitalId

KEYS = [bytes([n] * 32) for n in range(3)]
ADDRESSES = ["192.0.2.7", "192.0.2.200", "198.51.100.9", "2001:db8::7", "::ffff:192.0.2.7", ""]
NETWORKS = ["192.0.2.0/25", "192.0.2.7", "198.51.100.0/24", "2001:db8::/48"]

askers = st.builds(
    Asker,
    account_id=st.integers(1, 3).map(AccountId),
    kind=st.just(AccountKind.PERSON),
    subject=st.just("s"),
    role=st.just(Role.WARD_NURSE),
    structure=st.integers(1, 3).map(HospitalId),
    application=st.sampled_from(["dpi", "portal"]),
    session_key=st.sampled_from(KEYS),
    network=st.sampled_from(ADDRESSES),
)
TARGETS = {
    ContainmentKind.ACCOUNT: ["1", "2"],
    ContainmentKind.DEVICE: [key.hex() for key in KEYS],
    ContainmentKind.APPLICATION: ["dpi", "other"],
    ContainmentKind.NETWORK: NETWORKS,
    ContainmentKind.STRUCTURE: ["1", "2"],
}
stops = st.sampled_from(list(ContainmentKind)).flatmap(
    lambda kind: st.builds(
        Stop,
        st.just(ContainmentId(1)),
        st.just(kind),
        st.sampled_from(TARGETS[kind]),
        st.lists(st.sampled_from(NETWORKS), max_size=2).map(tuple),
    )
)


@dataclass
class Named:
    """What a containment can name of an asker, told a second way: by sets of texts and bits."""

    asker: Asker

    def is_named(self, stop: Stop) -> bool:
        own = {
            ContainmentKind.ACCOUNT: str(self.asker.account_id),
            ContainmentKind.DEVICE: self.asker.session_key.hex(),
            ContainmentKind.APPLICATION: self.asker.application,
            ContainmentKind.STRUCTURE: str(self.asker.structure),
        }
        if stop.kind is ContainmentKind.NETWORK:
            return self.lies_in(stop.target)
        return own[stop.kind] == stop.target

    def lies_in(self, network: str) -> bool:
        members = {
            "192.0.2.0/25": {"192.0.2.7", "::ffff:192.0.2.7"},
            "192.0.2.7": {"192.0.2.7", "::ffff:192.0.2.7"},
            "198.51.100.0/24": {"198.51.100.9"},
            "2001:db8::/48": {"2001:db8::7"},
        }
        return self.asker.network in members[network]


@given(stops, askers, st.sampled_from(list(Operation)))
def test_nobody_else_is_refused(stop: Stop, asker: Asker, operation: Operation) -> None:
    """Refused exactly when it names the asker; a wide one spares emergencies, sign-ins and hospitals' own networks."""
    expected = Named(asker).is_named(stop)
    if stop.kind in (ContainmentKind.NETWORK, ContainmentKind.STRUCTURE):
        expected = expected and operation not in (Operation.EMERGENCY_READ, Operation.SIGN_IN)
        expected = expected and not any(Named(asker).lies_in(network) for network in stop.spared)
    assert stop_reaches(stop, asker, operation) is expected
    assert (Stops([stop]).against(asker, operation) is stop) is expected


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ContainmentKind.NETWORK, "0.0.0.0/0"),
        (ContainmentKind.NETWORK, "10.0.0.0/8"),
        (ContainmentKind.NETWORK, "2001::/16"),
        (ContainmentKind.NETWORK, "beaumont"),
        (ContainmentKind.DEVICE, "abcd"),
        (ContainmentKind.DEVICE, "zz" * 32),
        (ContainmentKind.ACCOUNT, "anne"),
        (ContainmentKind.STRUCTURE, "-1"),
        (ContainmentKind.STRUCTURE, "²"),
        (ContainmentKind.APPLICATION, ""),
    ],
)
def test_what_cannot_be_stopped(kind: ContainmentKind, text: str) -> None:
    """Half of the world, and what is no target of its kind."""
    with pytest.raises(InvalidValue):
        target_of(kind, text)


def test_a_thumbprint_in_either_form() -> None:
    """As a disclosure shows it, and as a token does."""
    forms = ("11" * 32, "EREREREREREREREREREREREREREREREREREREREREREQ"[:43], "x5t:" + "11" * 32)
    assert {target_of(ContainmentKind.DEVICE, form) for form in forms} == {"11" * 32}


def test_a_network_within_a_hospitals_own() -> None:
    """Of two versions of IP, none covers the other."""
    assert covered("192.0.2.7/32", ["2001:db8::/32", "192.0.2.0/24"])
    assert not covered("2001:db8::/48", ["192.0.2.0/24"])


def test_a_refusal_says_the_way_on() -> None:
    """In both languages; a wide one says that an emergency reading stays possible."""
    stop = Stop(ContainmentId(1), ContainmentKind.NETWORK, "192.0.2.0/24")
    assert "emergency reading stays possible" in refusal(stop).text("en")
    assert "colleague" in refusal(msgspec.structs.replace(stop, kind=ContainmentKind.DEVICE)).text("en")
    assert "appareil" in refusal(msgspec.structs.replace(stop, kind=ContainmentKind.DEVICE)).text("fr")
