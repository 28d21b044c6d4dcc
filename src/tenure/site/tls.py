"""The certificate of console and local API as the settings name it, judged before anything listens."""

from collections.abc import Callable
from pathlib import Path

from tenure.core.refusals import Refused
from tenure.core.timeline import Instant
from tenure.http.certificates import CertificateFiles, ServedCertificate, open_certificate
from tenure.site.settings import ApiSettings


def console_certificate(
    folder: Path, api: ApiSettings, clock: Callable[[], Instant]
) -> ServedCertificate | Refused | None:
    """None where no certificate is configured; refuses like `load_certificate`, and names the setting at fault."""
    if not api.certificate:
        return None
    files = CertificateFiles(
        certificate=folder / api.certificate,
        key=folder / api.certificate_key,
        certificate_option="api.certificate",
        key_option="api.certificate_key",
    )
    return open_certificate(files, clock)
