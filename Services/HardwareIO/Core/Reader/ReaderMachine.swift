import BusSchema
import Primitives

/// One card reader: presentations, and whether it works.
struct ReaderMachine: Machine {
    enum Event: Equatable {
        case started
        case cardRead(CardContent)
        case cardGone
        case lost(reason: String)
        case recovered
    }

    typealias Effect = HardwareEffect

    private let configuration: ReaderConfiguration
    private var card: CardMachine
    private var lostBecause: String?

    init(configuration: ReaderConfiguration) {
        self.configuration = configuration
        card = CardMachine(format: configuration.format)
    }

    var nextDeadline: Deadline? { nil }

    mutating func deadlineReached(at moment: Moment) -> [HardwareEffect] { [] }

    mutating func handle(_ event: Event, at moment: Moment) -> [HardwareEffect] {
        var outcome = Outcome()
        switch event {
        case .started: outcome.publish(state)
        case .cardRead(let content): absorb(card.handle(.cardRead(content), at: moment), into: &outcome)
        case .cardGone: absorb(card.handle(.cardGone, at: moment), into: &outcome)
        case .lost(let reason):
            guard lostBecause == nil else { return [] }
            lostBecause = reason
            announceFault(present: true, detail: reason, into: &outcome)
        case .recovered:
            guard let reason = lostBecause else { return [] }
            lostBecause = nil
            // Whatever lay on it is not there any more, as far as anybody knows.
            _ = card.handle(.cardGone, at: moment)
            announceFault(present: false, detail: reason, into: &outcome)
        }
        return outcome.effects
    }

    private var state: ReaderState {
        ReaderState(
            readerId: configuration.readerId,
            connectorIds: configuration.connectorIds,
            faults: lostBecause == nil ? [] : [.readerFailure],
            simulated: configuration.simulated
        )
    }

    private func absorb(_ effects: [CardMachine.Effect], into outcome: inout Outcome) {
        for effect in effects {
            switch effect {
            case .present(let idTag):
                indicate(.cardRead, into: &outcome)
                outcome.publish(
                    CardPresented(
                        readerId: configuration.readerId,
                        connectorIds: configuration.connectorIds,
                        idTag: idTag
                    )
                )
                outcome.log(
                    LogRecord(.notice, "card presented", readerField, .init("idTag", idTag.redactedForLog))
                )
            case .refuse(let refusal):
                indicate(.rejected, into: &outcome)
                outcome.log(LogRecord(.notice, "card refused", readerField, .init("reason", refusal)))
            }
        }
    }

    private func indicate(_ signal: Indicate.Signal, into outcome: inout Outcome) {
        for connectorId in configuration.connectorIds {
            outcome.command(.indicate(connectorId: connectorId, signal))
        }
    }

    private func announceFault(present: Bool, detail: String, into outcome: inout Outcome) {
        outcome.publish(state)
        outcome.publish(
            HardwareFault(
                connectorId: nil,
                readerId: configuration.readerId,
                code: .readerFailure,
                present: present,
                detail: detail
            )
        )
        outcome.log(
            LogRecord(
                present ? .error : .notice,
                present ? "card reader lost" : "card reader is back",
                readerField,
                .init("reason", detail)
            )
        )
    }

    private var readerField: LogRecord.Field { LogRecord.Field("readerId", configuration.readerId) }
}
