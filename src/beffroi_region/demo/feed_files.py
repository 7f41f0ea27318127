"""A process that writes a region's bulk files, a part of its people at a time, while another one imports them.

`python -m beffroi_region.demo.feed_files PLAN FOLDER` prints the number of each part once all its files are whole. The
same plan writes the same bytes, so that an import that was interrupted knows its files again.
"""

import sys
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import msgspec

from beffroi_region.bulk_files import ndjson_lines
from beffroi_region.demo.folder import Plan
from beffroi_region.local_identities import Region

_PART_PEOPLE_MIN = 5_000
_PEOPLE_PER_HOSPITAL = 1_000


def part_size(plan: Plan) -> int:
    """People in one part: enough for each hospital's file to be worth a transaction."""
    return max(_PART_PEOPLE_MIN, plan.hospitals * _PEOPLE_PER_HOSPITAL)


def part_count(plan: Plan) -> int:
    """Parts of the people who are imported."""
    return -(-plan.first_new // part_size(plan))


def file_of(folder: Path, part: int, hospital: int) -> Path:
    """The file of one hospital's part."""
    return folder / f"{part:04}-{hospital:02}.ndjson"


def region_of(plan: Plan) -> Region:
    """The region of a plan."""
    return Region(plan.people, plan.hospitals, plan.seed, plan.as_of)


def write_part(region: Region, plan: Plan, part: int, folder: Path) -> None:
    """All hospitals' files of one part."""
    size = part_size(plan)
    people = range(part * size, min((part + 1) * size, plan.first_new))
    with ExitStack() as files:
        opened = {
            site.number: files.enter_context(file_of(folder, part, site.number).open("wb")) for site in region.sites
        }
        for number in islice(people, 0, None, 2):
            pair = region.people.pair(number // 2)
            for person in pair[: len(people) - (number - people.start)]:
                for identity in region.identities_of(person):
                    opened[identity.hospital_id].writelines(ndjson_lines((identity,), plan.until))


def main(plan_text: str, folder_text: str) -> None:
    """Writes every part, and says so."""
    plan = msgspec.json.decode(plan_text, type=Plan)
    region = region_of(plan)
    for part in range(part_count(plan)):
        write_part(region, plan, part, Path(folder_text))
        print(part, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
