"""The tables of docs/bundle.md that follow from the code: members, fields, tolerances, operations.

In: the models of shipping/facts and shipping/limits. Out: Markdown for each mark of the page.
A field without a meaning here, or a meaning without a field, is a ValueError: the page cannot
go stale unseen.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from objektiv.features.graph import IR_VERSION, OPSET
from objektiv.features.strict import FIELDS, OPERATIONS, TYPES
from objektiv.shipping.bundle import SAME_PATH
from objektiv.shipping.facts import (
    EXACT,
    FORMAT,
    LIMITS,
    MEMBERS,
    ROUGH,
    Facts,
    Golden,
)
from objektiv.shipping.members import RATIO
from scripts.markdown import table

HOLDS = {
    "bundle.json": "the fields below",
    "model.onnx": "the graph",
    "model_card.md": "the model card, Markdown",
    "golden/golden.json": "what the graph says to the golden images",
    "golden/gradient.png": "golden image, 131 x 97 (height x width)",
    "golden/rings.png": "golden image, 120 x 160",
    "golden/checker.png": "golden image, 64 x 64",
    "golden/strip.png": "golden image, 40 x 203",
}

MEANINGS: dict[str, str] = {
    "format": "version of this format",
    "seal": "SHA-256 of this very file while 64 zeros stood here",
    "classes": "names, in the order of logits and probabilities",
    "input": "the graph's input: `image`, uint8, height x width x 3",
    "input.name": "name of the tensor",
    "input.type": "type of its numbers",
    "input.shape": "its lengths; a text is a length left open",
    "colour": "order of the three channels",
    "outputs": "the graph's outputs, in order, told like the input",
    "size": "side of the square that the network sees, pixels",
    "fit": "how a picture becomes that square",
    "backbone": "the network inside",
    "backbone.name": "of the pretrained network, or of the recipe that trained one from nothing",
    "backbone.sha256": "of the file of weights it was built from, or of the weights it ended with",
    "backbone.licence": "of these weights; `own` where they began as random numbers",
    "head": "kind of the last part",
    "temperature": "by which the logits are divided; in the graph already, told and not applied",
    "weights": "numbers that the file holds; arithmetic is 32 bits with fp32 and fp16",
    "precisions": "arithmetic of the engine that golden values are kept for; fp32 always",
    "tested_precision": "arithmetic in which the scores were made",
    "limits": "when not to answer; see below",
    "limits.strangeness": "above it a picture is unlike those learnt from",
    "limits.refused": "share of genuine pictures that this limit refuses",
    "limits.coverage": "share of each class's pictures whose possible classes hold the true one",
    "limits.floors": "for each class the probability from which on it is possible",
    "decision": "where one class is sought with a demanded sensitivity or specificity",
    "decision.positive": "the class that is sought",
    "decision.threshold": "probability from which on it is called; else the most probable other",
    "provenance": "where it comes from; nothing here changes an answer",
    "provenance.objektiv": "version that wrote the bundle",
    "provenance.libraries": "versions of the libraries then",
    "provenance.machine": "the machine then",
    "provenance.settings": "all settings of the training but those of its machine",
    "provenance.data": "SHA-256 over the SHA-256s of all pictures, sorted, a line each",
    "provenance.split": "SHA-256 of split.csv",
    "provenance.scores": "of the test part; `export` tells what shorter numbers changed",
    "files": "size and hash of every other member",
    "files.*.bytes": "size",
    "files.*.sha256": "hash",
    "pictures": "names of the golden images, in the order of the rows below",
    "expected": "for each precision what they gave when the bundle was made",
    "expected.*.tolerance": "difference allowed; it follows from `weights` and the precision",
    "expected.*.logits": "a row an image, a column a class",
    "expected.*.probabilities": "likewise; rows sum to 1",
    "expected.*.strangeness": "a number an image, where the graph measures it",
}


def blocks() -> dict[str, str]:
    """Markdown by the name of its mark."""
    return {
        "members": _members(),
        "fields": _fields(Facts),
        "golden": _fields(Golden),
        "tolerances": _tolerances(),
        "graph": _graph(),
    }


def _members() -> str:
    rows = [[f"`{name}`", HOLDS[name], f"{LIMITS[name]:,}"] for name in MEMBERS]
    return table(["member", "holds", "bytes at most"], rows) + (
        "\nA zip is stored or deflated, not encrypted, begins with its first member, and no member "
        f"grows more than {RATIO} times.\n"
    )


def _fields(kind: type[BaseModel]) -> str:
    schema = kind.model_json_schema()
    definitions = schema.get("$defs", {})
    rows: list[list[str]] = []
    for name, own in schema["properties"].items():
        rows.append(_row(name, own, definitions))
        below, mark = _below(own, definitions)
        if name == "outputs":
            below = {}
        rows += [_row(f"{name}{mark}.{key}", value, definitions) for key, value in below.items()]
    return table(["field", "holds", "meaning"], rows)


def _row(name: str, schema: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    if name not in MEANINGS:
        raise ValueError(f"scripts/bundle_page.py tells no meaning of {name}")
    return [f"`{name}`", _holds(schema, definitions), MEANINGS[name]]


def _below(schema: dict[str, Any], definitions: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The fields of a field, and `.*` where it is a mapping."""
    for choice in (schema, *schema.get("anyOf", [])):
        if "$ref" in choice:
            found = definitions[choice["$ref"].rpartition("/")[2]]
            return found.get("properties", {}), ""
        more = choice.get("additionalProperties")
        if isinstance(more, dict) and "$ref" in more:
            return definitions[more["$ref"].rpartition("/")[2]]["properties"], ".*"
    return {}, ""


