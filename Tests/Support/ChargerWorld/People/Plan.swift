public import BusSchema
public import CentralSystem
public import MobileWorld
import OCPP
import Primitives
public import SimulatedDisk

/// Something that happens to a charger from outside, at a certain time.
public enum Plan: Equatable, Sendable {
    case plug(Int)
    case unplug(Int)
    case swipe(String)
    case simulate(SimulateHardware)
    /// A service technician repairs everything at a connector, and acknowledges what is latched.
    case repair(Int)
    case command(Command)
    case kill(Service, restartAfter: Duration)
    case upgrade(Service)
    /// The process does nothing for a while, as on a machine that is much too busy.
    case freeze(Service, Duration)
    /// A load manager of the site lets permits have so many phases from now on; nil leaves them alone. The gateway itself allows all.
    case wishPhases(Int, Int?)
    /// Somebody grants a permit for a transaction that nobody knows.
    case strayPermit(Int)
    /// A person asks for the dead letters to be sent again.
    case resend
    case cutPower(Duration)
    case uplink(Bool)
    /// Something ails the modem, for so long where only time helps; whatever ailed it before is mended.
    case modem(MobileFault, lasting: Duration)
    /// Whether the name servers of the network are dead, in a world with a modem.
    case deadNames(Bool)
    /// What the modem measures from now on, percent.
    case signal(Int)
    case stall(Duration)
    case silence
    case stepClock(Duration)
    case diskFull(Bool)
    /// The file systems of the services are mounted read-only, or writable again.
    case diskReadOnly(Bool)
    case failNextWrite(PersistFault.Kind, of: Service)
    /// A call of the service to its disk fails; nil heals the disk.
    case disk(DiskFault?, of: Service)
    case door(Door)

    /// Something goes wrong by it, so that what follows is not exact.
    var isMishap: Bool {
        switch self {
        case .plug, .unplug, .swipe, .simulate, .repair, .signal, .wishPhases: false
        case .command(let command): command.isMishap
        case .resend: false
        case .kill, .upgrade, .freeze, .strayPermit, .cutPower, .uplink, .modem, .deadNames, .stall, .silence,
            .stepClock, .diskFull, .diskReadOnly, .failNextWrite, .disk, .door:
            true
        }
    }
}

extension Command {
    /// The central system does something wrong, or stops everything.
    fileprivate var isMishap: Bool {
        switch self {
        case .inject, .disconnect, .sendText, .callText, .call(.reset(_)): true
        default: false
        }
    }
}
