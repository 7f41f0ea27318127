"""What authorities ask: the CNIL's form, field by field, and the summary for the CERT Santé and the regional agency.

What the facts say is filled in; what only people know stays "to be completed", and says so. An initial notification may
be sent with what is known; the complementary one has everything.

Source: GDPR article 33(3) and (4); the CNIL's teleservice (standards 5.4); code de la santé publique L1111-8-2 and the
ministry's portal of reports (standards 5.6).
"""

import msgspec

from beffroi.breach.report import HospitalCount, Report
from beffroi.breach.report_words import (
    CATEGORY_WORDS,
    CONSEQUENCES,
    PRIOR_MEASURES,
    TO_COMPLETE,
    moment,
    number,
    spoken,
)
from beffroi.breach.severity import CNIL_GRAVITY, LEVEL_WORDS, people_are_told
from beffroi.errors import Words
from beffroi.model.scope import ScopeTotals


class FormField(msgspec.Struct, frozen=True):
    """One field of a form. `known`: filled in from facts; else somebody has to complete it."""

    section: str
    label: str
    value: str
    known: bool


class _Form:
    def __init__(self, language: str) -> None:
        self._language = language
        self._section = ""
        self.fields: list[FormField] = []

    def section(self, english: str, french: str) -> None:
        """What follows belongs to it."""
        self._section = spoken(Words(english, french), self._language)

    def say(self, label: tuple[str, str], value: str | Words, *, known: bool = True) -> None:
        """Adds a field; an empty value is to be completed."""
        text = spoken(value, self._language) if isinstance(value, Words) else value.strip()
        label_text = spoken(Words(*label), self._language)
        if text:
            self.fields.append(FormField(self._section, label_text, text, known))
        else:
            self.ask(label)

    def ask(self, label: tuple[str, str]) -> None:
        """Adds a field that only somebody can complete."""
        text = spoken(TO_COMPLETE, self._language)
        self.fields.append(FormField(self._section, spoken(Words(*label), self._language), text, False))


def cnil(
    report: Report, language: str, *, complementary: bool, controller: HospitalCount | None = None
) -> tuple[FormField, ...]:
    """The form's fields in its order, for the region or for one controller with its own numbers."""
    form = _Form(language)
    _about(form, report, complementary, controller)
    _violation(form, report, language)
    _data(form, report, controller.totals if controller else report.totals, language, complementary)
    _consequences(form, report)
    _measures(form, report, complementary)
    return tuple(form.fields)


def _about(form: _Form, report: Report, complementary: bool, controller: HospitalCount | None) -> None:
    form.section("Notification", "Notification")
    kind = Words("complementary", "complémentaire") if complementary else Words("initial", "initiale")
    form.say(("Kind of notification", "Type de notification"), kind)
    if complementary:
        form.ask(("Number of the initial notification", "Numéro de la notification initiale"))
    form.section("Controller", "Responsable du traitement")
    if controller is None:
        form.ask(("Name and SIREN of the controller", "Raison sociale et SIREN du responsable"))
    else:
        form.say(("Name of the controller", "Raison sociale du responsable"), controller.name)
        form.say(("FINESS", "FINESS"), controller.finess)
        form.ask(("SIREN", "SIREN"))
    form.ask(("Data protection officer: name and contact", "Délégué à la protection des données : nom et coordonnées"))
    form.say(
        ("Other bodies concerned", "Autres organismes concernés"),
        Words(
            f"The shared identity server of {report.region or 'the region'}",
            f"Le serveur d'identités partagé de {report.region or 'la région'}",
        ),
    )


def _violation(form: _Form, report: Report, language: str) -> None:
    form.section("The breach", "La violation")
    form.say(("Began on", "Date de début"), moment(report.first_at, language), known=report.first_at is not None)
    form.say(("Ended on", "Date de fin"), moment(report.last_at, language), known=report.last_at is not None)
    aware = moment(report.aware_at, language)
    form.say(("Discovered on (awareness)", "Date de constatation"), aware, known=report.aware_at is not None)
    late = report.clock is not None and report.clock.over
    if late:
        form.ask(("Reasons for notifying after 72 hours", "Motifs du retard au-delà de 72 heures"))
    form.ask(("How it was discovered", "Circonstances de la découverte"))
    form.say(("Nature", "Nature"), Words("Loss of confidentiality", "Perte de confidentialité"))
    form.say(
        ("Origin", "Origine"),
        Words(
            "Malicious act: an account used against its owner's will", "Acte malveillant : usage frauduleux d'un compte"
        ),
    )
    form.say(("Description", "Description"), report.told.facts)


