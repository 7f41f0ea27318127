"""The demonstration's configuration: complete, for the loopback only, and refused by `serve`."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from beffroi.app.assembly import applications_of, hospitals_of, issuers_of
from beffroi.config.reading import load
from beffroi.config.settings import Config
from beffroi.errors import OperatorError
from beffroi.model.account import Role
from beffroi_region.demo.settings import Ports, configuration
from beffroi_region.hospitals import hospitals

HOSPITALS = hospitals(5)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The written file."""
    path = tmp_path / "beffroi.toml"
    path.write_text(configuration(HOSPITALS, Ports(9_000), lambda role: f"postgresql://{role}@/beffroi?host=/run/x"))
    return path


def test_it_is_read_back(file: Path) -> None:
    """Hospitals, applications and issuer arrive as they were meant."""
    config = load(file, demo=True)
    assert hospitals_of(config) == HOSPITALS
    (issuer,) = issuers_of(config, demo=True)
    assert issuer.demo
    roles = {entry.role for entry in applications_of(config)}
    assert roles == {Role.FEED, Role.HOSPITAL_APPLICATION, Role.CROSS_REFERENCE_APPLICATION}


def test_a_feed_cannot_ask_and_who_asks_cannot_feed(file: Path) -> None:
    """The two credentials of a hospital are apart."""
    for entry in applications_of(load(file, demo=True)):
        for credential in entry.credentials:
            assert credential.may_feed is (entry.role is Role.FEED)
            assert credential.may_query is not credential.may_feed


def test_it_listens_on_this_machine_alone(file: Path) -> None:
    """Every address is the loopback's."""
    config: Config = load(file, demo=True)
    assert config.mllp is not None
    assert {config.web.host, config.mllp.host, config.operations.host} == {"127.0.0.1"}
    assert {urlsplit(address).hostname for address in (config.web.public_url, config.issuer[0].url)} == {"127.0.0.1"}


def test_serve_refuses_it(file: Path) -> None:
    """Outside the demonstration its issuer is not accepted."""
    with pytest.raises(OperatorError, match="demonstration"):
        load(file)
