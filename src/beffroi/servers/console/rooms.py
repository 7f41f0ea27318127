"""The rooms of the console and who may enter which: the navigation, and the rights of every route, follow from this.

A room opens to the roles that have the rights of what is done in it (`access.policy`); the console adds no right.
"""

from enum import Enum

from beffroi.access.policy import RIGHTS
from beffroi.errors import Words
from beffroi.model.account import Role
from beffroi.model.disclosure import Operation


def _may(operation: Operation) -> frozenset[Role]:
    return frozenset(role for role, rights in RIGHTS.items() if operation in rights.operations)


class Room(Enum):
    """Title, path below the console's root, and who may enter. A room without a path is not built yet: it has its place
    in the order and is not shown."""

    FIND = (Words("Find a patient", "Trouver un patient"), "/find", _may(Operation.SEARCH))
    COLLEAGUE = (Words("Between colleagues", "Entre collègues"), "/colleague", _may(Operation.CONFIRM))
    WORKLISTS = (Words("Worklists", "Listes de travail"), "/worklists", _may(Operation.WORKLIST))
    DESK = (Words("Who saw a patient", "Qui a vu un patient"), "/desk", _may(Operation.PATIENT_ACCESS))
    WATCH = (Words("Watch room", "Salle de veille"), "/watch", frozenset({Role.DUTY_OFFICER}))
    INCIDENTS = (Words("Incidents", "Incidents"), "/incidents", frozenset({Role.DATA_PROTECTION_OFFICER}))
    IDENTITIES = (Words("Doubtful identities", "Identités douteuses"), "/identities", _may(Operation.DOUBTS))
    DUPLICATES = (Words("Duplicates", "Doublons"), "", frozenset({Role.IDENTITY_CELL}))
    NOTICES = (Words("Notices", "Notifications"), "", frozenset({Role.DATA_PROTECTION_OFFICER}))
    STATEMENT = (Words("Public statement", "Communiqué"), "", frozenset({Role.DATA_PROTECTION_OFFICER}))
    OPERATE = (Words("The server", "Le serveur"), "/operate", frozenset({Role.OPERATOR}))
    KEYS = (Words("My key", "Ma clé"), "/keys", _may(Operation.STEP_UP))
    HELP = (Words("Help", "Aide"), "/help", frozenset(Role))

    @property
    def title(self) -> Words:
        """What it is called."""
        return self.value[0]

    @property
    def path(self) -> str:
        """Its address below the console's root; empty when it is not built yet."""
        return self.value[1]

    @property
    def roles(self) -> frozenset[Role]:
        """Who may enter."""
        return self.value[2]


def rooms_of(role: Role) -> tuple[Room, ...]:
    """The rooms that open to a role, in their order."""
    return tuple(room for room in Room if room.path and role in room.roles)
