import Primitives

/// What watches over one outlet, and shows how it is, besides contactor, pilot and cable, as far as it is built in.
struct Guards {
    var overCurrent = OverCurrentMachine()
    var indicator: IndicatorMachine
    var test = BringUpTest()
    /// Nil where none can be tested.
    var residualCurrent: ResidualCurrentTest?
    /// Nil where none is measured.
    var temperature: TemperatureSensor?

    init(_ configuration: ConnectorConfiguration, at start: Duration) {
        indicator = IndicatorMachine(configuration)
        residualCurrent =
            configuration.equipment.testsResidualCurrent
            ? ResidualCurrentTest(connectorId: configuration.connectorId) : nil
        temperature = configuration.equipment.derating.map { TemperatureSensor($0, at: start) }
    }

    var nextDeadline: Deadline? {
        earliest(
            overCurrent.nextDeadline,
            residualCurrent?.nextDeadline,
            test.nextDeadline,
            Deadline(at: temperature?.silenceDeadline, for: "the temperature was not read for too long")
        )
    }

    mutating func deadlineReached(_ turn: inout Turn) {
        residualCurrent?.deadlineReached(&turn)
        if let due = temperature?.silenceDeadline, due <= turn.uptime { temperature?.becomeSilent() }
    }
}
