"""Every setting: its type, its bounds, what it is for, and what an attacker who may write it gains.

Whoever may write the whole file gains everything that is said here; so it belongs to the operator alone (mode 0640 or
less), and secrets stand in files of their own. Paths are relative to the file's own folder.
"""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

from beffroi.errors import OperatorError, unreadable
from beffroi.model.account import Role

SECRET_BYTES_MAX = 4_096
"""A password file is one line; something larger is another file named by mistake."""
LIST_MAX = 50
"""People in a list, never more (actions.find): a longer one helps nobody to find one patient, and helps a thief."""


def said(what: str, gains: str, **bounds: Any) -> msgspec.Meta:
    """A setting's documentation: what it is for, and what an attacker who may write it gains; and its bounds."""
    return msgspec.Meta(description=what, extra={"gains": gains}, **bounds)


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file. Unknown settings are errors."""


_FILE_WITH_ONE = (
    "A file that holds the password of that address alone; without it PostgreSQL decides by the connection."
)
_FILE_GAINS = "Nothing by itself: the content of another file would be sent to the database as a password."


class Region(Section, frozen=True, kw_only=True):
    """Who runs this deployment, as its answers say it."""

    oid: Annotated[
        str,
        said(
            "The OID under which the references of patients are published (type RRI).",
            "Nothing: answers that other software does not recognise.",
            pattern=r"^[0-2](\.(0|[1-9][0-9]*)){2,}$",
            max_length=120,
        ),
    ]
    name: Annotated[str, said("Its name, as shown.", "Nothing.", max_length=120)] = ""
    next_vocabulary: Annotated[
        bool,
        said("Whether statuses are written as the next FR Core has them, and not as 2.2.0 does.", "Nothing."),
    ] = False


class DatabaseSettings(Section, frozen=True, kw_only=True):
    """How each of the processes reaches PostgreSQL 15 or later. No address holds a password."""

    web_url: Annotated[
        str,
        said(
            "The address of the database for the role beffroi_web, which answers questions.",
            "A database of theirs: disclosures would be recorded where nobody looks. They show no patient of ours.",
        ),
    ]
    feed_url: Annotated[
        str,
        said(
            "The address for the role beffroi_feed, which takes the hospitals' feed.",
            "The identities that hospitals send from now on.",
        ),
    ]
    worker_url: Annotated[
        str,
        said(
            "The address for the role beffroi_worker, which deletes what has served its time.",
            "Nothing beyond keeping what should have been deleted.",
        ),
    ]
    owner_url: Annotated[
        str,
        said(
            "The address for the role beffroi_owner, which owns the tables, for `beffroi migrate` and the registers. "
            "Leave it out of the file that `serve` reads, and give it to `migrate` in a file of its own.",
            "With its password: everything that the database holds, and the power to rewrite what was disclosed.",
        ),
    ] = ""
    web_password_file: Annotated[str, said(_FILE_WITH_ONE, _FILE_GAINS)] = ""
    feed_password_file: Annotated[str, said(_FILE_WITH_ONE, _FILE_GAINS)] = ""
    worker_password_file: Annotated[str, said(_FILE_WITH_ONE, _FILE_GAINS)] = ""
    owner_password_file: Annotated[str, said(_FILE_WITH_ONE, _FILE_GAINS)] = ""
    sealer_url: Annotated[
        str,
        said(
            "The address for the role beffroi_sealer, which adds to the ledger, with [ledger].",
            "What was asked and shown; and, with the ledger's key too, a ledger of their own making.",
        ),
    ] = ""
    sealer_password_file: Annotated[str, said(_FILE_WITH_ONE, _FILE_GAINS)] = ""
    archiver_url: Annotated[
        str,
        said(
            "The address for the role beffroi_archiver, which moves sealed disclosures to the archive, with [archive].",
            "What was asked and shown of the hot window, whom holds are about; and the power to take out of the "
            "database what is sealed and older than 30 days, and to have archived ones of 400 days pass as erased.",
        ),
    ] = ""
    archiver_password_file: Annotated[str, said(_FILE_WITH_ONE, _FILE_GAINS)] = ""
    pool_size: Annotated[
        int,
        said(
            "Connections of each process.",
            "At 1, slower answers; at 64, a database without free connections.",
            ge=1,
            le=64,
        ),
    ] = 6


class WebSettings(Section, frozen=True, kw_only=True):
    """The FHIR server."""

    public_url: Annotated[
        str,
        said(
            "The address by which clients reach it, as their DPoP proofs name it (RFC 9449, `htu`); without a path.",
            "Proofs made for another server would be accepted here, if they can also have tokens for our audience.",
            pattern=r"^https?://[^/?#]+$",
        ),
    ]
    host: Annotated[
        str,
        said(
            "The address to listen on. Anything but the loopback needs TLS here or a trusted proxy.",
            "A door to more networks; every request still needs a token and passes the gate.",
        ),
    ] = "127.0.0.1"
    port: Annotated[int, said("The port to listen on; 0 takes a free one.", "Nothing.", ge=0, le=65_535)] = 8080
    processes: Annotated[
        int,
        said(
            "Web processes. One per core that PostgreSQL leaves free.", "At 64, a machine out of memory.", ge=1, le=64
        ),
    ] = 2
    tls_certificate: Annotated[
        str,
        said("A PEM file with the server's certificate and its chain, to serve HTTPS without a proxy.", "Nothing."),
    ] = ""
    tls_key: Annotated[
        str,
        said("The PEM file of its private key.", "Nothing; who can read that file can impersonate this server."),
    ] = ""
    trusted_proxies: Annotated[
        tuple[str, ...],
        said(
            "The addresses or networks of the reverse proxies that end TLS before us. "
            "What they say of the client (Client-Cert, RFC 9440; X-Forwarded-For) is believed, and nobody else's word.",
            "With a stolen certificate-bound token: the power to claim its certificate without having its key. "
            "And disclosures that name a network of their choice.",
        ),
    ] = ()
    feed: Annotated[
        bool,
        said(
            "Whether hospitals' applications with `may_feed` may feed over FHIR too (PIXm ITI-104). The web processes "
            "then log in with the feed's role besides their own.",
            "If true, and with a web process: made-up identities. With an application's token and key: those of its "
            "hospital.",
        ),
    ] = False
    client_certificates: Annotated[
        bool,
        said(
            "Whether those proxies send the client's certificate in Client-Cert (RFC 9440), and remove what clients "
            "send under that name. Needed for certificate-bound tokens (RFC 8705).",
            "If a proxy does not remove the client's own header: the power to claim any certificate.",
        ),
    ] = False


class MllpSettings(Section, frozen=True, kw_only=True):
    """The HL7 v2 door. Without this table there is none."""

    host: Annotated[
        str,
        said(
            "The address to listen on. Anything but the loopback needs the three TLS files.",
            "A door to more networks; each connection still needs a registered certificate.",
        ),
    ] = "127.0.0.1"
    port: Annotated[int, said("The port to listen on; 0 takes a free one.", "Nothing.", ge=0, le=65_535)] = 2575
    tls_certificate: Annotated[str, said("A PEM file with the server's certificate and its chain.", "Nothing.")] = ""
    tls_key: Annotated[
        str, said("The PEM file of its private key.", "Nothing; who can read that file can impersonate this server.")
    ] = ""
    client_ca: Annotated[
        str,
        said(
            "A PEM file with the authorities that issue the hospitals' client certificates (IGC-Santé).",
            "Connections by certificates of their own making; none is registered to a hospital, so none is accepted.",
        ),
    ] = ""


class ConsoleSettings(Section, frozen=True, kw_only=True):
    """The pages for people, below `/console` of the web processes. Without this table there are none."""

    issuer: Annotated[
        str,
        said(
            "The [[issuer]] by which people sign in, by its `url`. It must offer pushed authorization requests (PAR), "
            "tokens bound to a key (DPoP) and refresh tokens.",
            "Sessions of people who signed in at another configured issuer.",
        ),
    ]
    client_id: Annotated[str, said("The console's client id there.", "Nothing: nobody can sign in.", min_length=1)]
    client_key_file: Annotated[
        str,
        said(
            "The file of the console's private key (a JWK), as `beffroi client-key` writes it; the public part is "
            "registered at the issuer (private_key_jwt).",
            "Nothing; who can read that file can pass for the console at the issuer, with codes that they stole.",
            min_length=1,
        ),
    ]
    public_url: Annotated[
        str,
        said(
            "The address by which browsers reach it, without a path; by default `web.public_url`.",
            "Nothing: forms that are refused.",
            pattern=r"^(https?://[^/?#]+)?$",
        ),
    ] = ""
    scope: Annotated[
        str,
        said("What is asked of the issuer at a sign-in.", "Tokens with more rights than the console uses."),
    ] = "openid"
    idle_s: Annotated[
        int,
        said(
            "Seconds without use after which a session ends.",
            "At an hour: a workstation left open is open for longer.",
            ge=60,
            le=3_600,
        ),
    ] = 900
    session_s: Annotated[
        int,
        said("Seconds after which a session ends, used or not.", "At most: a day's session.", ge=300, le=43_200),
    ] = 14_400
    bound_cookie_s: Annotated[
        int,
        said(
            "Seconds for which a browser that can bind a session to a key of its device need not prove that key again; "
            "0 binds none, else 240 or more, since browsers sign seldom.",
            "At an hour: whoever copies all cookies reads for as long. At 0: for as long as the session lasts.",
            ge=0,
            le=3_600,
        ),
    ] = 600
    call: Annotated[
        str,
        said(
            "Whom to call when something is withheld, as pages print it: a name and a number.",
            "A number of their choice, that people in a hurry would call.",
            max_length=120,
        ),
    ] = ""
    accessibility: Annotated[
        Literal["none", "partial", "full"],
        said(
            "How far your audit of the console by the RGAA found it to conform, for the mention that the law asks for "
            "on every page. Without an audit: none.",
            "A statement that is not true.",
        ),
    ] = "none"
    drill_report: Annotated[
        str,
        said(
            "The report of the last exercise (`beffroi drill --json`), a file or a folder with several, for the watch "
            "room's page. Empty: the page says that there is none.",
            "A page with figures of their choice.",
        ),
    ] = ""
    time_zone: Annotated[
        str, said("The time zone in which pages write hours.", "Wrong hours on pages, never in records.")
    ] = "Europe/Paris"


class Issuer(Section, frozen=True, kw_only=True):
    """An OpenID provider whose tokens are accepted, such as Pro Santé Connect. The table [[issuer]] may be repeated."""

    url: Annotated[
        str,
        said(
            "The issuer, exactly as its tokens say it (`iss`).",
            "Tokens of their own making: any person of any role, within the caps and under the watch, until noticed.",
            pattern=r"^https?://[^?#]+$",
        ),
    ]
    audience: Annotated[
        tuple[str, ...],
        said(
            "The audiences of which a token must name one (`aud`).",
            "Tokens that were made for another service and that its operator could replay.",
            min_length=1,
        ),
    ]
    roles: Annotated[
        dict[str, Role],
        said(
            "From the role codes of its tokens to ours. A code that is not listed has no rights.",
            "For an account of theirs: the rights of the richest role.",
        ),
    ] = {}
    discovery_url: Annotated[
        str,
        said(
            "Its metadata, from which the address of its keys is read; by default "
            "`URL/.well-known/openid-configuration`.",
            "As `url`: keys of their choice.",
            pattern=r"^(https?://[^#]+)?$",
        ),
    ] = ""
    jwks_url: Annotated[
        str,
        said(
            "Its keys (RFC 7517), when they are not to be found by discovery.",
            "As `url`: keys of their choice.",
            pattern=r"^(https?://[^#]+)?$",
        ),
    ] = ""
    jwks_file: Annotated[
        str, said("Its keys in a local file, when the network does not reach it.", "As `url`: keys of their choice.")
    ] = ""
    subject_claim: Annotated[
        str,
        said("The claim that names the person, opaque and never parsed.", "Disclosures under a name of their choice."),
    ] = "SubjectNameID"
    role_claim: Annotated[str, said("The claim that holds the role codes.", "As `roles`.")] = "SubjectRole"
    structure_claim: Annotated[
        str,
        said(
            "The claim that names the hospital for which they act.", "The hospital of their choice, under one account."
        ),
    ] = "SubjectOrganizationID"
    introspection_url: Annotated[
        str,
        said(
            "Its introspection endpoint (RFC 7662), asked at least each minute whether a token is still good; empty: "
            "not asked. Nobody signs in while it does not answer.",
            "Tokens shown to a machine of theirs; answers that keep ended sessions alive until their tokens expire.",
            pattern=r"^(https?://[^#]+)?$",
        ),
    ] = ""
    introspection_client_id: Annotated[
        str, said("Our client id at that endpoint.", "Refused answers: nobody signs in.", max_length=255)
    ] = ""
    introspection_secret_file: Annotated[
        str,
        said("A file with our secret at that endpoint.", "Nothing: another file's content sent to the issuer as ours."),
    ] = ""
    acr_values: Annotated[
        tuple[str, ...],
        said(
            "The authentication levels of which a token must state one (`acr`); empty: not checked.",
            "Use of accounts with a weaker sign-in, if the issuer has some.",
        ),
    ] = ()
    phishing_resistant_acr: Annotated[
        tuple[str, ...],
        said(
            "The authentication levels (`acr`) that stand for a means that cannot be phished (card, security key). A "
            "fresh sign-in with one of them is a proof of presence when the watch asks for one; empty: none is.",
            "Use of an account that the watch has asked for a proof, if they can sign in at that level.",
        ),
    ] = ()
    clock_skew_s: Annotated[
        int,
        said("Seconds by which its clock may differ from ours.", "Tokens stolen up to two minutes ago.", ge=0, le=120),
    ] = 10
    dpop_nonce: Annotated[
        bool,
        said(
            "Whether proofs must carry a nonce of ours (RFC 9449, section 8).",
            "If false: proofs made beforehand on a device that they no longer hold.",
        ),
    ] = True
    allow_bearer: Annotated[
        bool,
        said(
            "Whether tokens that are bound to no key are accepted. Every start logs a warning, and doctor objects.",
            "If true: a stolen token is enough, from anywhere, until it expires.",
        ),
    ] = False


class HospitalSettings(Section, frozen=True, kw_only=True):
    """A hospital of the region and the domain of its identifiers. The table [[hospital]] is repeated."""

    id: Annotated[
        int,
        said(
            "Its number in this deployment; never used again for another.",
            "Nothing: a changed OID is refused.",
            ge=1,
            le=9_999,
        ),
    ]
    finess: Annotated[
        str,
        said(
            "Its nine-character FINESS number, by which tokens name it.",
            "Readings under another hospital's name.",
            pattern=r"^[0-9][0-9AB][0-9]{7}$",
        ),
    ]
    name: Annotated[str, said("Its name, as shown.", "Nothing.", min_length=1, max_length=120)]
    oid: Annotated[
        str,
        said(
            "The OID of the authority that assigns its patients' identifiers.",
            "Nothing: a changed OID is refused.",
            pattern=r"^[0-2](\.(0|[1-9][0-9]*)){2,}$",
            max_length=120,
        ),
    ]
    namespace: Annotated[
        str,
        said(
            "The same authority by name, as its messages write it (HD-1).",
            "Messages that are refused as another domain's.",
            min_length=1,
            max_length=60,
        ),
    ]
    sensitive: Annotated[
        bool,
        said(
            "Whether the mere fact that it knows somebody is medical (psychiatry, addiction, prison): then it never "
            "shows outside.",
            "If set to false: that somebody is known there.",
        ),
    ] = False
    officer_keys: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=r"^age1[0-9a-z]{58}$")], ...],
        said(
            "The age recipients (`age-keygen` makes them) of its data protection officer, to whom whole lists of its "
            "patients in a scope are encrypted.",
            "That hospital's lists, when two people export one.",
        ),
    ] = ()
    networks: Annotated[
        tuple[str, ...],
        said(
            "Its own addresses and networks, as requests from it arrive. A containment of a network or of a structure "
            "never reaches them; a patient is told by them from where she was read.",
            "Networks that wide containments spare; accounts, devices and applications are stopped there all the same.",
        ),
    ] = ()
    location: Annotated[
        str,
        said(
            "Where it stands: latitude and longitude in degrees, such as `50.63, 3.06`. With `networks` it tells the "
            "watch from where an account asks; empty: nothing is known of that.",
            "Travel that nobody makes would go unseen, or a colleague at that hospital would seem far away.",
            pattern=r"^(-?[0-9]{1,2}(\.[0-9]{1,6})?, ?-?[0-9]{1,3}(\.[0-9]{1,6})?)?$",
        ),
    ] = ""
    heartbeat_s: Annotated[
        int,
        said(
            "Seconds within which its feed sends something, a heartbeat at least (any message). Three missed prove "
            "that the feed is silent; then its evidence is set aside. 0: silence proves nothing.",
            "Short: an hour without messages would put its accounts under the rules of an outage.",
            ge=0,
            le=86_400,
        ),
    ] = 0
    explains_h: Annotated[
        dict[str, int],
        said(
            "Hours during which an event of its feed explains readings, by trigger event, such as { A01 = 48 }. "
            "Events that are not named keep our own values: 72 for an admission, 12 for an update.",
            "Longer windows: more readings that look explained, within the same ceilings.",
        ),
    ] = {}


class Application(Section, frozen=True, kw_only=True):
    """A hospital's software: how it is recognised, and what it may do. The table [[application]] is repeated."""

    name: Annotated[str, said("A name for people to read.", "Nothing.", min_length=1, max_length=120)]
    hospital: Annotated[
        int,
        said("The number of the hospital that it acts for.", "Another hospital's own view, under one account.", ge=1),
    ]
    role: Annotated[
        Role,
        said(
            "`hospital_application`, `cross_reference_application` (may have other hospitals' identifiers) or `feed`.",
            "The rights of the richer role.",
        ),
    ] = Role.HOSPITAL_APPLICATION
    issuer: Annotated[
        str, said("The issuer of its tokens, when it uses FHIR.", "With `client_id`: rights for a client of theirs.")
    ] = ""
    client_id: Annotated[str, said("Its client id at that issuer.", "Rights for a client of theirs.")] = ""
    certificates: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")], ...],
        said(
            "SHA-256 thumbprints (hex, lower case) of its client certificates for HL7 v2.",
            "Whoever holds the key of an added certificate is that application.",
        ),
    ] = ()
    loopback_facilities: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:-]{1,60}$")], ...],
        said(
            "Sending facilities (MSH-4) by which it is recognised on a plain connection from this machine.",
            "With a foothold on this machine: that application's rights without any key.",
        ),
    ] = ()
    may_feed: Annotated[
        bool,
        said(
            "Whether it may send identities, over HL7 v2 and (with web.feed) FHIR.",
            "Made-up identities and events of that hospital.",
        ),
    ] = False
    may_query: Annotated[
        bool,
        said("Whether it may ask (PDQ, PIX) over HL7 v2.", "Questions under that account, within its ceilings."),
    ] = False


