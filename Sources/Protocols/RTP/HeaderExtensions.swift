// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// The elements of one header extension block, found without copying.
///
/// Reads the one-byte form (`0xBEDE`) and the two-byte form (`0x1000` to `0x100F`); a block of another profile has no
/// elements. A length that runs past the block ends the walk: what came before stays valid, the packet too.
///
/// - Note: RFC 8285 §4.
@usableFromInline
package struct HeaderExtensions: ~Escapable {
    /// One element: its id, and where its value lies, counted from the start of the packet.
    @usableFromInline
    package struct Element: Equatable, Sendable {
        @usableFromInline package let id: UInt8
        @usableFromInline package let range: Range<Int>

        @inlinable @inline(__always)
        init(id: UInt8, range: Range<Int>) { (self.id, self.range) = (id, range) }
    }

    /// The profile value of the one-byte form, RFC 8285 §4.2.
    @inlinable package static var oneByteProfile: UInt16 { 0xBEDE }
    /// The profile value of the two-byte form; its low four bits are the application's, RFC 8285 §4.3.
    @inlinable package static var twoByteProfile: UInt16 { 0x1000 }

    @usableFromInline let bytes: Span<UInt8>
    @usableFromInline let end: Int
    @usableFromInline let twoByte: Bool
    @usableFromInline var offset: Int

    /// - Parameters:
    ///   - bytes: The packet.
    ///   - range: The block's elements, behind the preamble; lies inside the packet.
    ///   - profile: The preamble's first field.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>, range: Range<Int>, profile: UInt16) {
        self.bytes = bytes
        twoByte = profile & 0xFFF0 == 0x1000
        offset = range.lowerBound
        end = profile == 0xBEDE || profile & 0xFFF0 == 0x1000 ? min(range.upperBound, bytes.count) : range.lowerBound
    }

    /// The next element, or `nil` behind the last.
    @inlinable
    package mutating func next() -> Element? {
        while offset < end {
            let head = bytes[offset]
            let id: UInt8
            let start: Int
            let length: Int
            if twoByte {
                // An id of 0 is one byte of padding, whatever follows it: RFC 8285 §4.3.
                guard head != 0 else {
                    offset &+= 1
                    continue
                }
                guard offset &+ 1 < end else { break }
                id = head
                length = Int(bytes[offset &+ 1])
                start = offset &+ 2
            } else {
                id = head >> 4
                // Id 0 with length 0 is padding; id 15 stops the walk: RFC 8285 §4.2.
                guard head != 0 else {
                    offset &+= 1
                    continue
                }
                guard id != 15 else { break }
                length = Int(head & 0x0F) &+ 1
                start = offset &+ 1
            }
            guard length <= end &- start else { break }
            offset = start &+ length
            if id == 0 { continue }
            return Element(id: id, range: start..<start &+ length)
        }
        offset = end
        return nil
    }

    /// Where the first element with `id` lies in the packet, or `nil` when there is none.
    @inlinable
    package func range(of id: UInt8) -> Range<Int>? {
        guard id != 0 else { return nil }
        var walk = copy self
        while let element = walk.next() {
            if element.id == id { return element.range }
        }
        return nil
    }

    /// The value of the first element with `id`, or `nil` when there is none.
    @inlinable
    @_lifetime(copy self)
    package func value(of id: UInt8) -> Span<UInt8>? {
        guard let range = range(of: id) else { return nil }
        return bytes.extracting(range)
    }
}
