"""The list of what a drill must hold, against the scenarios that there are."""

import re
from pathlib import Path

from beffroi_region.drill import playing
from beffroi_region.drill.scenario import SCENARIOS, Kind
from drilled import ATTACKS, DESKS, LOOKALIKES, Listed

ATTACKS_LISTED, LOOKALIKES_LISTED = 17, 11
"""Of the list that the watch was ordered with."""
THE_LEDGERS = 1
"""Attacks on the ledger, which `beffroi audit` and witnesses meet."""


def named(listed: Listed) -> list[str]:
    return [name for _, names in listed for name in names]


def test_every_attack_and_every_look_alike_is_played() -> None:
    """Each line of the list has a scenario of its kind, but for those of the ledger."""
    assert (len(ATTACKS), len(LOOKALIKES)) == (ATTACKS_LISTED, LOOKALIKES_LISTED)
    assert sum(not names for _, names in (*ATTACKS, *LOOKALIKES)) == THE_LEDGERS
    for listed, kind in ((ATTACKS, Kind.ATTACK), (LOOKALIKES, Kind.GENUINE)):
        assert all(SCENARIOS[name].kind is kind for name in named(listed))


def test_every_scenario_stands_in_the_list() -> None:
    """Once, unless it was made to beat the watch."""
    ours = [name for name, one in SCENARIOS.items() if one.ours]
    assert sorted([*named(ATTACKS), *named(LOOKALIKES), *DESKS, *ours]) == sorted(SCENARIOS)


def test_every_file_with_scenarios_is_played() -> None:
    """One that nothing imports would be silent."""
    folder = Path(playing.__file__).parent
    imports = re.compile(r"^from beffroi_region.drill.scenario import .*\b(attack|genuine)\b", re.MULTILINE)
    decorated = {path.stem for path in folder.glob("*.py") if imports.search(path.read_text())}
    assert decorated == {file.__name__.rpartition(".")[2] for file in playing.FILES}
