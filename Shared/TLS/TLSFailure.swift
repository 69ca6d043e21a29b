internal import COpenSSL

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
        /// The peer offers no cipher suite that we may use (A00.FR.322), as far as it says so.
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
    /// Why a handshake or a record failed.
    /// - Parameters:
    ///   - error: As OpenSSL notes it; 0 where nothing is noted.
    ///   - words: OpenSSL's own, which differ between its versions, so that nothing here may depend on them.
    init(openSSL error: UInt, _ words: String?) {
        guard error != 0 else {
            self.init(.protocolError, "the connection ended in the middle of the TLS handshake")
            return
        }
        let words = words ?? "error \(error)"
        switch ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0 {
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_SSL_VERSION, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
            SSL_R_VERSION_TOO_LOW:
            self.init(.version, "the central system offers no TLS 1.2 or newer")
        // It may mean any part of what we said (RFC 8446 §6.2, handshake_failure).
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
            let causes =
                "offers no cipher suite that is allowed here, does not know the name, or wants a certificate of the charger"
            self.init(.cipherSuite, "the central system breaks off the TLS handshake with alert 40: it \(causes)")
        // In TLS 1.3 it comes behind our end of the handshake (RFC 8446 §6.2).
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
            self.init(.protocolError, "the central system wants a certificate of the charger, and it has none")
        case SSL_R_NO_SHARED_CIPHER, SSL_R_WRONG_CIPHER_RETURNED, SSL_R_UNKNOWN_CIPHER_RETURNED:
            self.init(.cipherSuite, "the central system offers no cipher suite that is allowed here (\(words))")
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_PACKET_LENGTH_TOO_LONG:
            self.init(.protocolError, "the central system does not speak TLS on this port (\(words))")
        default:
            self.init(.protocolError, words)
        }
    }
}
