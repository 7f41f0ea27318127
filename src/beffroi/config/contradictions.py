"""Settings that do not go together, or that the rules of this house forbid: said in words, all at once. Pure.

Plain HTTP and plain HL7 v2 stay on this machine. What belongs to the demonstration stays in the demonstration.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from beffroi.access.issuers import DEMO_PREFIX
from beffroi.access.professional import APPLICATION_ROLES, MAPPABLE_ROLES
from beffroi.config.settings import Config, Issuer
from beffroi.config.telling import telling
from beffroi.errors import Words
from beffroi.ledger.checkpoint import VerifierKey
from beffroi.ledger.cosignature import CosignerKey
from beffroi.model.account import Role
from beffroi.outbound.fetching import may_be_fetched
from beffroi.watch.geography import place_of

EXPLAINS_H_MAX = 720
"""Hours: a month. A longer stay sends events meanwhile."""
RETENTION_DAYS_MIN = 400
"""Days: the watch counts a year, and an authority asks later. The database's own function holds it too."""
BOUND_COOKIE_S_MIN = 240
"""Seconds: Chromium asks anew from two minutes before a bound cookie's end, and signs six times in nine minutes for all
pages of a site, sign-ins included."""
_EVENT = re.compile(r"[AZ][0-9]{2}")


def is_loopback(host: str) -> bool:
    """True for an address by which only this machine can reach it.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_demo_issuer(issuer: Issuer) -> bool:
    """True for the demonstration's issuer, which anybody can run: by its address.

    >>> is_demo_issuer(Issuer(url="http://127.0.0.1:8081", audience=("beffroi",)))
    True
    """
    parts = urlsplit(issuer.url)
    return parts.scheme != "https" or is_loopback(parts.hostname or "") or DEMO_PREFIX in issuer.url


def contradictions(config: Config, *, demo: bool = False) -> list[Words]:
    """Every problem found, in the order of the file's sections; empty when there is none."""
    found = [
        *_database(config),
        *_web(config),
        *_mllp(config),
        *_issuers(config, demo),
        *_console(config),
        *_hospitals(config),
        *_applications(config),
        *_watch(config),
        *_ledger(config),
        *_witnesses(config),
        *telling(config),
        *_archive(config),
    ]
    if not is_loopback(config.operations.host) and demo:
        found.append(_loopback_only("operations.host"))
    return found


def _loopback_only(setting: str) -> Words:
    return Words(f"{setting} must be 127.0.0.1 here.", f"{setting} doit être 127.0.0.1 ici.")


def _database(config: Config) -> Iterator[Words]:
    for role in ("web", "feed", "worker", "sealer", "archiver", "owner"):
        url = getattr(config.database, f"{role}_url")
        setting = f"database.{role}_url"
        if not url:
            continue
        try:
            parts = urlsplit(url)
            password, user = parts.password, parts.username
        except ValueError:
            yield Words(f"{setting} is not an address.", f"{setting} n'est pas une adresse.")
            continue
        if parts.scheme not in ("postgresql", "postgres"):
            yield Words(f"{setting} must begin with postgresql://.", f"{setting} doit commencer par postgresql://.")
        if password is not None or "password=" in parts.query:
            yield Words(
                f"{setting} holds a password: put it in a file, and name that in database.{role}_password_file.",
                f"{setting} contient un mot de passe : mettez-le dans un fichier, que nomme "
                f"database.{role}_password_file.",
            )
        if getattr(config.database, f"{role}_password_file") and not user:
            yield Words(
                f"{setting} names no user (postgresql://USER@HOST/DATABASE), and has a password file.",
                f"{setting} ne nomme pas d'utilisateur (postgresql://UTILISATEUR@HOTE/BASE) et a un fichier de mot de "
                f"passe.",
            )


