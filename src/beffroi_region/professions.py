"""Claims of the demonstration's accounts, shaped as Pro Santé Connect's, and the professions that stand for our roles.

The codes of professions are invented, under the arc that ITU-T X.660 keeps for examples: in the national nomenclature a
ward's doctor and an emergency's are of one profession, and the demonstration wants an account for each role.

Source: ANS, Pro Santé Connect (standards.md section 4.1); RFC 9068 section 2.2.
"""

from typing import Any

from beffroi.access.professional import MAPPABLE_ROLES
from beffroi.model.account import AccountKind, Role
from beffroi.model.person import Hospital
from beffroi_region.staff import StaffAccount

CLIENT = "demo-dossier-patient"
"""The software through which the demonstration's people come."""
ACR = "eidas1"
_NOMENCLATURE = "2.999.59.1"
_REGISTER = "EDIT"


def profession(role: Role) -> str:
    """The code of a role's profession, as `SubjectRole` writes it.

    >>> profession(Role.WARD_NURSE)
    'ward_nurse^2.999.59.1'
    """
    return f"{role.value}^{_NOMENCLATURE}"


def roles_of_professions() -> dict[str, Role]:
    """What the demonstration's configuration says under [issuer.roles]; privileged roles are not among them."""
    return {profession(role): role for role in Role if role in MAPPABLE_ROLES}


def claims_of(account: StaffAccount, hospital: Hospital, authenticated_at_s: int) -> dict[str, Any]:
    """Who the account is, for a token: everything but issuer, audience, times and binding."""
    if account.kind is AccountKind.APPLICATION:
        return {"sub": account.subject, "client_id": account.subject, "azp": account.subject, "scope": "system"}
    family = account.display_name.split()[-1]
    return {
        "sub": f"f:demo:{account.name}",
        "azp": CLIENT,
        "client_id": CLIENT,
        "scope": "openid scope_all",
        "acr": ACR,
        "auth_time": authenticated_at_s,
        "SubjectNameID": account.subject,
        "SubjectRole": [profession(account.role)],
        "SubjectOrganization": hospital.name,
        "SubjectOrganizationID": f"F{hospital.finess}",
        "Mode_Acces_Raison": "",
        "Acces_Regulation_Medicale": "FAUX",
        "otherIds": [{"identifiant": account.subject, "origine": _REGISTER, "qualite": 1}],
        "preferred_username": account.subject,
        "family_name": family,
        "given_name": account.display_name.removesuffix(family).strip(),
    }
