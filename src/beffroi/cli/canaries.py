"""canary plant, list, retire: identities that belong to nobody, on the path of a sweep."""

from typing import Annotated

import typer

from beffroi.actions.canaries import Canaries
from beffroi.cli.owning import as_owner
from beffroi.cli.speaking import DEFAULT_CONFIG, ConfigFile, DemoFlag, say, tell, tell_none
from beffroi.clock import Clock
from beffroi.config.reading import load
from beffroi.errors import OperatorError
from beffroi.model.person import HospitalId
from beffroi.store.canaries import CanaryStore

app = typer.Typer(
    no_args_is_help=True,
    help=say(
        "Fictitious identities that only a sweep over numbers meets.",
        "Des identités fictives que seul un balayage de numéros rencontre.",
    ),
)


def add_to(parent: typer.Typer) -> None:
    """Adds these commands."""
    parent.add_typer(app, name="canary")


@app.command("plant", help=say("Plant some under numbers set aside.", "En placer sous des numéros réservés."))
def plant(
    ipp: Annotated[list[str], typer.Argument(help=say("Numbers that nobody has.", "Des numéros sans titulaire."))],
    hospital: Annotated[int, typer.Option(help=say("The hospital.", "L'établissement."))],
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """Says of each number whether it was free. The gates know them within half a minute."""
    settings = load(config, demo=demo)
    if hospital not in {one.id for one in settings.hospital}:
        raise OperatorError(f"There is no hospital {hospital}.", f"Il n'y a pas d'établissement {hospital}.")
    found = as_owner(
        settings, lambda database: Canaries(CanaryStore(database), Clock()).plant(HospitalId(hospital), ipp)
    )
    for identifier, number in found.items():
        taken = say("taken by somebody: not planted", "déjà attribué : non placé")
        tell(f"{identifier}  {number if number is not None else taken}")


@app.command("list", help=say("Those that stand, and those that did.", "Celles en place, et les anciennes."))
def list_canaries(config: ConfigFile = DEFAULT_CONFIG, demo: DemoFlag = False) -> None:
    """Number, hospital, identifier, since when, and how often it was shown."""
    rows = as_owner(load(config, demo=demo), lambda database: CanaryStore(database).planted())
    if not rows:
        tell_none()
    for row in rows:
        ended = f"  {say('retired', 'retirée')} {row['retired_at']:%Y-%m-%d}" if row["retired_at"] else ""
        where = f"{row['hospital_id']}  {row['ipp']}  {row['made_at']:%Y-%m-%d}"
        shown = say(f"shown {row['shown_count']} times", f"montrée {row['shown_count']} fois")
        tell(f"{row['person_id']}  {where}  {shown}{ended}")


@app.command("retire", help=say("End one.", "En retirer une."))
def retire(
    number: Annotated[int, typer.Argument(help=say("Its number.", "Son numéro."))],
    config: ConfigFile = DEFAULT_CONFIG,
    demo: DemoFlag = False,
) -> None:
    """It is found no more."""
    if not as_owner(load(config, demo=demo), lambda database: CanaryStore(database).retire(number, Clock().now())):
        raise OperatorError(f"No canary {number} stands.", f"Aucune identité fictive {number} en place.")
    tell(say("Retired.", "Retirée."))