def _web(config: Config) -> Iterator[Words]:
    web = config.web
    if bool(web.tls_certificate) != bool(web.tls_key):
        yield Words(
            "web.tls_certificate and web.tls_key go together.", "web.tls_certificate et web.tls_key vont ensemble."
        )
    yield from _networks("web.trusted_proxies", web.trusted_proxies)
    if web.client_certificates and not web.trusted_proxies:
        yield Words(
            "web.client_certificates needs web.trusted_proxies: nobody else's Client-Cert may be believed.",
            "web.client_certificates demande web.trusted_proxies : le Client-Cert de nul autre ne peut être cru.",
        )
    if not is_loopback(web.host) and not web.tls_certificate and not web.trusted_proxies:
        yield Words(
            "web.host is not the loopback: set web.tls_certificate and web.tls_key, or web.trusted_proxies.",
            "web.host n'est pas la boucle locale : renseignez web.tls_certificate et web.tls_key, ou "
            "web.trusted_proxies.",
        )
    public = urlsplit(web.public_url)
    if public.scheme == "http" and not is_loopback(public.hostname or ""):
        yield Words(
            "web.public_url must begin with https://: tokens would travel in clear.",
            "web.public_url doit commencer par https:// : les jetons voyageraient en clair.",
        )


def _networks(setting: str, networks: Iterable[str]) -> Iterator[Words]:
    for network in networks:
        try:
            size = ip_network(network).num_addresses
        except ValueError:
            yield Words(
                f"{setting} holds something that is neither an address nor a network.",
                f"{setting} contient autre chose qu'une adresse ou un réseau.",
            )
            continue
        if size > 65_536:
            yield Words(
                f"{setting} trusts more than 65,536 addresses: name the proxies.",
                f"{setting} fait confiance à plus de 65 536 adresses : nommez les mandataires.",
            )


def _mllp(config: Config) -> Iterator[Words]:
    mllp = config.mllp
    if mllp is None:
        return
    files = (mllp.tls_certificate, mllp.tls_key, mllp.client_ca)
    if any(files) and not all(files):
        yield Words(
            "mllp.tls_certificate, mllp.tls_key and mllp.client_ca go together.",
            "mllp.tls_certificate, mllp.tls_key et mllp.client_ca vont ensemble.",
        )
    if not is_loopback(mllp.host) and not all(files):
        yield Words(
            "mllp.host is not the loopback: set mllp.tls_certificate, mllp.tls_key and mllp.client_ca.",
            "mllp.host n'est pas la boucle locale : renseignez mllp.tls_certificate, mllp.tls_key et mllp.client_ca.",
        )


def _issuers(config: Config, demo: bool) -> Iterator[Words]:
    if not config.issuer and config.mllp is None:
        yield Words(
            "without an [[issuer]] and without [mllp], nobody can ask anything.",
            "sans [[issuer]] ni [mllp], personne ne peut rien demander.",
        )
    for url in _repeated(issuer.url for issuer in config.issuer):
        yield Words(f"the issuer {url} is there twice.", f"l'émetteur {url} y est deux fois.")
    for index, issuer in enumerate(config.issuer):
        sources = [s for s in (issuer.discovery_url, issuer.jwks_url, issuer.jwks_file) if s]
        if len(sources) > 1:
            yield Words(
                f"issuer[{index}]: only one of discovery_url, jwks_url and jwks_file.",
                f"issuer[{index}] : un seul de discovery_url, jwks_url et jwks_file.",
            )
        privileged = sorted({role for role in issuer.roles.values() if role not in MAPPABLE_ROLES})
        if privileged:
            names = ", ".join(privileged)
            yield Words(
                f"issuer[{index}].roles gives {names}: only `beffroi account grant` and [[application]] do.",
                f"issuer[{index}].roles donne {names} : seuls `beffroi account grant` et [[application]] le font.",
            )
        if demo:
            continue
        if is_demo_issuer(issuer):
            yield Words(
                f"issuer[{index}].url is the demonstration's or not https: serve accepts neither.",
                f"issuer[{index}].url est celui de la démonstration ou n'est pas en https : serve n'accepte ni l'un ni "
                f"l'autre.",
            )
        if any(url.startswith("http://") for url in (issuer.discovery_url, issuer.jwks_url)):
            yield Words(
                f"issuer[{index}]: keys come by https:// only.", f"issuer[{index}] : les clés viennent par https://."
            )


