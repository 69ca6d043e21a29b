/// The client's half of the opening handshake (RFC 6455 §4.1, OCPP-J 1.6 §3): one request, one answer to check.
struct ClientHandshake: Equatable, Sendable {
    let subprotocols: [String]
    private let key: String
    private var reader = HTTPHeadReader()
    private var interimAnswers = 0

    /// More of them come from no server that means to answer.
    private static let mostInterimAnswers = 10

    init(subprotocols: [String], using random: inout some RandomNumberGenerator) {
        self.subprotocols = subprotocols
        var nonce: [UInt8] = []
        for _ in 0..<2 {
            let word = random.next()
            for shift in stride(from: 56, through: 0, by: -8) { nonce.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        key = Base64.encode(nonce)
    }

    /// The upgrade request.
    func request(for url: WebSocketURL, credentials: BasicCredentials?) -> [UInt8] {
        var lines = [
            "GET \(url.requestTarget) HTTP/1.1",
            "Host: \(url.authority)",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: \(key)",
            "Sec-WebSocket-Version: 13",
        ]
        if !subprotocols.isEmpty { lines.append("Sec-WebSocket-Protocol: \(subprotocols.joined(separator: ", "))") }
        // On every request, without waiting for a 401 (security white paper A00.FR.203).
        if let credentials { lines.append("Authorization: \(credentials.headerValue)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// The chosen subprotocol and the bytes behind the answer; nil when more is needed.
    /// - Throws: `UpgradeFailure` when the answer opens no WebSocket.
    mutating func receive(
        _ chunk: ArraySlice<UInt8>
    ) throws(UpgradeFailure) -> (subprotocol: String?, rest: ArraySlice<UInt8>)? {
        var chunk = chunk
        while true {
            let answer: (head: HTTPHead, rest: ArraySlice<UInt8>)?
            do {
                answer = try reader.receive(chunk)
            } catch {
                throw failure(.malformed(error))
            }
            guard let answer else { return nil }
            if isInterim(answer.head) {
                interimAnswers += 1
                reader = HTTPHeadReader()
                chunk = answer.rest
                continue
            }
            do {
                return (try check(answer.head), answer.rest)
            } catch {
                throw UpgradeFailure(error, startLine: answer.head.startLine, firstBytes: answer.rest)
            }
        }
    }

    /// Whether the answer proper follows: 100 Continue, 103 Early Hints and the like may come before it, asked for or not (RFC 9110 §15.2).
    private func isInterim(_ head: HTTPHead) -> Bool {
        guard interimAnswers < Self.mostInterimAnswers, let status = try? Self.status(of: head.startLine) else {
            return false
        }
        return (100...199).contains(status) && status != 101
    }

    func endOfStream() -> UpgradeFailure { failure(.endOfStream) }

    private func failure(_ cause: UpgradeFailure.Cause) -> UpgradeFailure {
        let line = reader.bytes.prefix { $0 >= 0x20 }
        return UpgradeFailure(cause, startLine: String(decoding: line, as: UTF8.self), firstBytes: reader.bytes)
    }

    private func check(_ head: HTTPHead) throws(UpgradeFailure.Cause) -> String? {
        let status = try Self.status(of: head.startLine)
        guard status == 101 else { throw .status(status) }
        guard head.list("upgrade").map({ $0.lowercased() }) == ["websocket"] else { throw .wrongField("Upgrade") }
        guard head.list("connection", holds: "upgrade") else { throw .wrongField("Connection") }
        guard head.single("sec-websocket-accept") == HandshakeKey.accept(for: key) else {
            throw .wrongField("Sec-WebSocket-Accept")
        }
        // None was offered.
        guard head.list("sec-websocket-extensions").isEmpty else { throw .wrongField("Sec-WebSocket-Extensions") }
        let answered = head.values("sec-websocket-protocol")
        guard !subprotocols.isEmpty || !answered.isEmpty else { return nil }
        guard answered.count == 1, subprotocols.contains(answered[0]) else {
            throw .subprotocolRefused(answered: answered.isEmpty ? nil : answered.joined(separator: ", "))
        }
        return answered[0]
    }

    /// `HTTP/1.1 101 Switching Protocols`; the reason may be missing (RFC 9112 §4).
    private static func status(of line: String) throws(UpgradeFailure.Cause) -> Int {
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), parts[1].utf8.count == 3, let status = Int(parts[1]),
            (100...599).contains(status)
        else { throw .malformed(.malformedStartLine) }
        guard parts[0] == "HTTP/1.1" || status != 101 else { throw .malformed(.malformedStartLine) }
        return status
    }
}

extension UpgradeFailure.Cause: Error {}

enum HandshakeKey {
    /// The proof that the server has read the key (RFC 6455 §4.2.2, item 5.4).
    static func accept(for key: String) -> String {
        Base64.encode(SHA1.digest(of: Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }
}