class Limits(Section, frozen=True, kw_only=True):
    """Every limit that an operator may need to move, with its bounds."""

    list_max: Annotated[
        int,
        said(
            "People in a list; a search that finds more shows none.",
            "At 50: more people per stolen search.",
            ge=1,
            le=LIST_MAX,
        ),
    ] = 20
    in_flight_per_account: Annotated[
        int,
        said(
            "Requests of one account under way at once, per process.", "At 16: a robot slows others more.", ge=1, le=16
        ),
    ] = 4
    body_bytes: Annotated[
        int,
        said(
            "Bytes of a request's body: a search form or a patient to match.",
            "At most, memory.",
            ge=1_024,
            le=1_048_576,
        ),
    ] = 65_536
    connections: Annotated[
        int, said("Connections of one web process at once.", "At 1: no service. At most, memory.", ge=1, le=10_000)
    ] = 1_000
    mllp_connections: Annotated[
        int, said("HL7 v2 connections at once.", "At 1: a feed that waits. At most, memory.", ge=1, le=2_000)
    ] = 200
    mllp_message_bytes: Annotated[
        int,
        said(
            "Bytes of one HL7 v2 message, documents included, though they are dropped.",
            "At least: messages refused. At most, memory.",
            ge=65_536,
            le=67_108_864,
        ),
    ] = 4_194_304
    shutdown_s: Annotated[
        int, said("Seconds to answer what is under way at a stop.", "Requests cut at a stop.", ge=1, le=120)
    ] = 15


