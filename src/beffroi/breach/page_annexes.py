"""The parts of a report that say how sure it is, what the form asks, and where every number comes from."""

from collections.abc import Sequence

from beffroi.breach.notification import FormField
from beffroi.breach.page_parts import Block, Hand, Section, Source, Table
from beffroi.breach.report import Report
from beffroi.breach.report_words import TO_COMPLETE

ROWS_MAX = 200
"""Disclosures listed in the appendix; all of them are in the file beside it."""


def certainty(report: Report, hand: Hand) -> Section:
    """What is complete, what is not known, and what other servers' logs tell."""
    blocks = [
        Block(
            hand.say(
                "Every answer of this server was recorded before it left, so the list is complete. An answer was "
                "handed over, or was not (then nobody was shown anything), or that is not known: those who may have "
                "been shown count as shown.",
                "Chaque réponse de ce serveur a été tracée avant son envoi : la liste est complète. Une réponse a été "
                "remise, ou ne l'a pas été (personne n'a alors rien vu), ou on ne le sait pas : qui a pu être montré "
                "compte comme montré.",
            )
        )
    ]
    untraced = report.readings - report.traced
    if untraced:
        of = hand.number(report.readings)
        blocks.append(
            Block(
                hand.say(
                    f"{hand.number(untraced)} of {of} disclosures are in the archive: they are counted above and are "
                    "not in the list of references.",
                    f"{hand.number(untraced)} divulgations sur {of} sont dans l'archive : comptées ci-dessus et "
                    "absentes de la liste des références.",
                )
            )
        )
    if report.erased:
        blocks.append(
            Block(
                hand.say(
                    f"{hand.number(report.erased)} disclosures that may belong to this incident had been erased when "
                    "their time of keeping was over: nobody can say whom they showed.",
                    f"{hand.number(report.erased)} divulgations qui peuvent relever de cet incident avaient été "
                    "effacées au terme de leur conservation : personne ne peut dire qui elles ont montré.",
                )
            )
        )
    return Section(hand.say("How sure this is", "Quelle certitude"), (*blocks, *_foreign(report, hand)))


def _foreign(report: Report, hand: Hand) -> tuple[Block, ...]:
    foreign = report.foreign
    if not foreign.facts:
        return ()
    rows = (
        (hand.say("patients shown, fields known", "patients montrés, champs connus"), foreign.fields_known),
        (hand.say("patients shown, fields not known", "patients montrés, champs inconnus"), foreign.fields_unknown),
        (hand.say("patients named, perhaps shown", "patients nommés, peut-être montrés"), foreign.perhaps),
        (hand.say("questions: whom they showed, nobody knows", "questions : on ignore qui"), foreign.questions_unknown),
        (hand.say("asked for more than identities", "demandes au-delà de l'identité"), foreign.beyond_identity),
    )
    caption = hand.say(
        "What other servers' logs tell (not added to the numbers above)",
        "Ce que disent les journaux d'autres serveurs (non ajouté aux nombres ci-dessus)",
    )
    logs = hand.say("Logs read: ", "Journaux lus : ") + "; ".join(foreign.logs)
    return hand.counts(caption, rows), Block(logs)


def register(report: Report, hand: Hand) -> Section:
    """What article 33(5) wants."""
    told = report.told
    rows = tuple(
        (label, text or hand.words(TO_COMPLETE))
        for label, text in (
            (hand.say("Facts", "Faits"), told.facts),
            (hand.say("Effects", "Effets"), told.effects),
            (hand.say("Measures", "Mesures"), told.measures),
        )
    )
    table = Table(("article 33(5)", hand.say("text", "texte")), rows, (1, 5))
    caption = hand.say("Entry of the register", "Inscription au registre")
    return Section(hand.say("Register", "Registre"), (Block(table=table, caption=caption),))


def form_section(form: Sequence[FormField], hand: Hand) -> Section:
    """The CNIL's fields."""
    head = (hand.say("section", "rubrique"), hand.say("field", "champ"), hand.say("content", "contenu"))
    rows = tuple((one.section, one.label, one.value) for one in form)
    text = hand.say("The fields of the teleservice, in its order.", "Les champs du téléservice, dans son ordre.")
    return Section(
        hand.say("Notification to the CNIL", "Notification à la CNIL"),
        (Block(text), Block(table=Table(head, rows, (1.6, 2.2, 4)), caption=hand.say("Fields", "Champs"))),
    )


def sources_section(report: Report, sources: Sequence[Source], hand: Hand) -> Section:
    """Which files the numbers are counted from."""
    text = hand.say(
        "Every number of this report is counted from the lines of these files. patients.csv has one line a patient, "
        "under a pseudonym, with the numbers of the disclosures that showed her; disclosures.csv has one line a "
        "disclosure, with its place in the account's chain and in the sealed tree.",
        "Chaque nombre de ce rapport se compte sur les lignes de ces fichiers. patients.csv a une ligne par patient, "
        "sous un pseudonyme, avec les numéros des divulgations qui l'ont montré ; disclosures.csv a une ligne par "
        "divulgation, avec sa place dans la chaîne du compte et dans l'arbre scellé.",
    )
    made_at = hand.time(report.made_at)
    made = hand.say(
        f"Made {made_at} by {report.made_by}; recorded as disclosure {report.look}. SHA-256 of the list of "
        f"pseudonyms: {report.digest}.",
        f"Établi le {made_at} par {report.made_by} ; tracé sous la divulgation {report.look}. SHA-256 de la liste des "
        f"pseudonymes : {report.digest}.",
    )
    head = (hand.say("file", "fichier"), hand.say("lines", "lignes"), "SHA-256")
    rows = tuple((one.name, hand.number(one.lines), one.sha256) for one in sources)
    table = Block(table=Table(head, rows, (2.2, 0.8, 5), (1,)), caption=hand.say("Files", "Fichiers"))
    heading = hand.say("Annex A. Sources of the numbers", "Annexe A. Sources des nombres")
    return Section(heading, (Block(text), table, Block(made)))


def references(report: Report, disclosures: Sequence[Sequence[str]], hand: Hand) -> Section:
    """The disclosures themselves, and the signed tree that they stand in."""
    head = (
        hand.say("disclosure", "divulgation"),
        hand.say("account", "compte"),
        hand.say("running number", "numéro d'ordre"),
        hand.say("leaf", "feuille"),
        hand.say("time", "heure"),
    )
    rows = tuple(tuple(row) for row in disclosures[:ROWS_MAX])
    blocks = []
    if report.tree_size:
        note = " / ".join(report.checkpoint.split("\n\n", 1)[0].strip().split("\n"))
        size = hand.number(report.tree_size)
        signed = hand.say(
            f"Signed checkpoint, {size} leaves: {note}", f"Point de contrôle signé, {size} feuilles : {note}"
        )
        blocks.append(Block(signed))
    if rows:
        first, of = len(rows), hand.number(report.traced)
        caption = hand.say(f"The first {first} of {of} disclosures", f"Les {first} premières de {of} divulgations")
        blocks.append(Block(table=Table(head, rows, (1.4, 1, 1.6, 1.2, 2.6), (0, 1, 2, 3)), caption=caption))
    return Section(hand.say("Annex B. References", "Annexe B. Références"), tuple(blocks))
