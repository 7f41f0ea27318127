"""From the figures of runs to words: what is printed after a run, and docs/benchmarks.md.

`python -m beffroi_region.bench.report` writes docs/benchmarks.md from docs/benchmarks/*.json, which the benchmarks
print with --json. No figure in that page is typed by hand; a test compares the page with its sources.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from beffroi_region.bench.report_drill import section

Report = Mapping[str, Any]

PAGE, SOURCES = "benchmarks.md", "benchmarks"
NOT_MEASURED = "-"

_SEARCH_ROWS = (
    ("ledgered_per_s", "searches a second, each recorded before it leaves", "aim 2,500, stretch 3,000"),
    ("ledgered_processes", "web processes at their best", ""),
    ("p50_ms", "50th percentile, ms", ""),
    ("p95_ms", "95th percentile, ms", ""),
    ("p99_ms", "99th percentile, ms", ""),
    ("bare_per_s", "the bare variant: no policy, no record, no commit", ""),
    ("bare_processes", "its web processes at their best", ""),
    ("ratio", "recorded over bare", "aim 0.5"),
    ("unwatched_per_s", "the unwatched variant: recorded, and no verdict", ""),
    ("watched_ratio", "watched over unwatched", "aim 0.8"),
    ("cpu_ms_per_search", "processor ms of a search (web and database)", ""),
    ("xml_per_s", "answers in XML: searches a second", ""),
    ("xml_ratio", "in XML over in JSON, by turns", "aim 0.5"),
    ("sealed_per_s", "with the ledger sealing beside: searches a second", ""),
    ("sealed_p99_ms", "with the ledger: 99th percentile, ms", ""),
    ("sealed_behind", "with the ledger: disclosures not sealed yet at the end", ""),
    ("open_p50_ms", "open loop at 1,000 a second: 50th percentile, ms", ""),
    ("open_p99_ms", "open loop at 1,000 a second: 99th percentile, ms", "aim under 20"),
    ("slow_per_s", "commits 5 ms slower: searches a second", ""),
    ("slow_p99_ms", "commits 5 ms slower: 99th percentile, ms", ""),
    ("slow_open_p99_ms", "commits 5 ms slower: open loop, 99th percentile, ms", ""),
    ("others_p99_ms", "three processes, 500 a second: 99th percentile, ms", ""),
    ("others_p99_with_robot_ms", "the same beside a robot", ""),
    ("robot_factor", "the robot's factor", "aim 2 at most"),
    ("slow_robot_factor", "the robot's factor, commits 5 ms slower", ""),
)
_FEED_ROWS = (
    ("messages_per_s", "messages a second, durable, over 16 MLLP connections", "aim 1,000"),
    ("message_p50_ms", "50th percentile, ms", ""),
    ("message_p99_ms", "99th percentile, ms", ""),
    ("cpu_ms_per_message", "processor ms of a message (server and database)", ""),
    ("server_peak_memory_mib", "peak memory of the server's processes, MiB", ""),
    ("import_identities_per_s", "identities a second, imported from files", "aim 5,000"),
    ("import_peak_memory_mib", "peak memory of the import, MiB", ""),
)
_SEAL_ROWS = (
    ("sealed_per_s", "disclosures a second sealed while searches go on", "aim 5,000"),
    ("backlog_searches_per_s", "searches a second meanwhile", ""),
    ("search_ratio", "searches with sealing, to those without", "aim 0.9"),
    ("searches_on_per_s", "searches a second with sealing", ""),
    ("searches_off_per_s", "searches a second without", ""),
    ("alone_sealed_per_s", "disclosures a second sealed from a backlog, with nothing beside", ""),
    ("cpu_ms_per_leaf", "processor ms of the sealer for each", ""),
    ("lag_p50_ms", "from a disclosure to its checkpoint, ms: 50th percentile", ""),
    ("lag_p99_ms", "99th percentile, ms", ""),
    ("lag_max_ms", "longest, ms", "aim 1,000"),
)

_CONTAIN_ROWS = (
    ("committed_after", "answers committed after the stops, in all processes", "aim 0"),
    ("attempts_after", "attempts refused and recorded meanwhile", ""),
    ("last_answer_ms_max", "until the last answer had arrived, ms (committed before)", ""),
    ("all_refused_ms_max", "until every connection over all processes was refused, ms", "aim 1,000"),
    ("mllp_cut_ms_max", "until every HL7 v2 connection of a stopped application was cut, ms", "aim 1,000"),
    ("bystander_answers", "answers to somebody else meanwhile", ""),
    ("collateral_refusals", "of their requests refused", "aim 0"),
)


SCOPE_ROWS = (
    ("account_s", "one account's year, s", "aim under 1 at 100 million, 5 at 1,000 million"),
    ("account_warm_s", "the same again, s", ""),
    ("account_readings", "its readings", ""),
    ("patient_s", "one patient's history, s", "aim as above"),
    ("patient_warm_s", "the same again, s", ""),
    ("patient_readings", "her readings", ""),
    ("window_s", "one hour of everybody, s", ""),
    ("window_readings", "its readings", ""),
    ("account_peak_memory_mib", "peak memory of the process that answers, MiB: account", "aim under 4,096"),
    ("patient_peak_memory_mib", "patient", ""),
    ("window_peak_memory_mib", "hour", ""),
    ("unsorted_account_s", "the account's year in files that are not sorted, s", ""),
    ("log_lines", "lines of an access log", ""),
    ("log_scan_s", "grep of one account in it, s", ""),
    ("bytes_per_disclosure_by_account", "bytes of a disclosure by account", ""),
    ("bytes_per_disclosure_by_patient", "by patient", ""),
)
_SCOPE_NOTES = """A year of disclosures is made straight into files with the columns, order, row groups and
compression of the archive's (what no question here reads is the same in every row: nonces, requests,
places in the tree; so these files are smaller than real ones). Each question is asked as a serving
process asks it, in a process of its own, its start included; the first time the files are out of the
system's cache. The median over three accounts, patients and hours. The run fails unless each answer
has exactly as many readings as the generator's own arithmetic says. An access log tells an account's
requests, and neither patients nor fields.
"""


def number(value: object) -> str:
    """A figure for people.

    >>> number(2_874.3), number(12.345), number(0.061), number(None)
    ('2,874', '12.35', '0.061', '-')
    """
    if value is None:
        return NOT_MEASURED
    if isinstance(value, float):
        if abs(value) >= 100:
            return f"{value:,.0f}"
        return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def summary(report: Report) -> str:
    """One run in a terminal: a line per figure, then where it was measured."""
    rows = _SEARCH_ROWS if report["benchmark"] == "search" else _FEED_ROWS
    lines = [
        f"{number(report[key]):>12}  {name}{f' ({aim})' if aim else ''}" for key, name, aim in rows if key in report
    ]
    return "\n".join([*lines, "", *_circumstances(report)])


def _circumstances(report: Report) -> list[str]:
    machine, versions = report["machine"], report["versions"]
    sync = report["fdatasync"]
    return [
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, {machine['kernel']}; load "
        f"average before: {machine['load_average_before'][0]}",
        f"one fdatasync: {sync['median_ms']} ms (99th percentile {sync['p99_ms']} ms); one commit: "
        f"{report['commit_ms']} ms",
        f"seed {report['seed']}, {report['people']:,} people, {report['identities']:,} identities, "
        f"{report['hospitals']} hospitals, {report['seconds']:g} s",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
    ]


def page(reports: Sequence[Report]) -> str:
    """docs/benchmarks.md."""
    searches = sorted((r for r in reports if r["benchmark"] == "search"), key=lambda r: int(r["people"]))
    feeds = sorted((r for r in reports if r["benchmark"] == "feed"), key=lambda r: int(r["people"]))
    lines = [_HEAD]
    if searches:
        lines += ["## Asking: `beffroi bench search`", "", *_table(searches, _SEARCH_ROWS), "", _SEARCH_NOTES]
        lines += ["### Every phase", "", *_phases(searches)]
    if feeds:
        lines += ["## Feeding: `beffroi bench feed`", "", *_table(feeds, _FEED_ROWS), "", _FEED_NOTES]
    seals = sorted((r for r in reports if r["benchmark"] == "seal"), key=lambda r: int(r["people"]))
    if seals:
        lines += ["## Sealing: `beffroi bench seal`", "", *_table(seals, _SEAL_ROWS), "", _SEAL_NOTES]
    for report in (r for r in reports if r["benchmark"] == "contain"):
        lines += ["## Stopping: `beffroi bench contain`", "", *_stops(report), "", _CONTAIN_NOTES]
    lines += section(
        [r for r in reports if r["benchmark"] == "drill"], [r for r in reports if r["benchmark"] == "watch"]
    )
    scopes = sorted((r for r in reports if r["benchmark"] == "scope"), key=lambda r: int(r["disclosures"]))
    if scopes:
        sizes = [f"{r['disclosures']:,} disclosures" for r in scopes]
        lines += ["## The archive: `beffroi bench scope`", "", *_table(scopes, SCOPE_ROWS, sizes), "", _SCOPE_NOTES]
    pages = sorted((r for r in reports if r["benchmark"] == "pages"), key=lambda r: int(r["people"]))
    if pages:
        lines += ["## Pages: `beffroi bench pages`", "", *_pages(pages), "", _PAGES_NOTES]
    lines += ["## Where", ""]
    for report in scopes:
        lines += [f"**scope, {report['disclosures']:,} disclosures**", "", *_machine(report), ""]
    for report in [*searches, *feeds, *seals, *pages]:
        lines += [f"**{report['benchmark']}, {report['people']:,} people**", ""]
        lines += [f"- {line}" for line in _circumstances(report)] + [""]
    return "\n".join(lines).rstrip() + "\n"


def _machine(report: Report) -> list[str]:
    machine, versions = report["machine"], report["versions"]
    return [
        f"- {machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, {machine['kernel']}; load "
        f"average before: {machine['load_average_before'][0]}",
        f"- seed {report['seed']}, {report['accounts']:,} accounts, {report['people']:,} people, "
        f"{report['segments']} segments",
        "- " + ", ".join(f"{name} {version}" for name, version in versions.items()),
    ]


def _table(reports: Sequence[Report], rows: Sequence[tuple[str, str, str]], sizes: Sequence[str] = ()) -> list[str]:
    head = list(sizes) or [f"{report['people']:,} people" for report in reports]
    lines = ["| | " + " | ".join([*head, "aim"]) + " |", "|---" * (len(reports) + 2) + "|"]
    for key, name, aim in rows:
        values = [number(report.get(key)) for report in reports]
        if any(value != NOT_MEASURED for value in values):
            lines.append("| " + " | ".join([name, *values, aim.removeprefix("aim ")]) + " |")
    return lines


def _pages(reports: Sequence[Report]) -> list[str]:
    """The largest region's pages, the slowest first."""
    report = reports[-1]
    lines = [
        f"{report['people']:,} people, {report['rounds']} times each, by turns. Slowest median: "
        f"{report['slowest_median_ms']} ms (aim under 100). Heaviest page with its style, script and mark: "
        f"{report['heaviest_bytes']:,} bytes (aim under 61,440).",
        "",
        "| page | median ms | 95 % | bytes | look-ups |",
        "|---|---|---|---|---|",
    ]
    ordered = sorted(report["pages"].items(), key=lambda one: -one[1]["median_ms"])
    keys = ("median_ms", "p95_ms", "bytes", "lookups")
    return lines + [f"| {name} | " + " | ".join(number(found[key]) for key in keys) + " |" for name, found in ordered]


