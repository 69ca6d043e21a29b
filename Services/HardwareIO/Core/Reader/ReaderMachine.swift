import BusSchema
import Primitives

/// One card reader: presentations, and whether it works.
struct ReaderMachine {
    enum Event: Equatable {
        case started
        case cardRead(CardContent)
        case cardGone
        case lost(reason: String)
        case recovered
    }

    private let configuration: ReaderConfiguration
    private var card: CardMachine
    private var lostBecause: String?

    init(configuration: ReaderConfiguration) {
        self.configuration = configuration
        card = CardMachine(format: configuration.format)
    }

    mutating func handle(_ event: Event, _ turn: inout Turn) {
        switch event {
        case .started: turn.publish(state)
        case .cardRead(let content): present(card.read(content, at: turn.uptime), &turn)
        case .cardGone: card.gone(at: turn.uptime)
        case .lost(let reason):
            guard lostBecause == nil else { return }
            lostBecause = reason
            announceFault(present: true, detail: reason, &turn)
        case .recovered:
            guard let reason = lostBecause else { return }
            lostBecause = nil
            // Whatever lay on it is not there any more, as far as anybody knows.
            card.gone(at: turn.uptime)
            announceFault(present: false, detail: reason, &turn)
        }
    }

    /// What lies there, or lay there a moment ago, under each setting.
    func card(at uptime: Duration) -> ShowCard.Reply {
        guard let content = card.recent(at: uptime) else { return ShowCard.Reply() }
        let renderings = IdTagFormat.renderings(of: content)
        do throws(IdTagFormat.Refusal) {
            return ShowCard.Reply(idTag: try configuration.format.idTag(of: content), renderings: renderings)
        } catch {
            return ShowCard.Reply(refusal: error.description, renderings: renderings)
        }
    }

    private var state: ReaderState {
        ReaderState(
            readerId: configuration.readerId,
            connectorIds: configuration.connectorIds,
            faults: lostBecause == nil ? [] : [.readerFailure],
            simulated: configuration.simulated
        )
    }

    private func present(_ presentation: CardMachine.Presentation?, _ turn: inout Turn) {
        switch presentation {
        case .valid(let idTag):
            indicate(.cardRead, &turn)
            turn.publish(
                CardPresented(readerId: configuration.readerId, connectorIds: configuration.connectorIds, idTag: idTag)
            )
            turn.log(LogRecord(.notice, "card presented", readerField, .init("idTag", idTag.redactedForLog)))
        case .refused(let refusal):
            indicate(.rejected, &turn)
            turn.log(LogRecord(.notice, "card refused", readerField, .init("reason", refusal)))
        case .same:
            turn.log(LogRecord(.info, "card again so soon that it counts as the same presentation", readerField))
        case nil: break
        }
    }

    private func indicate(_ signal: Indicate.Signal, _ turn: inout Turn) {
        for connectorId in configuration.connectorIds {
            turn.order(.indicate(connectorId: connectorId, signal))
        }
    }

    private func announceFault(present: Bool, detail: String, _ turn: inout Turn) {
        turn.publish(state)
        turn.publish(
            HardwareFault(
                connectorId: nil,
                readerId: configuration.readerId,
                code: .readerFailure,
                present: present,
                detail: detail
            )
        )
        turn.log(
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
