"""The exercise on a page that a hospital's director understands: what a thief is shown, whom the watch disturbs.

One file, without scripts and without anything fetched; each chart stands beside the table that it is drawn from.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import log10
from typing import Any

from beffroi_region.drill.rungs import cells, has
from beffroi_region.drill.scenario import Kind

Report = Mapping[str, Any]
Bar = tuple[str, float, str]
"""A label, a value, and the class that colours it."""

ROW_PX, LABEL_PX, CHART_PX, VALUE_PX = 24, 330, 420, 90
DECADES = 5
"""The scale ends at 100,000 patients."""

_WORDS = {
    "en": {
        "title": "The exercise: a stolen account, and everybody else",
        "lead": "One account was impersonated {attacks} times in {kinds} ways, in simulated time. In the ways for "
        "which an aim is set it was shown {typical} patients (median) before strangers were withheld; in 95 % "
        "of the runs at most {worst}. In known incidents one account read {low} to {high}.",
        "shown": "Patients shown before the account was stopped (95 % of the runs show no more)",
        "month": "Everything that the account was shown in 30 days, its owner's work and every way on included (95 %)",
        "log": "Logarithmic scale: each line is ten times the one before.",
        "genuine": "Genuine work: how often somebody was disturbed",
        "scenario": "Scenario",
        "p50": "median",
        "p95": "95 %",
        "max": "most",
        "aim": "aim",
        "days": "30 days, 95 %",
        "contacts": "contact details, 95 %",
        "after": "answers after the verdict",
        "by_rung": "Strangers, and patients with contact details, shown before each rung (median / 95 % / most)",
        "rungs": "warned,asked who is there,contact details masked,held",
        "contact": "contact details",
        "shifts": "shifts",
        "holds": "stopped wrongly, per 10,000 shifts",
        "steps": "asked who is there, per 10,000 shifts",
        "refused": "questions refused",
        "bound": "at most {value} with 95 % certainty",
        "incident": "Known incident: {title}",
        "missed": "missed",
        "met": "met",
        "ours": "made by us to beat the watch",
        "how": "How it was done",
        "seeds": "Seed {seed}, {runs} runs of each attack; parameters were {held}frozen before these were played.",
        "not": "not ",
        "yes": "",
        "years": "a plain year: {name}",
    },
    "fr": {
        "title": "L'exercice : un compte volé, et tous les autres",
        "lead": "Un compte a été usurpé {attacks} fois de {kinds} façons, en temps simulé. Dans celles qui ont un but, "
        "il s'est vu montrer {typical} patients (médiane) avant que les nouveaux patients inexpliqués soient retenus ; "
        "dans 95 % des essais, {worst} au plus. Dans les incidents connus, un compte en a lu de {low} à {high}.",
        "shown": "Patients montrés avant l'arrêt du compte (95 % des essais n'en montrent pas plus)",
        "month": "Tout ce que le compte s'est vu montrer en 30 jours, titulaire et toutes issues compris (95 %)",
        "log": "Échelle logarithmique : chaque trait vaut dix fois le précédent.",
        "genuine": "Travail réel : combien de fois quelqu'un a été gêné",
        "scenario": "Scénario",
        "p50": "médiane",
        "p95": "95 %",
        "max": "maximum",
        "aim": "but",
        "days": "30 jours, 95 %",
        "contacts": "coordonnées, 95 %",
        "after": "réponses après le verdict",
        "by_rung": "Inconnus, et patients avec coordonnées, montrés avant chaque échelon (médiane / 95 % / maximum)",
        "rungs": "signalé,preuve demandée,coordonnées masquées,retenu",
        "contact": "coordonnées",
        "shifts": "services",
        "holds": "arrêts à tort, pour 10 000 services",
        "steps": "preuves demandées, pour 10 000 services",
        "refused": "questions refusées",
        "bound": "au plus {value} avec 95 % de certitude",
        "incident": "Incident connu : {title}",
        "missed": "manqué",
        "met": "atteint",
        "ours": "conçue par nous pour battre la veille",
        "how": "Comment",
        "seeds": "Graine {seed}, {runs} essais de chaque attaque ; les paramètres {held} figés avant ces graines.",
        "not": "n'étaient pas",
        "yes": "étaient",
        "years": "une année ordinaire : {name}",
    },
}
_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
table{border-collapse:collapse;width:100%;margin:1rem 0 2rem;font-size:.9rem}
th,td{border-bottom:1px solid #ccc;padding:.3rem .5rem;text-align:right}th:first-child,td:first-child{text-align:left}
caption{text-align:left;font-weight:bold;padding:.5rem 0}svg{width:100%;height:auto}
svg text{font:14px system-ui,sans-serif;fill:#1a1a1a}.thief{fill:#0b5394}.missed{fill:#b00020}.known{fill:#555}
.ours{fill:#8a5a00}.grid{stroke:#ccc}.bad{color:#b00020;font-weight:bold}"""
_PAGE = """<!doctype html><html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title><style>{style}</style></head>
<body><main>{content}</main></body></html>
"""
_LINE = """<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{bottom}"/>
<text x="{x}" y="{foot}" text-anchor="middle">{value:,}</text>"""


