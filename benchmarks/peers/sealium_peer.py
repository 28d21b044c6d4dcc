"""sealium as it comes, its limit by address switched off, with machines that check their activation again."""

import json
import os
import secrets
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

FOLDER = Path(sys.argv[1])
os.environ["SEALIUM_PATHS__DATABASE"] = str(FOLDER / "peer.db")
os.environ["SEALIUM_PATHS__PRIVATE_KEY"] = str(FOLDER / "private.pem")
os.environ["SEALIUM_RATE_LIMIT__ENABLED"] = "false"
os.environ["SEALIUM_LOGGING__LEVEL"] = "WARNING"
os.environ["MACHINE_ID_PEPPER"] = "bench"

# Its settings are read when it is imported.
from sealium.client.key_manager import ClientKeyManager  # noqa: E402
from sealium.common.constants import CODE_HASH_PEPPER_DEFAULT  # noqa: E402
from sealium.common.crypto import hash_activation_code  # noqa: E402
from sealium.common.fingerprint import Component, MachineFingerprint, hash_component  # noqa: E402
from sealium.common.models import ActivationCode, ActivationRequest, ActivationResponse, ActivationStatus  # noqa: E402
from sealium.scripts.generate_keys import generate_key_pair  # noqa: E402
from sealium.server.app import app  # noqa: E402
from sealium.server.crypto_transport import encrypt_response  # noqa: E402
from sealium.server.database import ActivationCodeStorage, SQLiteDatabase  # noqa: E402

from benchmarks.peers.serving import DEVICES, REQUESTS, serve  # noqa: E402

CORE, MORE = ("cpu", "board", "bios", "system_uuid"), ("disk", "mac")
NONCE = 32


def machine(number: int) -> MachineFingerprint:
    """A computer of which all parts are its own."""
    parts = tuple(Component(part, hash_component(part, f"{part} {number}"), part in CORE) for part in (*CORE, *MORE))
    return MachineFingerprint(components=parts)


def furnish() -> list[str]:
    """Codes, each bound to its machine."""
    database = SQLiteDatabase(FOLDER / "peer.db")
    database.connect()
    database.init_tables()
    storage = ActivationCodeStorage(database, code_hasher=lambda c: hash_activation_code(c, CODE_HASH_PEPPER_DEFAULT))
    codes = [secrets.token_hex(16).upper() for _ in range(DEVICES)]
    for number, code in enumerate(codes):
        storage.create(
            ActivationCode(code, machine(number), datetime.now(), None, ["edit"], ActivationStatus.USED)  # noqa: DTZ005
        )
    database.close()
    return codes


def checks(codes: list[str], public: Path, count: int) -> Iterator[bytes]:
    """Requests, each with a nonce of its own."""
    keys, machines = ClientKeyManager(public.read_text()), [machine(number) for number in range(len(codes))]
    for turn in range(count):
        number = turn % len(codes)
        asked = ActivationRequest(codes[number], machines[number], int(time.time()), secrets.token_hex(NONCE // 2))
        yield keys.build_encrypted_request(json.dumps(asked.to_dict()).encode())


def expected() -> dict[str, Any]:
    """A success is as long as this: it comes encrypted, and so does a refusal, with status 200."""
    told = ActivationResponse.success("永久", ["edit"], "0" * NONCE)
    return {"length": len(encrypt_response(told.to_dict(), bytes(32)))}


if __name__ == "__main__":
    _, public_key = generate_key_pair(FOLDER / "private.pem")
    asked = checks(furnish(), public_key, min(REQUESTS, 2_048))
    serve(app, FOLDER, "/v1/activation", "application/octet-stream", asked, expected())
