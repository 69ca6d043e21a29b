internal import Primitives
internal import UplinkCore

/// What an interface was given, and whether it still has it: others take the address or the default route away, switch the interface off, or make
/// it only later. Then it is given that again: soon, and ever more seldom while that is of no use.
struct GivenAddress: Equatable, Sendable {
    static let soonest = Duration.seconds(2)
    static let latest = Duration.seconds(60)

    private let interface: String
    private let given: InterfaceAddress
    /// When it was given last.
    private var at: Duration
    /// How long after that it is given again at the earliest.
    private var wait = Self.soonest
    private var isAmiss = false
    private(set) var lacksRoute = false

    init(_ given: InterfaceAddress, to interface: String, at uptime: Duration) {
        (self.given, self.interface, at) = (given, interface, uptime)
    }

    var effect: CarrierEffect { .configure(interface: interface, given) }

    var nextDeadline: Deadline? {
        Deadline(at: isAmiss ? at + wait : nil, for: "an interface is given its address anew")
    }

    /// - Returns: What is to be done about it now.
    mutating func take(_ readings: [InterfaceReading], at uptime: Duration) -> [CarrierEffect] {
        // One that does not exist cannot be given anything; that it does is read as well.
        let reading = readings.first { $0.name == interface }
        let wasAmiss = isAmiss
        isAmiss = reading.map { !isAsGiven($0) } ?? false
        lacksRoute = reading?.hasDefaultRoute == false
        // The last time it was of use for long.
        if isAmiss, !wasAmiss, uptime - at >= Self.latest { wait = Self.soonest }
        return giveIfDue(at: uptime)
    }

    mutating func giveIfDue(at uptime: Duration) -> [CarrierEffect] {
        guard isAmiss, uptime >= at + wait else { return [] }
        at = uptime
        wait = min(wait * 2, Self.latest)
        return [effect]
    }

    private func isAsGiven(_ reading: InterfaceReading) -> Bool {
        reading.isRunning && reading.hasDefaultRoute != false
            && Self.numbers(reading.address) == Self.numbers(given.address)
    }

    /// `010.1.1.1` is `10.1.1.1`.
    private static func numbers(_ address: String?) -> [UInt8]? {
        address?.split(separator: ".").compactMap { UInt8($0) }
    }
}
