/// Why there is no encrypted connection, with a sentence for people. It names no secret.
public struct TLSFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Cause: Hashable, Sendable {
        /// OpenSSL, or what it needs, is not on this machine.
        case unavailable
        /// The certificates to trust, or of our own, cannot be used.
        case configuration
        /// The peer's certificate does not prove that it is the one we want (OCPP 1.6 security whitepaper A00.FR.309).
        case certificate
        /// The peer speaks no version that we may use (A00.FR.315).
        case version
        /// The peer offers no cipher suite that we may use (A00.FR.322).
        case cipherSuite
        /// Anything else: the peer does not speak TLS, ended in the middle, or broke the protocol.
        case protocolError
    }

    public let cause: Cause
    /// Without a full stop: `the certificate ended on 2026-01-31`.
    public let description: String

    public init(_ cause: Cause, _ description: String) {
        self.cause = cause
        self.description = description
    }
}

extension TLSFailure {
    /// OpenSSL's reason for a handshake or a record that failed.
    init(openSSL reason: String?) {
        // The words are those of OpenSSL's own table (ssl_err.c) and are the same in all of version 3.
        switch reason {
        case "unsupported protocol", "wrong ssl version", "tlsv1 alert protocol version", "version too low":
            self.init(.version, "the central system offers no TLS 1.2 or newer")
        case "sslv3 alert handshake failure", "no shared cipher", "wrong cipher returned", "unknown cipher returned":
            self.init(.cipherSuite, "the central system offers no cipher suite that is allowed here (\(reason ?? ""))")
        case "wrong version number", "http request", "packet length too long":
            self.init(.protocolError, "the central system does not speak TLS on this port (\(reason ?? ""))")
        case let reason?:
            self.init(.protocolError, reason)
        case nil:
            self.init(.protocolError, "the connection ended in the middle of the TLS handshake")
        }
    }
}
