"""The hospitals of the synthetic region: invented names, numbers that no hospital bears, and their habits of writing.

FINESS numbers begin with the number of a department: these begin with 00, which is none, and end with their check
digit. OIDs are under 2.999, the arc that ITU-T X.660 keeps for examples.
"""

from dataclasses import dataclass
from enum import Enum

from beffroi.model.person import Hospital, HospitalId

HOSPITALS_MAX = 60
"""A region has some fifty; beyond this many the invented names and towns run out."""
OID_ARC = "2.999.59.2"


class Spelling(Enum):
    """How a hospital's software writes names that nobody checked against the national service."""

    CAPITALS = 1
    AS_SAID = 2
    CAPITALS_WITHOUT_HYPHENS = 3


@dataclass(frozen=True, slots=True)
class Site:
    """A hospital with its habits. `size` is its share of patients, relative; `town` an index of `places.TOWNS`.

    `authority_by_finess`: its messages name the authority of its IPPs by FINESS number, otherwise by OID.
    """

    hospital: Hospital
    town: int
    size: float
    spelling: Spelling
    ipp_prefix: str
    authority_by_finess: bool

    @property
    def number(self) -> HospitalId:
        """The hospital's number in the register."""
        return self.hospital.hospital_id


_NAMES = (
    ("CHU du Beffroi", "CHU-BEFFROI", 0, 3.0),
    ("Centre hospitalier des Trois-Clochers", "CH-TROIS-CLOCHERS", 25, 1.5),
    ("Centre hospitalier de la Vallée-Bleue", "CH-VALLEE-BLEUE", 31, 1.8),
    ("Centre hospitalier Marguerite-de-Flandre", "CH-M-FLANDRE", 5, 1.2),
    ("Établissement public de santé mentale des Tilleuls", "EPSM-TILLEULS", 0, 0.08),
)
_FIRST = ("Centre hospitalier", "Hôpital", "Groupe hospitalier", "Centre hospitalier intercommunal")
_LAST = (
    "des Géants",
    "du Haut-Clocher",
    "des Deux-Rives",
    "de la Grande-Écluse",
    "des Sept-Fontaines",
    "du Vieux-Moulin",
    "de la Plaine-Blanche",
    "des Remparts",
    "du Canal-Neuf",
    "de la Dune-Verte",
    "des Quatre-Vents",
    "du Pont-Rouge",
    "de la Côte-Claire",
    "des Hauts-Jardins",
)
_SENSITIVE_EVERY = 12
"""In a larger region, one hospital in so many more is sensitive, besides the last one."""


def finess(number: int) -> str:
    """A nine-digit number of the form of a FINESS, with its check digit, in a department that does not exist.

    >>> finess(1), finess(5)
    ('000000018', '000000059')
    """
    body = f"0000000{number:d}"[-8:]
    doubled = [int(d) * 2 if i % 2 == 0 else int(d) for i, d in enumerate(reversed(body))]
    return f"{body}{-sum(d // 10 + d % 10 for d in doubled) % 10}"


def sites(count: int = 5) -> tuple[Site, ...]:
    """`count` hospitals, numbered from 1; the last one is sensitive (psychiatry), unless it is alone.

    >>> [s.hospital.namespace for s in sites(2)], sites(3)[-1].hospital.sensitive
    (['CHU-BEFFROI', 'EPSM-TILLEULS'], True)
    """
    if not 1 <= count <= HOSPITALS_MAX:
        raise ValueError(f"a region has 1 to {HOSPITALS_MAX} hospitals")
    ordinary = [_invented(index) for index in range(max(count - 1, 1))]
    chosen = ordinary if count == 1 else [*ordinary, _NAMES[-1]]
    return tuple(_site(index, count, *row) for index, row in enumerate(chosen))


def _invented(index: int) -> tuple[str, str, int, float]:
    if index < len(_NAMES) - 1:
        return _NAMES[index]
    rank = index - len(_NAMES) + 1
    kind, place = _FIRST[rank // len(_LAST) % len(_FIRST)], _LAST[rank % len(_LAST)]
    return f"{kind} {place}", f"HOPITAL-{index + 1:02}", rank * 7 % 40, 0.9


def _site(index: int, count: int, name: str, namespace: str, town: int, size: float) -> Site:
    number = index + 1
    last = count > 1 and index == count - 1
    sensitive = last or (index >= len(_NAMES) and index % _SENSITIVE_EVERY == 0)
    hospital = Hospital(HospitalId(number), finess(number), name, f"{OID_ARC}.{number}", namespace, sensitive)
    return Site(
        hospital=hospital,
        town=town,
        size=_NAMES[-1][3] if sensitive else size,
        spelling=(Spelling.CAPITALS, Spelling.AS_SAID, Spelling.CAPITALS_WITHOUT_HYPHENS)[index % 3],
        ipp_prefix=("", "P", "")[index % 3],
        authority_by_finess=index % 4 == 1,
    )


def hospitals(count: int = 5) -> tuple[Hospital, ...]:
    """The hospitals alone, as the register holds them."""
    return tuple(site.hospital for site in sites(count))
