"""Coverage-guided fuzzing of the readers: some minutes in `make long`, an hour each with BEFFROI_FUZZ_S=3600."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = int(os.environ.get("BEFFROI_FUZZ_S", "120"))
SCRIPT = Path(__file__).parents[1] / "fuzz_readers.py"


@pytest.mark.long
@pytest.mark.parametrize("target", ["hl7", "fhir"])
def test_readers_only_ever_refuse(target: str, tmp_path: Path) -> None:
    """No input makes a reader fail otherwise than by a CallerError, hang, or take more than 2 GB."""
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("needs atheris: pip install atheris")
    command = [sys.executable, str(SCRIPT), target, f"-max_total_time={SECONDS}", "-timeout=10", "-rss_limit_mb=2048"]
    run = subprocess.run(
        [*command, str(tmp_path)], capture_output=True, text=True, timeout=SECONDS + 120, cwd=SCRIPT.parent, check=False
    )
    assert run.returncode == 0, run.stderr[-3_000:]