def _stops(report: Report) -> list[str]:
    """One run: every figure is the worst of its stops, or their sum."""
    machine = report["machine"]
    head = f"{report['rounds']} stops, {report['processes']} web processes"
    lines = [f"| | {head} | aim |", "|---|---|---|"]
    lines += [f"| {name} | {number(report[key])} | {aim.removeprefix('aim ')} |" for key, name, aim in _CONTAIN_ROWS]
    where = f"{machine['cores']} cores ({machine['processor']}), load average before: "
    return [*lines, "", f"{where}{machine['load_average_before'][0]}."]


def _phases(reports: Sequence[Report]) -> list[str]:
    lines = [
        "| people | variant | processes | a second | p50 ms | p99 ms | CPU ms: web | database | generator |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    keys = ("per_s", "p50_ms", "p99_ms", "web_cpu_ms_per_search", "database_cpu_ms_per_search")
    for report in reports:
        for one in report["phases"]:
            figures = [number(one[key]) for key in (*keys, "generator_cpu_ms_per_search")]
            row = [f"{report['people']:,}", one["variant"], str(one["processes"]), *figures]
            lines.append("| " + " | ".join(row) + " |")
    return [*lines, ""]


def read_reports(folder: Path) -> list[Report]:
    """The figures in a folder of JSON files, in the order of their names."""
    return [msgspec.json.decode(path.read_bytes(), type=dict[str, Any]) for path in sorted(folder.glob("*.json"))]


_HEAD = """# Benchmarks

Written by `python -m beffroi_region.bench.report` from what the benchmarks printed (docs/benchmarks/*.json): no figure
here was typed by hand. A cell with a hyphen was not measured.

    beffroi bench search --json --people 1000000 > docs/benchmarks/search-1000000.json
    beffroi bench feed --json > docs/benchmarks/feed-100000.json
    beffroi bench seal --json --people 1000000 > docs/benchmarks/seal-1000000.json
    beffroi drill --seed 960000000 --runs 40 --professionals 500 --json > docs/benchmarks/drill-500.json
    beffroi drill --seed 950000000 --scenario year-plain --professionals 25000 --json > docs/benchmarks/drill-year.json
    beffroi bench watch --json > docs/benchmarks/watch.json
    beffroi bench pages --json --people 1000000 > docs/benchmarks/pages-1000000.json
    python -m beffroi_region.bench.report
"""
_PAGES_NOTES = """Every page of the console, by its address (a handle stands for a patient, an account, an incident),
each as somebody who may open it. The web process's own code answers on a socket; timed is the application
from the request's arrival to its answer's last byte, the gate's commit included. Look-ups are a page's own statements,
besides the gate's three.
"""
_CONTAIN_NOTES = """One account asks on twelve connections over three web processes, as fast as it is answered, and is
stopped; so is an application that asks over six HL7 v2 connections. Answers are counted in the database, behind the
event that closes the account's chain; times count from the commit of the stop. Somebody else asks all the time.
"""
_SEAL_NOTES = """The searches are those of `bench search` with two web processes and 32 clients, on one server: with
sealing and without (the benchmark then holds the sealers' lock) by turns, each turn with everything sealed and the
accounts' evidence put back. Then a backlog of disclosures is there at once, more than can be sealed in the time, and
the worker seals it while the same searches go on. Alone and the wait for a checkpoint: disclosures as the gate writes
them, at the pace that the run says, without searches. The run fails unless `beffroi audit` then finds every one sealed
and nothing wrong.

"""
_SEARCH_NOTES = """Each search is a FHIR `POST /fhir/Patient/_search` by full birth date, three letters of the family
name and the first of the given name; one in ten is for somebody who is not there. Each carries an access token bound to
its account's own ES256 key and a fresh DPoP proof with the server's nonce, signed before the clock starts. 32 clients
wait for their answers (closed loop); the generator runs on the same cores. Samples of the answers are compared with
whom they must show, and the run fails unless the database then holds exactly one disclosure for each answer.

- *Bare* is the same server with the same tokens, proofs and look-up; single use of proofs is checked in memory. Both
  take turns in one run, and each is given with its best number of processes (means over the rounds).
- *Open loop*: requests arrive at random (Poisson) whatever the answers do; latencies count from when they were due.
- *Commits 5 ms slower*: PostgreSQL itself waits 5 ms before each flush of its log (`commit_delay`, without its
  condition on other transactions), so that locks are held as on a slow disk.
- *With the ledger*: the worker seals each disclosure into the signed tree meanwhile; the other phases run without.
- *Robot*: one account with 48 connections asks as fast as it can over three processes, while everybody else makes 500
  searches a second.
- Before each phase the disclosures are emptied and the accounts' evidence is reset: what is measured are answers, not
  the refusals that ceilings would bring after hours of one account's load.
"""
_FEED_NOTES = """Messages are PAM France as hospitals send them (admissions, outpatients, corrections, newcomers,
merges, changed numbers), of people who are known and of new ones; one person keeps to one connection. A message
counts when its acknowledgement has come, and the run fails unless the database holds each acknowledged message once.
Files are CSV, of two hospitals in turn, whose people are partly the same, so that the second one is cross-referenced
with the first.
"""


def main(arguments: Sequence[str]) -> int:
    """Writes the page into the documentation folder (`docs`, or the one that is named)."""
    folder = Path(arguments[0]) if arguments else Path("docs")
    (folder / PAGE).write_text(page(read_reports(folder / SOURCES)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
