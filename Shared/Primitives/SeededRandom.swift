/// A small deterministic generator (SplitMix64). A machine owns one, its seed is an `init` argument, so one seed replays a run.
///
/// Not for keys or masks: those come from the system's generator in the shell.
public struct SeededRandom: RandomNumberGenerator, Sendable, Equatable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A duration drawn evenly from `range`, with millisecond steps.
    public mutating func duration(in range: ClosedRange<Duration>) -> Duration {
        let span = range.lowerBound.wholeMilliseconds...range.upperBound.wholeMilliseconds
        return .milliseconds(Int64.random(in: span, using: &self))
    }
}

extension RandomNumberGenerator {
    /// A version 4 UUID in lower-case text, 36 characters (RFC 9562 §5.4): unique over boots and connections.
    public mutating func uuid() -> String {
        let high = (next() & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000
        let low = (next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, word) in [high, low].enumerated() {
            for nibble in 0..<16 {
                if (index == 0 && (nibble == 8 || nibble == 12)) || (index == 1 && (nibble == 0 || nibble == 4)) {
                    text.append(UInt8(ascii: "-"))
                }
                text.append(digits[Int((word >> UInt64(60 - 4 * nibble)) & 0xF)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
