"""What an application frozen by PyInstaller needs beside what it imports: PyNaCl loads `_cffi_backend` from C."""

hiddenimports = ["_cffi_backend"]
