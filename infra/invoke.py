#!/usr/bin/env python3
"""Runs functions of rooms as binaries, with cargo-lambda against the local stack, and compares what
they answer with what the stack's own answer.

Needs cargo-lambda from PyPI and the built stack (`cargo build`):  python3 infra/invoke.py
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOKYO = timezone(timedelta(hours=9))
# Seconds; cargo-lambda compiles at the first invocation.
PATIENCE = 600


def main():
    # A sample's date is past one day, and what is past cannot be enrolled for.
    tomorrow = (datetime.now(TOKYO) + timedelta(days=1)).date()
    with ExitStack() as running:
        directory = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="enishi-")))
        api, aws = stack(running, directory)
        port = watch(running, directory)

        account = {"username": "hana", "email": "hana@example.com", "password": "a quiet morning"}
        person = request(f"{api}/signup", account)[1]
        token = person["access_token"]

        # HTTP: the sample event, with a token that is one.
        body = {"date": f"{tomorrow}"}
        event = sample("rooms-enroll")
        event["headers"]["authorization"] = f"Bearer {token}"
        del event["headers"]["idempotency-key"]
        event["body"] = json.dumps(body)
        event["headers"]["content-length"] = str(len(event["body"]))
        answer = invoke(port, directory, "rooms-enroll", event)
        same("rooms-enroll creates", answer["statusCode"], 201)
        enrollment = json.loads(answer["body"])
        again = request(f"{api}/register/", body, token)
        same("the stack knows the enrollment", again, (200, enrollment))
        # cargo-lambda's own HTTP server, by its routes.
        routed = request(f"http://127.0.0.1:{port}/register/", body, token)
        same("cargo-lambda's routes lead there", routed, again)

        # Without a token, the sample event is as good as it stands.
        plain = invoke(port, directory, "rooms-enroll", sample("rooms-enroll"))
        same("a token that is none", plain["statusCode"], 401)

        # The draw: the sample event, for tomorrow.
        event = sample("rooms-assign")
        at = datetime.fromisoformat(f"{tomorrow}T08:50:00+09:00").astimezone(timezone.utc)
        event["scheduled_time"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        drawn = invoke(port, directory, "rooms-assign", event)
        same("rooms-assign draws", [(d["enrolled"], d["rooms"]) for d in drawn], [(1, 1)])
        fired = request(f"{aws}/_enishi/fire/rooms-assign", {"at": event["scheduled_time"]})
        same("the stack's draw is the same", fired, (200, drawn))
        status, room = request(
            f"{api}/meeting_url/{person['user_id']}?date={tomorrow}", token=token
        )
        same("the room is there", (status, room["status"]), (200, "ready"))
    return 0


def stack(running, directory, *arguments):
    """Starts the local stack in `directory` on free ports; the addresses of its API and of AWS."""
    program = os.environ.get("CARGO_TARGET_DIR", ROOT / "target") / Path("debug/enishi")
    log = running.enter_context(open(directory / "stack.log", "w+"))
    start(
        running,
        [program, "--port", "0", "--aws-port", "0", "--web-port", "0", "--console-port", "0",
         "--directory", directory / "stack", *arguments],
        log,
    )
    text = until(lambda: re.search(r"API +(\S+).*\n +AWS +(\S+)", read(log)), "the stack", log)
    return text.groups()


def watch(running, directory):
    """Starts `cargo lambda watch` for rooms; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = running.enter_context(open(directory / "watch.log", "w+"))
    command = ["cargo", "lambda", "watch", "-p", "enishi-rooms", "--ignore-changes"]
    address = ["--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
    start(running, [*command, *address, "--env-file", directory / "stack/lambda.env"], log)

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(listens, "cargo lambda watch", log)
    # What went wrong stands in its log.
    running.push(lambda failure, *_: failure and print(read(log)[-8000:], file=sys.stderr))
    return port


def start(running, command, log):
    """Starts a program that ends with this one, and whatever it started with it."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )

    def stop():
        if process.poll() is None:
            # At SIGINT, cargo-lambda stops the functions it runs.
            process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    running.callback(stop)


def until(condition, what, log, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    raise SystemExit(f"{what} does not start:\n{read(log)}")


def read(log):
    log.flush()
    return Path(log.name).read_text()


def sample(name):
    return json.loads((ROOT / f"events/{name}.json").read_text())


def invoke(port, directory, name, event):
    """`cargo lambda invoke` with this event; the function's answer."""
    file = directory / f"{name}.json"
    file.write_text(json.dumps(event))
    command = ["cargo", "lambda", "invoke", name, "--data-file", str(file)]
    address = ["--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
    done = subprocess.run(
        [*command, *address],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if done.returncode != 0:
        raise SystemExit(f"{name}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def request(url, body=None, token=None, method=None):
    """GET, or POST of a JSON body, unless another method is told; the status and the JSON answered."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    data = None
    if body is not None:
        headers["content-type"] = "application/json"
        data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data, headers, method=method), timeout=PATIENCE
        ) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def same(what, found, expected):
    if found != expected:
        raise SystemExit(f"{what}: {found} instead of {expected}")
    print(f"{what}: {found}")


if __name__ == "__main__":
    # The programs end with this one, also when it is told to.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
