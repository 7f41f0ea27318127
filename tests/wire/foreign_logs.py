"""Samples of other servers' logs, made for the tests: nobody in them exists."""

import json
from base64 import b64encode

OWN = "2.999.59.2.1"

NGINX_READ = (
    '192.0.2.9 - dr.leroux [24/Nov/2026:09:00:00 +0100] "GET /fhir/Patient/4711 HTTP/1.1" 200 1834 "-" "curl/8"'
)
NGINX_SEARCH = (
    "192.0.2.9 - dr.leroux [24/Nov/2026:09:00:01 +0100] "
    '"GET /fhir/Patient?family=Vanhoucke&birthdate=1974-02-19&_count=50 HTTP/1.1" 200 92011 "-" "python"'
)
NGINX_MEDICAL = (
    "192.0.2.9 - - [24/Nov/2026:09:00:02 +0100] "
    '"GET /fhir/Condition?patient=4711&code=http://snomed.info/sct|73211009 HTTP/2.0" 200 500 "-" "x"'
)
NGINX_REFUSED = '192.0.2.9 - - [24/Nov/2026:09:00:03 +0100] "GET /fhir/Patient/4712 HTTP/1.1" 403 50 "-" "x"'
NGINX_GONE = '192.0.2.9 - - [24/Nov/2026:09:00:04 +0100] "GET /fhir/Patient/4713 HTTP/1.1" 499 0 "-" "x"'
NGINX_METADATA = '192.0.2.9 - - [24/Nov/2026:09:00:05 +0100] "GET /fhir/metadata HTTP/1.1" 200 50 "-" "x"'
APACHE_COMMON = '2001:db8::7 - - [24/Nov/2026:09:00:06 +0100] "GET /fhir/Patient/4714/_history HTTP/1.1" 200 312'
APACHE_VHOST = 'fhir.test:443 192.0.2.9 - - [24/Nov/2026:09:00:06 +0100] "GET /fhir/Patient/9 HTTP/1.1" 404 31 "-" "-"'
HAPROXY_READ = (
    "Nov 24 09:00:00 lb1 haproxy[812]: 192.0.2.9:34567 [24/Nov/2026:09:00:00.123] fe_fhir be_fhir/s1 "
    '0/0/1/12/13 200 1834 - - ---- 4/4/0/0/0 0/0 "GET /fhir/Patient/4711 HTTP/1.1"'
)
HAPROXY_CUT = (
    "Nov 24 09:00:00 lb1 haproxy[812]: 192.0.2.9:34567 [24/Nov/2026:09:00:00.123] fe~ be_fhir/s1 "
    '0/0/1/12/13 200 1834 - - CD-- 4/4/0/0/0 0/0 {test|x} "GET /fhir/Patient/4711 HTTP/1.1"'
)
KEYCLOAK_TEXT = (
    "2026-11-24 09:00:00,123 DEBUG [org.keycloak.events] (executor-thread-4) "
    'type="LOGIN", realmId="r1", realmName="sante", clientId="portail", userId="4622b398", '
    'sessionId="242a51f2", ipAddress="192.0.2.9", auth_method="openid-connect", username="dr.leroux"'
)
KEYCLOAK_OLD = (
    "2026-11-24 09:00:00,123 WARN  [org.keycloak.events] (default task-2) "
    "type=LOGIN_ERROR, realmId=r1, clientId=portail, userId=null, ipAddress=192.0.2.9, error=user_not_found"
)
KEYCLOAK_EVENT = json.dumps(
    {
        "id": "e1",
        "time": 1795507200123,
        "type": "LOGIN",
        "realmId": "r1",
        "clientId": "portail",
        "userId": "4622b398",
        "sessionId": "242a51f2",
        "ipAddress": "192.0.2.9",
        "details": {"username": "dr.leroux", "auth_method": "openid-connect"},
    }
)
KEYCLOAK_LOGGED = json.dumps(
    {
        "timestamp": "2026-11-24T09:00:00.123+01:00",
        "loggerName": "org.keycloak.events",
        "message": 'type="LOGIN", realmId="r1", clientId="portail", userId="4622b398", ipAddress="192.0.2.9"',
    }
)


