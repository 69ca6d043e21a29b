/// How characters travel on a serial line.
public struct LineSettings: Equatable, Hashable, Sendable {
    public enum Parity: String, Equatable, Hashable, Sendable, CaseIterable {
        case none, even, odd
    }

    /// Bits per second, 300…4 000 000.
    public var baud: Int
    public var parity: Parity
    /// 7 or 8.
    public var dataBits: Int
    /// 1 or 2.
    public var stopBits: Int

    public init(baud: Int, parity: Parity = .none, dataBits: Int = 8, stopBits: Int = 1) {
        self.baud = baud
        self.parity = parity
        self.dataBits = dataBits
        self.stopBits = stopBits
    }
}

/// What a line of bytes (a serial port, a TCP connection) tells the machine that speaks a protocol over it.
public enum LineEvent: Equatable, Sendable {
    /// It is open, with nothing in it; whatever the device knew of a conversation before is forgotten.
    case opened
    /// Bytes as they came, cut anywhere. Their time is that of the event.
    case received([UInt8])
    /// It is gone (unplugged, hung up, does not open). It is opened again by itself, with growing pauses, for ever.
    case closed(reason: String)
}

/// What the machine that speaks a protocol orders of its line.
public enum LineOrder: Equatable, Sendable {
    /// Sent in order. What does not fit into the port is sent when there is room, and forgotten when the line closes.
    case send([UInt8])
    /// What has arrived and was not told yet is thrown away.
    case discardInput
    /// Other speed or parity from now on.
    case configure(LineSettings)
    /// The device is stuck: close, and open anew.
    case reopen(reason: String)
}
