internal import COpenSSL
internal import Primitives

/// What two sides agreed on, to be resumed by their next connection: a round trip and two signatures less. Belongs to the context and to the
/// host name that it was made with.
public final class TLSSession {
    private let handle: OpaquePointer

    /// Takes the handle over.
    init(_ handle: OpaquePointer) { self.handle = handle }

    deinit { OpenSSL.known.SSL_SESSION_free(handle) }

    /// Whether it may be resumed: no certificate is looked at again then, so that one which has ended meanwhile must end the session.
    func isUsable(at time: KnownTime) -> Bool {
        let ssl = OpenSSL.known
        guard ssl.SSL_SESSION_is_resumable(handle) == 1, let certificate = ssl.SSL_SESSION_get0_peer(handle),
            let end = Certificate(handle: certificate).end
        else { return false }
        return time.earliest <= end
    }

    func use(in connection: OpaquePointer) { _ = OpenSSL.known.SSL_set_session(connection, handle) }
}
