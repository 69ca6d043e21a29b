import BusSchema
import EventLoop
import GatewayCore
import Primitives
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
        let stored = Files.text(path).flatMap(Hexadecimal.bytes)
        return (stored ?? siteKey).map { BasicCredentials(user: identity, password: $0) }
    }

    /// Puts a new secret where the config store reads it once. Returns the name of the file.
    /// - Throws: `SystemError` naming the file.
    func handIn(_ secret: Secret) throws(SystemError) -> String {
        var random = SystemRandomNumberGenerator()
        let name = "ocpp-gateway-\(String(random.next(), radix: 16))"
        try Files.create("\(runtimeDirectory)/secrets-in/\(name)", Array(secret.exposed.utf8))
        return name
    }

    /// Removes what the config store did not take.
    func takeBack(_ name: String) { Files.remove("\(runtimeDirectory)/secrets-in/\(name)") }
}
