import BusCodec
import BusSchema

extension Fixture {
    private static let connector = ConnectorState(
        connectorId: 1,
        bootId: "b1d5781f-6f1a-4a3c-9a55-3f9c3a1e7c01",
        pilot: .c,
        contactor: .closed,
        lock: .absent,
        permit: PermitInForce(limitMilliamps: 16_000, validUntilUptime: 90_000, transaction: transaction),
        offeredMilliamps: 16_000,
        ratedMilliamps: 32_000,
        phases: 3,
        fixedCable: true,
        faults: [],
        notChargingBecause: nil
    )

    private static var openConnector: ConnectorState {
        var state = connector
        state.contactor = .open
        state.openSinceUptime = 60_000
        return state
    }

    private static var connectorWithAnotherVehicle: ConnectorState {
        var state = openConnector
        state.pluggedSinceUptime = 61_000
        return state
    }

    private static var connectorWithFoundVehicle: ConnectorState {
        var state = connectorWithAnotherVehicle
        state.vehicleFoundUptime = state.pluggedSinceUptime
        state.pluggedSinceUptime = nil
        return state
    }

    private static var connectorOnOnePhase: ConnectorState {
        var state = connector
        state.permit?.phases = 1
        state.phases = 1
        return state
    }

    static let hardware: [Fixture] = [
        .message(
            "001-starting",
            ConnectorState(
                connectorId: 2,
                bootId: "b1d5781f-6f1a-4a3c-9a55-3f9c3a1e7c01",
                pilot: nil,
                contactor: .open,
                lock: .unlocked,
                permit: nil,
                offeredMilliamps: 0,
                ratedMilliamps: 32_000,
                phases: 1,
                fixedCable: false,
                faults: [.powerMeterFailure, .connectorLockFailure],
                notChargingBecause: "the meter does not answer"
            )
        ),
        .message("002-charging", connector),
        .message("003-open", openConnector),
        .message("004-another-vehicle", connectorWithAnotherVehicle),
        .message("005-found-vehicle", connectorWithFoundVehicle),
        .message("006-one-phase", connectorOnOnePhase),
        .message(
            "001-three-phases",
            MeterReading(
                connectorId: 1,
                takenAt: noon,
                takenAtUptime: 60_000,
                energyWh: 1_234_567,
                powerW: 11_040,
                voltageMillivolts: [230_000, 230_100, 229_900],
                currentMilliamps: [16_000, 16_010, 15_990],
                frequencyMillihertz: 50_010,
                valid: true
            )
        ),
        .message(
            "002-final",
            MeterReading(
                connectorId: 1,
                takenAt: noon,
                takenAtUptime: 60_300,
                energyWh: 1_234_567,
                powerW: 0,
                voltageMillivolts: [230_000],
                currentMilliamps: [0],
                frequencyMillihertz: 50_010,
                valid: true,
                openSinceUptime: 60_000
            )
        ),
        .message(
            "003-swapped",
            MeterReading(
                connectorId: 1,
                takenAt: noon,
                takenAtUptime: 60_300,
                energyWh: 5,
                powerW: 0,
                voltageMillivolts: [230_000],
                currentMilliamps: [0],
                frequencyMillihertz: 50_010,
                valid: true,
                openSinceUptime: 60_000,
                registerEpoch: noon - 60_000
            )
        ),
        .message(
            "004-further-quantities",
            MeterReading(
                connectorId: 1,
                takenAt: noon,
                takenAtUptime: 60_300,
                energyWh: 1_234_567,
                powerW: 3680,
                voltageMillivolts: [230_000],
                currentMilliamps: [16_000],
                valid: true,
                quantities: [
                    MeterQuantity(.energyReactiveImportRegister, thousandths: 1_234_500),
                    MeterQuantity(.currentImport, phase: .n, thousandths: 16_000),
                    MeterQuantity(.temperature, thousandths: -5300),
                ]
            )
        ),
        .message(
            "005-goes-on-for-another-meter",
            MeterReading(
                connectorId: 1,
                takenAt: noon,
                takenAtUptime: 60_300,
                energyWh: 1_234_567,
                powerW: 0,
                voltageMillivolts: [230_000],
                currentMilliamps: [0],
                valid: true,
                meterSerialNumber: "100042",
                registerOffsetWh: -765_433,
                registerOffsetSince: noon - 60_000
            )
        ),
        .message(
            "001-simulated",
            ReaderState(readerId: 1, connectorIds: [1, 2], faults: [.readerFailure], simulated: true)
        ),
        .message(
            "001-degraded",
            DeviceState(
                name: "meter-1",
                about: "meter of connector 1",
                driver: "modbus-rtu",
                simulated: false,
                condition: .degraded,
                detail: "every third answer is missing",
                counters: [.init(.exchanges, 1200), .init(.timeouts, 400)]
            )
        ),
        .message(
            "002-starting",
            DeviceState(
                name: "reader-1",
                about: "card reader 1",
                driver: "simulated",
                simulated: true,
                condition: .starting
            )
        ),
        .message(
            "003-remark",
            DeviceState(
                name: "contactor-1",
                about: "contactor of connector 1",
                driver: "gpio-contactor",
                simulated: false,
                condition: .ok,
                remark: "without a mirror contact: a weld shows by current alone"
            )
        ),
        .message("001-card", CardPresented(readerId: 1, connectorIds: [1], idTag: "04A1B2C3")),
        .message(
            "001-of-a-connector",
            HardwareFault(connectorId: 1, code: .groundFailure, present: true, detail: "residual current")
        ),
        .message(
            "002-of-a-reader",
            HardwareFault(connectorId: nil, readerId: 2, code: .readerFailure, present: false, detail: "answers again")
        ),
        .message(
            "001-granted",
            Permit(
                connectorId: 1,
                granted: true,
                limitMilliamps: 16_000,
                validUntilUptime: 90_000,
                transaction: transaction
            )
        ),
        .message(
            "002-one-phase",
            Permit(
                connectorId: 1,
                granted: true,
                limitMilliamps: 16_000,
                validUntilUptime: 90_000,
                transaction: transaction,
                phases: 1
            )
        ),
        .reply(Permit.self, "001-connector", Permit.Reply(connector: connector)),
        .message("001-connector", Lock(connectorId: 2)),
        .reply(Lock.self, "001-done", Done()),
        .message("001-connector", Unlock(connectorId: 2)),
        .reply(Unlock.self, "001-unlocked", Unlock.Reply(outcome: .unlocked)),
        .message("001-accepted", Indicate(connectorId: 1, signal: .accepted)),
        .reply(Indicate.self, "001-done", Done()),
        .message("001-reset", RestartHardware(reason: "Reset")),
        .reply(RestartHardware.self, "001-done", Done()),
        .message("001-ground", ClearFault(connectorId: 1, code: .groundFailure)),
        .reply(ClearFault.self, "001-done", Done()),
        .message("001-relay", TestHardware(connectorId: 1, part: .relay, live: true)),
        .reply(
            TestHardware.self,
            "001-passed",
            TestHardware.Reply(
                passed: true,
                findings: ["closed, seen 60 ms after the order", "open, seen 40 ms after the order"]
            )
        ),
        .message("001-reader", ShowCard(readerId: 1)),
        .reply(
            ShowCard.self,
            "001-card",
            ShowCard.Reply(
                idTag: "DEADBEEF",
                renderings: [
                    ShowCard.Rendering(settings: "hex", idTag: "DEADBEEF"),
                    ShowCard.Rendering(settings: "decimal", idTag: "3735928559"),
                ]
            )
        ),
        .reply(
            ShowCard.self,
            "002-random",
            ShowCard.Reply(refusal: "UID is drawn at random, it would differ each time")
        ),
        .message(
            "001-everything",
            SimulateHardware(
                action: .ev,
                connectorId: 1,
                readerId: 1,
                idTag: "04A1B2C3",
                ready: true,
                on: false,
                currentMilliamps: 16_000,
                batteryWh: 40_000,
                energyWh: 1000,
                fault: .overVoltage
            )
        ),
        .message("002-plug", SimulateHardware(action: .plug, connectorId: 1)),
        .message("003-part", SimulateHardware(action: .part, connectorId: 1, on: true, part: .diode)),
        .reply(SimulateHardware.self, "001-world", SimulateHardware.Reply(world: "connector 1: EV ready")),
    ]
}
