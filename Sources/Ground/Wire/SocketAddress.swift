// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// An IPv4 or IPv6 address with a port, as a trivial value: copying and comparing allocate nothing.
///
/// An IPv4-mapped IPv6 address (`::ffff:a.b.c.d`) is held as IPv4, so one peer has one value however its packets came.
@usableFromInline
package struct SocketAddress: Hashable, Sendable {
    /// The first 64 bits of an IPv6 address; zero for IPv4.
    @usableFromInline package let high: UInt64
    /// The last 64 bits of an IPv6 address, or the 32 bits of an IPv4 one.
    @usableFromInline package let low: UInt64
    /// The interface of a link-local IPv6 address; zero elsewhere.
    @usableFromInline package let scope: UInt32
    /// The port, in host order.
    @usableFromInline package let port: UInt16
    /// Whether the address is of IPv6.
    @usableFromInline package let isIPv6: Bool

    /// An IPv4 address, its first byte the most significant.
    package init(ipv4: UInt32, port: UInt16) {
        self.init(high: 0, low: UInt64(ipv4), scope: 0, port: port, isIPv6: false)
    }

    /// An IPv6 address, its first byte the most significant of `high`; an IPv4-mapped one becomes IPv4.
    package init(ipv6 high: UInt64, _ low: UInt64, scope: UInt32 = 0, port: UInt16) {
        if high == 0, low >> 32 == 0xFFFF {
            self.init(ipv4: UInt32(truncatingIfNeeded: low), port: port)
        } else {
            self.init(high: high, low: low, scope: scope, port: port, isIPv6: true)
        }
    }

    private init(high: UInt64, low: UInt64, scope: UInt32, port: UInt16, isIPv6: Bool) {
        (self.high, self.low, self.scope, self.port, self.isIPv6) = (high, low, scope, port, isIPv6)
    }

    /// Whether both are the same address and port; field by field, for tables that compare with every packet.
    @inlinable @inline(__always)
    package static func == (a: SocketAddress, b: SocketAddress) -> Bool {
        a.low == b.low && a.high == b.high && a.port == b.port && a.scope == b.scope && a.isIPv6 == b.isIPv6
    }

    /// The address written as text, IPv4 dotted or IPv6 by RFC 4291 §2.2 without a zone, or `nil` when it is neither.
    package init?(_ text: String, port: UInt16) {
        if let ipv4 = Self.parseIPv4(Substring(text)) {
            self.init(ipv4: ipv4, port: port)
        } else if let (high, low) = Self.parseIPv6(text) {
            self.init(ipv6: high, low, port: port)
        } else {
            return nil
        }
    }

    /// The same address with another port.
    package func withPort(_ port: UInt16) -> SocketAddress {
        isIPv6
            ? SocketAddress(ipv6: high, low, scope: scope, port: port)
            : SocketAddress(ipv4: UInt32(truncatingIfNeeded: low), port: port)
    }

    /// Whether the address is 0.0.0.0 or ::.
    package var isUnspecified: Bool { high == 0 && low == 0 }

    /// Whether the address is in 127.0.0.0/8 or is ::1.
    package var isLoopback: Bool { isIPv6 ? high == 0 && low == 1 : low >> 24 == 127 }

    /// Whether the address is in 169.254.0.0/16 or fe80::/10.
    package var isLinkLocal: Bool { isIPv6 ? high >> 54 == 0x3FA : low >> 16 == 0xA9FE }

    /// The address without its port, as text; IPv6 compressed by RFC 5952.
    package var host: String {
        guard isIPv6 else {
            return [24, 16, 8, 0].map { String(low >> UInt64($0) & 0xFF) }.joined(separator: ".")
        }
        let groups = [high, low].flatMap { half in
            [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> UInt64($0)) }
        }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start >= 2, end - start > best.count { best = start..<end }
            start = max(end, start + 1)
        }
        let text = { (range: Range<Int>) in groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty ? text(0..<8) : text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
    }

    private static func parseIPv4(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard part.count <= 3, part.allSatisfy({ $0.isASCII && $0.isNumber }), let byte = UInt8(part) else {
                return nil
            }
            value = value << 8 | UInt32(byte)
        }
        return value
    }

    private static func parseIPv6(_ text: String) -> (UInt64, UInt64)? {
        guard text.utf8.count <= 45, text.contains(":") else { return nil }
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return nil }
        guard let front = groups(of: String(halves[0]), isLast: halves.count == 1) else { return nil }
        var all = front
        if halves.count == 2 {
            guard let back = groups(of: String(halves[1]), isLast: true), front.count + back.count < 8 else {
                return nil
            }
            all += [UInt16](repeating: 0, count: 8 - front.count - back.count) + back
        }
        guard all.count == 8 else { return nil }
        let half = { (range: Range<Int>) in all[range].reduce(UInt64(0)) { $0 << 16 | UInt64($1) } }
        return (half(0..<4), half(4..<8))
    }

    private static func groups(of text: String, isLast: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, part.contains(".") {
                guard let ipv4 = parseIPv4(part) else { return nil }
                groups += [UInt16(truncatingIfNeeded: ipv4 >> 16), UInt16(truncatingIfNeeded: ipv4)]
            } else {
                guard (1...4).contains(part.count), part.allSatisfy(\.isHexDigit), let group = UInt16(part, radix: 16)
                else {
                    return nil
                }
                groups.append(group)
            }
        }
        return groups
    }
}

extension SocketAddress: CustomStringConvertible {
    @usableFromInline package var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