def audit_event(
    *,
    subtype: str = "search",
    patient: str = "Patient/4711",
    query: str = "",
    action: str = "E",
    outcome: str = "0",
    **more: object,
) -> str:
    """An AuditEvent in the shape of IHE's basic audit profiles."""
    entities: list[dict[str, object]] = []
    if patient:
        entities.append({"type": {"code": "1"}, "role": {"code": "1"}, "what": {"reference": patient}})
    if query:
        entities.append({"type": {"code": "2"}, "role": {"code": "24"}, "query": b64encode(query.encode()).decode()})
    event: dict[str, object] = {
        "resourceType": "AuditEvent",
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
        "subtype": [{"system": "http://hl7.org/fhir/restful-interaction", "code": subtype}],
        "action": action,
        "recorded": "2026-11-24T09:00:00.000+01:00",
        "outcome": outcome,
        "agent": [
            {
                "type": {"coding": [{"code": "110153"}]},
                "who": {"identifier": {"value": "portail"}},
                "requestor": False,
                "network": {"address": "192.0.2.9", "type": "2"},
            },
            {
                "type": {"coding": [{"code": "IRCP"}]},
                "who": {"identifier": {"value": "899700000001"}, "display": "dr.leroux"},
                "requestor": True,
            },
        ],
        "source": {"observer": {"display": "HAPI"}},
        "entity": entities + list(more.pop("entities", ())),  # type: ignore[call-overload]
    }
    return json.dumps({**event, **more})


PDQ_QUESTION = (
    "MSH|^~\\&|GAM|CH-A|PDS|REGION|20261124090000+0100||QBP^Q22^QBP_Q21|Q-1|P|2.5\r"
    "QPD|IHE PDQ Query|T1|@PID.5.1^VANHOUCKE~@PID.5.2^LEA~@PID.7^19740219|||||^^^&1.2.3&ISO\r"
    "RCP|I|10^RD\r"
)
PDQ_ANSWER = (
    "MSH|^~\\&|PDS|REGION|GAM|CH-A|20261124090001+0100||RSP^K22^RSP_K21|R-1|P|2.5\r"
    "MSA|AA|Q-1\rQAK|T1|OK|IHE PDQ Query|2\r"
    "QPD|IHE PDQ Query|T1|@PID.5.1^VANHOUCKE~@PID.5.2^LEA~@PID.7^19740219\r"
    f"PID|1||A-1^^^CH-A&{OWN}&ISO^PI||VANHOUCKE^LEA^^^^^L||19740219|F|||1 RUE^^LILLE^^59000||0320000000\r"
    f"PID|2||A-2^^^CH-A&{OWN}&ISO^PI||VANHOUCKE^LEA^^^^^L||19740219|F|||||||||CAT\r"
)
PDQ_NOBODY = (
    "MSH|^~\\&|PDS|REGION|GAM|CH-A|20261124090001+0100||RSP^K22^RSP_K21|R-2|P|2.5\r"
    "MSA|AA|Q-2\rQAK|T2|NF\rQPD|IHE PDQ Query|T2|@PID.5.1^NOBODY\r"
)
PIX_ANSWER = (
    "MSH|^~\\&|PIX|REGION|GAM|CH-A|20261124090001+0100||RSP^K23^RSP_K23|R-3|P|2.5\r"
    "MSA|AA|Q-3\rQAK|T3|OK\rQPD|IHE PIX Query|T3|A-1^^^&1.2.3&ISO^PI\r"
    "PID|1||B-7^^^CH-B&1.2.4&ISO^PI||^^^^^^S\r"
)
ORU = (
    "MSH|^~\\&|LAB|CH-A|DPI|CH-A|20261124090001+0100||ORU^R01^ORU_R01|L-1|P|2.5\r"
    "PID|1||A-1^^^CH-A||X^Y\rOBX|1|TX|MED||MELANOME\r"
)