class OperationsSettings(Section, frozen=True, kw_only=True):
    """Health and metrics, on a port of their own. They tell nothing about anybody."""

    host: Annotated[
        str, said("The address to listen on.", "The rhythm of the service: how many requests, how long they took.")
    ] = "127.0.0.1"
    port: Annotated[int, said("The port to listen on; 0 takes a free one.", "Nothing.", ge=0, le=65_535)] = 9464


class Retention(Section, frozen=True, kw_only=True):
    """For how long the worker keeps what serves for a time."""

    disclosures_days: Annotated[
        int,
        said(
            "Days after which a disclosure and its nonce are erased, unless a hold asks for it; its leaf stays in the "
            "ledger. Nothing younger than 400 days is ever erased; 0: never.",
            "At 400: traces older than that are gone.",
            ge=0,
            le=36_500,
        ),
    ] = 1_096

    feed_messages_days: Annotated[
        int,
        said(
            "Days during which a retransmitted message is recognised.",
            "At 7: an old message sent again by somebody who can send is applied again.",
            ge=7,
            le=400,
        ),
    ] = 35
    feed_events_days: Annotated[
        int,
        said(
            "Days during which it is kept what hospitals' feeds did to which identities, for audit trails.",
            "At 180: older changes of identities leave no trace but in audit repositories.",
            ge=180,
            le=36_500,
        ),
    ] = 400
    proofs_minutes: Annotated[
        int,
        said(
            "Minutes during which a used DPoP proof is remembered; more than a proof is accepted for.",
            "Nothing: the lower bound is above the time for which proofs are accepted.",
            ge=15,
            le=1_440,
        ),
    ] = 30


