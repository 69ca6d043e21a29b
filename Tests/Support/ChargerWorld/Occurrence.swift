import BusSchema
import ConfigCore
import GatewayCore
import HardwareCore
import Primitives

/// Something on its way: it happens when its time has come, if those it concerns still live.
enum Occurrence: Sendable {
    /// A publication reaches the gateway.
    case publication(AnyBusMessage, from: Service, publisher: Int, subscriber: Int)
    /// The gateway's subscription has reached a publisher.
    case discovery(of: Service, publisher: Int, subscriber: Int)
    /// A publisher sends its states once more.
    case repetition(of: Service, publisher: Int)
    case request(BusCall)
    case answer(callId: UInt64, BusAnswer)
    /// The gateway stops waiting.
    case patienceOver(callId: UInt64)
    /// Something about a socket reaches the gateway.
    case toGateway(socket: Int, SocketNews)
    /// Something about a socket reaches the central system.
    case toCentral(socket: Int, CentralNews)
    /// The kernel gives up on a connection whose other end does not answer.
    case gaveUp(socket: Int)
    /// A name was resolved, or not.
    case resolved(dial: Int, gateway: Int)
    /// What was written becomes safe from a power cut.
    case flush(gateway: Int)
    case start(Service)
    case powerOn
    /// Something that a scenario planned.
    case planned(Plan)
}

/// What reaches the gateway about its socket.
enum SocketNews: Sendable {
    case event(ConnectionMachine.Event)
    case text([UInt8])
}

/// What reaches the central system about a socket.
enum CentralNews: Sendable {
    case handshake(dial: Int)
    case text([UInt8])
    case ping
    case closing(dial: Int)
    /// The socket is gone, without a farewell.
    case gone
}

/// A request of the gateway on the bus.
struct BusCall: Sendable {
    enum Order: Sendable {
        case permit(Permit)
        case unlock(Unlock)
        case indicate(Indicate)
        case declare(ConfigDeclare)
        case store(number: Int, ConfigSet, Secret?)
        case report(UplinkReport)
    }

    let id: UInt64
    /// The gateway's incarnation.
    let asker: Int
    let order: Order
    /// On the world's clock.
    let expiresAt: Duration

    var server: Service {
        switch order {
        case .permit, .unlock, .indicate: .hardware
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
