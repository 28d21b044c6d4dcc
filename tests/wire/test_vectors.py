"""Public test vectors (Wycheproof, JSONTestSuite, naughty strings) through our own readers.

They are no part of this repository; where the folder `shared/vectors` beside it is absent, all of it is left out,
visibly.
"""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tenure.core.refusals import RefusalCode, Refused
from tenure.wire import exchanges, jws, leases, strict_json
from tenure.wire.jws import TokenType
from tenure.wire.keys import from_jwk
from tests.wire.reading import load_json
from tests.wire.samples import SITE, activate_request, pinned

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
if not VECTORS.is_dir():
    pytest.skip(f"public test vectors are not at {VECTORS}: their ring is left out", allow_module_level=True)


def vectors(name: str) -> Any:
    return json.loads((VECTORS / name).read_bytes())


ED25519 = [
    pytest.param(bytes.fromhex(group["publicKey"]["pk"]), case, id=f"{case['tcId']}")
    for group in vectors("wycheproof_ed25519.json")["testGroups"]
    for case in group["tests"]
]


def test_all_of_wycheproof_is_here() -> None:
    assert len(ED25519) == 151


@pytest.mark.parametrize(("public", "case"), ED25519)
def test_wycheproof_ed25519(public: bytes, case: dict[str, Any]) -> None:
    message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
    envelope = jws.ParsedToken(TokenType.LEASE, "k", b"", message, signature, b"")
    assert isinstance(jws.verify_token(envelope, public), jws.VerifiedToken) is (case["result"] == "valid")


@pytest.mark.parametrize("name", ["wycheproof_json_web_signature.json", "wycheproof_json_web_key.json"])
def test_wycheproof_jose_is_refused_whole(name: str) -> None:
    """No key in it is one of Ed25519, so nothing in it may open, whatever context and key it is tried with."""
    tried = 0
    for group in vectors(name)["testGroups"]:
        for case in group["tests"]:
            text = case.get("jws") or case.get("jwe") or ""
            token = (text if isinstance(text, str) else json.dumps(text)).encode("utf-8", "surrogatepass")
            for typ in TokenType:
                assert isinstance(jws.open_token(token, typ, lambda kid: SITE.public), Refused), case
            assert isinstance(leases.read_lease(token, pinned()), Refused)
            tried += 1
        held = group.get("private") or group.get("public") or {}
        for jwk in held.get("keys", [held]):
            assert isinstance(from_jwk(jwk), Refused)
    assert tried > 20


# What the grammar allows and we refuse on purpose.
STRICTER = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}


@pytest.mark.parametrize("name", sorted(vectors("json_test_suite.base64.json")))
def test_json_test_suite(name: str) -> None:
    data = base64.b64decode(vectors("json_test_suite.base64.json")[name])
    tree = strict_json.parse_json(data, 1_000_000)
    loaded = load_json(data, object, 1_000_000)
    assert isinstance(tree, Refused) == isinstance(loaded, Refused)
    if name.startswith("y_"):
        assert isinstance(tree, Refused) is (name in STRICTER)
    elif name.startswith("n_"):
        assert isinstance(tree, Refused)
        assert tree.code is RefusalCode.MESSAGE_MALFORMED


NAUGHTY = [base64.b64decode(text) for text in vectors("naughty_strings.base64.json")]
TEXTS = ("code", "product", "version", "name", "device_port", "lease", "request", "nonce")


@pytest.mark.parametrize("field", TEXTS)
def test_naughty_strings_in_every_text_are_taken_as_they_are_or_refused_by_field(field: str) -> None:
    for naughty in NAUGHTY:
        text = naughty.decode("utf-8", "replace")
        message = activate_request(**{field: text})
        token = exchanges.seal_request(message, SITE)
        asked = exchanges.read_activate(token)
        if isinstance(asked, Refused):
            assert (asked.code, asked.field) == (RefusalCode.MESSAGE_MALFORMED, field), text
            assert asked.detail.isascii()
        else:
            assert getattr(asked.message, field) == text
