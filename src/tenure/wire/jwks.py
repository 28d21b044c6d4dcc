"""`/.well-known/jwks.json`: the lease keys as an ordinary JWT library reads them (RFC 7517); only content, no HTTP."""

from typing import Any

from tenure.core.timeline import Instant
from tenure.wire.keys import Purpose, is_production_kid, to_jwk
from tenure.wire.root import TrustedRoot
from tenure.wire.rotation import verifiable_until


def jwk_set(root: TrustedRoot, now: Instant, *, sandbox: bool = False) -> dict[str, list[dict[str, Any]]]:
    """The JWK set of the keys whose leases a reader may meet at `now`, published ones not yet in use included.

    Only keys that sign leases: an ordinary reader looks at the key id alone, and a key for answers or notices in the
    set would let it take an answer for a lease. For the same reason sandbox keys stand only in a sandbox's own set.
    """
    wanted = Purpose.SANDBOX if sandbox else Purpose.LEASE
    marks = {"alg": "EdDSA", "use": "sig", **({"sandbox": True} if sandbox else {})}
    return {
        "keys": [
            {**to_jwk(key.public), "kid": key.kid, **marks}
            for key in root.document.keys
            if key.purpose is wanted and now < verifiable_until(key) and (sandbox or is_production_kid(key.kid))
        ]
    }