def _repeated(values: Iterable[object]) -> list[object]:
    return [value for value, count in Counter(values).items() if count > 1]


def _console(config: Config) -> Iterator[Words]:
    console = config.console
    if console is None:
        return
    if console.issuer not in {issuer.url for issuer in config.issuer}:
        yield Words("console.issuer is no [[issuer]].", "console.issuer n'est aucun [[issuer]].")
    public = urlsplit(console.public_url or config.web.public_url)
    if public.scheme == "http" and not is_loopback(public.hostname or ""):
        yield Words(
            "console.public_url must begin with https://: sessions would travel in clear.",
            "console.public_url doit commencer par https:// : les sessions voyageraient en clair.",
        )
    if 0 < console.bound_cookie_s < BOUND_COOKIE_S_MIN:
        yield Words(
            f"console.bound_cookie_s must be 0 or at least {BOUND_COOKIE_S_MIN}: browsers sign six times in nine "
            "minutes.",
            f"console.bound_cookie_s doit valoir 0 ou au moins {BOUND_COOKIE_S_MIN} : les navigateurs signent six fois "
            "en neuf minutes.",
        )
    try:
        ZoneInfo(console.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Words("console.time_zone is no time zone.", "console.time_zone n'est pas un fuseau horaire.")


def _is_place(text: str) -> bool:
    try:
        place_of(text)
    except ValueError:
        return False
    return True


def _hospitals(config: Config) -> Iterator[Words]:
    for name in ("id", "finess", "oid", "namespace"):
        for value in _repeated(getattr(hospital, name) for hospital in config.hospital):
            yield Words(f"two hospitals have the {name} {value}.", f"deux hôpitaux ont le {name} {value}.")
    for index, hospital in enumerate(config.hospital):
        if not all(_may_be_own(network) for network in hospital.networks):
            yield Words(
                f"hospital[{index}].networks: addresses or networks, of at least 8 bits (IPv6: 32).",
                f"hospital[{index}].networks : des adresses ou réseaux, d'au moins 8 bits (IPv6 : 32).",
            )
        if hospital.location and not _is_place(hospital.location):
            yield Words(f"hospital[{index}].location is no place.", f"hospital[{index}].location n'est pas un lieu.")
        windows = hospital.explains_h.items()
        if any(not 0 <= hours <= EXPLAINS_H_MAX or not _EVENT.fullmatch(event) for event, hours in windows):
            yield Words(
                f"hospital[{index}].explains_h: trigger events (A01), and 0 to {EXPLAINS_H_MAX} hours.",
                f"hospital[{index}].explains_h : des événements (A01), et de 0 à {EXPLAINS_H_MAX} heures.",
            )


def _may_be_own(network: str) -> bool:
    """Whether a hospital may declare it: a network, and not half of the world."""
    try:
        found = ip_network(network)
    except ValueError:
        return False
    return found.prefixlen >= (8 if found.version == 4 else 32)


def _applications(config: Config) -> Iterator[Words]:
    hospitals = {hospital.id for hospital in config.hospital}
    issuers = {issuer.url for issuer in config.issuer}
    for index, application in enumerate(config.application):
        place = f"application[{index}]"
        if application.hospital not in hospitals:
            yield Words(f"{place}.hospital is no [[hospital]].", f"{place}.hospital n'est aucun [[hospital]].")
        if application.role not in APPLICATION_ROLES:
            yield Words(f"{place}.role is a person's role.", f"{place}.role est le rôle d'une personne.")
        if bool(application.issuer) != bool(application.client_id):
            yield Words(f"{place}: issuer and client_id go together.", f"{place} : issuer et client_id vont ensemble.")
        if application.issuer and application.issuer not in issuers:
            yield Words(f"{place}.issuer is no [[issuer]].", f"{place}.issuer n'est aucun [[issuer]].")
        if not (application.client_id or application.certificates or application.loopback_facilities):
            yield Words(
                f"{place} has neither a client_id, a certificate nor a loopback facility: it can never come in.",
                f"{place} n'a ni client_id, ni certificat, ni établissement local : elle ne peut jamais entrer.",
            )
        if application.role is Role.FEED and application.may_query:
            yield Words(
                f"{place}: the role feed may not query; use another application.",
                f"{place} : le rôle feed ne peut pas interroger ; utilisez une autre application.",
            )
    for value in _repeated(thumbprint for a in config.application for thumbprint in a.certificates):
        yield Words(f"two applications have the certificate {value}.", f"deux applications ont le certificat {value}.")
    for value in _repeated(facility for a in config.application for facility in a.loopback_facilities):
        yield Words(f"two applications have the facility {value}.", f"deux applications ont l'établissement {value}.")
    for _ in _repeated((a.issuer, a.client_id) for a in config.application if a.client_id):
        yield Words("two applications have the same client_id.", "deux applications ont le même client_id.")
    for value in _repeated(a.name for a in config.application):
        yield Words(f"two applications are named {value}.", f"deux applications s'appellent {value}.")


def _watch(config: Config) -> Iterator[Words]:
    yield from _public_keys("watch.norm_keys", config.watch.norm_keys)


def _public_keys(place: str, texts: Iterable[str]) -> Iterator[Words]:
    for index, text in enumerate(texts):
        try:
            VerifierKey.parse(text)
        except ValueError:
            yield Words(
                f"{place}[{index}] is no public key of signed-note.",
                f"{place}[{index}] n'est pas une clé publique de signed-note.",
            )


def _ledger(config: Config) -> Iterator[Words]:
    if config.ledger is None:
        return
    if not config.database.sealer_url:
        yield Words("[ledger] needs database.sealer_url.", "[ledger] demande database.sealer_url.")
    yield from _public_keys("ledger.former_keys", config.ledger.former_keys)


def _witnesses(config: Config) -> Iterator[Words]:
    if config.witness and config.ledger is None:
        yield Words("[[witness]] needs [ledger].", "[[witness]] demande [ledger].")
    names = []
    for index, witness in enumerate(config.witness):
        if not may_be_fetched(witness.url):
            yield Words(
                f"witness[{index}].url must begin with https://, or be of this machine.",
                f"witness[{index}].url doit commencer par https://, ou être de cette machine.",
            )
        try:
            names.append(CosignerKey.parse(witness.key).name)
        except ValueError:
            yield Words(
                f"witness[{index}].key is no public key of `beffroi keygen --witness`.",
                f"witness[{index}].key n'est pas une clé publique de `beffroi keygen --witness`.",
            )
    for name in _repeated(names):
        yield Words(f"two witnesses are named {name}.", f"deux témoins s'appellent {name}.")
    if config.ledger is not None and config.ledger.witnesses_min > len(config.witness):
        yield Words(
            f"ledger.witnesses_min is {config.ledger.witnesses_min}, and there are {len(config.witness)} [[witness]].",
            f"ledger.witnesses_min vaut {config.ledger.witnesses_min}, et il y a {len(config.witness)} [[witness]].",
        )
    days = config.retention.disclosures_days
    if 0 < days < RETENTION_DAYS_MIN:
        yield Words(
            f"retention.disclosures_days is 0 (never) or at least {RETENTION_DAYS_MIN}.",
            f"retention.disclosures_days vaut 0 (jamais) ou au moins {RETENTION_DAYS_MIN}.",
        )


def _archive(config: Config) -> Iterator[Words]:
    archive = config.archive
    if archive is None:
        return
    if config.ledger is None or not config.database.archiver_url:
        yield Words(
            "[archive] needs [ledger] and database.archiver_url: only what is sealed is archived.",
            "[archive] demande [ledger] et database.archiver_url : seul ce qui est scellé est archivé.",
        )
    if bool(archive.folder) == bool(archive.bucket):
        yield Words("[archive] needs either folder or bucket.", "[archive] demande soit folder, soit bucket.")
    if archive.endpoint.startswith("http:") and not is_loopback(urlsplit(archive.endpoint).hostname or ""):
        yield Words("archive.endpoint must be https.", "archive.endpoint doit être en https.")
