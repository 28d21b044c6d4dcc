"""The device port's certificate: self-signed, for the names that devices use, under a key that the lease names.

Devices trust exactly that key [spec: device-port], so that nothing else in it matters; it never expires, because a
device's clock may be wrong, and begins with the epoch, where the clock of a board without a battery does.
"""

import hashlib
import ipaddress
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.http.certificates import CertificateFiles, LoadedCertificate, ServedCertificate, open_certificate
from tenure.sdk.disk import FolderOnDisk
from tenure.site.folder import CERTIFICATE, CERTIFICATE_KEY, write_file
from tenure.wire.b64 import encode_text

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def ensure_certificate(disk: FolderOnDisk, names: Sequence[str]) -> str:
    """Makes key and certificate where they are missing, a new certificate where `names` changed; returns the key's pin.

    The pin is the SHA-256 (base64url) of the public key (SPKI). Raises OSError, and ValueError for a damaged key file.
    """
    stored = disk.read(CERTIFICATE_KEY)
    if stored is None:
        key = ec.generate_private_key(ec.SECP256R1())
        write_file(disk, CERTIFICATE_KEY, _encode_key(key))
    else:
        loaded = serialization.load_pem_private_key(stored, None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{CERTIFICATE_KEY} holds another kind of key than this site makes")
        key = loaded
    present = disk.read(CERTIFICATE)
    if present is None or not _is_for(present, names, key):
        write_file(disk, CERTIFICATE, _make_certificate(key, names))
    return pin_of(key.public_key())


def certificate_files(folder: Path) -> tuple[str, str]:
    """Certificate and key, for the server that uses them."""
    return str(folder / CERTIFICATE), str(folder / CERTIFICATE_KEY)


def served_certificate(folder: Path, pin: str, clock: Callable[[], Instant]) -> ServedCertificate | Refused:
    """What the device port shows: a renewed pair is taken under the same key alone, which leases name by its `pin`."""
    chain, key = certificate_files(folder)
    opened = open_certificate(CertificateFiles(certificate=Path(chain), key=Path(key)), clock)
    if isinstance(opened, Refused):
        return opened

    def unfit(loaded: LoadedCertificate) -> str:
        public = x509.load_pem_x509_certificate(loaded.own.encode()).public_key()
        same = isinstance(public, ec.EllipticCurvePublicKey) and pin_of(public) == pin
        return "" if same else f"{key} is not the key that devices know from their leases; put the former one back."

    opened.unfit = unfit
    return opened


def pin_of(public: ec.EllipticCurvePublicKey) -> str:
    """How leases and enrollment tokens name a key."""
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encode_text(hashlib.sha256(spki).digest())


def _encode_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _is_for(present: bytes, names: Sequence[str], key: ec.EllipticCurvePrivateKey) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(present)
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    begun = certificate.not_valid_before_utc <= _FIRST
    return begun and found == _subject_names(names) and certificate.public_key() == key.public_key()


def _make_certificate(key: ec.EllipticCurvePrivateKey, names: Sequence[str]) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenure device port")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FIRST)
        .not_valid_after(_LAST)
        .add_extension(_subject_names(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def _subject_names(names: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_subject_name(name) for name in names])


def _subject_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
