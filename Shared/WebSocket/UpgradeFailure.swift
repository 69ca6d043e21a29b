/// Why no WebSocket came to be, with what the log needs.
public struct UpgradeFailure: Error, Equatable, Sendable {
    public enum Cause: Equatable, Sendable {
        /// Not HTTP, or beyond the limits.
        case malformed(HTTPHeadError)
        /// Client: the server answered with another status than 101, such as 401 or 404.
        case status(Int)
        /// Client: a status 101 without what the WebSocket handshake demands (RFC 6455 §4.1); the field is named.
        case wrongField(String)
        /// Client: a status 101 without an offered subprotocol: the server refuses them all (OCPP-J 1.6 §3.2).
        case subprotocolRefused(answered: String?)
        /// Server: no acceptable request; answered with this status.
        case refused(status: Int)
        /// The stream ended first.
        case endOfStream
    }

    public var cause: Cause
    /// The first line of the peer, cut at 200 bytes; empty when there was none.
    public var startLine: String
    /// What the peer sent first behind its head (often an explanation), or at all when it was no HTTP; cut at 200 bytes.
    public var firstBytes: [UInt8]

    init(_ cause: Cause, startLine: String = "", firstBytes: some Collection<UInt8> = []) {
        self.cause = cause
        self.startLine = String(decoding: startLine.utf8.prefix(Self.excerptBytes), as: UTF8.self)
        self.firstBytes = Array(firstBytes.prefix(Self.excerptBytes))
    }

    private static let excerptBytes = 200
}

extension UpgradeFailure: CustomStringConvertible {
    public var description: String {
        switch cause {
        case .malformed(let error): "the peer's answer is no HTTP: \(error)"
        case .status: "the server refused the WebSocket: \(startLine)"
        case .wrongField(let name): "the server's answer has a wrong or missing \(name)"
        case .subprotocolRefused(.none): "the server refused every offered subprotocol"
        case .subprotocolRefused(.some(let name)): "the server chose a subprotocol that was not offered: \(name)"
        case .refused(let status): "the request was refused with status \(status): \(startLine)"
        case .endOfStream: "the connection ended during the WebSocket handshake"
        }
    }
}