class WatchSettings(Section, frozen=True, kw_only=True):
    """The watch. It cannot be switched off."""

    norm_keys: Annotated[
        tuple[str, ...],
        said(
            "The public keys (NAME+HASH+KEY, as `beffroi keygen` prints them) whose signature puts a release of norms "
            "in force. Empty: the built-in norms hold.",
            "Norms of their making, within the fixed bounds: base rates up to 0.35, ceilings up to twice the built-in.",
        ),
    ] = ()
    key_domain: Annotated[
        str,
        said(
            "The domain for which security keys are enrolled (WebAuthn's RP ID); by default the host of the "
            "console, or of `web.public_url`. It never changes: keys enrolled for another one prove nothing.",
            "Nothing; a page of theirs under that domain could ask for a key's touch.",
            pattern=r"^[a-z0-9.-]*$",
        ),
    ] = ""
    key_origins: Annotated[
        tuple[str, ...],
        said(
            "Further origins (https://HOST) whose pages may use these keys, such as hospital software below "
            "the same domain.",
            "If that page is theirs: proofs of presence of whoever touches their key on it.",
        ),
    ] = ()


class LedgerSettings(Section, frozen=True, kw_only=True):
    """The sealed ledger. Without this table the worker seals nothing, and says so in its log."""

    origin: Annotated[
        str,
        said(
            "The ledger's name in the world, as its checkpoints say it: an address without its scheme, which never "
            "changes. The keys bear the same name.",
            "Checkpoints that nobody who knows the ledger accepts.",
            pattern=r"^[^\s+]+$",
            max_length=200,
        ),
    ]
    key_file: Annotated[
        str,
        said(
            "The file of its private keys, as `beffroi keygen` writes it; with several, one a line, each signs.",
            "Nothing; who can read that file can sign a second ledger, which witnesses and kept checkpoints betray.",
            min_length=1,
        ),
    ]
    former_keys: Annotated[
        tuple[str, ...],
        said(
            "The public keys (NAME+HASH+KEY) with which earlier checkpoints were signed, for `beffroi audit`.",
            "Earlier checkpoints signed by a key of theirs would pass the audit that reads this file.",
        ),
    ] = ()
    witnesses_min: Annotated[
        int,
        said(
            "How many of the [[witness]] tables a published checkpoint should bear. One that has waited for them for a "
            "minute is published with those that it has, and doctor objects.",
            "At 0: a rollback or a fork that nobody outside has seen goes unsaid for longer.",
            ge=0,
            le=16,
        ),
    ] = 0


