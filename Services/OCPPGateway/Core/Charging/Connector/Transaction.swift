import OCPP
import Primitives

/// A transaction that is not over.
struct Transaction: Equatable, Sendable {
    /// Its end was decided; energy is being cut and the register settles.
    struct Stop: Equatable, Sendable {
        var reason: Reason
        var idTag: IdToken?
        var time: EventTime
    }

    enum Phase: Equatable, Sendable {
        case running
        case stopping(Stop)
    }

    let uuid: String
    let idTag: IdToken
    var parentIdTag: IdToken?
    let meterStartWh: Int64
    let startTime: EventTime
    /// Begin of the sampling grid.
    var anchor: Duration
    /// The central system's id; nil until it is known.
    var transactionId: Int?
    var phase = Phase.running
    /// False once the central system refused the identifier and the transaction goes on without energy (E §3.17).
    var energyAllowed = true
    /// The identifier was refused; energy flows until the register gets here (OCPP 1.6 §9.1.14).
    var allowanceEndsAtWh: Int64?
    /// Newest register, never decreasing (CORE-TX-41).
    var registerWh: Int64
    /// When it was read.
    var registerTime: EventTime
    /// When a register was last stored.
    var storedAt: Duration
    /// When a sample was last forced to the disk: what the central system saw must not be gone after a power cut.
    var sampleSyncedAt: Duration?
    /// A reading below the register was seen and logged.
    var registerFell = false

    var isRunning: Bool { phase == .running }

    /// It is being stopped because the EV was disconnected (OCPP 1.6 §4.10).
    var endsByDisconnection: Bool {
        guard case .stopping(let stop) = phase else { return false }
        return stop.reason == .evDisconnected
    }
}
