"""A configuration as people read it: what was changed, what each table calls itself, nothing that is a secret."""

from beffroi.config.listing import listed
from beffroi.config.settings import (
    AlertWebhookSettings,
    Config,
    DatabaseSettings,
    HospitalSettings,
    Region,
    WebSettings,
)

HOSPITAL = HospitalSettings(
    id=7, finess="590000007", name="CH de Beaumont", oid="1.2.3", namespace="BEAUMONT", explains_h={"A01": 48}
)
CONFIG = Config(
    region=Region(oid="1.2.250"),
    database=DatabaseSettings(web_url="postgresql://a", feed_url="postgresql://b", worker_url="postgresql://c"),
    web=WebSettings(public_url="https://beffroi.example", feed=True),
    hospital=(HOSPITAL, HOSPITAL),
    alert_webhook=(AlertWebhookSettings(url="https://hooks.example/services/T0/secret?k=1", secret_file="hook.key"),),
)


def test_what_was_changed_is_told_from_the_default() -> None:
    """What must be said is no change; what is as delivered is none either."""
    changed = {line.name: (line.default, line.value) for line in listed(CONFIG).lines if line.changed}
    assert changed == {
        "web.feed": ("false", "true"),
        "hospital[0].explains_h": ("", "A01 = 48"),
        "hospital[1].explains_h": ("", "A01 = 48"),
    }


def test_every_table_has_its_place() -> None:
    """One of several by its number, and by what it calls itself; those that are not there are named."""
    found = listed(CONFIG)
    names = {part.handle: part.called for part in found.parts}
    assert names["hospital.1"] == "CH de Beaumont" and names["web"] == ""
    assert "archive" in found.absent and "hospital" not in found.absent and "folder" not in found.absent


def test_an_address_that_is_a_secret_tells_its_host() -> None:
    """Whoever knows a webhook may post to it."""
    (url,) = (line.value for line in listed(CONFIG).lines if line.name.endswith("webhook[0].url"))
    assert url == "https://hooks.example/…"
