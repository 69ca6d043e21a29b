public import BusSchema
public import CentralSystem
import HardwareCore
import OCPP
import Primitives

/// Something that a scenario wants to happen at a certain time.
public enum Plan: Equatable, Sendable {
    case plug(Int)
    case unplug(Int)
    case swipe(String)
    case simulate(SimulateHardware)
    case command(Command)
    case kill(Service, restartAfter: Duration)
    case upgrade(Service)
    case cutPower(Duration)
    case uplink(Bool)
    case stall(Duration)
    case silence
    case stepClock(Duration)
    case diskFull(Bool)
    case door(refuses: Bool, httpStatus: Int?)
    /// Chance decides, and when again.
    case chance
}

/// People, at the charger and at the central system.
extension World {
    /// Makes something happen at a time of the world's clock, or now if that has passed.
    public mutating func plan(_ plan: Plan, at time: Duration) { queue.add(.planned(plan), at: max(time, now)) }

    /// Makes something go wrong at a write.
    public mutating func add(_ fault: PersistFault) { persistFaults.append(fault) }

    /// Makes it happen now.
    public mutating func carryOut(_ plan: Plan) {
        switch plan {
        case .plug(let id): plug(id)
        case .unplug(let id): simulate(SimulateHardware(action: .unplug, connectorId: id))
        case .swipe(let idTag): swipe(idTag)
        case .simulate(let request): simulate(request)
        case .command(let command): self.command(command)
        case .kill(let service, let duration): kill(service, restartAfter: duration)
        case .upgrade(let service): upgrade(service)
        case .cutPower(let duration): cutPower(for: duration)
        case .uplink(let isUp): setUplink(isUp)
        case .stall(let duration): stall(for: duration)
        case .silence: silenceSocket()
        case .stepClock(let duration): stepClock(by: duration)
        case .diskFull(let isFull): diskIsFull = isFull
        case .door(let refuses, let status): setCentralDoor(refuses: refuses, httpStatus: status)
        case .chance: tryChance()
        }
    }

    public mutating func plug(_ connectorId: Int = 1) {
        simulate(SimulateHardware(action: .plug, connectorId: connectorId))
    }

    public mutating func unplug(_ connectorId: Int = 1) {
        simulate(SimulateHardware(action: .unplug, connectorId: connectorId))
    }

    public mutating func swipe(_ idTag: String) {
        simulate(SimulateHardware(action: .swipe, readerId: 1, idTag: idTag))
    }

    /// Asks the central system for something. Returns the number under which `outcomes` tells what became of it.
    @discardableResult
    public mutating func command(_ command: Command) -> Int {
        lastCommand += 1
        note("operator", command)
        perform(
            central.handle(
                .commanded(command, number: lastCommand, to: WorldSettings.identity),
                at: centralMoment
            )
        )
        return lastCommand
    }

    /// Somebody sets the charger's wall clock.
    public mutating func stepClock(by duration: Duration) {
        note("world", "the clock steps by \(duration)")
        clockError += duration
    }

    /// A service technician repairs everything at a connector, and acknowledges what is latched.
    public mutating func repair(_ connectorId: Int) {
        simulate(SimulateHardware(action: .clear, connectorId: connectorId))
        simulate(SimulateHardware(action: .clear, readerId: 1))
        for code in connector(connectorId)?.faults ?? [] {
            lastCall += 1
            let request = ClearFault(connectorId: connectorId, code: code)
            tellHardware(.clearFaultRequested(RequestID(lastCall), request))
        }
    }
}
