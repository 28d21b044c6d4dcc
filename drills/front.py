"""HAProxy in front of several activation servers: clients need not know which of them lives."""

from collections.abc import Sequence
from pathlib import Path

from drills.packages import program
from drills.processes import Process

SETTINGS = """defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout http-request 20s
listen servers
  bind 127.0.0.1:{port}
  balance roundrobin
  option httpchk GET /livez
  option redispatch 1
  retries 2
  retry-on conn-failure
  default-server inter 500ms fall 2 rise 1
{servers}
"""


def start_front(port: int, servers: Sequence[str], folder: Path) -> Process:
    """Spread requests to `port` over `servers` ("host:port"); only what no server has seen is sent to another one."""
    lines = "\n".join(f"  server server{number} {each} check" for number, each in enumerate(servers, 1))
    path = folder / "front.cfg"
    path.write_text(SETTINGS.format(port=port, servers=lines))
    return Process("front", [program("haproxy"), "-db", "-f", str(path)], folder)
