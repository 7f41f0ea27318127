"""The hospitals are invented, and say so in their numbers."""

import pytest

from beffroi_region.hospitals import HOSPITALS_MAX, hospitals


@pytest.mark.parametrize("count", [1, 2, 5, 10, HOSPITALS_MAX])
def test_hospitals_are_distinct(count: int) -> None:
    """Numbers, FINESS, OIDs, names and namespaces are all different."""
    found = hospitals(count)
    assert [h.hospital_id for h in found] == list(range(1, count + 1))
    for field in ("finess", "name", "oid", "namespace"):
        assert len({getattr(h, field) for h in found}) == count


@pytest.mark.parametrize("count", [2, 5, 40])
def test_the_last_one_is_sensitive(count: int) -> None:
    """Its patients must not be known as such elsewhere."""
    assert hospitals(count)[-1].sensitive
    assert not hospitals(count)[0].sensitive


def test_their_numbers_are_nobodys() -> None:
    """FINESS numbers of a department that does not exist, OIDs under the arc of examples."""
    for hospital in hospitals(HOSPITALS_MAX):
        assert hospital.finess.startswith("00")
        assert len(hospital.finess) == 9
        assert hospital.oid.startswith("2.999.")


@pytest.mark.parametrize("count", [0, HOSPITALS_MAX + 1])
def test_a_region_has_limits(count: int) -> None:
    """A region without hospitals, or with more than there are names for, is refused."""
    with pytest.raises(ValueError):
        hospitals(count)
