"""The activation server as shipped, on the folder named: `python -m benchmarks.serve <folder>`."""

import sys
from pathlib import Path

from tenure.server import main

if __name__ == "__main__":
    refused = main.run(Path(sys.argv[1]), main.Address(port=0))
    if refused is not None:
        sys.exit(refused.detail)
