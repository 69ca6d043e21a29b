internal import Primitives
internal import UplinkCore

/// What an interface was given, and whether it still has it: others take the address away, choose another MTU or gateway, switch the interface off, or
/// make it only later. Then it is given that again. Its default route is kept by `KeptRoute`.
struct GivenAddress: Equatable, Sendable {
    private let interface: String
    private let given: InterfaceAddress
    private var renewal: Renewal

    init(_ given: InterfaceAddress, to interface: String, at uptime: Duration) {
        (self.given, self.interface) = (given, interface)
        renewal = Renewal(latest: .seconds(60), madeAt: uptime)
    }

    /// Gives it the address and the default route; what it has already stays.
    var effect: CarrierEffect { .configure(interface: interface, given) }

    var nextDeadline: Deadline? { Deadline(at: renewal.due, for: "an interface is given its address anew") }

    mutating func take(_ readings: [InterfaceReading], at uptime: Duration) {
        // One that does not exist cannot be given anything; that it does is read as well.
        let reading = readings.first { $0.name == interface }
        renewal.observe(isAmiss: reading.map { !isAsGiven($0) } ?? false, at: uptime)
    }

    mutating func giveIfDue(at uptime: Duration) -> [CarrierEffect] { renewal.renewIfDue(at: uptime) ? [effect] : [] }

    private func isAsGiven(_ reading: InterfaceReading) -> Bool {
        reading.isRunning && Self.numbers(reading.address) == Self.numbers(given.address) && hasGivenWay(reading)
    }

    /// What nobody says is as given, and so is a default route that is missing.
    private func hasGivenWay(_ reading: InterfaceReading) -> Bool {
        if let mtu = reading.mtu, let given = given.mtu, mtu != given { return false }
        guard let gateway = given.gateway, let gateways = reading.gateways, !gateways.isEmpty else { return true }
        return gateways.contains { Self.numbers($0) == Self.numbers(gateway) }
    }

    /// `010.1.1.1` is `10.1.1.1`.
    private static func numbers(_ address: String?) -> [UInt8]? {
        address?.split(separator: ".").compactMap { UInt8($0) }
    }
}
