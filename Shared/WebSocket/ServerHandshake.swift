/// What a client asks for, for the server's owner to accept or refuse.
public struct UpgradeRequest: Equatable, Sendable {
    /// Path and query as sent.
    public var target: String
    public var host: String
    /// In the client's order of preference.
    public var subprotocols: [String]
    /// nil when there is none, or when it is not readable Basic.
    public var credentials: BasicCredentials?

    /// The last segment of the path, percent-decoded: the charge point's identity (OCPP-J 1.6 §3.1.1); nil when there is none.
    public var identity: String? {
        let path = target.prefix { $0 != "?" }
        guard let segment = path.split(separator: "/", omittingEmptySubsequences: false).last, !segment.isEmpty,
            let bytes = PercentEncoding.decode(segment.utf8)
        else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// The server's half of the opening handshake (RFC 6455 §4.2).
struct ServerHandshake: Equatable, Sendable {
    private var reader = HTTPHeadReader()
    /// The client's key, once the request is here.
    private var key = ""
    /// What the client offered: the answer may name nothing else.
    private var offered: [String] = []

    /// The request and the bytes behind it; nil when more is needed.
    /// - Throws: `Refusal` when the request cannot open a WebSocket.
    mutating func receive(
        _ chunk: ArraySlice<UInt8>
    ) throws(Refusal) -> (request: UpgradeRequest, rest: ArraySlice<UInt8>)? {
        let received: (head: HTTPHead, rest: ArraySlice<UInt8>)?
        do {
            received = try reader.receive(chunk)
        } catch {
            throw Refusal(status: 400, startLine: "", malformed: error)
        }
        guard let received else { return nil }
        let head = received.head
        let line = head.startLine.split(separator: " ", omittingEmptySubsequences: false)
        func refusal(_ status: Int) -> Refusal { Refusal(status: status, startLine: head.startLine) }
        guard line.count == 3, line[2] == "HTTP/1.1", line[1].hasPrefix("/") else { throw refusal(400) }
        guard line[0] == "GET" else { throw refusal(405) }
        guard let host = head.single("host"), head.list("upgrade", holds: "websocket"),
            head.list("connection", holds: "upgrade"), let key = head.single("sec-websocket-key"),
            Base64.decode(key)?.count == 16
        else { throw refusal(400) }
        guard head.single("sec-websocket-version") == "13" else { throw refusal(426) }
        self.key = key
        offered = head.list("sec-websocket-protocol")
        let request = UpgradeRequest(
            target: String(line[1]),
            host: host,
            subprotocols: offered,
            credentials: head.single("authorization").flatMap { BasicCredentials(headerValue: $0) }
        )
        return (request, received.rest)
    }

    func endOfStream() -> UpgradeFailure { UpgradeFailure(.endOfStream, firstBytes: reader.bytes) }

    /// The answer that opens the WebSocket.
    func acceptance(subprotocol: String?) -> [UInt8] {
        precondition(subprotocol.map(offered.contains) ?? true, "A subprotocol that was not offered cannot be chosen.")
        var lines = [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Accept: \(HandshakeKey.accept(for: key))",
        ]
        if let subprotocol { lines.append("Sec-WebSocket-Protocol: \(subprotocol)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// An answer that opens none, with an empty body.
    static func refusal(status: Int) -> [UInt8] {
        precondition((300...599).contains(status), "A refusal is a redirection or an error.")
        var lines = ["HTTP/1.1 \(status) \(reason(of: status))", "Connection: close", "Content-Length: 0"]
        if status == 401 { lines.append("WWW-Authenticate: Basic realm=\"ocpp\", charset=\"UTF-8\"") }
        if status == 405 { lines.append("Allow: GET") }
        if status == 426 { lines += ["Upgrade: websocket", "Sec-WebSocket-Version: 13"] }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// Why a request cannot open a WebSocket, and the status that says so.
    struct Refusal: Error, Equatable {
        var status: Int
        var startLine: String
        var malformed: HTTPHeadError?
    }

    private static func reason(of status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        default: "Refused"
        }
    }
}
