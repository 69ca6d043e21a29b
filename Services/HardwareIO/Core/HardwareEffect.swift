public import BusSchema
public import Primitives

/// What the hardware machines want done, in the order given: devices first, then answers, then publications, then the log.
public enum HardwareEffect: Equatable, Sendable {
    case command(DriverCommand)
    case reply(RequestID, HardwareReply)
    case refuse(RequestID, BusError)
    /// A `ConnectorState`, `MeterReading`, `ReaderState`, `CardPresented` or `HardwareFault`.
    case publish(AnyBusMessage)
    case log(LogRecord)
    /// Everything is in its safe state, or cannot be brought there: end the process.
    case finish
}

/// The answers to requests.
public enum HardwareReply: Equatable, Sendable {
    case permit(Permit.Reply)
    case unlock(Unlock.Reply)
    case done
}

/// Collects effects and puts them in their order, whoever added them first: an order to open the contactor comes before all.
struct Outcome {
    private var openings: [HardwareEffect] = []
    private var commands: [HardwareEffect] = []
    private var replies: [HardwareEffect] = []
    private var publications: [HardwareEffect] = []
    private var logs: [HardwareEffect] = []

    mutating func command(_ command: DriverCommand) {
        if case .openContactor = command {
            openings.append(.command(command))
        } else {
            commands.append(.command(command))
        }
    }

    mutating func reply(_ id: RequestID, _ reply: HardwareReply) { replies.append(.reply(id, reply)) }

    mutating func refuse(_ id: RequestID, _ error: BusError) { replies.append(.refuse(id, error)) }

    mutating func publish(_ message: some BusMessage) { publications.append(.publish(AnyBusMessage(message))) }

    mutating func log(_ record: LogRecord) { logs.append(.log(record)) }

    var effects: [HardwareEffect] { openings + commands + replies + publications + logs }
}
