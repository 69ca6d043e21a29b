import BusSchema

/// One uplink and what is known of its link.
struct Uplink: Equatable, Sendable {
    let name: String
    let driver: UplinkConfiguration.Driver
    private(set) var link: UplinkState.Link
    /// Why, for people.
    private(set) var detail: String
    /// The interface that carries it, where known.
    private(set) var interface: String?
    /// Whether the interface that it is said to use does not exist: a wrong name in the site's file, most likely.
    private(set) var isMissing = false
    /// Of a modem, percent; nil where nothing is measured.
    private var signalPercent: Int?

    init(_ configuration: UplinkConfiguration.Uplink) {
        name = configuration.name
        driver = configuration.driver
        switch driver {
        case .interface(let name):
            link = .unknown
            detail = "not read yet"
            interface = name
        case .simulated:
            link = .up
            detail = "simulated"
        }
    }

    var isSimulated: Bool { driver == .simulated }

    /// As others see it.
    var published: UplinkState.Uplink {
        UplinkState.Uplink(
            name: name,
            driver: isSimulated ? "simulated" : "static",
            link: link,
            detail: detail,
            interface: interface,
            signalPercent: signalPercent
        )
    }

    /// Draws the conclusion from a reading; a simulated uplink does not care.
    mutating func take(_ readings: [InterfaceReading]) {
        guard case .interface(let wanted) = driver else { return }
        if let wanted {
            let reading = readings.first { $0.name == wanted }
            isMissing = reading == nil
            // Nothing is known of a network behind a name that does not exist, so nobody is kept from trying.
            guard let reading else {
                link = .unknown
                let others = readings.filter { !$0.isLoopback }.map(\.name).joined(separator: ", ")
                detail = "there is no interface \(wanted); there is \(others.isEmpty ? "none" : others)"
                return
            }
            link = reading.isUsable ? .up : .down
            detail = reading.explanation
        } else {
            let usable = readings.first { !$0.isLoopback && $0.isUsable }
            interface = usable?.name
            link = usable == nil ? .down : .up
            detail = usable?.explanation ?? "no interface has an address"
        }
    }

    /// Nothing can be concluded: users of the network just try.
    mutating func takeFailure(_ reason: String) {
        guard case .interface(let wanted) = driver else { return }
        link = .unknown
        detail = reason
        interface = wanted
    }

    /// Nobody watches it any more: users of the network just try.
    mutating func withdraw() {
        link = .unknown
        detail = "not watched any more"
    }

    /// Cuts or mends a simulated uplink, and changes its signal; what is nil stays as it is.
    mutating func simulate(isUp: Bool?, signalPercent: Int?) {
        precondition(isSimulated, "Only what is simulated can be cut by request.")
        self.signalPercent = signalPercent ?? self.signalPercent
        guard let isUp else { return }
        link = isUp ? .up : .down
        detail = isUp ? "simulated" : "cut by request"
    }
}

extension InterfaceReading {
    fileprivate var isUsable: Bool { isRunning && hasAddress }

    fileprivate var explanation: String {
        if !isRunning { return "\(name) is not running" }
        return hasAddress ? "\(name) has an address" : "\(name) has no address"
    }
}
