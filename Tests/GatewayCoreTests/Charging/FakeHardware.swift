import BusSchema
import GatewayCore
import Primitives

/// hardware-io as far as the gateway sees it: a contactor that follows permit and EV at once, and a meter that counts.
struct FakeHardware {
    let connectorId: Int
    var bootId = "hw-1"
    var pilot = PilotState.a
    var lock = LockState.absent
    var permit: PermitInForce?
    var faults: [HardwareFaultCode] = []
    var registerWh: Int64 = 1000
    /// When the register began anew.
    var registerEpoch: Int64?
    /// Since when it knows the EV that is there, ms.
    var pluggedSinceUptime: Int64?
    /// That EV was there when it started.
    var vehicleWasFound: Bool?
    /// Wh per second while the contactor is closed.
    var speedWh: Int64 = 2
    var meterWorks = true
    /// What the meter gives beyond what every meter does, at that register.
    var quantities: @Sendable (_ registerWh: Int64) -> [MeterQuantity] = { _ in [] }
    var contactorIsStuckOpen = false
    /// The contactor may be closed, whatever it is ordered: the cable counts as live.
    var isWelded = false
    var lockIsStuck = false
    /// What it answers to each request to hold the cable; nil when it does it.
    var lockRefusal: BusError?
    /// The lock does not get where it should hold the cable.
    var lockIsJammed = false
    /// When the contactor opened last; nil while it is closed.
    var openSinceUptime: Int64?
    /// Of which opening the readings say that they come after it; nil for that of the contactor.
    var readingComesAfter: Int64?

    var blocks: Bool { faults.contains { $0 != .readerFailure && $0 != .powerMeterFailure } }
    var isClosed: Bool { permit != nil && pilot.asksForEnergy && !blocks && !contactorIsStuckOpen }

    var state: ConnectorState {
        ConnectorState(
            connectorId: connectorId,
            bootId: bootId,
            pilot: pilot,
            contactor: isWelded ? .welded : isClosed ? .closed : .open,
            lock: lock,
            permit: permit,
            offeredMilliamps: permit == nil || blocks || !pilot.isPlugged ? 0 : permit?.limitMilliamps ?? 0,
            ratedMilliamps: 32_000,
            phases: 1,
            fixedCable: lock == .absent,
            faults: faults,
            notChargingBecause: nil,
            openSinceUptime: openSinceUptime,
            pluggedSinceUptime: vehicleWasFound == true ? nil : pluggedSinceUptime,
            vehicleFoundUptime: vehicleWasFound == true ? pluggedSinceUptime : nil
        )
    }

    func reading(at moment: Moment) -> MeterReading {
        MeterReading(
            connectorId: connectorId,
            takenAt: moment.utc.millisecondsSinceEpoch,
            takenAtUptime: moment.uptime.wholeMilliseconds,
            energyWh: registerWh,
            powerW: isClosed ? 7200 : 0,
            voltageMillivolts: [230_100],
            currentMilliamps: [isClosed ? 31_300 : 0],
            frequencyMillihertz: 50_010,
            valid: meterWorks,
            openSinceUptime: readingComesAfter ?? openSinceUptime,
            registerEpoch: registerEpoch,
            quantities: quantities(registerWh)
        )
    }

    /// Takes note of when the contactor opened, and since when an EV is there.
    mutating func follow(at moment: Moment) {
        if pilot == .a {
            pluggedSinceUptime = nil
            vehicleWasFound = nil
        } else if pilot.isPlugged, pluggedSinceUptime == nil {
            pluggedSinceUptime = moment.uptime.wholeMilliseconds
        }
        openSinceUptime = isClosed || isWelded ? nil : openSinceUptime ?? moment.uptime.wholeMilliseconds
    }

    /// The machine is off: the next process knows nothing but what it finds.
    mutating func losePower() {
        permit = nil
        openSinceUptime = nil
        bootId += "'"
        pluggedSinceUptime = nil
        vehicleWasFound = true
    }

    /// Returns why it refuses.
    mutating func hold() -> BusError? {
        guard pilot.isPlugged else { return BusError(.refused, "there is no cable that is connected to an EV") }
        if let lockRefusal { return lockRefusal }
        lockCable()
        return nil
    }

    /// Lets the cable go, if it can.
    mutating func release() -> UnlockOutcome {
        if isWelded { return .failed(BusError(.refused, "the contactor is welded: the cable is live")) }
        if !lockIsStuck { lock = .unlocked }
        return .answered(lockIsStuck ? .failed : .unlocked)
    }

    private mutating func lockCable() {
        if lock == .unlocked, pilot.isPlugged { lock = lockIsJammed ? .locking : .locked }
    }

    mutating func take(_ request: Permit) {
        permit =
            request.granted
            ? PermitInForce(
                limitMilliamps: request.limitMilliamps,
                validUntilUptime: request.validUntilUptime,
                transaction: request.transaction
            ) : nil
        if request.granted { lockCable() }
    }
}
