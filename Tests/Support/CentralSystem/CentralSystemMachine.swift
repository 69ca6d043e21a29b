public import OCPP
import OCPPCodec
public import Primitives

/// A central system for any number of charge points: texts in, texts out.
public struct CentralSystemMachine: Machine, Sendable {
    public enum Event: Equatable, Sendable {
        /// A charge point has opened a WebSocket. One that was open is forgotten.
        case connected(chargePoint: String)
        case disconnected(chargePoint: String)
        case textReceived([UInt8], from: String)
        /// `number` returns in `.answer`. Without a charge point it is for the one that connected last.
        case commanded(Command, number: Int, to: String?)
    }

    public enum Effect: Equatable, Sendable {
        case send([UInt8], to: String)
        /// Close the connection, after what was sent; `.disconnected` follows.
        case close(chargePoint: String)
        /// What became of a command.
        case answer(number: Int, Outcome)
        /// One CALL and its answer, for people.
        case tell(Exchange)
    }

    public var settings: CentralSystemSettings
    public internal(set) var ledger: Ledger
    var stations: [String: Station] = [:]
    var faults: [Fault] = []
    var newest: String?
    let codec = MessageCodec(role: .centralSystem)

    /// Answers that are held back. Each deadline is its own.
    struct DelayedAnswer: Equatable, Sendable {
        var due: Duration
        var chargePoint: String
        var connection: Int
        var text: [UInt8]
    }
    var delayed: [DelayedAnswer] = []
    /// Counts the answers that `answerDelays` held back.
    var answersHeld = 0

    public init(settings: CentralSystemSettings = CentralSystemSettings()) {
        self.settings = settings
        ledger = Ledger(firstTransactionId: settings.firstTransactionId)
    }

    /// Those that are connected now.
    public var connectedChargePoints: [String] { stations.filter(\.value.isConnected).keys.sorted() }

    /// Whom commands without a name are for.
    public var newestChargePoint: String? { newest }

    /// The newest answer to BootNotification; nil when there was none.
    public func registration(of chargePoint: String) -> RegistrationStatus? { stations[chargePoint]?.registration }

    public var nextDeadline: Deadline? {
        var due = Deadline(at: delayed.lazy.map(\.due).min(), for: "a delayed answer")
        for station in stations.values {
            due = earliest(due, Deadline(at: station.outstanding?.deadline, for: "an answer is overdue"))
        }
        return due
    }

    public mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch event {
        case .connected(let chargePoint): connect(chargePoint, at: moment)
        case .disconnected(let chargePoint): disconnect(chargePoint, at: moment)
        case .textReceived(let text, let chargePoint): receive(text, from: chargePoint, at: moment)
        case .commanded(let command, let number, let chargePoint):
            carryOut(command, number: number, for: chargePoint ?? newest, at: moment)
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [Effect] {
        var effects: [Effect] = []
        let due = delayed.filter { $0.due <= moment.uptime }.sorted { $0.due < $1.due }
        delayed.removeAll { $0.due <= moment.uptime }
        for answer in due where stations[answer.chargePoint]?.connection == answer.connection {
            stations[answer.chargePoint]?.unansweredSince = nil
            effects.append(.send(answer.text, to: answer.chargePoint))
        }
        // In order of their names, so that a simulated run repeats.
        for chargePoint in stations.keys.sorted() {
            guard let outstanding = stations[chargePoint]?.outstanding, outstanding.deadline <= moment.uptime
            else { continue }
            effects += finish(outstanding, of: chargePoint, .timedOut, answer: .none(reason: "no answer"), at: moment)
            effects += sendNext(to: chargePoint, at: moment)
        }
        return effects
    }
}

// MARK: - Connections

/// One charge point, connected or not.
struct Station: Sendable {
    /// A CALL of ours that waits for its answer.
    struct Outstanding: Equatable, Sendable {
        var id: String
        var action: String
        var number: Int
        var text: [UInt8]
        var sentAt: Duration
        var deadline: Duration
    }

    /// A CALL of ours that waits for its turn.
    struct Waiting: Equatable, Sendable {
        var action: String
        var number: Int
        /// The whole text, but for the id that it is sent with.
        var write: Content
    }

    enum Content: Equatable, Sendable {
        case request(OCPPRequest)
        case payload([UInt8])
    }

    var isConnected = false
    /// Counts connections: 1 is the first.
    var connection = 0
    var registration: RegistrationStatus?
    /// BootNotifications answered under the present plan.
    var boots = 0
    /// Until then a rejected charge point is silent, on the connection where it was rejected.
    var silentUntil: (uptime: Duration, connection: Int)?
    var outstanding: Outstanding?
    /// CALLs of ours on this connection for whose answer nobody waits any more: it may come late all the same.
    var givenUp: Set<String> = []
    var waiting = BoundedQueue<Waiting>(capacity: 256)
    /// Ids of the charge point's CALLs with a digest of their texts.
    var seen: [String: Int] = [:]
    /// Since when a CALL of this connection has no answer.
    var unansweredSince: Duration?
    /// What TriggerMessage asked for, by action: allowed before the registration.
    var triggered: Set<String> = []
    var calls = 0
}

extension CentralSystemMachine {
    private mutating func connect(_ chargePoint: String, at moment: Moment) -> [Effect] {
        let effects = stations[chargePoint]?.isConnected == true ? disconnect(chargePoint, at: moment) : []
        var station = stations[chargePoint] ?? Station()
        if station.connection == 0, settings.knowsEveryone { station.registration = .accepted }
        station.isConnected = true
        station.connection += 1
        station.unansweredSince = nil
        station.givenUp = []
        stations[chargePoint] = station
        newest = chargePoint
        return effects
    }

    private mutating func disconnect(_ chargePoint: String, at moment: Moment) -> [Effect] {
        guard var station = stations[chargePoint], station.isConnected else { return [] }
        station.isConnected = false
        var effects: [Effect] = []
        let outstanding = station.outstanding
        var waiting: [Station.Waiting] = []
        while let next = station.waiting.popFirst() { waiting.append(next) }
        stations[chargePoint] = station
        delayed.removeAll { $0.chargePoint == chargePoint }
        if let outstanding {
            let answer = Exchange.Answer.none(reason: "disconnected")
            effects += finish(outstanding, of: chargePoint, .disconnected, answer: answer, at: moment)
        }
        for next in waiting { effects.append(.answer(number: next.number, .disconnected)) }
        return effects
    }

    /// Ends a CALL of ours.
    mutating func finish(
        _ call: Station.Outstanding,
        of chargePoint: String,
        _ outcome: Outcome,
        answer: Exchange.Answer,
        at moment: Moment
    ) -> [Effect] {
        stations[chargePoint]?.outstanding = nil
        if outcome == .timedOut { stations[chargePoint]?.givenUp.insert(call.id) }
        let exchange = Exchange(
            chargePoint: chargePoint,
            sender: .centralSystem,
            action: call.action,
            call: call.text,
            answer: answer,
            duration: moment.uptime - call.sentAt
        )
        return [.answer(number: call.number, outcome), .tell(exchange)]
    }
}
