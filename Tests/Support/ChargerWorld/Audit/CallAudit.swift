import CentralSystem
import OCPP
import Primitives

/// The texts on the wire, both ways: one CALL at a time, nothing before the registration, every CALL of the central system answered exactly
/// once, a Heartbeat while nothing else is said.
struct CallAudit {
    /// A CALL of the central system.
    private struct Asked {
        var request: OCPPRequest
        var at: Duration
    }

    /// Since when the charger is registered on this connection; nil while it is not.
    private(set) var registeredSince: Duration?
    private var outstanding: (id: String, action: Action, at: Duration)?
    private var asked: [String: Asked] = [:]
    private var lastWord = Duration.zero
    /// Registered since the gateway's process began, on whatever connection.
    private var isRegistered = false
    /// Registered once, by whatever process.
    private(set) var wasEverRegistered = false

    /// The longest that a charger that has nothing else to say may be silent: twice the longest interval that these worlds configure.
    private static let longestSilence = Duration.seconds(130)
    /// From a CALL of the central system to its answer.
    private static let longestAnswer = Duration.seconds(30)

    mutating func gatewayStarted() { isRegistered = false }

    mutating func connectionEnded() {
        outstanding = nil
        asked = [:]
        registeredSince = nil
    }

    /// The gateway sends a CALL.
    mutating func called(_ id: String, _ request: OCPPRequest, at now: Duration) -> [String] {
        var problems: [String] = []
        let action = request.action
        if !isRegistered, action != .bootNotification { problems.append("\(action) before the registration") }
        if let outstanding, now < outstanding.at + WorldSettings.callTimeout {
            problems.append("\(action) while \(outstanding.action) waits since \(outstanding.at)")
        }
        outstanding = (id, action, now)
        lastWord = now
        if isRegistered, registeredSince == nil { registeredSince = now }
        return problems
    }

    /// A message reaches the gateway.
    mutating func heard(_ message: IncomingMessage, at now: Duration) -> [String] {
        switch message {
        case .callResult(let id, let confirmation):
            if id == outstanding?.id { outstanding = nil }
            guard case .bootNotification(let boot) = confirmation else { return [] }
            isRegistered = boot.status == .accepted
            registeredSince = isRegistered ? now : nil
            if isRegistered { wasEverRegistered = true }
        case .callError(let id, _), .undecodableResult(let id, _): if id == outstanding?.id { outstanding = nil }
        case .call(let id, let request): asked[id] = Asked(request: request, at: now)
        case .rejectedCall, .ignored: break
        }
        return []
    }

    /// The gateway answers or refuses a CALL. Returns what was asked.
    mutating func answered(_ id: String, at now: Duration) -> OCPPRequest? {
        lastWord = now
        return asked.removeValue(forKey: id)?.request
    }

    /// What must hold at every second.
    func problems(_ calm: Calm, at now: Duration) -> [String] {
        var problems: [String] = []
        for (id, asked) in asked where now > asked.at + Self.longestAnswer {
            problems.append("\(asked.request.action) \(id) of \(asked.at) was never answered")
        }
        if let registeredSince, now > max(lastWord, registeredSince) + Self.longestSilence,
            calm.lasts(for: Self.longestSilence, at: now)
        {
            problems.append("the charger says nothing since \(lastWord)")
        }
        return problems
    }
}
