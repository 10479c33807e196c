# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Every relative link and picture of the Markdown files leads to a file, and every #fragment to a heading."""
import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
files = subprocess.run(["git", "ls-files", "*.md"], cwd=root, capture_output=True, text=True, check=True).stdout.split()


def anchors(path):
    found = set()
    for line in path.read_text().splitlines():
        if match := re.match(r"#+\s+(.*)", line):
            text = re.sub(r"[`*_\[\]]", "", match[1]).strip().lower()
            found.add(re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text)))
    return found


bad = []
for name in files:
    path = root / name
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, fragment = target.partition("#")
        where = (path.parent / file).resolve() if file else path
        if not where.exists():
            bad.append(f"{name}: {target} does not exist")
        elif fragment and where.suffix == ".md" and fragment not in anchors(where):
            bad.append(f"{name}: {target} has no such heading")
print("\n".join(bad))
sys.exit(bool(bad))