class WitnessSettings(Section, frozen=True, kw_only=True):
    """Somebody else's witness, which cosigns the ledger's checkpoints. The table [[witness]] may be repeated."""

    url: Annotated[
        str,
        said(
            "Its address, to which checkpoints are sent and from which the last one that it cosigned is read.",
            "Sizes and hashes of the ledger, which are published anyway.",
            pattern=r"^https?://[^?#]+$",
        ),
    ]
    key: Annotated[
        str,
        said(
            "Its public key (NAME+HASH+KEY), as `beffroi keygen --witness` prints it.",
            "A witness of theirs, who cosigns what they like.",
            min_length=1,
        ),
    ]


class AlertSettings(Section, frozen=True, kw_only=True):
    """What the duty officer is told. Without one of the ways below, alerts wait in the database; doctor says so."""

    language: Annotated[
        Literal["fr", "en"],
        said("In which language alerts are written: `fr` or `en`.", "Nothing."),
    ] = "fr"


class AlertMailSettings(Section, frozen=True, kw_only=True):
    """Alerts by e-mail."""

    host: Annotated[str, said("The mail server.", "To read who was stopped, and to keep it back.", min_length=1)]
    port: Annotated[int, said("Its port: 465 for `tls`, 587 for `starttls`.", "As `host`.", ge=1, le=65_535)] = 587
    tls: Annotated[
        Literal["tls", "starttls", "none"],
        said("`tls`, `starttls`, or `none` for a server on this machine.", "As `host`."),
    ] = "starttls"
    ca_file: Annotated[
        str, said("A PEM file with the authority of its certificate; by default the system's.", "As `host`.")
    ] = ""
    user: Annotated[str, said("With which name to log in; empty: without.", "Nothing.")] = ""
    password_file: Annotated[
        str,
        said("The file of its password.", "Nothing by itself: another file would be sent to the mail server."),
    ] = ""
    sender: Annotated[str, said("From whom the message is.", "Nothing.", pattern=r"^[^@\s]+@[^@\s]+$")]
    recipients: Annotated[
        tuple[str, ...],
        said("The duty officer's addresses.", "To read who was stopped, or to let nobody read it.", min_length=1),
    ]


