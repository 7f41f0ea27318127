"""What a drill must hold: attacks that happened or are feared, genuine work that looks like one, and who plays each.

A test holds the lists to the scenarios that exist; docs/how-to/drill.md shows them.
"""

Listed = tuple[tuple[str, tuple[str, ...]], ...]
"""What it is, and the scenarios that play it; none where something else than a drill shows it."""

ATTACKS: Listed = (
    ("Robot enumeration, 5 to 50 patients a second, one account", ("robot",)),
    ("Scraping at a human pace, 180 to 360 an hour", ("scraper", "secretary")),
    ("Low and slow: 5, 20 and 219 a day for weeks", ("slow-5", "slow-20", "slow-219", "coordinator", "identity-cell")),
    ("A blended insider: a quarter to a half of 30 to 40 readings a day", ("blended-half", "blended-quarter")),
    ("Spread: 10, 19 and 1,500 accounts at 5 to 30 a day", ("spread-10", "spread-19", "spread-1500", "spread-apart")),
    ("Alphabetical, date or prefix sweeps, few opened", ("sweep-names", "sweep-dates")),
    ("Identifiers one after the other, fictitious ones among them", ("sweep-numbers", "canaries")),
    ("A token replayed from another device or network; two places at once", ("replayed-token", "two-places")),
    ("A session taken over in mid-shift, a workstation left open", ("taken-over", "workstation-left-open")),
    ("Sign-in prompts until one is accepted, at two in the morning", ("prompts",)),
    ("An account whose owner has left, or is on leave", ("departed", "holiday")),
    ("An insider on a genuine device: one to five known people", ("few-known", "beside-owner")),
    ("A hospital application at 2 to 20 times its feed", ("application", "application-20")),
    ("HL7 v2 queries with wildcards and continuations", ("pdq-wildcards",)),
    ("Emergency readings with a pasted reason", ("emergencies",)),
    ("Result lists of which nobody is opened", ("lists-unopened",)),
    ("A ledger rolled back, shortened or forked: `beffroi audit`, witnesses", ()),
)
LOOKALIKES: Listed = (
    ("A mass-casualty night over seven hospitals, unknown identities", ("mass-casualty",)),
    ("Night cover of six units", ("night-cover",)),
    ("A Monday desk, 15 to 25 an hour", ("monday-desk",)),
    ("Triage in a winter peak", ("winter-triage",)),
    ("The identity cell's worklist, phonetic searches", ("identity-cell-day",)),
    ("A vaccination campaign from a list", ("vaccination",)),
    ("A declared migration batch", ("migration", "application-day")),
    ("A workstation shared by thirty people a day", ("shared-workstation",)),
    ("The day the interns change", ("intern-day", "first-week", "leave")),
    ("An outage of the feed, with and without a heartbeat", ("outage-heartbeat", "outage-silent")),
    ("Homonyms opened to be told apart", ("homonyms",)),
)
DESKS = ("desk", "triage", "rotating")
"""Attacks beside those of the list that have an aim."""
