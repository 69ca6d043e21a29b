internal import BusSchema
internal import Primitives
internal import UplinkCore

/// The steps of one test of an uplink, and why those that are missing were not tried.
struct TestStory {
    private static let all = ["sim", "registration", "address", "dns", "tcp", "tls", "webSocket", "boot"]

    var steps: [UplinkTest.Step] = []
    private var reason: String?

    /// What needs no trying: how long it took is that of the last time.
    init(uplink: UplinkState.Uplink, condition: CarrierCondition) {
        // A modem whose call is up has a SIM and a network, also before it was asked for them.
        let notKnown = uplink.link == .up ? UplinkTest.Outcome.skipped : .failed
        if let radio = condition.radio, uplink.driver != SimulatedCarrier.kind {
            let sim = radio.iccid.map { "ICCID \($0)" } ?? "not read"
            add("sim", radio.iccid == nil ? notKnown : .ok, sim, radio.simTook)
            guard !hasFailed else { return }
            let network = radio.operatorName ?? radio.operatorCode
            let detail = [network, radio.technology].compactMap { $0 }.joined(separator: ", ")
            add(
                "registration",
                network == nil ? notKnown : .ok,
                network == nil ? uplink.detail : detail,
                radio.registrationTook
            )
        } else {
            for name in ["sim", "registration"] { add(name, .skipped, "there is no modem", nil) }
        }
        guard !hasFailed else { return }
        let text = uplink.address.map { "\(uplink.interface ?? "") has \($0)" } ?? uplink.detail
        add("address", uplink.link == .down ? .failed : .ok, text, condition.addressTook)
    }

    var hasFailed: Bool { steps.last?.outcome == .failed }

    /// All steps: those that are missing were not tried.
    var complete: [UplinkTest.Step] {
        let failed = steps.last { $0.outcome == .failed }?.name
        let why = reason ?? failed.map { "\($0) failed" } ?? "nobody knows"
        return Self.all.map { name in
            steps.first { $0.name == name } ?? .init(name: name, outcome: .skipped, detail: why)
        }
    }

    mutating func stop(_ why: String) { reason = why }

    /// What the gateway found: that is where the charger's connection is.
    /// - Parameters:
    ///   - link: Nil where the gateway does not say how far it gets.
    ///   - active: The uplink that it uses, where that is another one.
    mutating func tell(_ link: LinkState?, active: String?) {
        if let active {
            return stop("the gateway is connected over \(active), and a second connection would end the first")
        }
        guard let link else { return stop("the gateway does not say how far it gets") }
        let dial = link.lastDial
        let isSecure = link.url.hasPrefix("wss:")
        switch link.phase {
        case .booting, .pending, .accepted, .rejected:
            if isSecure {
                add("tls", .ok, "in use by the gateway", milliseconds: dial?.tls)
            } else {
                add("tls", .skipped, "not asked for", nil)
            }
            add("webSocket", .ok, "the gateway is connected", milliseconds: dial?.webSocket)
            guard link.phase != .booting else { return stop("BootNotification is not answered yet") }
            let outcome = link.phase == .rejected ? UplinkTest.Outcome.failed : .ok
            add("boot", outcome, "BootNotification is answered: \(link.phase)", milliseconds: dial?.boot)
        default:
            add("webSocket", .failed, link.lastError ?? "the gateway is \(link.phase)", nil)
            if isSecure { stop("the gateway has no connection") }
        }
    }

    private mutating func add(_ name: String, _ outcome: UplinkTest.Outcome, _ detail: String, _ took: Duration?) {
        add(name, outcome, detail, milliseconds: outcome == .ok ? took?.wholeMilliseconds : nil)
    }

    private mutating func add(_ name: String, _ outcome: UplinkTest.Outcome, _ detail: String, milliseconds: Int64?) {
        steps.append(.init(name: name, outcome: outcome, detail: detail, milliseconds: milliseconds))
    }
}
