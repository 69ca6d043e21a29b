internal import COpenSSL
internal import Primitives

/// What two sides agreed on, to be resumed by their next connection: a round trip and two signatures less. Belongs to the context and to the
/// host name that it was made with.
public final class TLSSession {
    private let handle: OpaquePointer
    /// When all certificates are valid that the connection was opened with, which is not only the server's own.
    let validity: Validity

    /// Takes the handle over.
    init(_ handle: OpaquePointer, _ validity: Validity) {
        self.handle = handle
        self.validity = validity
    }

    deinit { OpenSSL.known.SSL_SESSION_free(handle) }

    /// Whether it may be resumed: no certificate is looked at again then, so that one which has ended meanwhile must end the session.
    func isUsable(at time: KnownTime) -> Bool {
        OpenSSL.known.SSL_SESSION_is_resumable(handle) == 1 && time.earliest <= validity.end
    }

    func use(in connection: OpaquePointer) { _ = OpenSSL.known.SSL_set_session(connection, handle) }
}
