"""A report as pages, in one language, ready to be set in type.

The typesetter's template knows no language and counts nothing: what stands on paper is decided here, and tested here.
"""

from collections.abc import Sequence
from datetime import timedelta

from beffroi.breach.incident import STATE_WORDS
from beffroi.breach.notification import FormField
from beffroi.breach.page_annexes import certainty, form_section, references, register, sources_section
from beffroi.breach.page_parts import Block, Hand, Pages, Section, Source, Table
from beffroi.breach.report import AccountCount, Moment, Report
from beffroi.breach.report_words import CATEGORY_WORDS, FACTOR_WORDS, FIELD_WORDS, MOMENT_WORDS, span
from beffroi.breach.severity import CNIL_GRAVITY, LEVEL_WORDS, Factor


def pages(
    report: Report,
    language: str,
    form: Sequence[FormField],
    sources: Sequence[Source],
    disclosures: Sequence[Sequence[str]],
) -> Pages:
    """The document. `disclosures` are rows of number, account, running number, tree index, time."""
    hand = Hand(language)
    return Pages(
        language,
        hand.say("Personal data breach", "Violation de données personnelles"),
        f"{report.incident_id}. {report.title}",
        hand.say(f"Incident {report.incident_id}, confidential", f"Incident {report.incident_id}, confidentiel"),
        hand.say("Contents", "Sommaire"),
        "page",
        _facts(report, hand),
        (
            _summary(report, hand),
            _people(report, hand),
            _when(report, hand),
            _accounts(report, hand),
            _severity(report, hand),
            certainty(report, hand),
            register(report, hand),
            form_section(form, hand),
            sources_section(report, sources, hand),
            references(report, disclosures, hand),
        ),
    )


def _facts(report: Report, hand: Hand) -> tuple[tuple[str, str], ...]:
    gravity = hand.words(CNIL_GRAVITY[report.severity.level])
    return (
        ("Patients", hand.number(report.totals.patients)),
        (hand.say("Severity", "Gravité"), f"{hand.decimal(report.severity.score)} ({gravity})"),
        (hand.say("Aware since", "Connaissance"), hand.time(report.aware_at)),
        (hand.say("72 hours", "72 heures"), hand.words(report.clock.words()) if report.clock else "-"),
    )


def _summary(report: Report, hand: Hand) -> Section:
    names = ", ".join(hand.words(CATEGORY_WORDS[name]) for name in report.categories) or "-"
    first, last = hand.time(report.first_at), hand.time(report.last_at)
    patients, hospitals = hand.number(report.totals.patients), hand.number(len(report.hospitals))
    readings = hand.number(report.readings)
    shown = hand.say(
        f"Between {first} and {last}, {patients} patients of {hospitals} hospitals were shown, in {readings} recorded "
        "answers and events.",
        f"Entre le {first} et le {last}, {patients} patients de {hospitals} hôpitaux ont été montrés, en {readings} "
        "réponses ou événements tracés.",
    )
    data = hand.say(
        f"Data: {names}. No medical record is held by this server.",
        f"Données : {names}. Ce serveur ne détient aucun dossier médical.",
    )
    head = hand.say("Readings concerned", "Lectures concernées")
    selected = Block(table=Table((head,), tuple((text,) for text in report.selections), (1,)), caption=head)
    return Section(hand.say("In short", "En bref"), (Block(shown), Block(data), selected))


def _people(report: Report, hand: Hand) -> Section:
    totals = report.totals
    rows = (
        (hand.say("shown, or who may have been", "montrés, ou susceptibles de l'avoir été"), totals.patients),
        (hand.say("of whom the answer was handed over", "dont la réponse a été remise"), totals.sent),
        (hand.say("of whom it is not known", "dont on ne le sait pas"), totals.unknown),
        (hand.say("others: the answer was never handed over", "autres : réponse jamais remise"), totals.aborted),
        (hand.say("minors", "mineurs"), totals.minors),
        (hand.say("deceased", "décédés"), totals.deceased),
        (hand.say("under protected access", "en accès protégé"), totals.protected),
        (hand.say("without a usable address", "sans adresse utilisable"), totals.unreachable),
        (hand.say("questions that were refused", "questions refusées"), totals.refused),
    )
    blocks = [hand.counts("Patients", rows)]
    if report.hospitals:
        caption = hand.say("Patients by hospital (each is a controller)", "Patients par hôpital (chacun responsable)")
        blocks.append(hand.chart(caption, [(one.name, one.totals.patients) for one in report.hospitals]))
        blocks.append(_hospitals(report, hand))
    if totals.by_field:
        ordered = sorted(totals.by_field.items(), key=lambda pair: -pair[1])
        caption = hand.say("Patients by field shown", "Patients par donnée montrée")
        blocks.append(hand.chart(caption, [(hand.words(FIELD_WORDS[name]), count) for name, count in ordered]))
    return Section(hand.say("Who is concerned", "Qui est concerné"), tuple(blocks))


