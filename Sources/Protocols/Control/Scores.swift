// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// How well one stream of a producer arrives.
public struct ProducerScore: Codable, Hashable, Sendable {
    /// Which of the producer's encodings it is.
    public var encodingIdx: Int
    /// The stream's SSRC.
    public var ssrc: UInt32
    /// The stream's RID, where it has one.
    public var rid: String?
    /// From 0, nothing arrives, to 10, nothing is lost.
    public var score: Int

    /// The score of one stream.
    public init(encodingIdx: Int, ssrc: UInt32, rid: String? = nil, score: Int) {
        (self.encodingIdx, self.ssrc, self.rid, self.score) = (encodingIdx, ssrc, rid, score)
    }
}

/// How well a consumer's stream arrives at its peer, and what it is made from arrives here.
public struct ConsumerScore: Codable, Hashable, Sendable {
    /// The consumer's own stream, from 0 to 10.
    public var score: Int
    /// The producer's stream in use, from 0 to 10.
    public var producerScore: Int
    /// All of the producer's streams, in the order of its encodings.
    public var producerScores: [Int]

    /// The scores of a consumer.
    public init(score: Int, producerScore: Int, producerScores: [Int]) {
        (self.score, self.producerScore, self.producerScores) = (score, producerScore, producerScores)
    }
}
