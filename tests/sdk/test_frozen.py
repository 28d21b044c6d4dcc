"""An application that PyInstaller freezes: what only C code loads is named in a hook that comes with the SDK."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

from tenure.sdk.pyinstaller import hook_folders

LOADED = "import sys; import nacl.bindings; print('_cffi_backend' in sys.modules)"


def test_the_hook_names_what_no_import_shows() -> None:
    (folder,) = hook_folders()
    hook = ast.parse((Path(folder) / "hook-tenure.sdk.py").read_text(encoding="utf-8"))
    values = {
        target.id: ast.literal_eval(node.value)
        for node in hook.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert values == {"hiddenimports": ["_cffi_backend"]}
    assert subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True).stdout == "True\n"


def test_pyinstaller_is_told_where_the_hook_lies() -> None:
    path = Path(__file__).resolve().parents[2] / "packages" / "tenure-sdk" / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))
    assert project["project"]["entry-points"]["pyinstaller40"] == {"hook-dirs": "tenure.sdk.pyinstaller:hook_folders"}
