internal import COpenSSL
public import Primitives

/// TLS over one stream, as a byte transformer: feed it what the peer sent, write what it says. It never touches a socket, so it never waits.
///
/// It keeps no more than one record of either direction, 16 KiB, beside a handshake, of which OpenSSL takes 100 KiB of certificates at most.
public final class TLSConnection {
    public enum Event: Equatable, Sendable {
        /// The peer has proved who it is; bytes may be sent. `words` says how, for people. `validity` is that of the certificates by which it
        /// did, also where a session of theirs was resumed; a server, which asks for none, has nil.
        case opened(words: String, validity: Validity?)
        case received([UInt8])
        /// The peer ends in good manners (`close_notify`); nothing follows. The stream is the owner's to close.
        case ended
        /// Nothing follows. Close the stream after writing the output, which tells the peer why.
        case failed(TLSFailure)
    }

    /// What came of some bytes.
    public struct Progress: Equatable, Sendable {
        public var events: [Event] = []
        /// To be written to the stream, now.
        public var output: [UInt8] = []
    }

    private enum State {
        /// To `open` or `over`.
        case handshake
        /// To `over`.
        case open
        case over
    }

    private let ssl = OpenSSL.known
    public let context: TLSContext
    private let handle: OpaquePointer
    /// Where OpenSSL reads what the peer sent, and where it writes; both belong to `handle`.
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private var state = State.handshake
    private var check: CertificateCheck?
    /// What the server may resume.
    private var offered: TLSSession?

    /// The side that opens the connection. Begin with `start`.
    /// - Parameters:
    ///   - context: Whom to trust.
    ///   - host: The name that the server's certificate must be for; also told to the server. An IP address is one, too.
    ///   - time: For the validity of certificates. A charger that knows only the least that the time can be holds no beginning against a
    ///     certificate, but an end.
    ///   - session: Of an earlier connection with this context to this host.
    /// - Returns: The connection, which has sent nothing yet.
    /// - Throws: `TLSFailure` when there is no memory for it.
    public static func client(
        _ context: TLSContext,
        host: String,
        time: KnownTime,
        resuming session: TLSSession? = nil
    ) throws(TLSFailure) -> TLSConnection {
        let connection = try TLSConnection(context)
        let check = CertificateCheck(host: host, time: time)
        connection.check = check
        guard check.prepare(connection.handle) else {
            throw TLSFailure(.configuration, "\(host) cannot be checked for in a certificate")
        }
        if let session, session.isUsable(at: time) {
            session.use(in: connection.handle)
            connection.offered = session
        }
        connection.ssl.SSL_set_connect_state(connection.handle)
        return connection
    }

    /// The side that the connection was opened to.
    /// - Parameter context: Who we are.
    /// - Returns: The connection, which waits for the client.
    /// - Throws: `TLSFailure` when there is no memory for it.
    public static func server(_ context: TLSContext) throws(TLSFailure) -> TLSConnection {
        let connection = try TLSConnection(context)
        connection.ssl.SSL_set_accept_state(connection.handle)
        return connection
    }