def _holds(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """A JSON schema in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_holds(s, definitions) for s in schema["anyOf"]))
    if "$ref" in schema:
        return _holds(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{c}`" for c in schema.get("enum", [schema.get("const")]))
    kinds = {
        "integer": "whole number",
        "string": "text",
        "null": "null",
        "array": "list",
        "object": "object",
    }
    said = kinds.get(str(schema.get("type", "")), str(schema.get("type", "anything")))
    if schema.get("pattern") == r"^[0-9a-f]{64}$":
        return "64 hexadecimal digits"
    words = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most"}
    limits = [f"{word} {schema[key]:,}" for key, word in words.items() if key in schema]
    return ", ".join([said, *limits])


def _tolerances() -> str:
    rows = [
        ["fp32, fp16", "fp32", f"{EXACT:g}", "probabilities; logits relative to the largest; "
         "strangeness relative"],
        ["fp32, fp16", "bf16", f"{ROUGH:g}", "probabilities"],
        ["int8", "fp32", f"{ROUGH:g}", "probabilities"],
    ]  # fmt: skip
    return table(["weights", "arithmetic", "tolerance", "of"], rows) + (
        f"\nThe whole graph and the network behind our own preprocessing agree within "
        f"{SAME_PATH:g}, in int8 within {ROUGH:g}.\n"
    )


def _graph() -> str:
    fields = ", ".join(f"{k} ({', '.join(sorted(v))})" for k, v in FIELDS.items())
    return (
        f"Format version {FORMAT}: opset {OPSET} of ONNX's own domain, IR version {IR_VERSION}, "
        f"types {', '.join(str(t) for t in TYPES.values())}.\n\n"
        f"Operations: {', '.join(sorted(OPERATIONS))}.\n\n"
        f"Fields of the file: {fields}.\n"
    )


def page(text: str) -> str:
    """The page with today's tables between its marks `<!-- NAME -->` and `<!-- end of NAME -->`."""
    for name, made in blocks().items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"docs/bundle.md needs the marks {begin} and {end}")
        text = f"{before}{begin}\n\n{made}\n{end}{after}"
    return text
