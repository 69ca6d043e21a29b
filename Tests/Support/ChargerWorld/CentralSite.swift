import CentralSystem
import OCPP
import Primitives

/// The central system and the operator in front of it.
final class CentralSite {
    /// The central system as it is, with its ledger.
    private(set) var machine: CentralSystemMachine
    /// What became of the operator's commands, by number.
    private(set) var outcomes: [Int: Outcome] = [:]

    private let clock: MachineClock
    private let notebook: Notebook
    private let network: NetworkModel
    private var alarm: Timeline.Alarm?
    private var lastCommand = 0

    init(_ settings: CentralSystemSettings, _ clock: MachineClock, _ notebook: Notebook, _ network: NetworkModel) {
        machine = CentralSystemMachine(settings: settings)
        self.clock = clock
        self.notebook = notebook
        self.network = network
    }

    /// Its deadlines come on this timeline.
    func join(_ timeline: Timeline) {
        alarm = timeline.addAlarm(
            next: { [unowned self] in machine.nextDeadline?.at },
            fire: { [unowned self] in perform(machine.deadlineReached(at: clock.trueMoment)) }
        )
    }

    func handle(_ event: CentralSystemMachine.Event) { perform(machine.handle(event, at: clock.trueMoment)) }

    /// From here on it answers at once, and does nothing wrong.
    func endMishaps() {
        machine.settings.answerDelays = []
        command(.clearFaults)
    }

    /// Asks the central system for something. Returns the number under which `outcomes` tells what became of it.
    @discardableResult
    func command(_ command: Command) -> Int {
        lastCommand += 1
        notebook.note("operator", command)
        handle(.commanded(command, number: lastCommand, to: WorldSettings.identity))
        return lastCommand
    }

    private func perform(_ effects: [CentralSystemMachine.Effect]) {
        alarm?.touch()
        for effect in effects {
            switch effect {
            case .send(let text, _): network.centralSends(text)
            case .close: network.centralCloses()
            case .answer(let number, let outcome):
                notebook.note("central is told", outcome)
                outcomes[number] = outcome
            case .tell(let exchange): notebook.note("exchange", ExchangeLine(exchange))
            }
        }
    }
}

/// An exchange as people read it.
private struct ExchangeLine: CustomStringConvertible, Sendable {
    let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    var description: String {
        let answer =
            switch exchange.answer {
            case .text(let text): String(decoding: text, as: UTF8.self)
            case .none(let reason): "no answer: \(reason)"
            }
        return "\(String(decoding: exchange.call, as: UTF8.self)) -> \(answer)"
    }
}