def _hospitals(report: Report, hand: Hand) -> Block:
    head = (
        "FINESS",
        hand.say("hospital", "hôpital"),
        "patients",
        hand.say("minors", "mineurs"),
        hand.say("protected", "protégés"),
        hand.say("no address", "sans adresse"),
    )
    rows = tuple(
        (
            one.finess,
            one.name,
            hand.number(one.totals.patients),
            hand.number(one.totals.minors),
            hand.number(one.totals.protected),
            hand.number(one.totals.unreachable),
        )
        for one in report.hospitals
    )
    widths = (2, 4, 1.4, 1.4, 1.4, 1.6)
    return Block(table=Table(head, rows, widths, (2, 3, 4, 5)), caption=hand.say("By hospital", "Par hôpital"))


def _when(report: Report, hand: Hand) -> Section:
    blocks: list[Block] = []
    if report.bins:
        width = span(timedelta(seconds=report.bin_s), hand.language)
        caption = hand.say(
            f"Patients seen for the first time, in spans of {width} (UTC)",
            f"Patients vus pour la première fois, par tranches de {width} (UTC)",
        )
        form = hand.say("%m-%d %H:%M", "%d/%m %H:%M")
        bars = [(one.at.strftime(form), one.patients) for one in report.bins]
        blocks.append(hand.chart(caption, bars, flat=False))
    head = (hand.say("time", "heure"), hand.say("what", "quoi"), hand.say("disclosure, or by", "divulgation, ou par"))
    rows = tuple(
        (
            hand.time(one.at),
            _happened(one, hand),
            str(one.reference) if one.reference else one.by,
        )
        for one in report.timeline
    )
    if rows:
        blocks.append(Block(table=Table(head, rows, (2.2, 5, 2)), caption=hand.say("Timeline", "Chronologie")))
    return Section(hand.say("When", "Quand"), tuple(blocks))


def _happened(one: Moment, hand: Hand) -> str:
    more = [hand.words(STATE_WORDS[one.state])] if one.state else []
    more += [one.text] if one.text else []
    return hand.words(MOMENT_WORDS[one.kind]) + (f" ({', '.join(more)})" if more else "")


def _accounts(report: Report, hand: Hand) -> Section:
    head = (
        hand.say("account", "compte"),
        hand.say("name at its issuer", "nom chez son émetteur"),
        hand.say("disclosures", "divulgations"),
        "patients",
        hand.say("running numbers", "numéros d'ordre"),
        hand.say("leaves", "feuilles"),
    )
    rows = tuple(
        (
            str(one.account_id),
            one.subject,
            hand.number(one.disclosures),
            hand.number(one.patients),
            f"{one.running_first} - {one.running_last}",
            _leaves(one, hand),
        )
        for one in report.accounts
    )
    text = hand.say(
        "Each account's disclosures are numbered without a gap; a missing number is a row that was taken away, and the "
        "audit finds it.",
        "Les divulgations d'un compte sont numérotées sans trou ; un numéro absent est une ligne retirée, que l'audit "
        "trouve.",
    )
    table = Table(head, rows, (1.1, 3, 1.7, 1.3, 2.2, 2.4), (2, 3))
    blocks = (Block(text), Block(table=table, caption=hand.say("Accounts", "Comptes")))
    return Section(hand.say("Through which accounts", "Par quels comptes"), blocks)


def _leaves(one: AccountCount, hand: Hand) -> str:
    waiting = hand.say("not sealed yet", "non scellées")
    if one.tree_first is None:
        return waiting if one.unsealed else "-"
    more = f" + {one.unsealed} {waiting}" if one.unsealed else ""
    return f"{one.tree_first} - {one.tree_last}{more}"


def _severity(report: Report, hand: Hand) -> Section:
    severity = report.severity
    head = (
        hand.say("factor", "critère"),
        hand.say("value", "valeur"),
        hand.say("reason", "raison"),
        hand.say("by", "par"),
    )
    rows = tuple(
        (
            hand.words(FACTOR_WORDS[one.factor]),
            hand.decimal(one.value),
            hand.say(one.reason, one.reason_fr),
            one.by or hand.say("proposed", "proposé"),
        )
        for one in severity.choices
    )
    context, ease = hand.decimal(severity.value(Factor.DPC)), hand.decimal(severity.value(Factor.EI))
    added, score = hand.decimal(severity.circumstances), hand.decimal(severity.score)
    level = hand.words(LEVEL_WORDS[severity.level])
    result = f"SE = DPC × EI + CB = {context} × {ease} + {added} = {score}. {level[:1].upper()}{level[1:]}."
    method = hand.say(
        "Method: ENISA, Recommendations for a methodology of the assessment of severity of personal data breaches, "
        "December 2013.",
        "Méthode : ENISA, recommandations pour l'évaluation de la gravité des violations de données, décembre 2013.",
    )
    blocks = [
        Block(method),
        Block(table=Table(head, rows, (2.4, 0.8, 5, 1.3), (1,)), caption=hand.say("Factors", "Critères")),
        Block(result),
    ]
    if severity.many:
        blocks.append(Block(hand.say("More than 100 people are concerned.", "Plus de 100 personnes sont concernées.")))
    return Section(hand.say("How grave", "Quelle gravité"), tuple(blocks))
