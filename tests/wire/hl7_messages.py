"""HL7 v2 messages of this project's own making, for tests: PAM France unless said otherwise. Nobody in them exists."""

from beffroi.model.person import Hospital, HospitalId

CHU = Hospital(HospitalId(1), "590000011", "CHU de l'Essai", "1.2.250.1.999.1", "CHU-ESSAI")
OTHER = Hospital(HospitalId(2), "590000022", "CH du Modèle", "1.2.250.1.999.2", "CH-MODELE")

AUTHORITY = f"CHU-ESSAI&{CHU.oid}&ISO"
INS = "260058815400233^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS"
NO_INS = '""^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS'


def ipp(value: str, authority: str = AUTHORITY) -> str:
    """A CX with an identifier of the CHU."""
    return f"{value}^^^{authority}^PI"


def msh(event: str = "A28", control: str = "1", charset: str = "UNICODE UTF-8", version: str = "2.5^FRA^2.11") -> str:
    """A header of a French sender."""
    return (
        f"MSH|^~\\&|GAM|CHU-ESSAI|BEFFROI|REGION|20260306111154||ADT^{event}|{control}|P|{version}"
        f"|||||FRA|{charset}|FR||2.11^IHE_FRANCE-2.11-PAM"
    )


def foreign_msh(event: str = "A08", control: str = "1", version: str = "2.3.1") -> str:
    """A header of a sender that knows nothing of France."""
    return f"MSH|^~\\&|HIS|CHU-ESSAI|MPI|REGION|20260306111154||ADT^{event}|{control}|P|{version}"


def pid(ids: str = "", names: str = "MARTIN^ANNE^ANNE^^^^L", **fields: str) -> str:
    """A PID; `fields` are given as f7="19800412"."""
    values = {3: ids or ipp("42"), 5: names, 7: "19800412", 8: "F", 32: "PROV"}
    values |= {int(name[1:]): value for name, value in fields.items()}
    return "PID|" + "|".join(values.get(n, "") for n in range(1, max(values) + 1))


def message(*segments: str, end: str = "\r", codec: str = "utf-8") -> bytes:
    """Segments as bytes."""
    return (end.join(segments) + end).encode(codec)


def adt(event: str = "A28", *more: str, control: str = "1", **fields: str) -> bytes:
    """A French ADT of one patient; `more` are the segments behind PID."""
    return message(msh(event, control), "EVN||20260306111154", pid(**fields), *more)
