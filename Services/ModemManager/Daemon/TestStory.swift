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
        if let radio = condition.radio, uplink.driver != SimulatedCarrier.kind {
            tell(radio, of: uplink)
        } else {
            for name in ["sim", "registration"] { add(name, .skipped, "there is no modem", nil) }
        }
        guard !hasFailed else { return }
        let text = uplink.address.map { "\(uplink.interface ?? "") has \($0)" } ?? uplink.detail
        add("address", Self.outcome(uplink.link, condition.remedy), text, condition.addressTook)
    }

    /// A step that the modem does not come past fails in the words of the uplink. A modem whose call is up has a SIM and a network, also before it
    /// was asked for them.
    private mutating func tell(_ radio: RadioReport, of uplink: UplinkState.Uplink) {
        let isUp = uplink.link == .up
        let isPastSIM = isUp || radio.way.obstacle == .registration || radio.way.obstacle == .data
        let isStopped = !isUp && (radio.way.obstacle == .modem || radio.way.obstacle == .sim)
        if let iccid = radio.iccid, !isStopped {
            add("sim", .ok, "ICCID \(iccid)", radio.simTook)
        } else {
            add("sim", isPastSIM ? .skipped : .failed, isPastSIM ? "not read" : uplink.detail, nil)
        }
        guard !hasFailed else { return }
        let network = radio.operatorName ?? radio.operatorCode
        let isRegistered = radio.way.isRegistered ?? (network != nil)
        if isRegistered || !isUp && radio.way.obstacle == .data {
            let words = [network, radio.technology].compactMap { $0 }.joined(separator: ", ")
            add("registration", .ok, words.isEmpty ? "registered" : words, radio.registrationTook)
        } else {
            add("registration", isUp ? .skipped : .failed, uplink.detail, nil)
        }
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
            guard link.phase != .booting else {
                guard link.nextAttemptAt != nil else { return stop("BootNotification is not answered yet") }
                // It is sent again later only where it was refused, or not answered in time.
                return add("boot", .failed, "BootNotification was refused or not answered, and is sent again", nil)
            }
            let outcome = link.phase == .rejected ? UplinkTest.Outcome.failed : .ok
            add("boot", outcome, "BootNotification is answered: \(link.phase)", milliseconds: dial?.boot)
        default:
            tell(failure: link, isSecure: isSecure)
        }
    }

    /// The gateway has no connection: which of its steps failed, as far as that is one after those that were tried here.
    private mutating func tell(failure link: LinkState, isSecure: Bool) {
        let isUnderWay = [.resolving, .connecting, .handshaking].contains(link.phase)
        guard link.lastError != nil || !isUnderWay else {
            if !isSecure { add("tls", .skipped, "not asked for", nil) }
            return stop("the gateway is still \(link.phase)")
        }
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
