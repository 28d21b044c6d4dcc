"""The administration server as shipped, on the folder named: `python -m benchmarks.site <folder>`."""

import sys
from pathlib import Path

from tenure.site import main

if __name__ == "__main__":
    refused = main.serve_folder(Path(sys.argv[1]))
    if refused is not None:
        sys.exit(refused.detail)
