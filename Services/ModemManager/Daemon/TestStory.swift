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
        add("address", Self.outcome(uplink.link, condition.remedy), text, condition.addressTook)
    }

    /// Of the address: where nobody knows of one, somebody may all the same, unless something is known to be wrong.
    private static func outcome(_ link: UplinkState.Link, _ remedy: CarrierCondition.Remedy) -> UplinkTest.Outcome {
        switch link {
        case .up: .ok
        case .down: .failed
        default: remedy == .none ? .skipped : .failed
        }
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
            tell(failure: link, isSecure: isSecure)
        }
    }

    /// The gateway has no connection: which of its steps failed, as far as that is one after those that were tried here.
    private mutating func tell(failure link: LinkState, isSecure: Bool) {
        let why = link.lastError ?? "the gateway is \(link.phase)"
        guard isSecure else {
            add("tls", .skipped, "not asked for", nil)
            return add("webSocket", .failed, why, nil)
        }
        if link.failedStep == "tls" { return add("tls", .failed, why, nil) }
        if link.failedStep == "webSocket" { add("tls", .ok, "the gateway came as far", nil) }
        add("webSocket", .failed, why, nil)
        stop("the gateway has no connection")
    }

    private mutating func add(_ name: String, _ outcome: UplinkTest.Outcome, _ detail: String, _ took: Duration?) {
        add(name, outcome, detail, milliseconds: outcome == .ok ? took?.wholeMilliseconds : nil)
    }

    private mutating func add(_ name: String, _ outcome: UplinkTest.Outcome, _ detail: String, milliseconds: Int64?) {
        steps.append(.init(name: name, outcome: outcome, detail: detail, milliseconds: milliseconds))
    }
}
