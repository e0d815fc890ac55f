#!/usr/bin/env python3
"""Holds `cargo test --workspace` to what `cargo run` has compiled: python3 infra/units.py

A crate whose features differ between the two is compiled twice, and so is all that stands on it. Cargo
tells what it would compile, without compiling it; that this is an unstable flag of it is why the
environment says so.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLAN = ["--unit-graph", "-Z", "unstable-options"]


def units(*command):
    """What a command compiles: a digest of each unit and of all below it, and what to call it."""
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
    plan = subprocess.run(["cargo", *command, *PLAN], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
    graph = json.loads(plan.stdout)["units"]
    digests = {}

    def digest(index):
        if index not in digests:
            unit = graph[index]
            # `test` and `dev` are the same profile by two names.
            profile = {name: value for name, value in unit["profile"].items() if name != "name"}
            below = sorted((it["extern_crate_name"], digest(it["index"])) for it in unit["dependencies"])
            target = [unit["target"]["name"], unit["target"]["kind"]]
            own = [unit["pkg_id"], target, unit["mode"], unit["platform"], sorted(unit["features"]), profile, below]
            digests[index] = hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()
        return digests[index]

    def name(unit):
        crate = unit["pkg_id"].rsplit("/", 1)[-1]
        return f"{crate} ({unit['mode']}: {', '.join(sorted(unit['features'])) or 'no features'})"

    return {digest(index): name(unit) for index, unit in enumerate(graph)}


def main():
    run, test = units("build"), units("test", "--workspace")
    again = sorted(name for digest, name in run.items() if digest not in test)
    print(f"cargo run compiles {len(run)} units, cargo test {len(test)}, {len(again)} of the former again")
    for name in again:
        print(f"  {name}", file=sys.stderr)
    return 1 if again else 0


if __name__ == "__main__":
    sys.exit(main())
