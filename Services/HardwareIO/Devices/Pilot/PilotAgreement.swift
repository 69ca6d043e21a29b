public import HardwareCore

/// Whether the control pilot carries what was written to its generator. A chip that lost its supply, or was unplugged for a moment, takes orders as if
/// nothing had been, while the kernel believes that it runs: only the line shows that.
public struct PilotAgreement: Sendable {
    public enum Verdict: Equatable, Sendable {
        /// Nothing speaks against the generator. What an EV does to the pilot does not.
        case agrees
        /// No EV can make that of what was ordered.
        case contradicts
    }

    /// A contradiction has to last for so long, from the end of the write on. It is found before HardwareCore misses its PWM (1 s).
    static let limit = Duration.milliseconds(600)
    /// In so many samples in a row.
    static let fewestSamples = 3

    private var since: Duration?
    private var samples = 0

    public init() {}

    /// - Parameters:
    ///   - sample: Both half-waves.
    ///   - uptime: When they were read.
    ///   - signal: What was written last.
    ///   - writtenAt: When that was done, uptime.
    /// - Returns: Nil while it has to be looked at for longer.
    public mutating func sampled(
        _ sample: PilotSample,
        at uptime: Duration,
        signal: PilotSignal,
        writtenAt: Duration
    ) -> Verdict? {
        // It was read before the order was there.
        guard uptime >= writtenAt else { return nil }
        guard Self.isContrary(sample, to: signal) else {
            self = PilotAgreement()
            return .agrees
        }
        let begun = since.map { max($0, writtenAt) } ?? uptime
        since = begun
        samples = min(samples + 1, Self.fewestSamples)
        return samples == Self.fewestSamples && uptime - begun >= Self.limit ? .contradicts : nil
    }

    private static func isContrary(_ sample: PilotSample, to signal: PilotSignal) -> Bool {
        switch signal {
        // Steady at -12 V, or PWM although nothing is offered.
        case .x1: sample.lowMillivolts <= -10_000
        // Steady at -12 V, or steady at what the EV makes of +12 V.
        case .pwm: sample.highMillivolts <= -10_000 || (sample.lowMillivolts > -1000 && sample.highMillivolts >= 2000)
        case .f: sample.highMillivolts >= 2000
        }
    }
}
