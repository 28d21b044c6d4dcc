"""Which extra brings a package that is missing, in words; nothing but the standard library is needed for that."""

from typing import Final

EXTRAS: Final = {
    "cyclopts": "cli", "rich": "cli", "segno": "cli",
    "starlette": "server", "python_multipart": "server",
    "uvicorn": "server", "uvloop": "server", "httptools": "server", "sqlalchemy": "server",
    "alembic": "server", "jinja2": "server", "cryptography": "server",
    "prometheus_client": "server",
    "asyncpg": "postgres", "greenlet": "postgres",
}  # fmt: skip
"""Which extra brings a package; whatever an administration server needs, the server's extra brings too."""


def install_advice(name: str) -> str:
    """What to install when the module `name` is not there; empty when it is none of ours to bring."""
    package = name.partition(".")[0]
    extra = EXTRAS.get(package)
    if extra is None:
        return ""
    wanted = {"cli": "cli", "server": "cli,server", "postgres": "cli,server,postgres"}[extra]
    return (
        f"This command needs the package {package}, which is not installed.\n"
        f'Install what it needs with:  python3 -m pip install "tenure[{wanted}]"\n'
    )
