# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Codecs one by one, in one stream each."""
from support import People, same_size, sees


def call_with(codec, mime_type):
    with People() as people:
        anna = people.join("Anna", codec=codec, layers="single", audio=0)
        ben = people.join("Ben", video=0, audio=0)
        sees(ben, "Anna")
        ben.wait(f"probe.reports('inbound-rtp', 'video').then(all => all.some(r => r.mimeType === '{mime_type}' "
                 "&& r.framesDecoded > 20))", 20, f"Ben decodes {mime_type}")
        assert anna.eval("probe.reports('outbound-rtp', 'video').then(all => all.map(r => r.mimeType))") == [mime_type]
        same_size(ben, anna)


def test_h264():
    """A call with H264"""
    call_with("h264", "video/H264")


def test_vp9():
    """A call with VP9"""
    call_with("vp9", "video/VP9")


def test_av1():
    """A call with AV1"""
    call_with("av1", "video/AV1")
