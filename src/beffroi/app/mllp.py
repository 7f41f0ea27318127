"""The MLLP process: the HL7 v2 door on the inherited socket, for the feed and for questions."""

import ssl

from beffroi.access.pages import Continuations
from beffroi.actions.connections import Connections
from beffroi.actions.house import open_house
from beffroi.actions.register import Registrar
from beffroi.actions.stop_watch import watching_stops
from beffroi.app.assembly import expectations_of, windows_of
from beffroi.app.context import Context
from beffroi.errors import OperatorError, reason_of
from beffroi.servers.admission import Admission
from beffroi.servers.mllp_messages import Messages
from beffroi.servers.mllp_server import MllpLimits, serve_mllp, tls_context
from beffroi.store.credentials import CredentialStore
from beffroi.store.registers import refuse_other_kind


async def run_mllp(context: Context) -> None:
    """Answers until it is stopped; then what is under way is applied, acknowledged and recorded."""
    limits = context.config.limits
    tls = _tls(context)
    async with await context.database("feed") as database, watching_stops(database, context.clock) as stops:
        house = await open_house(database, context.clock, limits.list_max, expectations_of(context.config))
        registrar = Registrar(database, context.clock)
        try:
            refuse_other_kind(house.deployment.demo, demo=context.demo)
            await registrar.start()
            callers = Connections(CredentialStore(database), house.hospitals, context.clock)
            stops.subscribe(callers.forget_stopped)
            messages = Messages(
                registrar,
                house.finder,
                callers.caller,
                context.clock,
                context.config.region.oid,
                windows_of(context.config),
                Admission(limits.in_flight_per_account),
                stops.closing,
                Continuations(house.deployment.nonce_key),
            )
            await serve_mllp(
                messages,
                context.listening,
                MllpLimits(limits.mllp_connections, limits.mllp_message_bytes, limits.shutdown_s),
                context.stopping,
                tls=tls,
                ready=context.ready,
                stops=stops,
            )
        finally:
            await registrar.stop()
            await house.close()


def _tls(context: Context) -> ssl.SSLContext | None:
    """The three files of the configuration; None for a plain door on this machine."""
    settings = context.config.mllp
    if settings is None or not settings.tls_certificate:
        return None
    files = [
        str(context.config.path(name)) for name in (settings.tls_certificate, settings.tls_key, settings.client_ca)
    ]
    try:
        return tls_context(*files)
    except OSError as error:  # ssl.SSLError among them
        why = reason_of(error)
        raise OperatorError(
            f"The TLS files of [mllp] are not usable: {why.english}. `beffroi doctor` says which.",
            f"Les fichiers TLS de [mllp] sont inutilisables : {why.french}. `beffroi doctor` dit lequel.",
        ) from None
