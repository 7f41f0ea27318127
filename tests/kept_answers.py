"""Every FHIR answer of a test run is looked at: by rules of our own at once, by foreign software when the run ends.

`watch` makes every process of a run look at each answer that it gives (FhirApi) or gets (httpx2), whatever the test
that asked; `fhir_rules.violations` adds what tests render. One of each shape is kept. The process that commands the run
has npm `@medplum/core` validate all of them at the end, against R4 and the profiles of shared/data where that folder is
beside the checkout, and npm `fhir` convert all of them between XML and JSON.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from beffroi.servers.exchange import Format, Reply
from beffroi.servers.fhir_api import FhirApi
from beffroi.wire.fhir_xml import to_xml
from beffroi.wire.fhir_xml_input import from_xml
from foreign_node import script_beside_modules

PROFILES = Path(__file__).parents[2] / "shared" / "data" / "profiles"
VARIABLE = "BEFFROI_KEPT_ANSWERS"
KEPT_MAX = 400
"""Generated answers that one process keeps: each shape once, so that they do not drown the rest, which has no limit."""
VALIDATION_S_MAX = 240
VALUES_KEPT = (".url", ".code", ".system", "profile", "resourceType")
"""What makes a shape besides the elements that are there."""

_shapes: set[frozenset[str]] = set()


def keep(resource: dict[str, Any], generated: bool = True) -> bool:
    """Keeps an answer to be validated; False for one whose shape is known, or one generated too many."""
    folder = os.environ.get(VARIABLE)
    if not folder or (generated and len(_shapes) >= KEPT_MAX):
        return False
    shape = frozenset(_paths(resource, ""))
    if shape in _shapes:
        return False
    _shapes.add(shape)
    _note(Path(folder) / f"{os.getpid()}.jsonl", json.dumps(resource))
    return True


def _note(file: Path, line: str) -> None:
    with file.open("a", encoding="utf-8") as kept:
        kept.write(line + "\n")


def _paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, f"{path}.{key}")
    elif isinstance(value, list):
        yield f"{path}[{min(len(value), 2)}]"
        for inner in value:
            yield from _paths(inner, path)
    else:
        yield f"{path}={value}" if path.endswith(VALUES_KEPT) else path


def watch() -> None:
    """From now on this process looks at every answer of the FHIR door that it gives, and at every one that it gets."""
    send = FhirApi._send

    async def sending(api: FhirApi, reply: Reply, *rest: Any) -> None:
        if not reply.plain and reply.body:
            _look(reply.body, reply.format is Format.XML)
        await send(api, reply, *rest)

    FhirApi._send = sending  # type: ignore[method-assign]
    asked, asked_async = httpx2.Client.send, httpx2.AsyncClient.send

    def sent(client: Any, *given: Any, **more: Any) -> Any:
        return _look_at_response(asked(client, *given, **more))

    async def sent_async(client: Any, *given: Any, **more: Any) -> Any:
        return _look_at_response(await asked_async(client, *given, **more))

    httpx2.Client.send = sent  # type: ignore[method-assign]
    httpx2.AsyncClient.send = sent_async  # type: ignore[method-assign]


def _look_at_response(response: Any) -> Any:
    kind = response.headers.get("content-type", "")
    if kind.startswith("application/fhir+") and response.is_stream_consumed and response.content:
        _look(response.content, kind.startswith(Format.XML.value))
    return response


def _look(body: bytes, is_xml: bool) -> None:
    from fhir_rules import violations  # which keeps answers here

    resource = from_xml(body) if is_xml else msgspec.json.decode(body)
    if keep(resource, generated=False):
        for wrong in violations(resource):
            _note(Path(os.environ[VARIABLE]) / f"{os.getpid()}.wrong", wrong)


def problems(answers: list[dict[str, Any]], folder: Path) -> list[list[str]]:
    """What the foreign validator says of each; skips the test where it cannot be had."""
    arguments = [str(PROFILES)] if PROFILES.is_dir() else []
    return _through("validate.mjs", [json.dumps(answer) for answer in answers], folder, *arguments)


def conversions(answers: list[dict[str, Any]], folder: Path) -> list[str]:
    """Where the foreign converter reads our XML otherwise than our JSON, or we its XML of our JSON."""
    from fhir_rules import writable  # which keeps answers here

    given = [_convertible(writable(one)) for one in answers]
    lines = [json.dumps({"json": one, "xml": to_xml(one).decode()}) for one in given]
    wrong = []
    for ours, theirs in zip(given, _through("fhir_xml.mjs", lines, folder), strict=True):
        for entry in theirs["json"].get("entry", []):
            if "score" in entry.get("search", {}):  # it keeps decimals as text
                entry["search"]["score"] = float(entry["search"]["score"])
        if theirs["json"] != ours:
            wrong.append(f"{ours['resourceType']}: our XML says otherwise than our JSON, to npm fhir")
        if from_xml(theirs["xml"].encode()) != ours:
            wrong.append(f"{ours['resourceType']}: npm fhir's XML of our JSON does not come back")
    return wrong


def _convertible(value: Any) -> Any:
    """Without what is beyond that converter: a repeated value of which there are extensions alone (`_given`)."""
    if isinstance(value, dict):
        bare = {
            key for key, inner in value.items() if key[0] == "_" and isinstance(inner, list) and key[1:] not in value
        }
        return {key: _convertible(inner) for key, inner in value.items() if key not in bare}
    return [_convertible(inner) for inner in value] if isinstance(value, list) else value


def _through(script: str, lines: list[str], folder: Path, *arguments: str) -> list[Any]:
    """A line of JSON out for each line in."""
    command = ["node", str(script_beside_modules(script, folder)), *arguments]
    text = "".join(line + "\n" for line in lines)
    run = subprocess.run(
        command, input=text, capture_output=True, text=True, check=True, cwd=folder, timeout=VALIDATION_S_MAX
    )
    return [json.loads(line) for line in run.stdout.split("\n") if line]  # a name may hold a line separator


def begin() -> None:
    """Called by the process that commands the run, before its workers start."""
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix="beffroi-answers-")


def end() -> list[str]:
    """What is wrong with the answers of the whole run: by our rules, and by foreign software where it is at hand."""
    folder = Path(os.environ.pop(VARIABLE))
    texts = [line for file in folder.glob("*.jsonl") for line in file.read_text("utf-8").splitlines()]
    kept = [json.loads(text) for text in dict.fromkeys(texts)]
    wrong = [line for file in folder.glob("*.wrong") for line in file.read_text("utf-8").splitlines()]
    if not kept:
        return wrong
    try:
        with ThreadPoolExecutor() as both:
            found, converted = both.submit(problems, kept, folder), both.submit(conversions, kept, folder)
            return wrong + [one for said in found.result() for one in said] + converted.result()
    except pytest.skip.Exception:
        return wrong
    except subprocess.SubprocessError as failure:
        return [*wrong, f"the validator itself failed: {failure}"]
