import BusSchema
import ConfigCore
import HardwareCore
import Primitives

/// A request of the gateway on the bus.
struct BusCall: Sendable {
    enum Order: Sendable {
        case permit(Permit)
        case lock(Lock)
        case unlock(Unlock)
        case indicate(Indicate)
        case restartHardware
        case declare(ConfigDeclare)
        case store(number: Int, ConfigSet, Secret?)
        case report(UplinkReport)
    }

    let id: UInt64
    /// The gateway's process.
    let asker: Int
    let order: Order
    /// On the world's clock.
    let expiresAt: Duration

    var server: Service {
        switch order {
        case .permit, .lock, .unlock, .indicate, .restartHardware: .hardware
        case .declare, .store: .config
        case .report: .modem
        }
    }
}

/// What a server says to a request.
enum BusAnswer: Sendable {
    case hardware(HardwareReply)
    case config(ConfigReply)
    case done
    case error(BusError)
}
