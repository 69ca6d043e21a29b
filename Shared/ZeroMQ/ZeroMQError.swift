internal import CZeroMQ

/// A libzmq call that failed because of the system or of a peer.
public struct ZeroMQError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `errno` after the call; libzmq adds values of its own above `ZMQ_HAUSNUMERO`.
    public let code: Int32
    /// The call and what it was about, for people: `bind ipc:///run/charger/hardware-io.pub`.
    public let operation: String

    public init(code: Int32, operation: String) {
        self.code = code
        self.operation = operation
    }

    /// The error that the last call of this thread left behind.
    static func last(_ operation: String) -> ZeroMQError { ZeroMQError(code: zmq_errno(), operation: operation) }

    public var description: String { "\(operation): \(String(cString: zmq_strerror(code)))" }
}
