import BusSchema
import HardwareCore
import Primitives

/// One card reader and the cards held to it.
struct SimulatedReader: Equatable, Sendable {
    /// How long a card is held.
    static let holding = Duration.milliseconds(500)

    let readerId: Int
    var isBroken: Bool
    private var cardLeavesAt: Duration?

    /// A card is seen, lost and seen again as it approaches.
    private let bounces: Bool

    init(readerId: Int, isBroken: Bool, bounces: Bool) {
        self.readerId = readerId
        self.isBroken = isBroken
        self.bounces = bounces
    }

    var nextDeadline: Deadline? { Deadline(at: cardLeavesAt, for: "the card leaves the reader") }

    /// It answers its first question, as a real one does.
    func start() -> [DriverEvent] { [isBroken ? lost : back] }

    mutating func advance(to uptime: Duration) -> [DriverEvent] {
        guard let cardLeavesAt, cardLeavesAt <= uptime else { return [] }
        self.cardLeavesAt = nil
        return [.cardGone(readerId: readerId)]
    }

    mutating func simulate(_ request: SimulateHardware, at uptime: Duration) throws(BusError) -> [DriverEvent] {
        var events = advance(to: uptime)
        switch request.action {
        case .swipe:
            guard let idTag = request.idTag else { throw BusError(.invalid, "idTag is missing") }
            guard (1...IdTagFormat.longestIdTag).contains(idTag.utf8.count) else {
                throw BusError(
                    .invalid,
                    "idTag has \(idTag.utf8.count) characters, expected 1…\(IdTagFormat.longestIdTag)"
                )
            }
            guard !isBroken else { throw BusError(.refused, "reader \(readerId) is broken") }
            if cardLeavesAt != nil { events.append(.cardGone(readerId: readerId)) }
            cardLeavesAt = uptime + Self.holding
            let read = DriverEvent.cardRead(readerId: readerId, Self.card(idTag))
            events += bounces ? [read, .cardGone(readerId: readerId), read] : [read]
        case .fault:
            guard request.fault == nil || request.fault == .readerFailure else {
                throw BusError(.invalid, "\(request.fault?.rawValue ?? "") is no fault that a reader can have here")
            }
            guard !isBroken else { break }
            isBroken = true
            events.append(lost)
        case .clear:
            guard isBroken else { break }
            isBroken = false
            events.append(back)
        default:
            throw BusError(.invalid, "\(request.action) is no action for a reader")
        }
        return events
    }

    var summary: String { "reader \(readerId): \(isBroken ? "broken" : "works")" }

    private var back: DriverEvent { .deviceRecovered(.reader(readerId: readerId)) }

    private var lost: DriverEvent { .deviceLost(.reader(readerId: readerId), reason: "simulated") }

    /// Hexadecimal of a UID's length is a UID; anything else is a card whose reader prints its name.
    private static func card(_ text: String) -> CardContent {
        guard let uid = Hexadecimal.bytes(text), uid.count >= 4 else { return .printed(text) }
        return .uid(uid)
    }
}
