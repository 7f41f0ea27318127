"""What the worker's jobs and their failures are called, for the operator's room and `doctor`."""

from typing import Final

from beffroi.actions.cosign import SAID, WitnessState
from beffroi.actions.seal import Refusal
from beffroi.errors import Words
from beffroi.model.job import Job

JOBS: Final = {
    Job.SEALING: Words("Sealing disclosures in the ledger", "Scellement des communications dans le registre"),
    Job.COSIGNING: Words("Having checkpoints cosigned by", "Cosignature des points de contrôle par"),
    Job.ALERTS: Words("Alerts to the duty officer", "Alertes à l'astreinte"),
    Job.FEDERATION: Words("Suspicion spread over several accounts", "Soupçons répartis sur plusieurs comptes"),
    Job.AUDITING: Words("Audit repositories", "Entrepôts de traces"),
    Job.NOTIFYING: Words("Changes told to hospital software", "Changements annoncés aux logiciels"),
    Job.PUSHING: Words("Signals to others", "Signaux aux autres"),
    Job.POLLING: Words("Signals fetched from others", "Signaux pris chez les autres"),
    Job.FORGETTING: Words("Signals that served their time", "Signaux qui ont fait leur temps"),
    Job.COMPARING: Words("Comparing identities", "Comparaison des identités"),
    Job.HOUSEKEEPING: Words("Deleting what has served its time", "Ménage de ce qui a fait son temps"),
    Job.CERTIFICATES: Words("Certificates that end soon", "Certificats qui vont expirer"),
    Job.ERASING: Words("Erasing old disclosures", "Effacement des anciennes communications"),
    Job.ARCHIVING: Words("Archiving", "Archivage"),
}
_AWAY: Final = Words("the database or another server did not answer", "la base ou un autre serveur ne répond pas")
_NAMES_OF_AWAY: Final = frozenset(
    {
        "CannotConnectNowError",
        "ConnectionDoesNotExistError",
        "ConnectionRefusedError",
        "ConnectionResetError",
        "FetchFailed",
        "InterfaceError",
        "OSError",
        "TimeoutError",
    }
)
_KNOWN: Final = {
    **{refusal.name.lower(): refusal.value for refusal in Refusal},
    **{state.value: SAID[state] for state in WitnessState if state in SAID},
    "killed": Words("its process was killed", "son processus a été tué"),
}


def failure_words(name: str) -> Words:
    """What went wrong, in words; the name of an exception is told with them, for whoever reads the log.

    >>> failure_words("KeyError").english, failure_words("killed").french
    ('a fault of ours (KeyError)', 'son processus a été tué')
    """
    if name in _KNOWN:
        return _KNOWN[name]
    known = _AWAY if name in _NAMES_OF_AWAY else Words("a fault of ours", "une faute de notre part")
    return Words(f"{known.english} ({name})", f"{known.french} ({name})")