    private init(_ context: TLSContext) throws(TLSFailure) {
        let noMemory = TLSFailure(.unavailable, "there is no memory for a connection")
        self.context = context
        guard let handle = ssl.SSL_new(context.handle) else { throw noMemory }
        guard let incoming = ssl.BIO_new(ssl.BIO_s_mem()), let outgoing = ssl.BIO_new(ssl.BIO_s_mem()) else {
            ssl.SSL_free(handle)
            throw noMemory
        }
        ssl.SSL_set_bio(handle, incoming, outgoing)
        self.handle = handle
        self.incoming = incoming
        self.outgoing = outgoing
        // For the check of certificates, which happens while this object calls OpenSSL.
        _ = ssl.SSL_set_ex_data(handle, 0, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        // OpenSSL takes a session for bad whose connection did not end in good manners, which in a mobile network is every one.
        ssl.SSL_set_shutdown(handle, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        ssl.SSL_free(handle)
    }

    /// Whether bytes can be sent.
    public var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// Whether this connection resumed a session instead of checking certificates.
    public var isResumed: Bool { ssl.SSL_session_reused(handle) == 1 }

    /// What the next connection may resume; the newest that the peer gave.
    public var session: TLSSession? {
        guard case .open = state, let validity, let session = ssl.SSL_get1_session(handle) else { return nil }
        return TLSSession(session, validity)
    }

    /// When all certificates of the peer are valid; nil before the handshake is over, and for a server.
    private var validity: Validity? { isResumed ? offered?.validity : check?.validity }

    /// Client: the first bytes for the peer.
    public func start() -> [UInt8] { receive([]).output }

    /// Bytes from the peer, in any chunking. What comes after the end is dropped: OpenSSL, which reads no more, would keep it all.
    public func receive(_ bytes: [UInt8]) -> Progress {
        var progress = Progress()
        var rest = bytes[...]
        repeat {
            if case .over = state { break }
            let part = rest.prefix(Self.mostAtOnce)
            rest = rest.dropFirst(part.count)
            if !part.isEmpty { part.withUnsafeBytes { _ = ssl.BIO_write(incoming, $0.baseAddress, Int32($0.count)) } }
            if case .handshake = state { advance(&progress) }
            if case .open = state { read(&progress) }
        } while !rest.isEmpty
        progress.output += takeOutput()
        return progress
    }

    /// The stream ended or broke. After `ended` or `failed` nothing is new.
    public func receiveEndOfStream() -> [Event] {
        defer { state = .over }
        switch state {
        case .handshake: return [.failed(TLSFailure(openSSL: 0, nil))]
        // Whether the conversation was over is known by the protocol above, which has an end of its own.
        case .open: return [.ended]
        case .over: return []
        }
    }

    /// The records for these bytes; nil when nothing can be sent (any more): before the handshake, after the end, or without memory.
    public func send(_ bytes: [UInt8]) -> [UInt8]? {
        guard isOpen else { return nil }
        guard !bytes.isEmpty else { return [] }
        ssl.ERR_clear_error()
        // Writing to memory is never partial.
        let written = bytes.withUnsafeBytes { ssl.SSL_write(handle, $0.baseAddress, Int32(clamping: $0.count)) }
        return written == bytes.count ? takeOutput() : nil
    }

    /// The end in good manners; empty unless the connection is open. Nothing can be sent afterwards.
    public func close() -> [UInt8] {
        guard isOpen else { return [] }
        state = .over
        ssl.ERR_clear_error()
        _ = ssl.SSL_shutdown(handle)
        return takeOutput()
    }

    /// Called by OpenSSL within the handshake.
    func verify(_ chain: OpaquePointer) -> Bool { check?.verify(chain) ?? false }

    // MARK: - OpenSSL

    private func advance(_ progress: inout Progress) {
        ssl.ERR_clear_error()
        let result = ssl.SSL_do_handshake(handle)
        if result == 1 {
            state = .open
            let version = ssl.SSL_get_version(handle).map { String(cString: $0) } ?? "TLS"
            let suite = ssl.SSL_CIPHER_get_name(ssl.SSL_get_current_cipher(handle)).map { String(cString: $0) } ?? ""
            let words = "\(version), \(suite)\(isResumed ? ", resumed" : "")"
            progress.events.append(.opened(words: words, validity: validity))
        } else if ssl.SSL_get_error(handle, result) != SSL_ERROR_WANT_READ {
            fail(&progress)
        }
    }

    private func read(_ progress: inout Progress) {
        var plain: [UInt8] = []
        defer { if !plain.isEmpty { progress.events.insert(.received(plain), at: insertionPoint(progress)) } }
        while true {
            ssl.ERR_clear_error()
            var count: Int32 = 0
            let part = [UInt8](unsafeUninitializedCapacity: Self.mostAtOnce) { buffer, initialized in
                count = ssl.SSL_read(handle, buffer.baseAddress, Int32(buffer.count))
                initialized = Int(max(count, 0))
            }
            if count > 0 {
                plain = plain.isEmpty ? part : plain + part
                continue
            }
            switch ssl.SSL_get_error(handle, count) {
            case SSL_ERROR_WANT_READ: return
            case SSL_ERROR_ZERO_RETURN:
                state = .over
                progress.events.append(.ended)
            default: fail(&progress)
            }
            return
        }
    }

    /// What was received before the end stands before it.
    private func insertionPoint(_ progress: Progress) -> Int {
        switch progress.events.last {
        case .ended, .failed: progress.events.count - 1
        default: progress.events.count
        }
    }

    private func fail(_ progress: inout Progress) {
        let error = ssl.ERR_peek_last_error()
        let words = ssl.takenError
        state = .over
        progress.events.append(.failed(check?.failure ?? TLSFailure(openSSL: error, words)))
    }

    private func takeOutput() -> [UInt8] {
        let waiting = ssl.BIO_ctrl_pending(outgoing)
        guard waiting > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: waiting) { buffer, initialized in
            initialized = Int(max(ssl.BIO_read(outgoing, buffer.baseAddress, Int32(clamping: buffer.count)), 0))
        }
    }

    /// One record (RFC 8446 §5.1).
    private static let mostAtOnce = 16 * 1024
}
