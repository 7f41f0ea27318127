"""A web process: the FHIR door, and the console where there is one, on the inherited socket."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

from beffroi.access.nonces import Nonces
from beffroi.access.pages import Continuations
from beffroi.actions.case_room import CaseRoom
from beffroi.actions.connections import Connections
from beffroi.actions.feeding import HospitalFeed
from beffroi.actions.find import Finder
from beffroi.actions.house import House, open_house
from beffroi.actions.register import Registrar
from beffroi.actions.sign_in import SignIn
from beffroi.actions.stop_watch import watching_stops
from beffroi.actions.ways.ways_on import WaysOn, ways_on
from beffroi.app.assembly import expectations_of, introspection_of, issuers_of, key_place_of, windows_of
from beffroi.app.console import console_of
from beffroi.app.context import Context
from beffroi.app.investigating import archive_of, case_room_of
from beffroi.app.signalling import keys_of_transmitters, signals_of
from beffroi.clock import Clock
from beffroi.config.contradictions import is_loopback
from beffroi.model.account import Asker
from beffroi.model.disclosure import Door
from beffroi.outbound.issuer_keys import IssuerKeys
from beffroi.servers.admission import Admission
from beffroi.servers.authentication import Authenticator
from beffroi.servers.doors import Doors
from beffroi.servers.fhir_api import ROOT, FhirApi
from beffroi.servers.http_server import AsgiApp, HttpLimits, TlsFiles, serve_http
from beffroi.servers.proxied import ProxiesOnly
from beffroi.servers.proxies import Proxies
from beffroi.servers.routes import FEED_ROUTES, ROUTES
from beffroi.servers.smart_configuration import smart_configuration
from beffroi.store.accounts import AccountStore
from beffroi.store.credentials import CredentialStore
from beffroi.store.database import Database
from beffroi.store.feed_versions import FeedVersions
from beffroi.store.registers import refuse_other_kind
from beffroi.wire.fhir_terms import Vocabulary
from beffroi.wire.fhir_view import Endpoint

FEED_POOL_SIZE = 2
"""One connection writes; the other looks up."""


async def run_web(context: Context) -> None:
    """Answers until it is stopped; then what is under way is answered and recorded."""
    config = context.config
    async with (
        await context.database("web") as database,
        watching_stops(database, context.clock) as stops,
        _feeding(context) as fed,
    ):
        expected, archive = expectations_of(config), archive_of(config)
        house = await open_house(database, context.clock, config.limits.list_max, expected, archive)
        try:
            refuse_other_kind(house.deployment.demo, demo=context.demo)
            keys = issuer_keys_of(context)
            authenticator = authenticator_of(context, database, house, keys)
            ways = ways_on(database, house, key_place_of(config), context.clock)
            cases = case_room_of(config, database, house, context.clock)
            api: AsgiApp = api_of(context, house, authenticator, _feed_of(context, house, fed), ways, keys, cases)
            console = console_of(context, database, house, keys, authenticator, ways, cases)
            transmitters = keys_of_transmitters(config, context.clock)
            signals = signals_of(config, database, transmitters, keys, context.clock)
            api = _guarded(context, Doors(api, console, signals))
            await authenticator.start()
            refreshing = [asyncio.create_task(one.run()) for one in transmitters]
            stops.subscribe(authenticator.forget_stopped)
            try:
                await serve_http(
                    api,
                    context.listening,
                    HttpLimits(config.limits.connections, config.limits.shutdown_s),
                    context.stopping,
                    tls=_tls(context),
                    ready=context.ready,
                )
            finally:
                for one in refreshing:
                    one.cancel()
                await authenticator.stop()
        finally:
            await house.close()


def issuer_keys_of(context: Context) -> list[IssuerKeys]:
    """The keys of every configured issuer, not fetched yet."""
    trusted = issuers_of(context.config, demo=context.demo)
    return [
        IssuerKeys(issuer, context.clock, introspection=introspection_of(context.config, settings))
        for issuer, settings in zip(trusted, context.config.issuer, strict=True)
    ]


def authenticator_of(context: Context, database: Database, house: House, keys: Sequence[IssuerKeys]) -> Authenticator:
    """Who asks, as this configuration lets them."""
    config, clock = context.config, context.clock
    record = partial(_record_sign_in, house.finder, clock)
    return Authenticator(
        keys,
        SignIn(AccountStore(database), house.hospitals, clock, record),
        Nonces(house.deployment.nonce_key),
        clock,
        Proxies(config.web.trusted_proxies, config.web.client_certificates),
        Admission(config.limits.in_flight_per_account),
    )


@asynccontextmanager
async def _feeding(context: Context) -> AsyncIterator[tuple[Database, Registrar] | None]:
    """The feed's own role and its writer while the block runs; None where nobody feeds over FHIR."""
    if not context.config.web.feed:
        yield None
        return
    async with await context.database("feed", FEED_POOL_SIZE) as database:
        registrar = Registrar(database, context.clock)
        await registrar.start()
        try:
            yield database, registrar
        finally:
            await registrar.stop()


def _feed_of(context: Context, house: House, fed: tuple[Database, Registrar] | None) -> HospitalFeed | None:
    if fed is None:
        return None
    database, registrar = fed
    callers = Connections(CredentialStore(database), house.hospitals, context.clock)
    return HospitalFeed(registrar, callers, FeedVersions(database), windows_of(context.config))


def api_of(
    context: Context,
    house: House,
    authenticator: Authenticator,
    feed: HospitalFeed | None = None,
    ways: WaysOn | None = None,
    keys: Sequence[IssuerKeys] = (),
    cases: CaseRoom | None = None,
) -> FhirApi:
    """The FHIR door."""
    region = context.config.region
    vocabulary = Vocabulary.NEXT if region.next_vocabulary else Vocabulary.PUBLISHED
    endpoint = Endpoint(context.config.web.public_url + ROOT, region.oid, house.hospitals, vocabulary)
    pages = Continuations(house.deployment.nonce_key)
    body_bytes = context.config.limits.body_bytes
    smart = partial(_smart, keys, feed is not None)
    return FhirApi(house.finder, authenticator, endpoint, context.clock, body_bytes, pages, feed, ways, smart, cases)


def _smart(keys: Sequence[IssuerKeys], feeds: bool) -> bytes | None:
    """For SMART clients: the first issuer, which is the one that people sign in at."""
    if not keys:
        return None
    return smart_configuration(keys[0].issuer.issuer, keys[0].metadata, ROUTES + (FEED_ROUTES if feeds else ()))


def _guarded(context: Context, api: AsgiApp) -> AsgiApp:
    """Behind a proxy and without TLS of our own, on more than the loopback: for the proxies alone."""
    web = context.config.web
    if web.tls_certificate or is_loopback(web.host):
        return api
    return ProxiesOnly(api, Proxies(web.trusted_proxies), web.public_url, context.clock)


async def _record_sign_in(finder: Finder, clock: Clock, asker: Asker) -> None:
    request_id: UUID = clock.uuid()
    await finder.signed_in(asker, Door.FHIR, request_id)


def _tls(context: Context) -> TlsFiles | None:
    web = context.config.web
    if not web.tls_certificate:
        return None
    return TlsFiles(str(context.config.path(web.tls_certificate)), str(context.config.path(web.tls_key)))