class AlertWebhookSettings(Section, frozen=True, kw_only=True):
    """Alerts posted as JSON, signed as Standard Webhooks says. The table [[alert_webhook]] may be repeated."""

    url: Annotated[
        str,
        said(
            "Where to: https, or http on this machine.",
            "To read who was stopped, or to let nobody read it.",
            pattern=r"^https?://[^#]+$",
        ),
    ]
    secret_file: Annotated[
        str,
        said(
            "The file of the secret that signs (`whsec_` and base64 of 24 to 64 bytes).",
            "Nothing; who can read that file can ring false alarms.",
            min_length=1,
        ),
    ]


class AlertSyslogSettings(Section, frozen=True, kw_only=True):
    """Alerts to a syslog collector over TLS (RFC 5424, RFC 5425)."""

    host: Annotated[str, said("The collector.", "To read who was stopped, and to keep it back.", min_length=1)]
    port: Annotated[int, said("Its port.", "As `host`.", ge=1, le=65_535)] = 6514
    ca_file: Annotated[
        str, said("A PEM file with the authority of its certificate; by default the system's.", "As `host`.")
    ] = ""
    certificate: Annotated[str, said("A PEM file with our own certificate, if it asks for one.", "Nothing.")] = ""
    key: Annotated[str, said("The PEM file of its key.", "Nothing; who can read it can log as this server.")] = ""


class ArchiveSettings(Section, frozen=True, kw_only=True):
    """The archive of sealed disclosures. Without this table everything stays in the database. It needs [ledger]."""

    folder: Annotated[
        str,
        said(
            "The folder of its files, when they lie on this machine. They hold what was asked and shown: it belongs to "
            "the accounts that run Beffroi alone, and is backed up like the database.",
            "New segments in a place that they can read.",
        ),
    ] = ""
    bucket: Annotated[
        str,
        said("The bucket of S3-compatible storage, instead of a folder.", "As `folder`.", max_length=63),
    ] = ""
    prefix: Annotated[str, said("Before the names of its objects.", "Nothing.", max_length=200)] = ""
    endpoint: Annotated[
        str,
        said(
            "The address of that storage; empty: Amazon's. Over http it is for tests on this machine.",
            "As `folder`.",
            pattern=r"^(https?://[^/?#]+)?$",
        ),
    ] = ""
    region: Annotated[str, said("Its region.", "Nothing.", max_length=60)] = ""
    access_key: Annotated[str, said("The identifier of the key by which it is reached.", "Nothing.")] = ""
    secret_key_file: Annotated[
        str, said("The file of its secret.", "Nothing; who can read that file can read and delete what is archived.")
    ] = ""
    spark: Annotated[
        str,
        said(
            "The address of a Spark cluster that answers instead of this machine, such as spark://host:7077 (needs the "
            "extra beffroi[spark] and Java); empty: DuckDB, here.",
            "A cluster of theirs, which would read the archive and answer what it likes.",
            max_length=300,
        ),
    ] = ""
    hot_days: Annotated[
        int,
        said(
            "Days during which disclosures stay in the database: what the watch and the audit view look at.",
            "At 30: patients whom an account saw before count as new again, and their ceilings are reached earlier.",
            ge=31,
            le=3_650,
        ),
    ] = 90


