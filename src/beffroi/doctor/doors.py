"""Who may come in, and how: issuers and their keys, settings that weaken a door, credentials, and the ceilings."""

from collections.abc import AsyncIterator, Iterator

from beffroi.access.issuers import TrustedIssuer
from beffroi.app.assembly import issuers_of
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.doctor.finding import Finding, error, good, note, warning
from beffroi.errors import Words
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.watch.ceiling import most_shown
from beffroi.watch.norms import NORMS

_SWITCH_OFF = Words("Switch it off.", "Désactivez-le.")


async def check_issuers(config: Config, clock: Clock, *, demo: bool) -> AsyncIterator[Finding]:
    """Each issuer's keys, fetched now."""
    for index, issuer in enumerate(issuers_of(config, demo=demo)):
        yield await _keys(index, issuer, clock)


async def _keys(index: int, issuer: TrustedIssuer, clock: Clock) -> Finding:
    keys = IssuerKeys(issuer, clock)
    if await keys.refresh():
        trust = keys.trust(clock.now().timestamp())
        count = len({name for name, _ in trust.keys}) if trust else 0
        return good(
            "issuer", f"issuer[{index}] publishes keys ({count}).", f"issuer[{index}] publie des clés ({count})."
        )
    return error(
        "issuer",
        Words(
            f"The keys of issuer[{index}] cannot be fetched, or none may be believed: nobody can sign in by it.",
            f"Les clés d'issuer[{index}] sont introuvables, ou aucune n'est acceptable : personne n'entre par lui.",
        ),
        Words(
            "Check url, discovery_url, jwks_url or jwks_file, and the network.",
            "Vérifiez url, discovery_url, jwks_url ou jwks_file, et le réseau.",
        ),
    )


def check_settings(config: Config) -> Iterator[Finding]:
    """What was switched on at a risk, and credentials that should be two."""
    for index, issuer in enumerate(config.issuer):
        if issuer.allow_bearer:
            yield warning(
                "settings",
                Words(
                    f"issuer[{index}].allow_bearer is on: a stolen token is enough, from anywhere.",
                    f"issuer[{index}].allow_bearer est actif : un jeton volé suffit, d'où que ce soit.",
                ),
                _SWITCH_OFF,
            )
        if not issuer.dpop_nonce:
            yield warning(
                "settings",
                Words(
                    f"issuer[{index}].dpop_nonce is off: proofs can be made beforehand.",
                    f"issuer[{index}].dpop_nonce est inactif : des preuves peuvent être faites d'avance.",
                ),
                Words("Switch it on.", "Activez-le."),
            )
    for application in config.application:
        if application.may_feed and application.may_query:
            yield warning(
                "credentials",
                Words(
                    f"{application.name} feeds and asks with one credential: to stop it stops the feed too.",
                    f"{application.name} alimente et interroge avec un même moyen d'accès : l'arrêter arrête aussi "
                    "l'alimentation de son hôpital.",
                ),
                Words(
                    "Configure two applications, each with its own certificate.",
                    "Configurez deux applications, chacune avec son certificat.",
                ),
            )


def show_ceilings() -> Iterator[Finding]:
    """What one account can be shown at most, by role (law 8)."""
    for role, norm in NORMS.items():
        most = most_shown(role, norm)
        day, month, year = most.patients_24h, most.patients_30d, most.patients_365d
        crisis = most_shown(role, norm, crisis=True).patients_24h
        contacts = f"{most.contacts_24h:,}, {most.contacts_30d:,}, {most.contacts_365d:,}"
        strangers = most.strangers_30d
        yield note(
            "ceiling",
            f"{role}: at most {day:,} patients in 24 hours, {month:,} in 30 days, {year:,} in 365 days, every way on "
            f"included ({crisis:,} in 24 hours while a crisis is declared), {strangers:,} whom nothing explains in "
            f"30 days; contact fields of {contacts} at most.",
            f"{role} : au plus {day} patients en 24 heures, {month} en 30 jours, {year} en 365 jours, tous les recours "
            f"compris ({crisis} en 24 heures pendant une crise déclarée), {strangers} que rien n'explique en 30 "
            f"jours ; coordonnées de {contacts} au plus.",
        )
