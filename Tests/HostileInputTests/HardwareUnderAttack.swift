import BusSchema
import HardwareCore
import HardwareSimulation
import Primitives

/// A whole hardware-io with its simulated devices, under a virtual clock.
struct HardwareUnderAttack {
    private var machine: HardwareMachine
    private var charger: SimulatedCharger
    private(set) var now = Moment(uptime: .seconds(1000), utc: Timestamp(millisecondsSinceEpoch: 1_700_000_000_000))
    private(set) var connector: ConnectorState?
    private var lastRequest: UInt64 = 0

    init() {
        let socket = ConnectorConfiguration(
            connectorId: 1,
            ratedMilliamps: 32_000,
            phases: 3,
            cable: .socket(lock: true),
            equipment: ConnectorConfiguration.Equipment(
                testsResidualCurrent: true,
                derating: .init(),
                hasIndicator: true,
                switchesPhases: true,
                seesOutputVoltage: true
            ),
            contactorRest: .seconds(1)
        )
        charger = SimulatedCharger(
            configuration: SimulationConfiguration(connectors: [socket], readerIds: [1]),
            at: now
        )
        let reader = ReaderConfiguration(readerId: 1, connectorIds: [1], simulated: true)
        machine = HardwareMachine(
            configuration: HardwareConfiguration(connectors: [socket], readers: [reader]),
            bootId: "boot",
            at: now
        )
        perform(machine.handle(.started, at: now))
        report(charger.handle(.started, at: now))
    }

    mutating func plug() throws(BusError) {
        report(try charger.simulate(SimulateHardware(action: .plug, connectorId: 1), at: now))
    }

    /// A request as the program hands it to whoever answers it.
    mutating func hear(_ request: any BusRequest) {
        lastRequest += 1
        let id = RequestID(lastRequest)
        switch request {
        case let permit as Permit: perform(machine.handle(.permitRequested(id, permit), at: now))
        case let lock as Lock: perform(machine.handle(.lockRequested(id, lock), at: now))
        case let unlock as Unlock: perform(machine.handle(.unlockRequested(id, unlock), at: now))
        case let indicate as Indicate: perform(machine.handle(.indicateRequested(id, indicate), at: now))
        case let clear as ClearFault: perform(machine.handle(.clearFaultRequested(id, clear), at: now))
        case let test as TestHardware: perform(machine.handle(.testRequested(id, test), at: now))
        case let card as ShowCard: perform(machine.handle(.cardRequested(id, card), at: now))
        case let simulate as SimulateHardware:
            // A refusal is as good as anything.
            if let events = try? charger.simulate(simulate, at: now) { report(events) }
        default: break
        }
    }

    mutating func report(_ events: [DriverEvent]) {
        for event in events { perform(machine.handle(.driver(event), at: now)) }
    }

    mutating func permit(_ granted: Bool) {
        let permit = Permit(
            connectorId: 1,
            granted: granted,
            limitMilliamps: 16_000,
            validUntilUptime: now.uptime.wholeMilliseconds + 3_600_000,
            transaction: "good"
        )
        hear(permit)
    }

    /// Lets time pass, from deadline to deadline.
    /// - Throws: When there are more wake-ups than anything real needs.
    mutating func run(_ length: Duration) throws {
        let end = now.uptime + length
        var wakeUps = 0
        while let deadline = earliest(machine.nextDeadline, charger.nextDeadline), deadline.at <= end {
            let due = deadline.at
            wakeUps = due <= now.uptime ? wakeUps + 1 : 0
            guard wakeUps < 100 else { throw Problem("it wakes up without end: \(deadline.reason)") }
            now = now.advanced(by: max(.zero, due - now.uptime))
            report(charger.deadlineReached(at: now))
            perform(machine.deadlineReached(at: now))
        }
        now = now.advanced(by: end - now.uptime)
    }

    private mutating func perform(_ effects: [HardwareEffect]) {
        for effect in effects {
            switch effect {
            case .command(let command): report(charger.handle(.commanded(command), at: now))
            case .store: perform(machine.handle(.memoryStored, at: now))
            case .publish(let message): connector = message.value as? ConnectorState ?? connector
            case .rememberLatches, .remember, .rememberVehicle, .reply, .refuse, .log, .finish, .restart: break
            }
        }
    }
}
