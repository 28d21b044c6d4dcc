"""A private authority for tests: certificates with the dates, names and keys that a situation needs."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PLAIN = serialization.NoEncryption()


class Authority:
    """Signs certificates for servers; `pem` is what its clients trust."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])
        made = self._begun(self._name, self._key, datetime.now(UTC), timedelta(days=3_650))
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.pem = made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def issue(
        self,
        folder: Path,
        *names: str,
        days: float = 90,
        began: float = -1,
        key: ec.EllipticCurvePrivateKey | None = None,
        password: bytes = b"",
    ) -> tuple[Path, Path]:
        """`server.pem` and `server.key` (0600) in `folder`, each put in place whole; valid from `began` days on."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        begins = datetime.now(UTC) + timedelta(days=began)
        made = self._begun(x509.Name([]), key, begins, timedelta(days=days))
        alternative = x509.SubjectAlternativeName([_name(each) for each in names or ("127.0.0.1",)])
        signed = made.add_extension(alternative, critical=True).sign(self._key, hashes.SHA256())
        locked = serialization.BestAvailableEncryption(password) if password else _PLAIN
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
        chain = signed.public_bytes(serialization.Encoding.PEM)
        return _put(folder / "server.pem", chain), _put(folder / "server.key", private)

    def _begun(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, begins: datetime, life: timedelta
    ) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number())
        return made.not_valid_before(begins).not_valid_after(begins + life)


def _put(path: Path, data: bytes) -> Path:
    beside = path.with_suffix(".new")
    beside.write_bytes(data)
    beside.chmod(0o600)
    return beside.rename(path)


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
