internal import BusSchema
public import Primitives

/// Somebody else keeps the uplink up (a network service of the operating system): it is up while its interface has an address.
public struct InterfaceCarrier: Carrier, Equatable {
    /// The interface that the site's file names; nil for any but the loopback and those of other uplinks.
    private let wanted: String?
    public private(set) var condition: CarrierCondition

    public init(interface: String?) {
        wanted = interface
        condition = CarrierCondition(link: .unknown, detail: "not read yet", interface: interface)
    }

    public var kind: String { "static" }
    public var steps: Set<RecoveryStep> { [] }
    public var readsInterfaces: Bool { true }

    public mutating func handle(_ event: CarrierEvent, at moment: Moment) -> [CarrierEffect] {
        switch event {
        case .interfacesRead(let readings): condition = conclusion(from: readings)
        case .interfacesUnreadable(let reason):
            // Nothing can be concluded: users of the network just try.
            condition = CarrierCondition(link: .unknown, detail: reason, interface: wanted)
        case .terminationRequested:
            condition = CarrierCondition(link: .unknown, detail: "not watched any more", interface: condition.interface)
        case .started, .addressGiven, .line, .childWrote, .interfaceFound, .childEnded, .stored, .storeFailed,
            .storedElsewhere, .pulsed, .ordered, .simulated:
            break
        }
        return []
    }

    private func conclusion(from readings: [InterfaceReading]) -> CarrierCondition {
        guard let wanted else {
            guard let usable = readings.first(where: { !$0.isLoopback && !$0.isTaken && $0.isUsable }) else {
                let isOthers = readings.contains { $0.isTaken && $0.isUsable }
                let detail = "no interface has an address" + (isOthers ? ", but for those of other uplinks" : "")
                return CarrierCondition(link: .down, detail: detail, remedy: .recovery)
            }
            return usable.condition
        }
        if let reading = readings.first(where: { $0.name == wanted }) { return reading.condition }
        // Nothing is known of a network behind a name that does not exist, so nobody is kept from trying.
        let others = readings.filter { !$0.isLoopback }.map(\.name).joined(separator: ", ")
        let detail = "there is no interface \(wanted); there is \(others.isEmpty ? "none" : others)"
        return CarrierCondition(
            link: .unknown,
            detail: detail,
            remedy: .person,
            interface: wanted,
            complaint: "an uplink has no interface"
        )
    }
}

extension InterfaceReading {
    /// Whether it can carry anything beyond the link.
    public var isUsable: Bool { isRunning && hasAddress }

    fileprivate var condition: CarrierCondition {
        CarrierCondition(
            link: isUsable ? .up : .down,
            detail: explanation,
            remedy: isUsable ? .none : .recovery,
            interface: name,
            address: isUsable ? address : nil
        )
    }

    private var explanation: String {
        if !isRunning { return "\(name) is not running" }
        guard hasAddress else { return "\(name) has no address" }
        // It may reach what it is meant for all the same.
        return "\(name) has an address" + (hasDefaultRoute == false ? ", and no default route" : "")
    }
}
