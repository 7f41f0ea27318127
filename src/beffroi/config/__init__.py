"""The configuration: one TOML file, decoded once into frozen values; what it does not know, it refuses.

`settings` holds every setting with its documentation and what an attacker who holds it gains, `reading` decodes the
file and says in words what is wrong, `contradictions` finds settings that do not go together, and `reference` writes
docs/reference/settings.md.
"""

from beffroi.config.reading import load
from beffroi.config.settings import (
    Application,
    Config,
    DatabaseSettings,
    HospitalSettings,
    Issuer,
    LedgerSettings,
    Limits,
    MllpSettings,
    OperationsSettings,
    Region,
    Retention,
    WebSettings,
)

__all__ = [
    "Application",
    "Config",
    "DatabaseSettings",
    "HospitalSettings",
    "Issuer",
    "LedgerSettings",
    "Limits",
    "MllpSettings",
    "OperationsSettings",
    "Region",
    "Retention",
    "WebSettings",
    "load",
]
