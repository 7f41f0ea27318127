"""An AuditEvent in the French shape (TDE, « traçabilité des évènements »), from the same event in IHE BALP's.

The two contradict each other (TDE: one subtype, two agents at most, a period; BALP with PDQm: two subtypes, three
agents), so that one event cannot be both: whoever asks says which (`_profile`).

Source: ANS, ans.fhir.fr.tde 2.0.0, profile tde-auditevent (standards 3.9); its canonical address awaits the original.
"""

from typing import Final

from beffroi.wire.fhir_terms import Json

PROFILE_TDE: Final = "https://interop.esante.gouv.fr/ig/fhir/tde/StructureDefinition/tde-auditevent"


def tde_shaped(event: Json) -> Json:
    """The event with one subtype, a period, and who asked beside who answered; the application stands in `altId`.

    >>> event = {"recorded": "2026-11-24T09:00:00Z", "subtype": [1, 2], "agent": [{"who": {}, "requestor": True}, {}]}
    >>> shaped = tde_shaped(event)
    >>> shaped["period"], shaped["subtype"], len(shaped["agent"])
    ({'start': '2026-11-24T09:00:00Z'}, [1], 2)
    """
    client, server, *users = event["agent"]
    asking = client
    if users:
        asking = {**users[0], "network": client["network"]}
        if application := client["who"].get("identifier", {}).get("value"):
            asking["altId"] = application
    return {
        **event,
        "meta": {"profile": [PROFILE_TDE]},
        "subtype": event["subtype"][:1],
        "period": {"start": event["recorded"]},
        "agent": [asking, server],
    }
