/// How long a modem took for its way to a network, the last time that it went it.
public struct BringUpTimes: Equatable, Sendable {
    /// From its first answer until the SIM was open; nil where nobody saw that.
    public private(set) var sim: Duration?
    /// From there until it was registered, and that was believed; nil where nobody saw that.
    public private(set) var registration: Duration?
    private var begun: Duration?
    private var opened: Duration?

    public init() {}

    mutating func observe(_ phase: ModemPhase, at uptime: Duration) {
        switch phase {
        case .idle, .absent, .waking: (begun, opened) = (nil, nil)
        case .identifying, .unlocking:
            begun = begun ?? uptime
            opened = nil
        case .preparing, .registering:
            if let begun { sim = uptime - begun }
            begun = nil
            opened = opened ?? uptime
        case .attaching, .ready:
            if let begun { sim = uptime - begun }
            if let opened { registration = uptime - opened }
            (begun, opened) = (nil, nil)
        }
    }
}
