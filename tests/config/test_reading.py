"""Reading the configuration: unknown settings, wrong values, contradictions, secrets."""

from pathlib import Path

import pytest

from beffroi.config import Config, load
from beffroi.config.reading import FILE_BYTES_MAX, line_of, parse
from beffroi.errors import OperatorError
from beffroi.model.account import Role

DATABASE = """
[region]
oid = "1.2.250.1.999"

[database]
web_url = "postgresql://beffroi_web@db.example/beffroi"
feed_url = "postgresql://beffroi_feed@db.example/beffroi"
worker_url = "postgresql://beffroi_worker@db.example/beffroi"
"""
CONSOLE = """
[console]
issuer = "https://auth.example.fr/realms/esante-wallet"
client_id = "console"
client_key_file = "console.key"
"""
SOUND = (
    DATABASE
    + """
[web]
public_url = "https://beffroi.example.fr"
trusted_proxies = ["192.0.2.1", "192.0.2.16/28"]
client_certificates = true

[mllp]
host = "0.0.0.0"
tls_certificate = "mllp.pem"
tls_key = "mllp.key"
client_ca = "igc.pem"

[[issuer]]
url = "https://auth.example.fr/realms/esante-wallet"
audience = ["beffroi"]

[issuer.roles]
"10^1.2.250.1.213.1.1.5.5" = "ward_doctor"

[[hospital]]
id = 1
finess = "590000001"
name = "CH de Test"
oid = "1.2.250.1.999.1"
namespace = "CH-TEST"
explains_h = { A28 = 0, A01 = 48 }

[[application]]
name = "GAM"
hospital = 1
role = "feed"
certificates = ["00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"]
may_feed = true
"""
)


CONSUMER = '[[cross_reference_consumer]]\nname = "dpi"\napplication = "GAM"\nhost = "dpi.fr"\ndomains = ["1.2.3"]\n'


def read(tmp_path: Path, text: str, *, demo: bool = False) -> Config:
    path = tmp_path / "beffroi.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, demo=demo)


def refused(tmp_path: Path, text: str) -> tuple[str, str]:
    """What is said in English and in French."""
    with pytest.raises(OperatorError) as caught:
        read(tmp_path, text)
    return caught.value.text("en"), caught.value.text("fr")


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    """Every section arrives, and what is not said has its default."""
    config = read(tmp_path, SOUND)
    assert config.issuer[0].roles == {"10^1.2.250.1.213.1.1.5.5": Role.WARD_DOCTOR}
    assert not config.issuer[0].allow_bearer and config.issuer[0].dpop_nonce
    assert config.mllp is not None and config.path(config.mllp.tls_key) == tmp_path / "mllp.key"
    assert config.limits.list_max == 20


def test_every_unknown_setting_is_named_with_its_line_and_the_nearest_known(tmp_path: Path) -> None:
    """A misspelt setting is an error that says where it is and what was probably meant; all are told at once."""
    text = SOUND.replace("audience =", "dpop_nonse = false\naudience =").replace("[web]", "[web]\nprot = 1")
    english, french = refused(tmp_path, text + "\n[limit]\nlist_max = 50\n")
    lines = text.splitlines()
    assert f"unknown setting web.prot (line {lines.index('prot = 1') + 1}); did you mean port?" in english
    assert f"unknown setting issuer[0].dpop_nonse (line {lines.index('dpop_nonse = false') + 1})" in english
    assert "did you mean dpop_nonce?" in english and "unknown setting limit" in english
    assert "vouliez-vous dire limits ?" in french


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id = 1", 'id = "1"', "hospital[0].id (line 29): expected a whole number, but it is a text"),
        ("may_feed = true", 'may_feed = "yes"', "application[0].may_feed"),
        ('role = "feed"', 'role = "king"', "application[0].role (line 39): not one of the accepted words"),
        ('finess = "590000001"', "", "the setting hospital[0].finess is required (line 28)"),
        ('"ward_doctor"', '"king"', "issuer[0].roles"),
        ('finess = "590000001"', 'finess = "59"', "hospital[0].finess"),
    ],
)
def test_a_wrong_value_is_named_without_being_quoted(tmp_path: Path, old: str, new: str, said: str) -> None:
    """A value of the wrong type or form is an error with the setting's name, and never the value."""
    english, _ = refused(tmp_path, SOUND.replace(old, new))
    assert said in english
    assert "king" not in english


