import BusSchema
import Primitives

/// hardware-io as the gateway sees it: a contactor that follows permit and EV at once, and a meter that counts while it is closed.
struct HardwareModel {
    var pilot = PilotState.a
    private var permit: PermitInForce?
    private var registerWh: Int64 = 1000

    var isClosed: Bool { permit != nil && pilot == .c }

    mutating func take(_ request: Permit) {
        permit =
            request.granted
            ? PermitInForce(
                limitMilliamps: request.limitMilliamps,
                validUntilUptime: request.validUntilUptime,
                transaction: request.transaction
            ) : nil
    }

    func state(at moment: Moment) -> ConnectorState {
        ConnectorState(
            connectorId: 1,
            bootId: "hardware",
            pilot: pilot,
            contactor: isClosed ? .closed : .open,
            lock: .absent,
            permit: permit,
            offeredMilliamps: isClosed ? 32_000 : 0,
            ratedMilliamps: 32_000,
            phases: 1,
            fixedCable: true,
            faults: [],
            notChargingBecause: nil
        )
    }

    mutating func reading(at moment: Moment) -> MeterReading {
        if isClosed { registerWh += 5 }
        return MeterReading(
            connectorId: 1,
            takenAt: moment.utc.millisecondsSinceEpoch,
            takenAtUptime: moment.uptime.wholeMilliseconds,
            energyWh: registerWh,
            powerW: isClosed ? 7200 : 0,
            voltageMillivolts: [230_000],
            currentMilliamps: [isClosed ? 31_300 : 0],
            valid: true
        )
    }
}
