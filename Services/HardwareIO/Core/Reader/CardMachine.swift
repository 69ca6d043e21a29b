import Primitives

/// Makes one presentation of a card that a reader reports many times: held, or lost and found again within 3 s.
struct CardMachine {
    enum Presentation: Equatable {
        case valid(idTag: String)
        case refused(IdTagFormat.Refusal)
        /// A card that is back so soon that it counts as never gone.
        case same
    }

    private enum State: Equatable {
        /// No card. A card that left not long ago is remembered.
        case empty(previous: CardContent?, leftAt: Duration)
        /// This card lies on the reader; it was presented, or refused.
        case holding(CardContent)
    }

    /// The same card again within this time is the same presentation.
    static let repetition = Duration.seconds(3)

    /// How long a card is shown that was taken away: readers that print do not say how long it lies there.
    static let memory = Duration.seconds(10)

    private var state = State.empty(previous: nil, leftAt: .zero)
    private let format: IdTagFormat

    init(format: IdTagFormat) { self.format = format }

    /// The card that lies there, or was taken away not long ago.
    func recent(at uptime: Duration) -> CardContent? {
        switch state {
        case .holding(let card): card
        case .empty(let previous, let leftAt): uptime - leftAt < Self.memory ? previous : nil
        }
    }

    mutating func gone(at uptime: Duration) {
        if case .holding(let held) = state { state = .empty(previous: held, leftAt: uptime) }
    }

    /// - Returns: What a new presentation gives; nil while the card lies there.
    mutating func read(_ card: CardContent, at uptime: Duration) -> Presentation? {
        switch state {
        case .holding(let held):
            guard card != held else { return nil }
        case .empty(let previous, let leftAt):
            guard card != previous || uptime - leftAt >= Self.repetition else {
                state = .holding(card)
                return .same
            }
        }
        state = .holding(card)
        do throws(IdTagFormat.Refusal) {
            return .valid(idTag: try format.idTag(of: card))
        } catch {
            return .refused(error)
        }
    }
}
