import BusSchema
import Primitives

/// One turn: the moment of an event, and everything that is to be done about it.
///
/// Effects have one order, whoever added them first: every opening of every contactor, then what is latched, which goes to memory and takes no
/// time, then the other commands, then what is stored, then answers, publications and the log. Nothing slow stands between a fact and the opening
/// that follows from it.
struct Turn {
    let moment: Moment
    /// When the reading was taken that this turn is about: not after the moment, and the moment itself where nobody said otherwise.
    let readAt: Duration
    /// The same where a driver said it.
    let statedAt: Duration?
    private var openings: [HardwareEffect] = []
    private var latches: [HardwareEffect] = []
    private var commands: [HardwareEffect] = []
    private var stores: [HardwareEffect] = []
    private var answers: [HardwareEffect] = []
    private var publications: [HardwareEffect] = []
    private var logs: [HardwareEffect] = []
    private var last: HardwareEffect?

    /// What a reading says may be as old as this; what claims to be older counts as so old.
    private static let oldest = Duration.seconds(3600)

    init(at moment: Moment, takenAt: Duration? = nil) {
        self.moment = moment
        statedAt = takenAt.map { min(max($0, moment.uptime - Self.oldest), moment.uptime) }
        readAt = statedAt ?? moment.uptime
    }

    var uptime: Duration { moment.uptime }

    var effects: [HardwareEffect] {
        openings + latches + commands + stores + answers + publications + logs + (last.map { [$0] } ?? [])
    }

    mutating func order(_ command: DriverCommand) {
        if command.isOpening {
            openings.append(.command(command))
        } else {
            commands.append(.command(command))
        }
    }

    mutating func store(_ memory: HardwareMemory) { stores.append(.store(memory)) }

    mutating func remember(_ outlet: OutletLatches) { latches.append(.rememberLatches(outlet)) }

    mutating func remember(_ reading: MeterReading) { stores.append(.remember(reading)) }

    mutating func remember(_ vehicle: VehicleSight) { stores.append(.rememberVehicle(vehicle)) }

    mutating func reply(_ id: RequestID, _ reply: HardwareReply) { answers.append(.reply(id, reply)) }

    mutating func refuse(_ id: RequestID, _ error: BusError) { answers.append(.refuse(id, error)) }

    mutating func publish(_ message: some BusMessage) { publications.append(.publish(AnyBusMessage(message))) }

    mutating func log(_ record: LogRecord) { logs.append(.log(record)) }

    /// After this turn the process ends.
    mutating func finish() { last = .finish }

    /// After this turn a new process takes the place of this one.
    mutating func restart() { last = .restart }
}

/// Milliamperes for people, in amperes with one digit.
func amperes(_ milliamps: Int) -> String {
    let bounded = milliamps.clamped(to: -1_000_000_000...1_000_000_000)
    return "\(bounded / 1000).\(abs(bounded) % 1000 / 100) A"
}
