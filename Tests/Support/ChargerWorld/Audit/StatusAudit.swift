import OCPP
import Primitives

/// The statuses on the wire: legal after each other (OCPP 1.6 §4.9), and what the facts say once nothing has moved for a while.
struct StatusAudit {
    /// One connector as it truly stands.
    struct Facts: Equatable {
        var hasPlug = false
        var isClosed = false
        /// A transaction goes on whose end is not decided.
        var isCharged = false
        /// A transaction has not ended.
        var isOpen = false
        /// Something broke here once.
        var isSuspect = false
    }

    /// How long the facts must have stood still before the status is held against them: an EV needs a while, and so does a retry.
    private static let settling = Duration.seconds(90)

    private var reported: [Int: ChargePointStatus] = [:]
    private var facts: [Int: Facts] = [:]
    private var since: [Int: Duration] = [:]

    mutating func connectionEnded() { reported = [:] }

    /// The gateway sends a CALL.
    mutating func called(_ request: OCPPRequest) -> [String] {
        guard case .statusNotification(let request) = request else { return [] }
        let id = request.connectorId
        let before = reported.updateValue(request.status, forKey: id)
        if id == 0, ![.available, .unavailable, .faulted].contains(request.status) {
            return ["connector 0 is reported as \(request.status)"]
        }
        guard let before, before != request.status, Self.forbidden[before]?.contains(request.status) == true else {
            return []
        }
        return ["connector \(id) is reported as \(request.status) after \(before)"]
    }

    /// What never follows directly. Statuses in between may have been too short to be reported, so that only what no history explains is here:
    /// a connector that is used does not become Reserved, and one that is not free does not either.
    private static let forbidden: [ChargePointStatus: Set<ChargePointStatus>] = [
        .preparing: [.reserved], .charging: [.reserved], .suspendedEV: [.reserved], .suspendedEVSE: [.reserved],
        .finishing: [.reserved],
    ]

    /// What must hold at every second, `isOnline` being whether the charger has been registered and undisturbed for long.
    mutating func problems(
        _ id: Int,
        _ now: Facts,
        reported: ChargePointStatus?,
        isOnline: Bool,
        at time: Duration
    ) -> [String] {
        if facts[id] != now {
            facts[id] = now
            since[id] = time
        }
        guard isOnline, time > (since[id] ?? time) + Self.settling, let reported, !Self.fits(reported, now) else {
            return []
        }
        return ["connector \(id) is reported as \(reported), the facts since \(since[id] ?? .zero) are \(now)"]
    }

    private static func fits(_ status: ChargePointStatus, _ facts: Facts) -> Bool {
        switch status {
        case .available: !facts.isOpen && !facts.isClosed
        case .preparing: !facts.isOpen && !facts.isClosed
        case .charging: facts.isCharged && facts.isClosed
        case .suspendedEV, .suspendedEVSE: facts.isOpen
        case .finishing: facts.hasPlug && !facts.isCharged
        case .unavailable: !facts.isCharged && !facts.isClosed
        case .faulted: facts.isSuspect
        case .reserved: false
        }
    }
}
