"""The activation server as shipped, on the folder named: `python -m benchmarks.serve <folder> [<port>]`."""

import sys
from pathlib import Path

from tenure.http.endpoints import Endpoint
from tenure.server import main

if __name__ == "__main__":
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    refused = main.serve_api(Path(sys.argv[1]), main.ListenOptions(Endpoint("127.0.0.1", port)))
    if refused is not None:
        sys.exit(refused.detail)
