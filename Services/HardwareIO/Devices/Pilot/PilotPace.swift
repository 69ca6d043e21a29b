/// How long until the control pilot is sampled again: often where an EV may draw energy, so that the contactor opens in time, and seldom where nothing can
/// happen that must not wait.
///
/// IEC 61851-1 wants the contactor open 100 ms after the EV leaves C or D. Two samples have to agree, so that each of them may be 10 ms old, and what follows
/// takes a few more. An EV that comes or goes while nothing flows may wait for some tenths of a second.
public struct PilotPace: Sendable {
    /// While an EV asks for energy, and for a while after each change.
    public static let fast = Duration.milliseconds(10)
    /// While an EV is there, and where something is wrong.
    public static let connected = Duration.milliseconds(50)
    /// While there is no EV, or the pilot is at -12 V.
    public static let idle = Duration.milliseconds(400)
    /// A change is looked at closely for so long: the second sample that confirms it has to follow at once.
    static let attention = Duration.milliseconds(200)

    private enum Band: Equatable { case unavailable, wrong, asking, connected, absent }

    private var band: Band?
    private var attentiveUntil = Duration.zero

    public init() {}

    /// - Returns: The time until the next sample.
    public mutating func sampled(_ sample: PilotSample, at uptime: Duration) -> Duration {
        let now = Self.band(sample.highMillivolts)
        if now != band {
            band = now
            attentiveUntil = uptime + Self.attention
        }
        guard uptime >= attentiveUntil else { return Self.fast }
        return switch now {
        case .asking: Self.fast
        case .connected, .wrong: Self.connected
        case .absent, .unavailable: Self.idle
        }
    }

    /// Wider than the bands of the states where that is on the safe side: an EV between B and C may be one that draws.
    private static func band(_ millivolts: Int) -> Band {
        switch millivolts {
        case 10_500...: .absent
        case 8000..<10_500: .connected
        case 1500..<8000: .asking
        case (-10_500)..<1500: .wrong
        default: .unavailable
        }
    }
}
