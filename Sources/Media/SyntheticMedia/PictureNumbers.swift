// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// Follows the picture ids and TL0PICIDX of a forwarded stream, as browsers find references by them.
struct PictureNumbers {
    private let codec: SyntheticCodec
    private var lastID: Int32 = -1
    private var keyPicture: (id: Int32, picture: UInt32, source: UInt8)?
    private var lastTL0: Int16 = -1
    private var isTL0Known = false
    /// Packets lost since the last picture of the lowest temporal layer.
    private var tl0Gap: Int64 = 0

    init(_ codec: SyntheticCodec) { self.codec = codec }

    /// Takes the first packet of a frame.
    ///
    /// - Parameters:
    ///   - reading: What it says.
    ///   - continues: Whether the frame belongs to the same picture as the one before.
    ///   - gap: Packets between the two that did not come.
    ///   - fault: Told what is wrong.
    mutating func check(
        _ reading: PayloadReading,
        continues: Bool,
        gap: Int64,
        fault: (StreamChecker.Fault, String) -> Void
    ) {
        guard reading.pictureID >= 0 else { return }
        let tag = reading.tag
        if continues {
            if reading.pictureID != lastID { fault(.pictureID, "within picture \(tag.picture)") }
            return
        }
        if lastID >= 0, !isNext(reading, gap: gap) {
            fault(.pictureID, "\(lastID) then \(reading.pictureID), gap \(gap)")
        }
        lastID = reading.pictureID
        if tag.isKey { keyPicture = (reading.pictureID, tag.picture, tag.source) }
        if reading.tl0 >= 0 { checkTL0(reading, gap: gap, fault: fault) }
    }

    private func isNext(_ reading: PayloadReading, gap: Int64) -> Bool {
        let tag = reading.tag
        let step = Int64((reading.pictureID - lastID) & 0x7FFF)
        // A VP8 receiver waits for what seems missing.
        if codec == .vp8 { return (1...gap + 1).contains(step) }
        guard !tag.isKey, let keyPicture, keyPicture.source == tag.source else { return (1..<0x4000).contains(step) }
        // VP9's non-flexible mode finds references by the distance from the structure's picture.
        let distance = Int32(truncatingIfNeeded: tag.picture &- keyPicture.picture)
        return (reading.pictureID - keyPicture.id) & 0x7FFF == distance & 0x7FFF
    }

    private mutating func checkTL0(
        _ reading: PayloadReading,
        gap: Int64,
        fault: (StreamChecker.Fault, String) -> Void
    ) {
        if gap > 0 { (isTL0Known, tl0Gap) = (false, tl0Gap + gap) }
        guard reading.tag.temporal == 0 else {
            if isTL0Known, reading.tl0 != lastTL0 { fault(.tl0, "\(reading.tl0) above \(lastTL0)") }
            return
        }
        if lastTL0 >= 0 {
            let step = Int64((reading.tl0 &- lastTL0) & 0xFF)
            let isRight: Bool
            if codec == .vp9, reading.tag.isKey {
                // With its structure a key picture begins anew whatever came before, but receivers unwrap the number.
                isRight = (1..<128).contains(step)
            } else {
                isRight = isTL0Known ? step == 1 : tl0Gap >= 64 || (1...tl0Gap + 1).contains(step)
            }
            if !isRight { fault(.tl0, "\(lastTL0) then \(reading.tl0) behind a gap of \(tl0Gap)") }
        }
        (lastTL0, isTL0Known, tl0Gap) = (reading.tl0, true, 0)
    }
}
