#!/usr/bin/env python3
"""Checks the front end (infra/web), and walks through it.

    python3 infra/web.py           that its types are right, its tests pass, and the committed bundle is current
    python3 infra/web.py --walk    people walk through it in Chromium, on the built stack (`cargo build`)

Needs Node.js with npm; a walk also Chromium: `CHROMIUM`, or one on the PATH, or where the machine has neither, it is
installed. What is installed and built lies in target/web.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from invoke import ROOT, read, stack, until

SOURCE = ROOT / "infra/web"
# As far below the repository as infra/web: the client's types come from functions/platform.
DIRECTORY = ROOT / "target/web"
INSTALL = "npm ci --prefer-offline --ignore-scripts --no-audit --no-fund --loglevel=error"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main():
    prepare()
    if "--walk" in sys.argv[1:]:
        return walk(sys.argv[1:])
    for script in ("generate", "check", "test"):
        run("npm", "run", "--silent", script)
        print(f"infra/web: {script} is content")
    run("npm", "run", "--silent", "build", "--workspace", "client")
    print(run("node", "build.mjs", "--check").strip())
    print(run("node", "build.mjs").rstrip())
    return 0


def prepare():
    """A copy of the sources with what they need."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    installed = DIRECTORY / "node_modules"
    kept = tempfile.mkdtemp(prefix="web-", dir=ROOT / "target")
    try:
        if installed.exists():
            installed.rename(Path(kept) / "node_modules")
        shutil.rmtree(DIRECTORY)
        shutil.copytree(SOURCE, DIRECTORY, ignore=shutil.ignore_patterns("node_modules"))
        if (Path(kept) / "node_modules").exists():
            (Path(kept) / "node_modules").rename(installed)
    finally:
        shutil.rmtree(kept)
    lock = (SOURCE / "package-lock.json").read_bytes()
    mark = installed / ".enishi-lock"
    if not mark.exists() or mark.read_bytes() != lock:
        run(*INSTALL.split())
        mark.write_bytes(lock)


def walk(arguments):
    """Each page, with what leads to it."""
    browser = chromium()
    with ExitStack() as running:
        directory = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="enishi-")))
        # Everybody is at this machine's address.
        rates = [f"{name}Rate=1000/1h" for name in ("Login", "LoginAddress", "Register", "Forgot", "ForgotAddress")]
        given = [*rates, "OrgFreeSeats=3", "OrgFreeSeconds=600"]
        _, aws = stack(running, directory, *(word for one in given for word in ("--parameter", one)))
        with open(directory / "stack.log") as log:
            found = until(lambda: pages(read(log)), "the front end", log)
        pictures = [ROOT / "target/web-pictures"] if "--pictures" in arguments else []
        environment = {**os.environ, "CHROMIUM": browser}
        command = ["node", "test/walk.mjs", found, aws, *pictures]
        if subprocess.run(command, cwd=DIRECTORY, env=environment, stdin=subprocess.DEVNULL).returncode != 0:
            print((directory / "stack.log").read_text()[-4000:], file=sys.stderr)
            raise SystemExit("the walk through the front end failed")
    return 0


def pages(screen):
    """The front end's address on the start screen."""
    lines = [line.split() for line in screen.splitlines()]
    return next((line[1] for line in lines if line[:1] == ["pages"]), None)


def chromium():
    """Where Chromium is."""
    if given := os.environ.get("CHROMIUM"):
        return given
    if found := next(filter(None, map(shutil.which, BROWSERS)), None):
        return found
    if shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in ("apt-get update -qq", "apt-get install -qq -y --no-install-recommends chromium fonts-noto-cjk"):
            subprocess.run(command.split(), env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if found := shutil.which("chromium"):
            return found
    environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(ROOT / "target/browsers")}
    cli = DIRECTORY / "node_modules/playwright-core/cli.js"
    subprocess.run(["node", cli, "install", "--with-deps", "chromium-headless-shell"], env=environment, check=True)
    return str(next((ROOT / "target/browsers").glob("chromium*/*/*headless_shell*")))


def run(*command):
    """Runs a program in `DIRECTORY` and answers what it says; that is shown when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=DIRECTORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise SystemExit(f"{done.stdout}\n{' '.join(map(str, command))} failed")
    return done.stdout


if __name__ == "__main__":
    # The programs end with this one, also when it is told to.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
