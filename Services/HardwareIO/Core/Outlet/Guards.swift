import Primitives

/// What one outlet has besides contactor, pilot and cable, as far as it is built in: what watches over it, shows how it is, and switches its phases.
struct Guards {
    var overCurrent = OverCurrentMachine()
    var indicator: IndicatorMachine
    var test = BringUpTest()
    /// Nil where none can be tested.
    var residualCurrent: ResidualCurrentTest?
    /// Nil where none is measured.
    var temperature: TemperatureSensor?
    /// Nil where all phases are wired through.
    var phases: PhaseMachine?

    /// `phaseFailure` is what the phase contactor did wrong before the start, `testSince` the uptime at which a process before this one began a test of
    /// the residual current device that it did not end.
    init(
        _ configuration: ConnectorConfiguration,
        phaseFailure: String?,
        testSince: Duration?,
        at start: Duration
    ) {
        indicator = IndicatorMachine(configuration)
        residualCurrent =
            configuration.equipment.testsResidualCurrent
            ? ResidualCurrentTest(connectorId: configuration.connectorId, testSince: testSince) : nil
        phases =
            configuration.switchesPhases
            ? PhaseMachine(connectorId: configuration.connectorId, failure: phaseFailure, at: start) : nil
        temperature = configuration.equipment.derating.map { TemperatureSensor($0, at: start) }
    }

    var nextDeadline: Deadline? {
        earliest(
            overCurrent.nextDeadline,
            residualCurrent?.nextDeadline,
            test.nextDeadline,
            phases?.nextDeadline,
            Deadline(at: temperature?.silenceDeadline, for: "the temperature was not read for too long")
        )
    }

    mutating func deadlineReached(_ turn: inout Turn) {
        residualCurrent?.deadlineReached(&turn)
        phases?.deadlineReached(at: turn.uptime)
        if let due = temperature?.silenceDeadline, due <= turn.uptime { temperature?.becomeSilent() }
    }
}