class SignalSettings(Section, frozen=True, kw_only=True):
    """Shared Signals (OpenID SSF 1.0, CAEP 1.0): what other systems are told when an account is stopped."""

    key_file: Annotated[
        str,
        said(
            "The PEM file of the private key that signs: RSA of 2048 bits or more (RS256), or P-256 (ES256).",
            "Nothing; who can read that file can end sessions elsewhere in our name.",
            min_length=1,
        ),
    ]
    issuer: Annotated[
        str,
        said(
            "Our name as a transmitter; by default `web.public_url`.",
            "Signals that receivers do not accept.",
            pattern=r"^(https?://[^?#]+)?$",
        ),
    ] = ""


class SignalReceiverSettings(Section, frozen=True, kw_only=True):
    """Somebody who is told, on a stream of their own. The table [[signal_receiver]] may be repeated."""

    name: Annotated[str, said("The stream's identifier; it stays.", "Nothing.", pattern=r"^[A-Za-z0-9._~-]{1,60}$")]
    audience: Annotated[str, said("What the receiver calls itself (`aud`).", "Tokens that it refuses.", min_length=1)]
    token_file: Annotated[
        str,
        said(
            "The file of the bearer token with which it asks for its stream, its status, and polls.",
            "Nothing; who can read that file can read who was stopped, and keep it from the receiver.",
            min_length=1,
        ),
    ]
    push_url: Annotated[
        str,
        said(
            "Where events are posted (RFC 8935): https, or http on this machine. Empty: it polls (RFC 8936).",
            "To read who was stopped, and to keep it from the receiver.",
            pattern=r"^(https?://[^#]+)?$",
        ),
    ] = ""
    push_authorization_file: Annotated[
        str,
        said("The file of the Authorization header that goes with each post.", "Nothing by itself."),
    ] = ""
    events: Annotated[
        tuple[Literal["session-revoked", "credential-change", "assurance-level-change", "risk-level-change"], ...],
        said("Which events it is told of.", "Without one of them: a stopped account goes on elsewhere."),
    ] = ("session-revoked", "credential-change", "assurance-level-change", "risk-level-change")


class SignalTransmitterSettings(Section, frozen=True, kw_only=True):
    """Somebody whose signals are heard: they close sessions and freeze, no more. It may be repeated."""

    issuer: Annotated[
        str,
        said(
            "The transmitter, exactly as its tokens say it (`iss`).",
            "To stop any account of `accounts_of`; never to release one.",
            pattern=r"^https?://[^?#]+$",
        ),
    ]
    audience: Annotated[str, said("What it calls us (`aud`).", "Tokens meant for somebody else.", min_length=1)]
    accounts_of: Annotated[
        str, said("The issuer whose accounts it speaks of; by default itself.", "To stop another issuer's accounts.")
    ] = ""
    jwks_url: Annotated[
        str,
        said("Its keys; by default those of its `ssf-configuration`.", "As `issuer`.", pattern=r"^(https?://[^#]+)?$"),
    ] = ""
    jwks_file: Annotated[str, said("Its keys in a local file.", "As `issuer`.")] = ""
    push_token_file: Annotated[
        str, said("The file of the bearer token with which it may post to /ssf/events.", "To post what it has signed.")
    ] = ""
    poll_url: Annotated[
        str,
        said("Where to poll it (RFC 8936), if it does not post.", "Signals kept back.", pattern=r"^(https?://[^#]+)?$"),
    ] = ""
    poll_token_file: Annotated[str, said("The file of the bearer token for that.", "Nothing by itself.")] = ""


class AuditRepositorySettings(Section, frozen=True, kw_only=True):
    """Somebody's audit repository (IHE ITI-20), told of every disclosure once it is sealed. It may be repeated."""

    name: Annotated[
        str,
        said(
            "Its name here; it stays, because its place in the ledger is kept under it.",
            "Nothing: under a new name it is told of what comes from now on.",
            pattern=r"^[A-Za-z0-9._-]{1,60}$",
        ),
    ]
    url: Annotated[
        str,
        said(
            "A FHIR server (https, or http on this machine), to whose /AuditEvent each event is posted; or "
            "syslog://HOST:PORT (6514), where DICOM's audit messages go over TLS.",
            "To read who was shown whom by opaque references, never what; or to let nobody there read it.",
            pattern=r"^(https?|syslog)://[^?#]+$",
        ),
    ]
    profile: Annotated[
        Literal["ihe", "tde"],
        said("The shape of AuditEvents: `ihe` (BALP), or `tde` (the French one).", "Events that it refuses."),
    ] = "ihe"
    authorization_file: Annotated[
        str,
        said("The file of the Authorization header that goes with each post.", "Nothing by itself."),
    ] = ""
    ca_file: Annotated[
        str, said("A PEM file with the authority of its certificate; by default the system's.", "As `url`.")
    ] = ""
    certificate: Annotated[str, said("A PEM file with our own certificate, if it asks for one.", "Nothing.")] = ""
    key: Annotated[str, said("The PEM file of its key.", "Nothing; who can read it can tell it as this server.")] = ""


