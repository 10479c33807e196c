# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Firefox takes part."""
from firefox import Firefox
from support import People, hears, report, sees


def test_firefox_and_chromium():
    """Firefox and Chromium see and hear each other"""
    with Firefox() as firefox, People() as people:
        report("Firefox", firefox.version)
        anna = people.join("Anna")
        fiona = people.join_firefox(firefox, "Fiona")
        sees(anna, "Fiona", timeout=30)
        hears(anna, "Fiona")
        sees(fiona, "Anna", timeout=30)
        hears(fiona, "Anna")
        # Who is in first and who comes later: the other way around, too.
        ben = people.join("Ben")
        sees(fiona, "Anna", "Ben", timeout=30)
        sees(ben, "Anna", "Fiona", timeout=30)
