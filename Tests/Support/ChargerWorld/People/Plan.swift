public import BusSchema
public import CentralSystem
import Primitives

/// Something that happens to a charger from outside, at a certain time.
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
    case failNextWrite(PersistFault.Kind, of: Service)
    case door(Door)
}