class CrossReferenceConsumerSettings(Section, frozen=True, kw_only=True):
    """Hospital software that is told of changes of cross-reference (IHE ITI-10). It may be repeated."""

    name: Annotated[
        str,
        said(
            "Its name here; it stays, because its queue is kept under it.",
            "Nothing: under a new name it is told of what changes from now on.",
            pattern=r"^[A-Za-z0-9._-]{1,60}$",
        ),
    ]
    application: Annotated[
        str,
        said(
            "The [[application]] that it is, by its `name`, of role `cross_reference_application`: what it is told is "
            "recorded under that account, within its ceilings. It is told of patients whom its own hospital knows.",
            "As `host`, of the patients of another hospital.",
        ),
    ]
    host: Annotated[
        str,
        said(
            "Where it listens for HL7 v2 over MLLP.",
            "With a certificate of `ca_file`: identifiers of that hospital's patients, as they change.",
            min_length=1,
        ),
    ]
    port: Annotated[int, said("Its port.", "As `host`.", ge=1, le=65_535)] = 2575
    domains: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=r"^[0-2](\.(0|[1-9][0-9]*)){2,}$")], ...],
        said(
            "The OIDs of the authorities whose identifiers it wants: its own hospital's, others' that are not "
            "sensitive, the INS's.",
            "More identifiers in what that hospital is told.",
            min_length=1,
        ),
    ]
    receiving_application: Annotated[
        str, said("MSH-5 of its messages.", "Messages that it refuses.", max_length=180)
    ] = ""
    receiving_facility: Annotated[str, said("MSH-6 of its messages.", "Messages that it refuses.", max_length=180)] = ""
    tls: Annotated[bool, said("Whether it speaks TLS; not, only on this machine.", "Nothing elsewhere.")] = True
    ca_file: Annotated[
        str, said("A PEM file with the authority of its certificate; by default the system's.", "As `host`.")
    ] = ""
    certificate: Annotated[str, said("A PEM file with our own certificate, if it asks for one.", "Nothing.")] = ""
    key: Annotated[str, said("The PEM file of its key.", "Nothing; who can read it can tell it as this server.")] = ""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole configuration. `folder` is the file's own folder, to which its paths are relative."""

    region: Region
    database: DatabaseSettings
    web: WebSettings
    issuer: tuple[Issuer, ...] = ()
    hospital: tuple[HospitalSettings, ...] = ()
    application: tuple[Application, ...] = ()
    mllp: MllpSettings | None = None
    console: ConsoleSettings | None = None
    limits: Limits = Limits()
    operations: OperationsSettings = OperationsSettings()
    retention: Retention = Retention()
    watch: WatchSettings = WatchSettings()
    ledger: LedgerSettings | None = None
    witness: tuple[WitnessSettings, ...] = ()
    alerts: AlertSettings = AlertSettings()
    alert_mail: AlertMailSettings | None = None
    alert_webhook: tuple[AlertWebhookSettings, ...] = ()
    alert_syslog: AlertSyslogSettings | None = None
    archive: ArchiveSettings | None = None
    signals: SignalSettings | None = None
    signal_receiver: tuple[SignalReceiverSettings, ...] = ()
    signal_transmitter: tuple[SignalTransmitterSettings, ...] = ()
    audit_repository: tuple[AuditRepositorySettings, ...] = ()
    cross_reference_consumer: tuple[CrossReferenceConsumerSettings, ...] = ()
    folder: str = ""

    def path(self, setting: str) -> Path:
        """The file that a setting names."""
        return Path(self.folder) / Path(setting).expanduser()

    def dsn(self, role: str) -> str:
        """The address for "web", "feed", "worker", "sealer", "archiver" or "owner", with the password of its file.

        Raises OperatorError when the file cannot be read, or when there is no such address.
        """
        url: str = getattr(self.database, f"{role}_url")
        if not url:
            raise OperatorError(
                f"database.{role}_url is needed for this and is not set. Name the file that has it: --config FILE.",
                f"database.{role}_url est nécessaire ici et n'est pas renseigné. "
                "Nommez le fichier qui l'a : --config FICHIER.",
            )
        password_file: str = getattr(self.database, f"{role}_password_file")
        return with_password(url, self.secret(password_file)) if password_file else url

    def secret(self, setting: str) -> str:
        """The content of a secret's file, without the end of its line."""
        path = self.path(setting)
        try:
            with path.open("rb") as file:
                content = file.read(SECRET_BYTES_MAX + 1)
        except OSError as error:
            raise unreadable(path, error) from None
        if len(content) > SECRET_BYTES_MAX:
            raise OperatorError(f"{path} is too large for a secret.", f"{path} est trop grand pour un secret.")
        return content.decode("utf-8", "replace").strip("\r\n")


def with_password(url: str, password: str) -> str:
    """The address with a password.

    >>> with_password("postgresql://web@db.example/beffroi", "a:b")
    'postgresql://web:a%3Ab@db.example/beffroi'
    """
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}{at}{place}" if at else parts.netloc))
