import Primitives

/// Makes millivolts of the control pilot of what an analogue-digital converter reads behind a divider.
///
/// The kernel gives raw values with an offset and a scale (IIO: mV = (raw + offset) × scale); the board's divider is linear too.
public struct PilotCalibration: Equatable, Sendable {
    /// Added to a raw value, as the kernel says.
    public var rawOffset: Int
    /// Nanovolts at the converter for each step: the kernel's scale in mV times a million.
    public var nanovoltsPerStep: Int
    /// Pilot for converter: `pilot = converter × numerator ÷ denominator + offsetMillivolts`. 4561/476 and -16013 on a Charge Control C.
    public var numerator: Int
    /// Not 0.
    public var denominator: Int
    public var offsetMillivolts: Int

    public init(rawOffset: Int = 0, nanovoltsPerStep: Int, numerator: Int, denominator: Int, offsetMillivolts: Int) {
        precondition(denominator != 0, "The settings refuse a divider by zero.")
        self.rawOffset = rawOffset
        self.nanovoltsPerStep = nanovoltsPerStep
        self.numerator = numerator
        self.denominator = denominator
        self.offsetMillivolts = offsetMillivolts
    }

    /// The pilot in mV at a raw value; the nearest of ±100 V, where no pilot ever is.
    public func millivolts(raw: Int) -> Int {
        let steps = Int128(raw) + Int128(rawOffset)
        let (scaled, tooLarge) = (steps * Int128(nanovoltsPerStep)).multipliedReportingOverflow(by: Int128(numerator))
        guard !tooLarge else { return scaled < 0 ? Self.limit : -Self.limit }
        let pilot = scaled / (Int128(denominator) * 1_000_000) + Int128(offsetMillivolts)
        return Int(pilot.clamped(to: Int128(-Self.limit)...Int128(Self.limit)))
    }

    private static let limit = 100_000
}

/// Both half-waves of the control pilot, equal while it is steady.
public struct PilotSample: Equatable, Sendable {
    public var highMillivolts: Int
    public var lowMillivolts: Int

    public init(highMillivolts: Int, lowMillivolts: Int) {
        self.highMillivolts = highMillivolts
        self.lowMillivolts = lowMillivolts
    }

    /// Of a burst of samples that covers some periods of 1 kHz, at times that know nothing of its phase: 40 to 4096 of them, no more than 25 µs
    /// apart where duties above 90 % occur. Nil of an empty one.
    ///
    /// The samples lie on two plateaus, some on the edges between them, and a disturbance may lie anywhere: so the median of each side
    /// counts, and a side with next to no samples is a disturbance. The shortest half-wave of a legal duty is 3 % of a period.
    public init?(burst millivolts: [Int]) {
        let sorted = millivolts.prefix(Self.longestBurst).map { $0.clamped(to: -100_000...100_000) }.sorted()
        guard let lowest = sorted.first, let highest = sorted.last else { return nil }
        let middle = sorted[sorted.count / 2]
        guard highest - lowest > Self.steadySpread else {
            self.init(highMillivolts: middle, lowMillivolts: middle)
            return
        }
        let threshold = lowest + (highest - lowest) / 2
        let split = sorted.firstIndex { $0 > threshold } ?? sorted.count
        let fewest = max(2, sorted.count / 50)
        guard split >= fewest, sorted.count - split >= fewest else {
            self.init(highMillivolts: middle, lowMillivolts: middle)
            return
        }
        self.init(highMillivolts: sorted[(split + sorted.count) / 2], lowMillivolts: sorted[split / 2])
    }

    /// Noise on a steady pilot; two plateaus are further apart, also where the EV's diode is missing (±3 V at least).
    private static let steadySpread = 2000
    private static let longestBurst = 4096
}
