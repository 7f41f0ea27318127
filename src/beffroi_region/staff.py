"""The accounts of the demonstration: one ready for each role, and the software of each hospital.

Nobody's names, and subjects that no national register would give. A hospital's feed and its queries come by different
applications: a feed explains nothing to the credential that sent it.
"""

from dataclasses import dataclass

from beffroi.access.professional import APPLICATION_ROLES, GRANTED_ROLES
from beffroi.model.account import AccountKind, Role
from beffroi.model.person import Hospital, HospitalId


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """Somebody, or some software, who can sign in.

    `name` is what `beffroi demo token --account` takes. `subject` is the national identifier, or a client id.
    `facility` is the MSH-4 by which software is known over HL7 v2, empty when it does not use it.
    """

    name: str
    subject: str
    display_name: str
    role: Role
    hospital_id: HospitalId
    facility: str = ""

    @property
    def kind(self) -> AccountKind:
        """A person or an application, by the role."""
        return AccountKind.APPLICATION if self.role in APPLICATION_ROLES else AccountKind.PERSON

    @property
    def needs_grant(self) -> bool:
        """True for a role with privileges, which no token gives."""
        return self.role in GRANTED_ROLES

    @property
    def may_feed(self) -> bool:
        """True for the software that sends identities."""
        return self.role is Role.FEED


_PEOPLE = {
    Role.WARD_NURSE: "Odile Verhaverbeke",
    Role.WARD_DOCTOR: "Dr Samir Benkhedda",
    Role.EMERGENCY_DOCTOR: "Dr Héloïse Crépin",
    Role.TRIAGE_NURSE: "Mathis Delambre",
    Role.ON_CALL_DOCTOR: "Dr Paulo Antunes",
    Role.ADMISSION_CLERK: "Ghislaine Wattecamps",
    Role.MEDICAL_SECRETARY: "Noémie Fauquet",
    Role.IDENTITY_CELL: "Régis Lempereur",
    Role.REGIONAL_COORDINATOR: "Aïcha Mahjoub",
    Role.DUTY_OFFICER: "Tanguy Leroux",
    Role.DATA_PROTECTION_OFFICER: "Solène Vandecasteele",
    Role.AUDITOR: "Étienne Roussel",
    Role.OPERATOR: "Lucie Zielinska",
}
_SENSITIVE_NURSE = "Benoît Carlier"
_SECOND_OFFICER = "Maud Descamps"
"""What two people must decide needs two of them."""


def account_name(role: Role) -> str:
    """How a role's account is called on the command line.

    >>> account_name(Role.WARD_NURSE)
    'ward-nurse'
    """
    return role.value.replace("_", "-")


def people(hospitals: tuple[Hospital, ...]) -> tuple[StaffAccount, ...]:
    """One account per role in the first hospital, a second duty officer, and a ward nurse in each sensitive one."""
    first = hospitals[0].hospital_id
    found = [
        StaffAccount(account_name(role), f"ANS-DEMO-{number:04}", display_name, role, first)
        for number, (role, display_name) in enumerate(_PEOPLE.items(), 1)
    ]
    sensitive = [h for h in hospitals if h.sensitive]
    for number, hospital in enumerate(sensitive, len(found) + 1):
        name = f"{account_name(Role.WARD_NURSE)}-{hospital.hospital_id}"
        found.append(
            StaffAccount(name, f"ANS-DEMO-{number:04}", _SENSITIVE_NURSE, Role.WARD_NURSE, hospital.hospital_id)
        )
    second = f"{account_name(Role.DUTY_OFFICER)}-2"
    found.append(StaffAccount(second, f"ANS-DEMO-{len(found) + 1:04}", _SECOND_OFFICER, Role.DUTY_OFFICER, first))
    return tuple(found)


def applications(hospitals: tuple[Hospital, ...]) -> tuple[StaffAccount, ...]:
    """Each hospital's feed and its software that asks; and one cross-reference manager, of the first hospital."""
    found = []
    for hospital in hospitals:
        number, facility = hospital.hospital_id, hospital.namespace
        found.append(
            StaffAccount(
                f"feed-{number}", f"demo-feed-{number}", f"Identités · {hospital.name}", Role.FEED, number, facility
            )
        )
        found.append(
            StaffAccount(
                f"hospital-application-{number}",
                f"demo-dpi-{number}",
                f"Dossier patient · {hospital.name}",
                Role.HOSPITAL_APPLICATION,
                number,
                f"{facility}-DPI",
            )
        )
    name = account_name(Role.CROSS_REFERENCE_APPLICATION)
    found.append(
        StaffAccount(
            name,
            "demo-cross-reference",
            "Rapprochement régional",
            Role.CROSS_REFERENCE_APPLICATION,
            hospitals[0].hospital_id,
            "REGION-RAPPROCHEMENT",
        )
    )
    return tuple(found)


def everybody(hospitals: tuple[Hospital, ...]) -> tuple[StaffAccount, ...]:
    """All accounts, people first."""
    return people(hospitals) + applications(hospitals)


def ready_accounts(hospitals: tuple[Hospital, ...]) -> tuple[StaffAccount, ...]:
    """One account for each role, in the order of `Role`."""
    by_role: dict[Role, StaffAccount] = {}
    for account in everybody(hospitals):
        by_role.setdefault(account.role, account)
    return tuple(by_role[role] for role in Role)
