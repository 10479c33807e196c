# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the browser tests one at a time: run.py [part of a name ...]

Each test is a function `test_*` of a module `test_*.py`; its docstring's first line is what it claims. A test that
fails is tried once more, and the retry is reported. Results go to $SWIFTLET_TEST_OUTPUT/browser.json.
"""
import importlib
import json
import os
import pathlib
import signal
import sys
import time
import traceback

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here))
import support  # noqa: E402
from server import OUTPUT  # noqa: E402

LIMIT = 120  # Seconds for one test.


def tests():
    for path in sorted(here.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        for name, function in list(vars(module).items()):
            if name.startswith("test_") and callable(function) and function.__module__ == path.stem:
                yield f"{path.stem.removeprefix('test_')}: {function.__doc__.strip().splitlines()[0]}", function


def too_long(*_):
    raise TimeoutError(f"no end within {LIMIT} s")


def attempt(function):
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(LIMIT)
    try:
        function()
        return "passed", None
    except support.Skip as skip:
        return "skipped", str(skip)
    except Exception:
        return "failed", traceback.format_exc(chain=False)
    finally:
        signal.alarm(0)


def main():
    OUTPUT.mkdir(parents=True, exist_ok=True)
    results = {"passed": [], "failed": [], "skipped": [], "retried": []}
    subject = None
    for title, function in tests():
        if sys.argv[1:] and not any(part in title or part in function.__name__ for part in sys.argv[1:]):
            continue
        # A browser that has had two encoders at work for minutes may take half a minute to load the next page.
        if subject not in (None, title.split(":")[0]):
            support.close_browser()
        subject = title.split(":")[0]
        start = time.monotonic()
        outcome, why = attempt(function)
        if outcome == "failed":
            print(why, flush=True)
            print(f"BROWSER retry   {title}", flush=True)
            results["retried"].append(title)
            support.close_shared()
            outcome, why = attempt(function)
        print(f"BROWSER {outcome:8}{title} ({time.monotonic() - start:.1f} s)", flush=True)
        if outcome == "failed":
            print(why, flush=True)
        results[outcome].append(f"{title}: {why}" if outcome == "skipped" else title)
    support.close_shared()
    results["reported"] = support.reported
    (OUTPUT / "browser.json").write_text(json.dumps(results, indent=2))
    counts = ", ".join(f"{len(results[key])} {key}" for key in ("passed", "failed", "skipped"))
    print(f"{counts}; {len(results['retried'])} needed a second try", flush=True)
    # Browser threads may linger; they must not hold the exit up.
    sys.stdout.flush()
    os._exit(bool(results["failed"]))


if __name__ == "__main__":
    try:
        main()
    finally:
        support.close_shared()
