"""The certificate of console and local API: what serves is taken, the rest is refused before anything listens."""

from pathlib import Path

import pytest

from tenure.core.refusals import Refused
from tenure.sdk.disk import FolderOnDisk
from tenure.site import certificate
from tenure.site.folder import CERTIFICATE, CERTIFICATE_KEY
from tenure.site.settings import ApiSettings
from tenure.site.tls import unservable

API = ApiSettings(host="0.0.0.0", certificate=CERTIFICATE, certificate_key=CERTIFICATE_KEY)  # noqa: S104 - with TLS


@pytest.fixture
def made(tmp_path: Path) -> Path:
    certificate.ensure(FolderOnDisk(tmp_path), ["127.0.0.1"])
    (tmp_path / CERTIFICATE_KEY).chmod(0o600)
    return tmp_path


def blamed(folder: Path, api: ApiSettings = API) -> str | None:
    refused = unservable(folder, api)
    assert isinstance(refused, Refused)
    return refused.field


def test_a_certificate_with_its_key_serves_and_none_is_needed_on_loopback(made: Path) -> None:
    assert unservable(made, API) is None
    assert unservable(made, ApiSettings()) is None


def test_a_missing_file_is_named(made: Path) -> None:
    (made / CERTIFICATE_KEY).unlink()
    assert blamed(made) == "api.certificate_key"
    (made / CERTIFICATE).unlink()
    assert blamed(made) == "api.certificate"


def test_a_key_that_others_can_read_is_refused(made: Path) -> None:
    (made / CERTIFICATE_KEY).chmod(0o644)
    assert blamed(made) == "api.certificate_key"


def test_the_key_of_another_certificate_is_refused(made: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    certificate.ensure(FolderOnDisk(other), ["127.0.0.1"])
    (made / CERTIFICATE).write_bytes((other / CERTIFICATE).read_bytes())
    assert blamed(made) == "api.certificate"
    (made / CERTIFICATE).write_text("no certificate")
    assert blamed(made) == "api.certificate"
