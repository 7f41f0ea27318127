"""A verdict in words that a duty officer can check by hand: what was counted, against what, and which readings.

The particulars stand in the event that the gate writes (`Operation.VERDICT`), as texts; the words are made from them.
"""

from collections.abc import Mapping

from beffroi.errors import Words
from beffroi.watch import patterns
from beffroi.watch.circumstances import Circumstances, Verdict
from beffroi.watch.detectors import MILLIBITS, tuning
from beffroi.watch.evidence import ASK, HOLD, MASK, RUNG_NAMES
from beffroi.watch.observation import strongest

Particulars = dict[str, str]

RUNG_WORDS = {
    "none": Words("nothing unusual", "rien d'inhabituel"),
    "warn": Words("noticed", "signalé"),
    "ask": Words("asked to prove who is there", "prié de prouver qui est là"),
    "mask": Words("contact fields masked", "coordonnées masquées"),
    "hold": Words("new unexplained patients held", "nouveaux patients inexpliqués retenus"),
}
PATTERN_WORDS = {
    patterns.MISSES: Words("many questions without an answer", "beaucoup de questions sans réponse"),
    patterns.SWEEP: Words("names, dates or numbers one after the other", "noms, dates ou numéros à la suite"),
    patterns.HASTE: Words("questions within seconds of each other", "des questions à quelques secondes d'intervalle"),
    patterns.CLOCKWORK: Words("the regularity of a machine", "la régularité d'une machine"),
    patterns.VAGUE: Words("questions that name nobody fully", "des questions qui ne nomment personne complètement"),
    patterns.UNOPENED: Words("lists of which nobody is opened", "des listes dont personne n'est ouvert"),
    patterns.SIGN_INS: Words("repeated sign-ins", "des connexions répétées"),
    patterns.NEW_NETWORK: Words("a network never used before", "un réseau jamais utilisé auparavant"),
    patterns.TWO_PLACES: Words("two places at the same time", "deux lieux à la fois"),
    patterns.IMPOSSIBLE_TRAVEL: Words(
        "two hospitals between which nobody travels so fast", "deux hôpitaux entre lesquels personne ne va si vite"
    ),
    patterns.FAR_AWAY: Words("a place far from the hospital asked for", "un lieu éloigné de l'hôpital concerné"),
    patterns.DORMANT: Words("an account that slept for two months", "un compte endormi depuis deux mois"),
    patterns.CANARY: Words("an identity that belongs to nobody", "une identité qui n'est à personne"),
}


def particulars(verdict: Verdict, asked: Circumstances) -> Particulars:
    """What made a verdict, as texts by name; bits with one digit after the point.

    >>> from beffroi.model.account import Role; from beffroi.model.disclosure import Operation
    >>> from beffroi.watch.norms import NORMS; from beffroi.watch.evidence import Evidence
    >>> from beffroi.watch.detectors import Sequence
    >>> asked = Circumstances(0, Role.WARD_NURSE, Operation.READ, NORMS[Role.WARD_NURSE])
    >>> evidence = Evidence(own=Sequence("", 0, 29_000, 0, 0, 9, 8))
    >>> found = particulars(Verdict((), evidence, score=29_000, rung=HOLD), asked)
    >>> found["rung"], found["score_bits"], found["limit_bits"], found["unexplained"], found["observed"]
    ('hold', '29.0', '31.3', '8', '9')
    """
    evidence = verdict.evidence
    tuned = tuning(asked.norm)
    sequence = strongest(evidence)
    limit = {ASK: tuned.ask, MASK: tuned.mask, HOLD: tuned.hold}.get(verdict.rung, tuned.warn)
    return {
        "rung": RUNG_NAMES[verdict.rung],
        "score_bits": _bits(verdict.score),
        "limit_bits": _bits(limit),
        "unexplained": str(sequence.unexplained_count),
        "observed": str(sequence.observed_count),
        "usual_percent": f"{100 * tuned.design_rate:.1f}",
        "patterns": ",".join(f"{name}:{_bits(points)}" for name, points in sorted(evidence.patterns.items())),
        "others_bits": _bits(asked.suspicion),
        "readings": ",".join(str(number) for number in evidence.trail),
    }


def spoken(found: Mapping[str, str]) -> Words:
    """The particulars in words, bits as points. Says nothing of what it does not hold.

    >>> spoken({"rung": "hold", "score_bits": "29.0", "patterns": "haste:4.2", "readings": "3,4"}).french[-59:]
    "lques secondes d'intervalle (4,2 points). Lectures n° 3, 4."
    """
    rung = RUNG_WORDS.get(found.get("rung", ""), RUNG_WORDS["none"])
    counts = {name: found.get(name, "?") for name in ("observed", "unexplained", "usual_percent")}
    score, limit = found.get("score_bits", "?"), found.get("limit_bits", "?")
    usual = counts["usual_percent"]
    english = (
        f"{rung.english.capitalize()}: of the last {counts['observed']} new patients, {counts['unexplained']} had no "
        f"explanation (usual: {usual} % at most). That weighs {score} points; the limit is {limit}."
    )
    french = (
        f"{rung.french.capitalize()} : sur les {counts['observed']} derniers nouveaux patients, "
        f"{counts['unexplained']} sont sans explication (d'ordinaire {_comma(usual)} % au plus). "
        f"Cela pèse {_comma(score)} points ; la limite est de {_comma(limit)}."
    )
    also = [pair.partition(":") for pair in found.get("patterns", "").split(",") if pair]
    said = [(PATTERN_WORDS[name], bits) for name, _, bits in also if name in PATTERN_WORDS]
    if said:
        english += " Also: " + ", ".join(f"{words.english} ({bits} points)" for words, bits in said) + "."
        french += " De plus : " + ", ".join(f"{words.french} ({_comma(bits)} points)" for words, bits in said) + "."
    others = found.get("others_bits", "0.0")
    if others != "0.0":
        english += f" Other accounts did the like by the same device or network ({others} points)."
        french += f" D'autres comptes en font autant par le même appareil ou réseau ({_comma(others)} points)."
    if found.get("readings"):
        readings = found["readings"].replace(",", ", ")
        english += f" Readings no. {readings}."
        french += f" Lectures n° {readings}."
    return Words(english, french)


def _bits(points: int) -> str:
    return f"{points / MILLIBITS:.1f}"


def _comma(figure: str) -> str:
    """A figure as French writes it."""
    return figure.replace(".", ",")
