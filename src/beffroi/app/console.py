"""The console of a web process, put together; None where the configuration has none."""

from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from beffroi import __version__
from beffroi.actions.browser_sessions import BrowserSessions, SessionLimits
from beffroi.actions.case_room import CaseRoom
from beffroi.actions.certificates import Certificates
from beffroi.actions.device_binding import DeviceBinding
from beffroi.actions.doubts import DoubtfulIdentities
from beffroi.actions.drill_report import DrillReports
from beffroi.actions.house import House
from beffroi.actions.kept_sessions import KeptSessions
from beffroi.actions.operations_room import OperationsRoom
from beffroi.actions.patient_access import PatientAccessDesk
from beffroi.actions.roles import Roles
from beffroi.actions.sent_forms import SentForms
from beffroi.actions.sign_in import SignIn
from beffroi.actions.trust_room import TrustRoom
from beffroi.actions.ways.ways_on import WaysOn
from beffroi.app.certificates import certificate_files
from beffroi.app.context import Context
from beffroi.app.investigating import archive_of
from beffroi.clock import Clock
from beffroi.config.listing import listed
from beffroi.config.settings import ConsoleSettings
from beffroi.errors import OperatorError
from beffroi.model.account import Asker
from beffroi.model.disclosure import Door
from beffroi.model.trust import ClientKey
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.outbound.openid import OpenIdClient
from beffroi.outbound.signing_key import SigningKey, base64url, read_key
from beffroi.servers.admission import Admission
from beffroi.servers.authentication import Authenticator
from beffroi.servers.console.app import Console
from beffroi.servers.console.desk import Desk
from beffroi.servers.console.exchange import ROOT
from beffroi.servers.console.headers import Cookies
from beffroi.servers.console.news import News
from beffroi.servers.console.pages import Pages, Place
from beffroi.servers.proxies import Proxies
from beffroi.store.accounts import AccountStore
from beffroi.store.database import Database
from beffroi.store.sessions import SessionStore


def console_of(
    context: Context,
    database: Database,
    house: House,
    keys: list[IssuerKeys],
    authenticator: Authenticator,
    ways: WaysOn,
    cases: CaseRoom,
) -> Console | None:
    """The console. `keys` are those of the configured issuers. Raises OperatorError when its key cannot be read."""
    config, clock = context.config, context.clock
    settings = config.console
    if settings is None:
        return None
    origin = settings.public_url or config.web.public_url
    key = _key(context, settings)
    own = next(one for one in keys if one.issuer.issuer == settings.issuer)
    client = OpenIdClient(
        own.issuer,
        settings.client_id,
        key,
        f"{origin}{ROOT}/signed-in",
        clock,
        settings.scope,
    )
    store, server_key = SessionStore(database), house.deployment.nonce_key
    devices = DeviceBinding(store, server_key, clock, settings.bound_cookie_s, settings.idle_s)
    sessions = BrowserSessions(
        KeptSessions(store, client, authenticator.verified, clock, settings.idle_s),
        client,
        own,
        SignIn(AccountStore(database), house.hospitals, clock, partial(_record, house, clock)),
        server_key,
        clock,
        SessionLimits(settings.idle_s, settings.session_s),
        devices,
    )
    zone = ZoneInfo(settings.time_zone)
    place = Place(config.region.name, context.demo, __version__, settings.call, zone, settings.accessibility)
    pages = Pages(place, house.hospitals, clock)
    cookies = Cookies(secure=origin.startswith("https:"))
    news = News(ways.watch.mark, sessions, context.stopping)
    desk = Desk(
        house.finder,
        sessions,
        devices,
        pages,
        house.hospitals,
        cookies,
        clock,
        ways.watch,
        ways.containing,
        news,
        PatientAccessDesk(database, house.gate, house.lookup, house.hospitals, archive_of(config)),
        DoubtfulIdentities(database, house.gate, house.hospitals, clock),
        cases,
        OperationsRoom(database, clock, _folders(context)),
        Roles(database, ways.acting, clock),
        TrustRoom(database, keys, _client_of(settings, key), Certificates(certificate_files(config), clock)),
        ways,
        DrillReports(config.path(settings.drill_report) if settings.drill_report else None),
        SentForms(ways.acting.presence),
        listed(config),
    )
    proxies = Proxies(config.web.trusted_proxies)
    return Console(desk, origin, proxies, Admission(config.limits.in_flight_per_account))


def _folders(context: Context) -> tuple[Path, ...]:
    """What may run full on this machine: our own folder, and the archive's."""
    archive = context.config.archive
    return (context.folder, *((context.config.path(archive.folder),) if archive and archive.folder else ()))


async def _record(house: House, clock: Clock, asker: Asker) -> None:
    await house.finder.signed_in(asker, Door.CONSOLE, clock.uuid())


def _client_of(settings: ConsoleSettings, key: SigningKey) -> ClientKey:
    return ClientKey(settings.issuer, settings.client_id, base64url(key.thumbprint))


def _key(context: Context, settings: ConsoleSettings) -> SigningKey:
    try:
        return read_key(msgspec.json.decode(context.config.secret(settings.client_key_file), type=dict[str, str]))
    except (msgspec.MsgspecError, ValueError, KeyError):
        raise OperatorError(
            "console.client_key_file: the file holds no key of `beffroi client-key`.",
            "console.client_key_file : le fichier ne contient pas de clé de `beffroi client-key`.",
        ) from None
