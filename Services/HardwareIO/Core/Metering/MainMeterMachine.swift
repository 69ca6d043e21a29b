import BusSchema
import Primitives

/// The main meter: read each second, judged as any other, and published as that of connector 0. No charge depends on it.
struct MainMeterMachine {
    private var meter: MeterMachine
    /// Why it is lost, as others were told; nil while it is not.
    private var toldFailure: String?

    init(_ configuration: MainMeterConfiguration, reading: MeterReading?, at start: Duration) {
        meter = MeterMachine(
            configuration.metered,
            memory: HardwareMemory().outlet(MainMeterConfiguration.connectorId),
            reading: reading,
            aliveUntil: nil,
            at: start
        )
        // Nobody is billed by it: another meter counts as it is, and soon.
        meter.isNobodys(since: start)
    }

    var nextDeadline: Deadline? { meter.nextDeadline }

    /// Takes what its device reports. Returns false for what is about another.
    mutating func handle(_ fact: DriverEvent, _ turn: inout Turn) -> Bool {
        switch fact {
        case .meterRead(MainMeterConfiguration.connectorId, let sample): _ = meter.sampleRead(sample, &turn)
        case .meterFailed(MainMeterConfiguration.connectorId, let reason): meter.readFailed(reason, &turn)
        // Its questions go on meanwhile, and show whether it answers.
        case .deviceLost(.meter(MainMeterConfiguration.connectorId), _): break
        case .deviceRecovered(.meter(MainMeterConfiguration.connectorId)): meter.wantReading(&turn)
        default: return false
        }
        tell(&turn)
        return true
    }

    mutating func deadlineReached(_ turn: inout Turn) {
        guard meter.nextDeadline?.isDue(at: turn.uptime) == true else { return }
        meter.deadlineReached(&turn)
        tell(&turn)
    }

    /// Service says that its register may start from what it reads now: it was swapped or reset.
    mutating func acceptRegister(_ turn: inout Turn) {
        _ = meter.acceptRegister(&turn)
        tell(&turn)
    }

    private mutating func tell(_ turn: inout Turn) {
        let failure = meter.failure
        guard (failure == nil) != (toldFailure == nil) else { return }
        let detail = failure ?? toldFailure ?? ""
        toldFailure = failure
        turn.publish(
            HardwareFault(
                connectorId: MainMeterConfiguration.connectorId,
                code: .powerMeterFailure,
                present: failure != nil,
                detail: detail
            )
        )
        let words = failure == nil ? "the main meter is back" : "the main meter is lost"
        turn.log(LogRecord(failure == nil ? .notice : .error, words, .init("detail", detail)))
    }
}
