/// The three parts of a message on the wire.
public struct BusFrames: Equatable, Sendable {
    /// UTF-8; what subscribers filter by.
    public var topic: [UInt8]
    public var header: [UInt8]
    public var payload: [UInt8]

    public init(topic: [UInt8], header: [UInt8], payload: [UInt8]) {
        self.topic = topic
        self.header = header
        self.payload = payload
    }

    /// The parts as a socket delivers them; nil unless there are three.
    public init?(parts: [[UInt8]]) {
        guard parts.count == 3 else { return nil }
        self.init(topic: parts[0], header: parts[1], payload: parts[2])
    }

    /// In the order of the wire.
    public var parts: [[UInt8]] { [topic, header, payload] }
}
