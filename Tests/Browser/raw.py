# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Datagrams of every protocol on the media port, well formed and broken, made from a seed."""
import hashlib
import hmac
import random
import struct
import zlib

COOKIE = 0x2112A442


def stun(attributes, transaction, password=None, fingerprint=True, method=0x0001):
    """A STUN message; integrity and fingerprint are right whatever the attributes are."""
    body = b""
    for kind, value in attributes:
        body += struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)

    def head(extra):
        return struct.pack(">HHI", method, len(body) + extra, COOKIE) + transaction

    if password is not None:
        digest = hmac.new(password.encode(), head(24) + body, hashlib.sha1).digest()
        body += struct.pack(">HH", 0x0008, 20) + digest
    if fingerprint:
        body += struct.pack(">HHI", 0x8028, 4, zlib.crc32(head(8) + body) ^ 0x5354554E)
    return head(0) + body


def check(remote, local, rng, use_candidate=True, extra=()):
    """An ICE connectivity check towards the peer whose iceParameters are `remote`."""
    username = f"{remote['usernameFragment']}:{local}".encode()
    attributes = [(0x0006, username), (0x0024, struct.pack(">I", 1853824767)), (0x802A, rng.randbytes(8)), *extra]
    if use_candidate:
        attributes.append((0x0025, b""))
    return stun(attributes, rng.randbytes(12), remote["password"])


def frame(datagram):
    """RFC 4571: two bytes of length in front, for TCP."""
    return struct.pack(">H", len(datagram)) + datagram


def client_hello(rng):
    """A DTLS 1.2 ClientHello as a WebRTC client sends it."""
    def extension(kind, value):
        return struct.pack(">HH", kind, len(value)) + value

    extensions = b"".join([
        extension(23, b""), extension(0xFF01, b"\0"), extension(11, b"\x01\0"),
        extension(10, struct.pack(">H3H", 6, 29, 23, 24)),
        extension(13, struct.pack(">H4H", 8, 0x0403, 0x0503, 0x0804, 0x0401)),
        extension(14, struct.pack(">H4H", 8, 7, 8, 1, 2) + b"\0"),
    ])
    suites = struct.pack(">4H", 0xC02B, 0xC02F, 0xC00A, 0xC014)
    hello = b"\xfe\xfd" + rng.randbytes(32) + b"\0" + b"\0" + struct.pack(">H", len(suites)) + suites + b"\x01\0"
    hello += struct.pack(">H", len(extensions)) + extensions
    handshake = b"\x01" + len(hello).to_bytes(3, "big") + b"\0\0" + bytes(3) + len(hello).to_bytes(3, "big") + hello
    return dtls_record(rng, 22, handshake, epoch=0)


def dtls_record(rng, kind, body, epoch=None):
    epoch = rng.choice((0, 1)) if epoch is None else epoch
    return struct.pack(">B2sHHI", kind, b"\xfe\xfd", epoch, 0, rng.randrange(1 << 16)) + struct.pack(">H", len(body)) + body


def rtp(rng):
    first = 0x80 | rng.choice((0, 0x10, 0x20, 0x30)) | rng.choice((0, 0, 0, rng.randrange(16)))
    body = rng.randbytes(rng.randrange(20, 1200))
    head = struct.pack(">BBHII", first, rng.choice((96, 97, 98, 100, 111, 127)), rng.randrange(1 << 16),
                       rng.randrange(1 << 32), rng.randrange(1 << 32))
    return head + (b"\xbe\xde" + struct.pack(">H", rng.randrange(6)) if first & 0x10 else b"") + body


def rtcp(rng):
    packets = b""
    for _ in range(rng.randrange(1, 4)):
        count, kind = rng.randrange(32), rng.choice((200, 201, 202, 203, 204, 205, 206, 207))
        body = rng.randbytes(4 * rng.randrange(1, 30))
        packets += struct.pack(">BBH", 0x80 | count, kind, rng.choice((len(body) // 4, rng.randrange(60)))) + body
    return packets


def mutate(rng, data):
    """Breaks a datagram: bits, bytes, lengths, truncation, growth."""
    data = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        how = rng.randrange(6)
        at = rng.randrange(len(data)) if data else 0
        if not data:
            break
        if how == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif how == 2:
            del data[at:]
        elif how == 3:
            data[at:at] = rng.randbytes(rng.randrange(1, 40))
        elif how == 4:
            data[at:at + 2] = struct.pack(">H", rng.choice((0, 1, 3, 0xFFFF, rng.randrange(1 << 16))))
        else:
            del data[at:at + rng.randrange(1, 20)]
    return bytes(data[:1400])


class Hostile:
    """An endless, seeded stream of datagrams of every protocol; `targets` are iceParameters worth attacking."""

    def __init__(self, seed, targets):
        self.rng, self.targets = random.Random(seed), targets

    def datagram(self):
        rng = self.rng
        kind = rng.randrange(8)
        target = rng.choice(self.targets)
        if kind == 0:
            return rng.randbytes(rng.randrange(1400))
        if kind == 1:  # Right integrity around wrong attributes: what only a valid peer could send.
            extra = [(rng.choice((0x0001, 0x0006, 0x0008, 0x0009, 0x000A, 0x0020, 0x0024, 0x0025, 0x8022, 0x8028, 0x8029,
                                  0x802A, 0xC057, rng.randrange(1 << 16))), rng.randbytes(rng.randrange(60)))
                     for _ in range(rng.randrange(1, 6))]
            return check(target, "evil", rng, use_candidate=rng.random() < 0.5, extra=extra)
        if kind == 2:
            return mutate(rng, check(target, "evil", rng))
        if kind == 3:
            wrong = {"usernameFragment": rng.choice((target["usernameFragment"], "nobody")), "password": "wrong"}
            return check(wrong, "evil", rng)
        if kind == 4:
            hello = client_hello(rng)
            return hello if rng.random() < 0.2 else mutate(rng, hello)
        if kind == 5:
            return dtls_record(rng, rng.randrange(20, 64), rng.randbytes(rng.randrange(300)))
        return rtp(rng) if kind == 6 else rtcp(rng)
