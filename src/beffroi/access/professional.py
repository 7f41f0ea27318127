"""From claims to who asks: a professional or an application, for which hospital, in which role.

Claims are shaped as Pro Santé Connect's. `SubjectNameID` is opaque: it is compared, never parsed. A token without one
is an application's only when it says so itself (`sub` is the client, and nobody signed in for it): a person's token
that lacks the identifier must not pass for the software that asked for it.

Source: ANS, Pro Santé Connect (standards.md section 4.1); IHE IUA ITI-71 (section 3.10); RFC 9068 sections 2.2 and 5;
RFC 9470.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from beffroi.access.rejection import Reason, Rejected
from beffroi.access.tokens import Activity, Claims
from beffroi.errors import UnknownAccount, Words
from beffroi.model.account import AccountKind, Role
from beffroi.model.hospitals import Hospitals
from beffroi.model.person import HospitalId

SUBJECT_CHARACTERS_MAX: Final = 255  # OpenID Connect Core section 2, `sub`
CODES_MAX: Final = 16  # professions of one person; nobody has more than a few
STRUCTURES_MAX: Final = 8
SCOPES_MAX: Final = 64
ROLE_SCOPE: Final = "role:"
"""A scope such as `role:auditor` chooses among the roles that somebody has; it gives none."""

APPLICATION_ROLES: Final = frozenset({Role.HOSPITAL_APPLICATION, Role.CROSS_REFERENCE_APPLICATION, Role.FEED})
GRANTED_ROLES: Final = frozenset(
    {
        Role.IDENTITY_CELL,
        Role.REGIONAL_COORDINATOR,
        Role.DUTY_OFFICER,
        Role.DATA_PROTECTION_OFFICER,
        Role.AUDITOR,
        Role.OPERATOR,
    }
)
"""Roles with privileges: only a grant gives them, whatever a token says."""
MAPPABLE_ROLES: Final = frozenset(Role) - APPLICATION_ROLES - GRANTED_ROLES
"""Roles that a profession may give."""

# A FINESS number, as such or in the register's identifiers of a structure: F or 1 (TRE_G07: FINESS) before it.
_OID: Final = "urn:oid:"
_FINESS: Final = re.compile(r"[F1]?([0-9][0-9AB][0-9]{7})")


class Claimed(msgspec.Struct, frozen=True):
    """What a verified token says about who asks. `subject` is unique within its `issuer`.

    `codes` are professions as the token writes them. `structures` are numbers by which the structure that they act for
    may be known here (its own, then its site's and its legal entity's). `application` is the client id. `names`: how
    the issuer may call them when it ends a session: `sub:` or `sid:` and the name.
    """

    kind: AccountKind
    issuer: str
    subject: str
    application: str
    codes: tuple[str, ...] = ()
    structures: tuple[str, ...] = ()
    scopes: frozenset[str] = frozenset()
    acr: str = ""
    authenticated_at_s: int = 0
    jti: str = ""
    issued_at_s: int = 0
    session_id: str = ""
    names: tuple[str, ...] = ()


SERVICE_ACCOUNT: Final = "service-account-"
"""What Keycloak puts before a client's id to name the user that stands for it."""


def claimed(claims: Claims) -> Claimed:
    """Who asks, by a verified token's claims. Raises `Rejected` when it names neither a person nor an application."""
    claims = _read_as_french(claims)
    application = claims.client_id or claims.azp
    if claims.azp and claims.azp != application:
        raise Rejected(Reason.WHO)
    person = bool(claims.SubjectNameID)
    if not person and not _is_application(claims, application):
        raise Rejected(Reason.WHO)
    subject = claims.SubjectNameID if person else application
    if not _acceptable(subject) or not _acceptable(application):
        raise Rejected(Reason.WHO)
    codes = (claims.SubjectRole,) if isinstance(claims.SubjectRole, str) else claims.SubjectRole
    return Claimed(
        kind=AccountKind.PERSON if person else AccountKind.APPLICATION,
        issuer=claims.iss,
        subject=subject,
        application=application,
        codes=tuple(code for code in codes[:CODES_MAX] if code),
        structures=_structures(claims),
        scopes=frozenset(claims.scope.split(" ", SCOPES_MAX)[:SCOPES_MAX]) - {""},
        acr=claims.acr,
        authenticated_at_s=max(0, int(claims.auth_time)),
        jti=claims.jti,
        issued_at_s=max(0, int(claims.iat)),
        session_id=claims.sid[:SUBJECT_CHARACTERS_MAX],
        names=_names(claims, subject),
    )


def _read_as_french(claims: Claims) -> Claims:
    """IHE IUA's claims under the names of Pro Santé Connect's, where those are absent: the identifier, each role as its
    code and OID, and the organisation by the end of its URI, or by its OID."""
    iua = claims.extensions.ihe_iua if claims.extensions else None
    if iua is None or claims.SubjectNameID or not iua.national_provider_identifier:
        return claims
    roles = [f"{role.code}^{role.system.removeprefix(_OID)}" for role in iua.subject_role[:CODES_MAX]]
    organisation = iua.subject_organization_id.removeprefix(_OID).rpartition("/")[2]
    return msgspec.structs.replace(
        claims,
        SubjectNameID=iua.national_provider_identifier,
        SubjectRole=claims.SubjectRole or roles,
        SubjectOrganizationID=claims.SubjectOrganizationID or organisation,
    )


