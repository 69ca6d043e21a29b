import HardwareCore
public import Primitives

/// A card reader that prints the number of a card by itself: once for each card that comes, or again and again while one lies there.
///
/// It cannot be asked whether it is there: it counts as there while its line is open.
public struct PrintingReaderMachine: CardReaderMachine {
    private enum Due: String, DeadlineName {
        case silence = "a card reader has printed all"
        case gone = "a card was printed for the last time"
    }

    /// A card that was not printed again for so long is gone. RDM6300 repeats every 65 ms; for one that prints once, the core takes the same
    /// card within 3 s for the same presentation.
    static let goneAfter = Duration.milliseconds(500)

    private let readerId: Int
    private var keys: KeyDecoder?
    private var decoder: PrintedDecoder
    private var held: CardContent?
    private var deadlines = Deadlines<Due>()
    private var isLost = false
    public private(set) var counters = ConversationCounters()

    public init(readerId: Int, format: PrintedFormat, source: PrintedSource = .characters) {
        self.readerId = readerId
        decoder = PrintedDecoder(format)
        if case .keys(let layout) = source { keys = KeyDecoder(layout) }
    }

    public var nextDeadline: Deadline? { deadlines.next }

    public mutating func handle(_ event: LineEvent, at moment: Moment) -> [ReaderEffect] {
        switch event {
        case .opened:
            begin()
            isLost = false
            return [.report(.deviceRecovered(.reader(readerId: readerId)))]
        case .closed(let reason):
            begin()
            guard !isLost else { return [] }
            isLost = true
            return [.report(.deviceLost(.reader(readerId: readerId), reason: reason))]
        case .received(let bytes):
            let characters = keys?.receive(bytes) ?? bytes
            guard !characters.isEmpty else { return [] }
            return tell(decoder.receive(characters, at: moment.uptime), at: moment)
        }
    }

    public mutating func deadlineReached(at moment: Moment) -> [ReaderEffect] {
        var effects: [ReaderEffect] = []
        while let due = deadlines.popDue(at: moment.uptime) {
            switch due {
            case .silence: effects += tell(decoder.fellSilent(), at: moment)
            case .gone:
                held = nil
                effects.append(.report(.cardGone(readerId: readerId)))
            }
        }
        return effects
    }

    public mutating func end() -> [ReaderEffect] {
        begin()
        return []
    }

    private mutating func begin() {
        decoder.reset()
        keys?.reset()
        held = nil
        deadlines.clearAll()
    }

    private mutating func tell(_ found: [PrintedDecoder.Found], at moment: Moment) -> [ReaderEffect] {
        if let silence = decoder.silenceDeadline {
            deadlines.set(.silence, at: silence)
        } else {
            deadlines.clear(.silence)
        }
        var effects: [ReaderEffect] = []
        for found in found {
            switch found {
            case .checksumWrong: counters.checksumErrors += 1
            case .unreadable: counters.framingErrors += 1
            case .card(let card):
                counters.exchanges += 1
                deadlines.set(.gone, at: moment.uptime + Self.goneAfter)
                guard card != held else { continue }
                held = card
                effects.append(.report(.cardRead(readerId: readerId, card)))
            }
        }
        return effects
    }
}
