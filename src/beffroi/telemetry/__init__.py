"""Logs and metrics: a closed vocabulary, in which an identity, a token or a search value has no way in.

`log(event, **facts)` writes one JSON line; `log_failure` the same with an exception's class and code locations.
`metrics` holds the counters. Names, kinds of values and labels are closed sets: see each module.
"""

from beffroi.telemetry.events import Event, Facts, Process
from beffroi.telemetry.logs import configure_logs, log, log_failure

__all__ = ["Event", "Facts", "Process", "configure_logs", "log", "log_failure"]