def _names(claims: Claims, subject: str) -> tuple[str, ...]:
    """How the issuer may speak of them later: its own subject, where that is another name, and its session."""
    subjects = (f"sub:{claims.sub}",) if claims.sub and claims.sub != subject else ()
    sessions = (f"sid:{claims.sid}",) if claims.sid else ()
    return tuple(name for name in (*subjects, *sessions) if len(name) <= SUBJECT_CHARACTERS_MAX)


def _is_application(claims: Claims, application: str) -> bool:
    """The client itself is the subject (RFC 9068 section 5). Keycloak gives a client a user of its own instead, by a
    reserved name, and says `client_id` in that user's tokens alone."""
    if not application or claims.auth_time or claims.sid:
        return False
    own_user = claims.client_id == application and claims.preferred_username == SERVICE_ACCOUNT + application.lower()
    return claims.sub == application or own_user


def _acceptable(name: str) -> bool:
    return 0 < len(name) <= SUBJECT_CHARACTERS_MAX and name.isprintable() and name == name.strip()


def _structures(claims: Claims) -> tuple[str, ...]:
    """Numbers (FINESS, or its domain's OID) of the structure that the token names, and of no other place of work."""
    organisation = claims.SubjectOrganizationID
    if not organisation:
        return ()
    own = finess_of(organisation)
    # An identifier that is no FINESS stays, so that it is refused as unknown and never replaced by another place.
    found = [own or organisation]
    for activity in _activities(claims):
        site, legal = activity.numeroFinessSite or "", activity.numeroFinessetablissementJuridique or ""
        if organisation == activity.identifiantTechniqueDeLaStructure or (own and own in (site, legal)):
            found += [number for number in (finess_of(site), finess_of(legal)) if number]
    return tuple(dict.fromkeys(found))[:STRUCTURES_MAX]


def _activities(claims: Claims) -> Iterable[Activity]:
    reference = claims.SubjectRefPro
    for practice in (reference.exercices if reference else None) or ():
        yield from practice.activities or ()


def finess_of(structure: str) -> str:
    """The nine characters of a FINESS number in a structure's identifier; empty when it holds none.

    >>> finess_of("590000001"), finess_of("F590000001"), finess_of("1590000001"), finess_of("R10100000012345")
    ('590000001', '590000001', '590000001', '')
    """
    match = _FINESS.fullmatch(structure)
    return match[1] if match else ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What an account may do for a hospital, given by name. `expires_at`: None while nobody ends it."""

    hospital_id: HospitalId
    role: Role
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """For which hospital, and in which role, somebody asks."""

    structure: HospitalId
    role: Role


def check_acr(claim: Claimed, accepted: frozenset[str]) -> None:
    """Raises `Rejected` (step up) when a person signed in by a weaker means than the operator asks for."""
    if accepted and claim.kind is AccountKind.PERSON and claim.acr not in accepted:
        raise Rejected(Reason.ACR)


def capacity(
    claim: Claimed, grants: Sequence[Grant], mapping: Mapping[str, Role], hospitals: Hospitals, now: datetime
) -> Capacity:
    """The hospital and the role in which somebody acts. Raises UnknownAccount, with whom to ask.

    Grants for that hospital first, in the order of `Role`, then a person's professions in the token's order. A
    `role:` scope chooses among all of them.
    """
    is_application = claim.kind is AccountKind.APPLICATION
    in_force = [g for g in grants if g.expires_at is None or g.expires_at > now]
    valid = [g for g in in_force if (g.role in APPLICATION_ROLES) is is_application]
    structure = _structure(claim, valid, hospitals)
    held = {g.role for g in valid if g.hospital_id == structure}
    roles = [role for role in Role if role in held]
    if not is_application:
        mapped = (mapping.get(code) for code in claim.codes)
        roles += [role for role in mapped if role is not None and role in MAPPABLE_ROLES]
    wanted = {scope.removeprefix(ROLE_SCOPE) for scope in claim.scopes if scope.startswith(ROLE_SCOPE)}
    for role in roles:
        if not wanted or role.value in wanted:
            return Capacity(structure, role)
    raise _unknown(_NO_SUCH_ROLE if roles else _NO_ROLE)


def _structure(claim: Claimed, grants: Sequence[Grant], hospitals: Hospitals) -> HospitalId:
    """The hospital that the token names; when it names none, the only one of the account's grants."""
    if claim.structures:
        known = (hospitals.by_finess(number) or hospitals.by_oid(number) for number in claim.structures)
        found = next((hospital for hospital in known if hospital is not None), None)
        if found is None:
            raise _unknown(_UNKNOWN_STRUCTURE)
        return found.hospital_id
    granted = {g.hospital_id for g in grants}
    if len(granted) == 1:
        return granted.pop()
    raise _unknown(_SEVERAL_STRUCTURES if granted else _NO_STRUCTURE)


_UNKNOWN_STRUCTURE = Words("its structure is not a hospital of this region", "sa structure n'est pas un hôpital d'ici")
_NO_STRUCTURE = Words("it acts for no hospital of this region", "il n'agit pour aucun hôpital de la région")
_SEVERAL_STRUCTURES = Words(
    "it has rights for several hospitals and its token names none",
    "il a des droits pour plusieurs hôpitaux et son jeton n'en désigne aucun",
)
_NO_ROLE = Words("no role is given to it for this hospital", "aucun rôle ne lui est donné pour cet hôpital")
_NO_SUCH_ROLE = Words("it has not the role that it asked for", "il n'a pas le rôle demandé")
_WHOM = Words("your hospital's identity cell", "la cellule d'identitovigilance de votre hôpital")


def _unknown(why: Words) -> UnknownAccount:
    return UnknownAccount(why=why, whom=_WHOM)
