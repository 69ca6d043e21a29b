import ModemSimulation
import Primitives

@testable import ModemProtocol

/// The machine of a modem, and a simulated modem at the other end of its line, in virtual time. The disk answers at once unless it is told not to.
struct ModemBench {
    var machine: ModemMachine
    var modem = SimulatedModem()
    private(set) var now = Moment(uptime: .seconds(1000), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
    /// All but bytes and reports.
    private(set) var effects: [ModemEffect] = []
    private(set) var phases: [ModemPhase] = []
    private(set) var troubles: [ModemTrouble] = []
    private(set) var log = ""
    /// What the disk holds.
    private(set) var stored: ModemMemory?
    var answersStores = true
    /// Whether the line is opened anew by itself.
    var reopens = true
    private var isOpen = false

    init(_ settings: ModemSettings = ModemSettings(), memory: ModemMemory? = nil) {
        machine = ModemMachine(settings, memory: memory)
        stored = memory
    }

    var report: ModemReport { machine.report }

    var ready: [DataContext] { effects.compactMap { if case .dataReady(let context) = $0 { context } else { nil } } }
    var withdrawals: [String] {
        effects.compactMap { if case .dataWithdrawn(let reason) = $0 { reason } else { nil } }
    }

    mutating func open() {
        isOpen = true
        handle(.line(.opened))
    }

    mutating func bringUp(for duration: Duration = .seconds(60)) {
        handle(.ordered(.bringUp))
        open()
        advance(by: duration)
    }

    mutating func handle(_ event: ModemEvent) { perform(machine.handle(event, at: now)) }

    /// Changes the modem or its surroundings from outside.
    mutating func change(_ change: (inout SimulatedModem) -> Void) {
        change(&modem)
        deliver(modem.touched(at: now.uptime))
    }

    mutating func deliver(_ effects: [SimulatedModem.Effect]) {
        for effect in effects {
            switch effect {
            case .send(let bytes, port: 0): if isOpen { handle(.line(.received(bytes))) }
            case .unplug:
                guard isOpen else { continue }
                isOpen = false
                handle(.line(.closed(reason: "unplugged")))
            case .send, .carry: continue
            case .plug: open()
            }
        }
    }

    mutating func advance(by duration: Duration) {
        let end = now.uptime + duration
        while let due = [machine.nextDeadline?.at, modem.nextDeadline].compactMap({ $0 }).min(), due <= end {
            now = now.advanced(by: max(.zero, due - now.uptime))
            deliver(modem.advance(to: now.uptime))
            perform(machine.deadlineReached(at: now))
        }
        now = now.advanced(by: end - now.uptime)
    }

    private mutating func perform(_ ordered: [ModemEffect]) {
        for effect in ordered {
            switch effect {
            case .line(.send(let bytes)): if isOpen { deliver(modem.receive(bytes, at: now.uptime)) }
            case .line(.reopen):
                effects.append(effect)
                guard reopens, isOpen, modem.isPlugged else { continue }
                handle(.line(.closed(reason: "reopened")))
                handle(.line(.opened))
            case .report(let report):
                if phases.last != report.phase { phases.append(report.phase) }
                if let trouble = report.trouble, troubles.last != trouble { troubles.append(trouble) }
            case .log(let record): log += "\(record)\n"
            case .store(let memory):
                effects.append(effect)
                guard answersStores else { continue }
                stored = memory
                handle(.stored)
            default: effects.append(effect)
            }
        }
    }
}
