import Primitives

/// Which cable is in the socket, by the resistor in its plug (IEC 61851-1 table B.2, with the bands that chargers use).
///
/// Debounced: a change counts after two readings in a row that agree, and two in a row that show no valid cable end one. A cable
/// does not grow: until the plug is gone together with the EV, the lowest rating that was read counts.
struct ProximitySensor {
    enum Plug: Equatable {
        /// Not read yet, or not for too long.
        case unknown
        case absent
        case cable(ratedMilliamps: Int)
        /// No cable has this resistor.
        case invalid

        var isCable: Bool { if case .cable = self { true } else { false } }
    }

    private var known = Plug.unknown
    private var newest: Plug?
    private var silence: SensorSilence
    /// The lowest rating since this cable was plugged in.
    private var lowestMilliamps: Int?

    init(at start: Duration) { silence = SensorSilence(at: start) }

    var plug: Plug {
        guard case .cable(let rated) = known else { return known }
        return .cable(ratedMilliamps: min(rated, lowestMilliamps ?? rated))
    }

    /// What is wrong, for the list of faults.
    var failure: String? { silence.isSilent ? "proximity contact was not read for too long" : nil }

    /// When its silence has to be judged; nil once it counts as silent.
    func silenceDeadline(contactorIsClosed: Bool, since closedAt: Duration) -> Duration? {
        silence.deadline(contactorIsClosed: contactorIsClosed, since: closedAt)
    }

    /// `due` is what `silenceDeadline` says.
    mutating func judgeSilence(due: Duration, at uptime: Duration) {
        if silence.judge(due: due, at: uptime) { forget() }
    }

    /// The sensor is gone: nothing is known until it was read twice again.
    mutating func forget() {
        known = .unknown
        newest = nil
    }

    /// Nil ohms: no plug.
    /// - Returns: Whether something changed.
    mutating func read(ohms: Int?, at uptime: Duration) -> Bool {
        // Older than what is known.
        guard uptime >= silence.readAt else { return false }
        let reading = Self.plug(ohms: ohms)
        let before = newest
        newest = reading
        silence.read(at: uptime)
        guard let before else { return false }
        guard reading == before || (known.isCable && !reading.isCable && !before.isCable) else { return false }
        let wasBefore = plug
        silence.end()
        known = reading
        if case .cable(let rated) = reading { lowestMilliamps = min(rated, lowestMilliamps ?? rated) }
        return plug != wasBefore
    }

    /// The EV is not there. With an empty socket, whatever is plugged next is another cable.
    mutating func vehicleIsAbsent() {
        if known == .absent { lowestMilliamps = nil }
    }

    private static func plug(ohms: Int?) -> Plug {
        guard let ohms else { return .absent }
        return switch ohms {
        case 2201...: .absent
        case 1000...2200: .cable(ratedMilliamps: 13_000)
        case 330..<1000: .cable(ratedMilliamps: 20_000)
        case 150..<330: .cable(ratedMilliamps: 32_000)
        case 75..<150: .cable(ratedMilliamps: 63_000)
        default: .invalid
        }
    }
}
