import Bus
import BusSchema
import GatewayCore
import Primitives
import Storage
import WebSocket

/// The password for the central system, on its two ways through files: to the config store, and back from it (never over the bus).
struct Credentials {
    let identity: String
    /// From the site's file, while none is set.
    let siteKey: [UInt8]?
    let runtimeDirectory: String

    /// What to put into the next handshake; nil while there is no password.
    var current: BasicCredentials? {
        let path = "\(runtimeDirectory)/secrets/\(ServiceName.ocppGateway)/\(OCPPKeyName.authorizationKey.rawValue)"
        // The header carries the bytes, not their spelling (OCPP-J 1.6 §6.2.2).
        let stored = SmallFile(path).foreignText.flatMap(Hexadecimal.bytes)
        return (stored ?? siteKey).map { BasicCredentials(user: identity, password: $0) }
    }

    /// The way to the config store for a new one.
    var inbox: SecretInbox { SecretInbox(RuntimeDirectory(path: runtimeDirectory)) }
}
