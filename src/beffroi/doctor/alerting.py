"""Whether the duty officer would be told: the configured ways, and what waits in the outbox or was given up."""

from collections.abc import AsyncIterator
from datetime import timedelta

from beffroi.actions.alerts import Alerts
from beffroi.app.alerting import channels_of
from beffroi.clock import Clock
from beffroi.config.settings import Config
from beffroi.doctor.finding import Finding, error, good, note, warning
from beffroi.errors import OperatorError, Words
from beffroi.store.database import DATABASE_FAULTS, Database

WAITS = timedelta(minutes=5)
"""An alert that waits longer did not arrive at its first tries."""
_REVIVE = Words("`beffroi alerts --retry` tries again.", "`beffroi alerts --retry` réessaie.")


async def check_alerts(config: Config, clock: Clock, *, demo: bool) -> AsyncIterator[Finding]:
    """The ways, then the outbox."""
    try:
        channels = channels_of(config, clock)
    except OperatorError as failure:
        yield error("alerts", Words(failure.text("en"), failure.text("fr")))
        return
    if channels:
        names = ", ".join(channel.name for channel in channels)
        yield good("alerts", f"The duty officer is told by: {names}.", f"L'astreinte est prévenue par : {names}.")
    elif demo:
        yield note("alerts", "Nobody is told of a demonstration's alerts.", "Personne n'est prévenu des alertes.")
    else:
        yield warning(
            "alerts",
            Words("Nobody is told of alerts.", "Personne n'est prévenu des alertes."),
            Words(
                "Configure alert_mail, alert_webhook or alert_syslog.",
                "Configurez alert_mail, alert_webhook ou alert_syslog.",
            ),
        )
    try:
        async with await Database.open(config.dsn("worker"), size=1) as database:
            standing = await Alerts(database, clock).standing()
    except (OperatorError, *DATABASE_FAULTS):
        return  # said among the databases
    if standing.dead_count:
        count = standing.dead_count
        said = Words(f"{count} alerts were given up.", f"{count} alertes ont été abandonnées.")
        yield error("alerts", said, _REVIVE)
    if standing.oldest_at is not None and clock.now() - standing.oldest_at > WAITS:
        count = standing.waiting_count
        yield warning(
            "alerts",
            Words(f"{count} alerts wait to be delivered.", f"{count} alertes attendent d'être remises."),
            Words("See the log: alert_not_delivered.", "Voir le journal : alert_not_delivered."),
        )