def written(report: Report, language: str) -> str:
    """The whole page."""
    words = _WORDS[language]
    attacks = {n: f for n, f in report["scenarios"].items() if f["kind"] == Kind.ATTACK}
    others = {n: f for n, f in report["scenarios"].items() if f["kind"] == Kind.GENUINE}
    others |= {
        n: f | {"title": words["years"].format(name=n), "title_fr": words["years"].format(name=n)}
        for n, f in report["seasons"].items()
    }
    parts = [f"<h1>{escape(words['title'])}</h1>"]
    if attacks:
        parts += [
            _lead(attacks, report, words),
            *_charts(attacks, report, words, language),
            _attack_table(attacks, words, language),
            _rung_table(attacks, words, language),
        ]
    if others:
        parts.append(_genuine_table(others, words, language))
    held = words["yes" if report["held_out"] else "not"]
    seeds = words["seeds"].format(seed=report["seed"], runs=report["runs"], held=held)
    parts.append(f"<h2>{words['how']}</h2><p>{escape(seeds)}</p>")
    return _PAGE.format(language=language, title=escape(words["title"]), style=_STYLE, content="".join(parts))


def _lead(attacks: Mapping[str, Any], report: Report, words: Mapping[str, str]) -> str:
    aimed = [found for found in attacks.values() if found["aim_p50"] is not None] or list(attacks.values())
    per_account = [incident["patients_per_account"] for incident in report["known_incidents"]]
    said = words["lead"].format(
        attacks=f"{sum(found['runs'] for found in attacks.values()):,}",
        kinds=len(attacks),
        typical=sorted(found["shown_p50"] for found in aimed)[len(aimed) // 2],
        worst=max(found["shown_p95"] for found in aimed),
        low=f"{min(per_account):,}",
        high=f"{max(per_account):,}",
    )
    return f"<p>{escape(said)}</p>"


def _charts(attacks: Mapping[str, Any], report: Report, words: Mapping[str, str], language: str) -> Iterable[str]:
    for key, title in (("shown_p95", words["shown"]), ("shown_30d_p95", words["month"])):
        bars: list[Bar] = [(_title(f, language), f[key], _class(f)) for f in attacks.values()]
        for incident in report["known_incidents"]:
            label = words["incident"].format(title=_title(incident, language))
            bars.append((label, incident["patients_per_account"], "known"))
        yield f"<h2>{escape(title)}</h2><p>{escape(words['log'])}</p>{chart(bars, title)}"


def _class(found: Mapping[str, Any]) -> str:
    return "missed" if found["aim_met"] is False else "ours" if found["made_to_beat_it"] else "thief"


def chart(bars: Sequence[Bar], title: str) -> str:
    """Horizontal bars on a logarithmic scale, each with its value in digits."""
    height = ROW_PX * len(bars) + ROW_PX
    width = LABEL_PX + CHART_PX + VALUE_PX
    lines = [
        _LINE.format(x=LABEL_PX + CHART_PX * n // DECADES, bottom=height - ROW_PX, foot=height - 6, value=10**n)
        for n in range(DECADES + 1)
    ]
    for index, (label, value, name) in enumerate(bars):
        top = ROW_PX * index
        length = round(CHART_PX * log10(max(value, 1)) / DECADES)
        lines += [
            f'<text x="{LABEL_PX - 8}" y="{top + 17}" text-anchor="end">{escape(_short(label))}</text>',
            f'<rect class="{name}" x="{LABEL_PX}" y="{top + 4}" width="{max(length, 2)}" height="{ROW_PX - 8}"/>',
            f'<text x="{LABEL_PX + length + 6}" y="{top + 17}">{value:,}</text>',
        ]
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">{"".join(lines)}</svg>'


def _short(label: str) -> str:
    return label if len(label) <= 48 else label[:47] + "…"


def _title(found: Mapping[str, Any], language: str) -> str:
    return str(found["title_fr" if language == "fr" else "title"])


def _attack_table(attacks: Mapping[str, Any], words: Mapping[str, str], language: str) -> str:
    head = [words[key] for key in ("scenario", "p50", "p95", "max", "aim", "days", "contacts", "after")]
    rows = []
    for found in attacks.values():
        aim = (
            ""
            if found["aim_p50"] is None
            else f"{found['aim_p50']} / {found['aim_p95'] or '-'}: {words['met' if found['aim_met'] else 'missed']}"
        )
        title = _title(found, language) + (f" ({words['ours']})" if found["made_to_beat_it"] else "")
        numbers = [f"{found[key]:,}" for key in ("shown_p50", "shown_p95", "shown_max")]
        last = [f"{found[key]:,}" for key in ("shown_30d_p95", "contacts_30d_p95", "answers_after_verdict")]
        rows.append(([title, *numbers, aim, *last], found["aim_met"] is False))
    return _table(words["shown"], head, rows)


def _rung_table(attacks: Mapping[str, Any], words: Mapping[str, str], language: str) -> str:
    """For each rung strangers, and patients with contact fields, shown before it."""
    head = [
        words["scenario"],
        *words["rungs"].split(","),
        *(f"{words['contact']}: {r}" for r in words["rungs"].split(",")),
    ]
    rows = [([_title(found, language), *cells(found)], False) for found in attacks.values() if has(found)]
    return _table(words["by_rung"], head, rows) if rows else ""


def _genuine_table(others: Mapping[str, Any], words: Mapping[str, str], language: str) -> str:
    head = [words[key] for key in ("scenario", "shifts", "holds", "steps", "refused")]
    rows = []
    for found in others.values():
        cells = [_title(found, language), f"{found['shifts']:,}"]
        for key in ("false_holds", "false_step_ups"):
            bound = words["bound"].format(value=f"{found[f'{key}_bound']:.3g}")
            cells.append(f"{found[f'{key}_per_10k_shifts']:.3g} ({bound})")
        rows.append(
            ([*cells, f"{found['refused_explained'] + found['refused_strangers']:,}"], found["false_holds"] > 0)
        )
    return f"<h2>{escape(words['genuine'])}</h2>" + _table(words["genuine"], head, rows)


def _table(caption: str, head: Sequence[str], rows: Iterable[tuple[Sequence[str], bool]]) -> str:
    heads = "".join(f'<th scope="col">{escape(one)}</th>' for one in head)
    body = "".join(
        f"<tr{' class=bad' if bad else ''}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for cells, bad in rows
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
