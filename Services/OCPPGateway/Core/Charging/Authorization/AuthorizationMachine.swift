import OCPP
import Primitives

/// An identifier on its way to a decision.
struct AuthorizationRequest: Equatable, Sendable {
    enum Purpose: Equatable, Sendable {
        /// A card at the charger.
        case start
        /// RemoteStartTransaction (OCPP 1.6 §5.11).
        case remoteStart
        /// Another card than the one that started; its parent must match (OCPP 1.6 §3.10).
        case stop(transaction: String)
    }

    var number: Int
    var connectorId: Int
    var idTag: IdToken
    var purpose: Purpose
    /// Connectors that the person may turn to instead.
    var candidates: [Int]
}

/// Asks the central system about identifiers, one after the other (OCPP 1.6 §4.1).
struct AuthorizationMachine: Equatable, Sendable {
    private struct Waiting: Equatable {
        var request: AuthorizationRequest
        var deadline: Duration
    }

    /// At the limit, further cards are refused.
    private static let limit = 8
    /// Nobody stands in front of a charger for longer without an answer.
    private static let patience = Duration.seconds(60)

    private var waiting: [Waiting] = []
    /// The number of the one that was sent.
    private var asked: Int?
    private var count = 0

    var nextDeadline: Deadline? { Deadline(at: waiting.lazy.map(\.deadline).min(), for: "an authorization is overdue") }

    /// A new number for a request.
    mutating func nextNumber() -> Int {
        count += 1
        return count
    }

    func isPending(connectorId: Int) -> Bool { waiting.contains { $0.request.connectorId == connectorId } }

    func isPending(connectorId: Int, idTag: IdToken) -> Bool {
        waiting.contains { $0.request.connectorId == connectorId && $0.request.idTag == idTag }
    }

    /// Returns false, taking nothing, at the limit.
    mutating func ask(_ request: AuthorizationRequest, at uptime: Duration) -> Bool {
        guard waiting.count < Self.limit else { return false }
        waiting.append(Waiting(request: request, deadline: uptime + Self.patience))
        return true
    }

    /// The request to send now.
    mutating func next() -> AuthorizationRequest? {
        guard asked == nil, let first = waiting.first else { return nil }
        asked = first.request.number
        return first.request
    }

    /// The CALL with that number is over. Returns its request, unless it was abandoned.
    mutating func finished(_ number: Int) -> AuthorizationRequest? {
        if asked == number { asked = nil }
        guard let index = waiting.firstIndex(where: { $0.request.number == number }) else { return nil }
        return waiting.remove(at: index).request
    }

    /// Forgets what was asked for a connector; a late answer means nothing.
    mutating func abandon(connectorId: Int) {
        waiting.removeAll { $0.request.connectorId == connectorId }
    }

    /// Removes and returns one request that waited too long.
    mutating func popExpired(at uptime: Duration) -> AuthorizationRequest? {
        guard let index = waiting.firstIndex(where: { $0.deadline <= uptime }) else { return nil }
        return waiting.remove(at: index).request
    }

    /// The connection is gone: returns everything that waited.
    mutating func popAll() -> [AuthorizationRequest] {
        defer { waiting = [] }
        asked = nil
        return waiting.map(\.request)
    }
}
