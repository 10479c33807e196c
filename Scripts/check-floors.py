# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""The package's import graph is the one of Docs/ARCHITECTURE.md: floors are respected and each room imports only what
its row of the table allows (Wire, RTP and the home of a type in a signature may be added anywhere at or below)."""
import json
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
order = ["Ground", "Protocols", "Media", "Product", "Commands"]
anywhere = {"Wire", "RTP", "ORTC", "Control", "Crypto"}


def table():
    """Room -> (floor, rooms it may import), from the table under "Floors and rooms"."""
    rows, floor = {}, None
    for line in (root / "Docs/ARCHITECTURE.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if len(cells) != 4 or cells[1] in ("Room", "---") or set(cells[1]) <= {"-"}:
            continue
        floor = cells[0].strip("`") or floor
        names = re.findall(r"`([\w-]+)`", re.sub(r"\(.*?\)", "", cells[1]))
        needs = set(re.findall(r"[\w-]+", re.sub(r"\(.*?\)", "", cells[3])))
        for name in names:
            rows[name] = (floor, needs | set(names))
    return rows


def short(target):
    return target if target in rows else re.sub(r"^Swiftlet", "", target)


rows = table()
dump = json.loads(
    subprocess.run(["swift", "package", "dump-package"], cwd=root, capture_output=True, text=True, check=True).stdout
)
bad = []
targets = {target["name"]: target for target in dump["targets"] if target["type"] != "test"}
for name, target in targets.items():
    room = short(name)
    path = target.get("path") or f"Sources/{name}"
    if not path.startswith("Sources/"):
        continue
    if room not in rows:
        bad.append(f"{name} is not in the table of Docs/ARCHITECTURE.md")
        continue
    floor, allowed = rows[room]
    if path.split("/")[1] != floor:
        bad.append(f"{name} stands on {path.split('/')[1]}, the table says {floor}")
    for dependency in target["dependencies"]:
        other = (dependency.get("target") or dependency.get("byName") or [None])[0]
        if other is None or other not in targets:
            continue
        needed = short(other)
        if "Protocols" in allowed and rows.get(needed, (None,))[0] in ("Ground", "Protocols"):
            continue
        if "Product" in allowed and rows.get(needed, (None,))[0] == "Product":
            continue
        if needed not in rows and needed != "Web":
            continue
        if needed != "Web" and order.index(rows[needed][0]) > order.index(floor):
            bad.append(f"{name} imports {needed}, which is on a higher floor")
        elif needed not in allowed and needed not in anywhere:
            bad.append(f"{name} imports {needed}, which its row does not allow")
missing = [room for room in rows if room not in {short(name) for name in targets}]
if missing:
    bad.append("in the table but not in the package: " + ", ".join(missing))
print("\n".join(bad))
sys.exit(bool(bad))