def test_list_max_is_never_above_50(tmp_path: Path) -> None:
    """No configuration shows more than 50 people in a list."""
    assert "limits.list_max" in refused(tmp_path, SOUND + "[limits]\nlist_max = 51\n")[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("@db.example/beffroi", ":geheim@db.example/beffroi", "holds a password"),
        ("[web]", '[web]\nhost = "0.0.0.0"', ""),
        ('trusted_proxies = ["192.0.2.1", "192.0.2.16/28"]', 'trusted_proxies = ["0.0.0.0/0"]', "65,536 addresses"),
        ('trusted_proxies = ["192.0.2.1", "192.0.2.16/28"]', "", "web.client_certificates needs"),
        ("https://beffroi.example.fr", "http://beffroi.example.fr", "web.public_url must begin with https://"),
        ('client_ca = "igc.pem"', "", "mllp.host is not the loopback"),
        ("[web]", f"{CONSOLE}bound_cookie_s = 60\n[web]", "console.bound_cookie_s must be 0 or at least 240"),
        (
            "https://auth.example.fr/realms/esante-wallet",
            "http://127.0.0.1:9/x",
            "issuer[0].url is the demonstration's",
        ),
        (
            "https://auth.example.fr/realms/esante-wallet",
            "https://demo-issuer.fr",
            "issuer[0].url is the demonstration's",
        ),
        ('= "ward_doctor"', '= "auditor"', "issuer[0].roles gives auditor: only `beffroi account grant`"),
        ("A28 = 0", "A28 = 721", "hospital[0].explains_h"),
        ("A28 = 0", "default = 7", "hospital[0].explains_h"),
        ("hospital = 1", "hospital = 2", "application[0].hospital is no [[hospital]]"),
        ('role = "feed"', 'role = "ward_nurse"', "application[0].role is a person's role"),
        ("may_feed = true", "may_feed = true\nmay_query = true", "the role feed may not query"),
        (
            "[web]",
            '[[audit_repository]]\nname = "a"\nurl = "https://a.fr"\n[web]',
            "[[audit_repository]] needs [ledger]",
        ),
        ("[web]", CONSUMER + "[web]", "cross_reference_consumer[0].application is no [[application]]"),
        ("[web]", CONSUMER + "tls = false\n[web]", "cross_reference_consumer[0].tls is false"),
        ("[web]", '[[audit_repository]]\nname = "a"\nurl = "http://a.fr"\n[web]', "audit_repository[0].url must begin"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Plain doors off the loopback, the demonstration's issuer, and settings that contradict each other are errors."""
    text = SOUND.replace(old, new)
    assert text != SOUND
    if not said:
        read(tmp_path, text)  # the trusted proxy ends TLS
        return
    english, french = refused(tmp_path, text)
    assert said in english
    assert "geheim" not in english + french
    assert len(english.splitlines()) == len(french.splitlines())


def test_a_consumer_wants_what_its_hospital_may_know_of(tmp_path: Path) -> None:
    """Authorities that nobody configured, or that are another sensitive hospital's, are named."""
    text = SOUND.replace('role = "feed"', 'role = "cross_reference_application"') + CONSUMER
    assert "cross_reference_consumer[0].domains: 1.2.3 is no authority" in refused(tmp_path, text)[0]
    assert read(tmp_path, text.replace("1.2.3", "1.2.250.1.999.1")).cross_reference_consumer[0].port == 2575


def test_plain_http_off_the_loopback_needs_a_proxy(tmp_path: Path) -> None:
    """Without TLS and without a declared proxy, only the loopback may be listened on."""
    english, _ = refused(tmp_path, DATABASE + '[web]\nhost = "192.0.2.9"\npublic_url = "https://b.fr"\n[mllp]\n')
    assert "web.host is not the loopback" in english


def test_the_demonstration_may_have_its_own_issuer(tmp_path: Path) -> None:
    """What serve refuses, the demonstration's own start accepts."""
    text = SOUND.replace("https://auth.example.fr/realms/esante-wallet", "http://127.0.0.1:8081")
    assert read(tmp_path, text, demo=True).issuer[0].url == "http://127.0.0.1:8081"


def test_a_password_comes_from_its_file(tmp_path: Path) -> None:
    """The address that is used holds the password of the file, which the configuration does not."""
    (tmp_path / "web.secret").write_text("s3cr/t\n", encoding="utf-8")
    config = read(tmp_path, SOUND.replace("[database]", '[database]\nweb_password_file = "web.secret"'))
    assert config.dsn("web") == "postgresql://beffroi_web:s3cr%2Ft@db.example/beffroi"
    assert config.dsn("feed") == "postgresql://beffroi_feed@db.example/beffroi"
    assert "s3cr" not in repr(config)
    with pytest.raises(OperatorError, match="owner_url is needed"):
        config.dsn("owner")


def test_a_secret_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A missing or enormous secret is an error that names the file."""
    config = read(tmp_path, SOUND)
    with pytest.raises(OperatorError, match="nowhere cannot be read: it does not exist"):
        config.secret("nowhere")
    (tmp_path / "big").write_bytes(b"x" * 5_000)
    with pytest.raises(OperatorError, match="too large"):
        config.secret("big")


@pytest.mark.parametrize("text", ["= 1", "[web", "x" * (FILE_BYTES_MAX + 1)])
def test_what_is_not_toml_is_said_with_its_place(tmp_path: Path, text: str) -> None:
    """A file that is not TOML, or too large, is an error in words."""
    assert "not TOML" in refused(tmp_path, text)[0] or "too large" in refused(tmp_path, text)[0]


def test_the_folder_is_not_a_setting() -> None:
    """The file cannot say from which folder its paths are read."""
    with pytest.raises(OperatorError, match="unknown setting folder"):
        parse('folder = "/etc"\n' + SOUND, "x", "/")


@pytest.mark.parametrize(
    ("place", "line"),
    [(("issuer", 1, "url"), 6), (("issuer", 0, "roles", "a"), 4), (("web",), None), (("issuer", 1, "nothing"), 5)],
)
def test_lines_are_found_in_repeated_tables(place: tuple[str | int, ...], line: int | None) -> None:
    """The line of a setting is that of its own element of a repeated table."""
    text = '[[issuer]]\nurl = "a"\n[issuer.roles]\na = "b"\n[[issuer]]\nurl = "b"\n'
    assert line_of(text, place) == line
