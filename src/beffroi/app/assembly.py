"""From settings to what the other floors take. Pure, but for the files that settings name."""

from functools import partial
from urllib.parse import urlsplit

from beffroi.access.issuers import TrustedIssuer
from beffroi.access.presence import KeyPlace
from beffroi.actions.cosign import Witness
from beffroi.actions.norms import signed_by_one_of
from beffroi.actions.places import Places, Site
from beffroi.actions.surroundings import Expectations
from beffroi.config.settings import Application, Config, HospitalSettings, Issuer, LedgerSettings
from beffroi.errors import OperatorError
from beffroi.ledger.checkpoint import SigningKey, VerifierKey, signing_keys
from beffroi.ledger.cosignature import CosignerKey
from beffroi.model.person import Hospital, HospitalId
from beffroi.outbound.introspection import Introspection
from beffroi.store.registers import LOCAL_ISSUER, ApplicationEntry, Credential
from beffroi.watch.geography import place_of

SECONDS_PER_HOUR = 3_600


def hospitals_of(config: Config) -> tuple[Hospital, ...]:
    """The register of hospitals, as configured."""
    return tuple(_hospital(hospital) for hospital in config.hospital)


def _hospital(settings: HospitalSettings) -> Hospital:
    return Hospital(
        HospitalId(settings.id),
        settings.finess,
        settings.name,
        settings.oid,
        settings.namespace,
        settings.sensitive,
        settings.networks,
    )


def applications_of(config: Config) -> tuple[ApplicationEntry, ...]:
    """The register of applications, as configured."""
    return tuple(_application(application) for application in config.application)


def _application(settings: Application) -> ApplicationEntry:
    texts = [f"x5t:{thumbprint}" for thumbprint in settings.certificates]
    texts += [f"loopback:{facility}" for facility in settings.loopback_facilities]
    if settings.client_id and settings.may_feed:
        texts.append(f"client:{settings.issuer}|{settings.client_id}")
    return ApplicationEntry(
        name=settings.name,
        issuer=settings.issuer or LOCAL_ISSUER,
        subject=settings.client_id or settings.name,
        hospital_id=HospitalId(settings.hospital),
        role=settings.role,
        credentials=tuple(Credential(text, settings.may_feed, settings.may_query) for text in texts),
    )


def issuers_of(config: Config, *, demo: bool) -> tuple[TrustedIssuer, ...]:
    """Whose tokens are accepted, as configured. `demo`: the bundled issuer's keys may be among them."""
    return tuple(_issuer(config, issuer, demo) for issuer in config.issuer)


def _issuer(config: Config, settings: Issuer, demo: bool) -> TrustedIssuer:
    return TrustedIssuer(
        issuer=settings.url,
        audiences=frozenset(settings.audience),
        roles=settings.roles,
        acr_values=frozenset(settings.acr_values),
        proving_acr_values=frozenset(settings.phishing_resistant_acr),
        skew_s=settings.clock_skew_s,
        nonce_required=settings.dpop_nonce,
        bearer_allowed=settings.allow_bearer,
        subject_claim=settings.subject_claim,
        role_claim=settings.role_claim,
        structure_claim=settings.structure_claim,
        discovery_url=settings.discovery_url,
        key_set_url=settings.jwks_url,
        key_set_file=str(config.path(settings.jwks_file)) if settings.jwks_file else "",
        demo=demo,
    )


def introspection_of(config: Config, settings: Issuer) -> Introspection | None:
    """Where that issuer is asked whether a token is still good; None where it is not."""
    if not settings.introspection_url:
        return None
    secret = config.secret(settings.introspection_secret_file) if settings.introspection_secret_file else ""
    return Introspection(settings.introspection_url, settings.introspection_client_id, secret)


def windows_of(config: Config) -> dict[HospitalId, dict[str, int]]:
    """For how many seconds an event explains, by hospital and trigger event, where the configuration says so."""
    return {
        HospitalId(hospital.id): {event: hours * SECONDS_PER_HOUR for event, hours in hospital.explains_h.items()}
        for hospital in config.hospital
        if hospital.explains_h
    }


def expectations_of(config: Config) -> Expectations:
    """What the watch expects of its surroundings, as configured."""
    keys = tuple(VerifierKey.parse(text) for text in config.watch.norm_keys)
    heartbeats = {hospital.id: hospital.heartbeat_s for hospital in config.hospital if hospital.heartbeat_s}
    sites = [Site(one.id, place_of(one.location), one.networks) for one in config.hospital if one.location]
    return Expectations(heartbeats, partial(signed_by_one_of, keys), Places(sites))


def key_place_of(config: Config) -> KeyPlace:
    """Where security keys are used: the console's address and the API's, as far as they lie in the domain of keys."""
    console = config.console.public_url if config.console else ""
    own = [urlsplit(url) for url in (console, config.web.public_url) if url]
    domain = config.watch.key_domain or own[0].hostname or ""
    within = [url for url in own if url.hostname == domain or (url.hostname or "").endswith(f".{domain}")]
    origins = [f"{url.scheme}://{url.netloc}" for url in within]
    return KeyPlace(domain, tuple(dict.fromkeys((*origins, *config.watch.key_origins))))


def sealing_keys(config: Config, settings: LedgerSettings) -> tuple[SigningKey, ...]:
    """The keys that sign checkpoints, from their file. Raises OperatorError when it is not theirs."""
    path = config.path(settings.key_file)
    try:
        keys = signing_keys(config.secret(settings.key_file))
    except ValueError:
        raise OperatorError(
            f"ledger.key_file: {path} holds something else than keys of `beffroi keygen`.",
            f"ledger.key_file : {path} contient autre chose que des clés de `beffroi keygen`.",
        ) from None
    if any(key.name != settings.origin for key in keys):
        raise OperatorError(
            f"ledger.key_file: the keys of {path} bear another name than ledger.origin ({settings.origin}).",
            f"ledger.key_file : les clés de {path} portent un autre nom que ledger.origin ({settings.origin}).",
        )
    return keys


def ledger_verifiers(config: Config, settings: LedgerSettings) -> tuple[VerifierKey, ...]:
    """The public keys by which checkpoints are known: of today's private keys, and the former ones."""
    former = tuple(VerifierKey.parse(text) for text in settings.former_keys)
    return (*(key.verifier() for key in sealing_keys(config, settings)), *former)


def witnesses_of(config: Config) -> tuple[Witness, ...]:
    """The witnesses, as configured."""
    return tuple(Witness(CosignerKey.parse(one.key), one.url) for one in config.witness)
