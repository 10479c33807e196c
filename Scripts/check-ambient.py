# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Below the event loop everything is told the time and handed the bytes: no clock, task, thread, lock or Foundation."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent / "Sources"
below = ["Ground/Wire", "Ground/Crypto", "Protocols", "Media/Streams", "Media/PeerLink", "Media/Engine"]
forbidden = re.compile(
    r"ContinuousClock|SuspendingClock|clock_gettime|DispatchTime|DispatchQueue|\bDate\(|\bTask\s*[.{(]|\bMutex<|NSLock"
    r"|\bThread\b|pthread_|\bawait\b|^\s*(package |public |internal )?import Foundation|^\s*import Dispatch"
)
bad = []
for room in below:
    for path in sorted((root / room).rglob("*.swift")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = line.split("//")[0]
            if forbidden.search(code):
                bad.append(f"{path.relative_to(root.parent)}:{number}: {line.strip()}")
print("\n".join(bad))
sys.exit(bool(bad))
