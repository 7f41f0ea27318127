"""The ledger's keys and witnesses: who signs, who cosigns, and what somebody holds against us."""

from collections.abc import AsyncIterator, Iterator, Sequence

from beffroi.actions.cosign import SAID, Witness, WitnessState
from beffroi.app.assembly import ledger_verifiers, sealing_keys, witnesses_of
from beffroi.config.settings import Config, LedgerSettings
from beffroi.doctor.finding import Finding, error, good, note, warning
from beffroi.errors import OperatorError, Words
from beffroi.ledger.checkpoint import opened
from beffroi.store.cosigning import CosigningStore, StoredState
from beffroi.store.database import DATABASE_FAULTS, Database
from beffroi.store.ledger import LedgerStore

_PAGE = Words("See docs/how-to/audit-the-ledger.md.", "Voir docs/how-to/audit-the-ledger.md.")
_CALL = Words("Call whoever runs it.", "Appelez qui le tient.")
_ERRORS = {WitnessState.AHEAD, WitnessState.CONTRADICTS}


async def check_witnesses(config: Config) -> AsyncIterator[Finding]:
    """The keys against the last checkpoint, then each witness's last word, then whether they are as many as needed."""
    if config.ledger is None:
        return
    try:
        async with await Database.open(config.dsn("sealer"), size=1) as database:
            last = await LedgerStore(database).checkpoint()
            states = {one.witness: one for one in await CosigningStore(database).states()}
        for finding in _keys(config, config.ledger, last):
            yield finding
    except (OperatorError, *DATABASE_FAULTS):
        return  # said by check_ledger
    witnesses = witnesses_of(config)
    if not witnesses:
        yield note(
            "witness",
            "No witness cosigns the ledger: two histories, or a database put back to a backup, would go unseen.",
            "Aucun témoin ne cosigne le registre : deux histoires, ou une base revenue à une sauvegarde, passeraient "
            "inaperçues.",
        )
        return
    for one in witnesses:
        yield _witness(one, states.get(one.key.name))
    yield _enough(config.ledger, witnesses, states)


def show_public_keys(config: Config) -> Iterator[Finding]:
    """What whoever checks the ledger needs. Keys that cannot be read are said by check_ledger."""
    try:
        keys = sealing_keys(config, config.ledger) if config.ledger is not None else ()
    except OperatorError:
        return
    for key in keys:
        public = key.verifier().text()
        yield note("ledger", f"Whoever checks the ledger needs {public}", f"Pour vérifier le registre : {public}")


def _keys(config: Config, settings: LedgerSettings, last: str | None) -> Iterator[Finding]:
    keys = sealing_keys(config, settings)
    if len(keys) > 1:
        yield note(
            "ledger",
            f"{len(keys)} keys sign: a rotation is under way.",
            f"{len(keys)} clés signent : une rotation est en cours.",
        )
    try:
        if last is not None:
            opened(last, ledger_verifiers(config, settings))
    except ValueError:
        yield error(
            "ledger",
            Words(
                "No known key signed the last checkpoint.", "Aucune clé connue n'a signé le dernier point de contrôle."
            ),
            Words(
                "Put the former public key into ledger.former_keys.",
                "Mettez l'ancienne clé publique dans ledger.former_keys.",
            ),
        )


def _witness(witness: Witness, last: StoredState | None) -> Finding:
    name = witness.key.name
    if last is None:
        said = Words(f"Witness {name} has not been asked yet.", f"Le témoin {name} n'a pas encore été sollicité.")
        return warning("witness", said, Words("Is `beffroi serve` running?", "`beffroi serve` tourne-t-il ?"))
    state = WitnessState(last.state)
    if state is WitnessState.COSIGNED:
        return good(
            "witness",
            f"Witness {name} cosigned {last.size} leaves.",
            f"Le témoin {name} a cosigné {last.size} feuilles.",
        )
    words = SAID[state]
    since = f"{last.at:%Y-%m-%d %H:%M} UTC"
    said = Words(f"Witness {name} {words.english} ({since}).", f"Le témoin {name} {words.french} ({since}).")
    if state in _ERRORS:
        return error("witness", said, _PAGE)
    return warning("witness", said, _CALL)


def _enough(settings: LedgerSettings, witnesses: Sequence[Witness], states: dict[str, StoredState]) -> Finding:
    cosigned = {name for name, one in states.items() if one.state == WitnessState.COSIGNED.value}
    count, needed = sum(one.key.name in cosigned for one in witnesses), settings.witnesses_min
    said = Words(
        f"{count} of {len(witnesses)} witnesses cosign; {needed} are needed.",
        f"{count} témoins sur {len(witnesses)} cosignent ; il en faut {needed}.",
    )
    if count < needed:
        return error("witness", said, _CALL)
    return good("witness", said.english, said.french)
