import Primitives

/// Makes one presentation of a card that a reader reports many times: held, or lost and found again within 3 s.
struct CardMachine: Machine {
    enum Event: Equatable {
        case cardRead(CardContent)
        case cardGone
    }

    enum Effect: Equatable {
        case present(idTag: String)
        case refuse(IdTagFormat.Refusal)
    }

    private enum State: Equatable {
        /// No card. A card that left not long ago is remembered.
        case empty(previous: CardContent?, leftAt: Duration)
        /// This card lies on the reader; it was presented, or refused.
        case holding(CardContent)
    }

    /// The same card again within this time is the same presentation.
    static let repetition = Duration.seconds(3)

    private var state = State.empty(previous: nil, leftAt: .zero)
    private let format: IdTagFormat

    init(format: IdTagFormat) { self.format = format }

    var nextDeadline: Deadline? { nil }

    mutating func deadlineReached(at moment: Moment) -> [Effect] { [] }

    mutating func handle(_ event: Event, at moment: Moment) -> [Effect] {
        switch (state, event) {
        case (.holding(let held), .cardGone):
            state = .empty(previous: held, leftAt: moment.uptime)
            return []
        case (.empty, .cardGone):
            return []
        case (.holding(let held), .cardRead(let card)):
            guard card != held else { return [] }
            return present(card)
        case (.empty(let previous, let leftAt), .cardRead(let card)):
            if card == previous, moment.uptime - leftAt < Self.repetition {
                state = .holding(card)
                return []
            }
            return present(card)
        }
    }

    private mutating func present(_ card: CardContent) -> [Effect] {
        state = .holding(card)
        do throws(IdTagFormat.Refusal) {
            return [.present(idTag: try format.idTag(of: card))]
        } catch {
            return [.refuse(error)]
        }
    }
}