def _data(form: _Form, report: Report, totals: ScopeTotals, language: str, complementary: bool) -> None:
    form.section("Data and people", "Données et personnes")
    names = ", ".join(spoken(CATEGORY_WORDS[name], language) for name in report.categories)
    form.say(("Categories of data", "Catégories de données"), names)
    form.say(
        ("Health data", "Données de santé"),
        Words("None held by this server", "Aucune dans ce serveur")
        if not report.foreign.beyond_identity
        else Words(
            "Possible in another server: see the report's part on other logs",
            "Possibles dans un autre serveur : voir la partie du rapport sur les autres journaux",
        ),
    )
    exact = Words("exact", "exact") if complementary else Words("provisional", "provisoire")
    people = number(totals.patients, language)
    form.say(("Number of people concerned", "Nombre de personnes concernées"), f"{people} ({spoken(exact, language)})")
    form.say(("Number of records", "Nombre d'enregistrements"), number(report.readings, language))
    kinds = [Words("patients", "patients")]
    kinds += [Words(f"minors ({totals.minors})", f"mineurs ({totals.minors})")] if totals.minors else []
    if totals.protected:
        kinds.append(
            Words(
                f"people under protected access ({totals.protected})",
                f"personnes en accès protégé ({totals.protected})",
            )
        )
    kinds += [Words(f"deceased ({totals.deceased})", f"décédés ({totals.deceased})")] if totals.deceased else []
    form.say(("Categories of people", "Catégories de personnes"), ", ".join(spoken(k, language) for k in kinds))


def _consequences(form: _Form, report: Report) -> None:
    form.section("Consequences", "Conséquences")
    form.say(("Likely consequences", "Conséquences probables"), report.told.effects or CONSEQUENCES)
    level = report.severity.level
    gravity, words = CNIL_GRAVITY[level], LEVEL_WORDS[level]
    score = f"{report.severity.score:g}"
    comma = score.replace(".", ",")
    form.say(
        ("Severity", "Niveau de gravité"),
        Words(
            f"{gravity.english} (ENISA {score}, {words.english})", f"{gravity.french} (ENISA {comma}, {words.french})"
        ),
    )


def _measures(form: _Form, report: Report, complementary: bool) -> None:
    form.section("Measures", "Mesures")
    form.say(("In place before", "Mesures de sécurité préalables"), PRIOR_MEASURES)
    form.say(("Taken or planned", "Mesures prises ou envisagées"), report.told.measures)
    form.section("Information of the people", "Information des personnes")
    if people_are_told(report.severity.level):
        form.say(
            ("To be informed (article 34)", "Information requise (article 34)"),
            Words("Yes: the severity is high", "Oui : la gravité est élevée"),
        )
    else:
        form.ask(("To be informed (article 34)", "Information requise (article 34)"))
    form.ask(("Date, means and number informed", "Date, moyen et nombre de personnes informées"))
    if complementary:
        form.ask(("Content of the message", "Contenu du message"))
    form.section("Other bodies", "Autres organismes")
    form.say(("Other countries concerned", "Autres pays concernés"), Words("None known", "Aucun connu"))
    form.ask(("ANSSI, CERT Santé, ARS, complaint", "ANSSI, CERT Santé, ARS, plainte"))


def health_authorities(report: Report, language: str) -> tuple[FormField, ...]:
    """The summary for the CERT Santé and the regional health agency: what happened, what it touches, what is done."""
    form = _Form(language)
    form.section("Report", "Signalement")
    form.say(("Incident", "Incident"), f"{report.incident_id}. {report.title}")
    form.ask(("Establishment, contact", "Établissement, contact"))
    form.section("What happened", "Ce qui s'est passé")
    form.say(("From", "Début"), moment(report.first_at, language), known=report.first_at is not None)
    form.say(("To", "Fin"), moment(report.last_at, language), known=report.last_at is not None)
    form.say(("Facts", "Faits"), report.told.facts)
    form.section("Impact", "Impact")
    form.say(("Safety of care", "Sécurité des soins"), Words("None known", "Aucun connu"), known=False)
    form.say(
        ("Confidentiality", "Confidentialité"),
        Words(
            f"{report.totals.patients:,} patients, identities only",
            f"{number(report.totals.patients, 'fr')} patients, identités seules",
        )
        if not report.foreign.beyond_identity
        else Words(
            f"{report.totals.patients:,} patients; health data possible in another server",
            f"{number(report.totals.patients, 'fr')} patients ; données de santé possibles dans un autre serveur",
        ),
    )
    hospitals = ", ".join(f"{one.name} ({number(one.totals.patients, language)})" for one in report.hospitals)
    form.say(("Establishments concerned", "Établissements concernés"), hospitals)
    form.say(("Normal operation", "Fonctionnement normal"), Words("Went on", "Maintenu"), known=False)
    form.section("Measures", "Mesures")
    form.say(("Taken or planned", "Prises ou envisagées"), report.told.measures)
    form.ask(("Help wanted", "Appui souhaité"))
    return tuple(form.fields)
