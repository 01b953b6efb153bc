"""A body is believed only when one of the account's keys signed exactly its bytes."""

from __future__ import annotations

import ast
import base64
import json
from pathlib import Path

import pytest

from django_sezzle.gateway import signature
from django_sezzle.gateway.signature import is_signed, sign

VECTORS = json.loads(
    (Path(__file__).parents[1] / "samples/webhook.signature-vectors.json").read_text("utf-8")
)
KEY, BODY = "sz_pr_one", b'{"uuid": "1"}'
HEX = sign(BODY, KEY)
BASE64 = base64.b64encode(bytes.fromhex(HEX)).decode()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["title"])
def test_published_algorithm(vector: dict[str, str]) -> None:
    body = vector["raw_body"].encode()

    assert sign(body, vector["private_key"]) == vector["sezzle_signature_hex"]
    assert is_signed(body, vector["sezzle_signature_hex"], [vector["private_key"]])


@pytest.mark.fault(2)
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["title"])
def test_the_same_json_in_other_bytes_is_refused(vector: dict[str, str]) -> None:
    rewritten = json.dumps(json.loads(vector["raw_body"]), indent=1).encode()

    assert not is_signed(rewritten, vector["sezzle_signature_hex"], [vector["private_key"]])


@pytest.mark.fault(21)
@pytest.mark.parametrize("header", [HEX, HEX.upper(), BASE64, f"  {HEX}\t", f" {BASE64} "])
def test_every_writing_of_the_digest_is_taken(header: str) -> None:
    assert is_signed(BODY, header, [KEY])


@pytest.mark.fault(2, 21, 88)
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        HEX[:-1],
        HEX[:-2],
        HEX + HEX[-1],
        HEX + HEX,
        f"{HEX},{HEX}",
        f"sha256={HEX}",
        f"{HEX}\n",
        f"{HEX}\r\nX: y",
        f"\n{HEX}",
        f"{HEX[:32]}\n{HEX[32:]}",
        f"{HEX[:-1]}g",
        f"{HEX[:-1]}é",
        f"{HEX[:-1]}\uff11",  # a digit, but not an ASCII one
        f"{HEX[:-1]}\x00",
        BASE64.rstrip("="),
        BASE64 + "=",
        BASE64 + BASE64,
        BASE64.replace("=", "-"),
        base64.b64encode(HEX.encode()).decode(),
        "0" * 64,
        sign(BODY, "sz_pr_another"),
        sign(BODY + b" ", KEY),
    ],
)
def test_anything_else_is_refused_without_an_error(header: str | None) -> None:
    assert is_signed(BODY, header, [KEY]) is False


@pytest.mark.fault(83)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_every_configured_key_counts(position: int) -> None:
    keys = ["sz_pr_a", "sz_pr_b", "sz_pr_c"]

    assert is_signed(BODY, sign(BODY, keys[position]), keys)


@pytest.mark.fault(19)
def test_an_empty_key_never_counts() -> None:
    forged = sign(BODY, "")

    assert not is_signed(BODY, forged, [""])
    assert not is_signed(BODY, forged, ["", KEY])
    assert is_signed(BODY, HEX, ["", KEY])


def test_without_keys_nothing_is_signed() -> None:
    assert not is_signed(BODY, HEX, [])


@pytest.mark.fault(71)
def test_all_keys_are_tried_even_after_one_has_fitted() -> None:
    tried = []

    def keys() -> object:
        for key in (KEY, "sz_pr_old"):
            tried.append(key)
            yield key

    assert is_signed(BODY, HEX, keys())  # type: ignore[arg-type]
    assert tried == [KEY, "sz_pr_old"]


@pytest.mark.fault(71)
def test_digests_are_never_compared_with_an_operator() -> None:
    tree = ast.parse(Path(signature.__file__).read_text("utf-8"))
    operators = {
        type(operator)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for operator in node.ops
    }
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}

    assert operators <= {ast.Is, ast.IsNot}
    assert "compare_digest" in called
