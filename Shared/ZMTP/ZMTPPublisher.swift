/// The publishing end of one connection: what comes from the subscriber becomes events.
///
/// Send `opening` as soon as the connection is there, and messages (`ZMTPFrame.message`) from `.ready` on.
public struct ZMTPPublisher: Sendable {
    public enum Event: Equatable, Sendable {
        /// The handshake is done.
        case ready
        /// Messages that begin with this are wanted. It may be empty, and come more than once: each counts.
        case subscribe([UInt8])
        /// One subscription is taken back, if there is one.
        case cancel([UInt8])
        /// Bytes to send, between messages.
        case answer([UInt8])
    }

    private enum Stage {
        case greeting
        case handshake
        case traffic
    }

    /// Greeting and READY (ZMTP 3.0, "The NULL Security Mechanism"): neither waits for the other side.
    public static let opening: [UInt8] = {
        var greeting = [UInt8](repeating: 0, count: greetingBytes)
        greeting[0] = 0xFF
        greeting[9] = 0x7F
        greeting[10] = 3
        greeting.replaceSubrange(mechanismRange, with: mechanism)
        return greeting + ZMTPFrame.command("READY", property("Socket-Type", "XPUB"))
    }()

    private static let greetingBytes = 64
    private static let mechanismRange = 12..<32
    private static let mechanism = Array("NULL".utf8) + [UInt8](repeating: 0, count: 16)
    /// READY with whatever properties an implementation adds, and PING with its context.
    private static let longestCommand = 512

    private let longestTopic: Int
    private var stage = Stage.greeting
    /// What is not a whole frame yet.
    private var buffer: [UInt8] = []
    /// The last frame was not the end of its message.
    private var isInMessage = false

    /// - Parameter longestTopic: Bytes; a longer one is a violation, of which no more than this is ever kept.
    public init(longestTopic: Int) {
        precondition(longestTopic >= 0, "A topic has a size.")
        self.longestTopic = longestTopic
    }

    public var isReady: Bool { stage == .traffic }

    /// Takes what has arrived, in whatever pieces.
    /// - Throws: `ZMTPViolation`, after which the connection is of no use.
    public mutating func receive(_ bytes: some Sequence<UInt8>) throws(ZMTPViolation) -> [Event] {
        buffer.append(contentsOf: bytes)
        var events: [Event] = []
        var start = 0
        if stage == .greeting {
            guard buffer.count >= Self.greetingBytes else {
                // Who speaks something else may never send that many.
                guard buffer.first ?? 0xFF == 0xFF else { throw ZMTPViolation("the first byte is none of ZMTP 3") }
                return []
            }
            try Self.check(greeting: buffer)
            stage = .handshake
            start = Self.greetingBytes
        }
        while let frame = try nextFrame(at: start) {
            start = frame.body.upperBound
            if let event = try take(frame) { events.append(event) }
        }
        buffer.removeSubrange(..<start)
        return events
    }

    private static func check(greeting: [UInt8]) throws(ZMTPViolation) {
        guard greeting[0] == 0xFF, greeting[9] & 1 == 1, greeting[10] >= 3 else {
            throw ZMTPViolation("a greeting of another protocol than ZMTP 3")
        }
        guard Array(greeting[mechanismRange]) == mechanism else {
            throw ZMTPViolation("another security mechanism than NULL")
        }
    }

    // MARK: - Frames

    private struct Frame {
        let flags: UInt8
        let body: Range<Int>

        var isCommand: Bool { flags & ZMTPFrame.command != 0 }
        var hasMore: Bool { flags & ZMTPFrame.more != 0 }
    }

    /// The frame that begins at `start`; nil while it is not complete.
    private func nextFrame(at start: Int) throws(ZMTPViolation) -> Frame? {
        guard start < buffer.count else { return nil }
        let flags = buffer[start]
        let isCommand = flags & ZMTPFrame.command != 0
        guard flags <= 7, !(isCommand && flags & ZMTPFrame.more != 0) else {
            throw ZMTPViolation("a frame with the flags \(flags)")
        }
        let head = flags & ZMTPFrame.long == 0 ? 2 : 9
        guard buffer.count - start >= head else { return nil }
        let size = buffer[(start + 1)..<(start + head)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // Besides the topic a message holds whether it is wanted, and in version 3.1 the name of a command.
        let limit = isCommand ? max(Self.longestCommand, longestTopic + 12) : longestTopic + 1
        guard size <= UInt64(limit) else { throw ZMTPViolation("a frame of \(size) bytes, at most \(limit) are taken") }
        let body = (start + head)..<(start + head + Int(size))
        return body.upperBound <= buffer.count ? Frame(flags: flags, body: body) : nil
    }

    private mutating func take(_ frame: Frame) throws(ZMTPViolation) -> Event? {
        if frame.isCommand { return try take(command: buffer[frame.body]) }
        guard stage == .traffic else { throw ZMTPViolation("a message before READY") }
        let isWhole = !isInMessage && !frame.hasMore
        isInMessage = frame.hasMore
        // Peers may send other messages; they mean nothing here.
        guard isWhole, let verb = buffer[frame.body].first else { return nil }
        let topic = Array(buffer[frame.body].dropFirst())
        return verb == 1 ? .subscribe(topic) : verb == 0 ? .cancel(topic) : nil
    }

    // MARK: - Commands

    private mutating func take(command: ArraySlice<UInt8>) throws(ZMTPViolation) -> Event? {
        guard let nameSize = command.first, command.count > nameSize else {
            throw ZMTPViolation("a command without a name")
        }
        let name = String(decoding: command.dropFirst().prefix(Int(nameSize)), as: UTF8.self)
        let data = command.dropFirst(1 + Int(nameSize))
        switch (stage, name) {
        case (.handshake, "READY"):
            let type = try Self.socketType(data)
            guard ["SUB", "XSUB"].contains(type) else { throw ZMTPViolation("a peer of the type \(type.prefix(20))") }
            stage = .traffic
            return .ready
        case (.handshake, _): throw ZMTPViolation("\(name.prefix(20)) instead of READY")
        // ZMTP 3.1 (https://rfc.zeromq.org/spec/37) has commands for these; who speaks it uses the form of 3.0 with us, or should.
        case (.traffic, "SUBSCRIBE"): return .subscribe(try topic(data))
        case (.traffic, "CANCEL"): return .cancel(try topic(data))
        // The same has it that a PING, after two bytes of how long to wait, carries what the PONG gives back.
        case (.traffic, "PING"): return .answer(ZMTPFrame.command("PONG", Array(data.dropFirst(2))))
        default: return nil
        }
    }

    /// A command may be longer than a message, because READY is; its topic may not.
    private func topic(_ data: ArraySlice<UInt8>) throws(ZMTPViolation) -> [UInt8] {
        guard data.count <= longestTopic else {
            throw ZMTPViolation("a topic of \(data.count) bytes, at most \(longestTopic) are taken")
        }
        return Array(data)
    }

    private static func property(_ name: String, _ value: String) -> [UInt8] {
        [UInt8(name.utf8.count)] + Array(name.utf8) + [0, 0, 0, UInt8(value.utf8.count)] + Array(value.utf8)
    }

    /// The value of Socket-Type among the properties of READY. Names of properties have no case.
    private static func socketType(_ metadata: ArraySlice<UInt8>) throws(ZMTPViolation) -> String {
        var rest = metadata
        while let nameSize = rest.first {
            let name = rest.dropFirst().prefix(Int(nameSize))
            let size = rest.dropFirst(1 + Int(nameSize)).prefix(4)
            guard name.count == nameSize, size.count == 4 else { break }
            let count = size.reduce(0) { $0 << 8 | Int($1) }
            let value = rest.dropFirst(5 + Int(nameSize)).prefix(count)
            guard value.count == count else { break }
            if String(decoding: name, as: UTF8.self).lowercased() == "socket-type" {
                return String(decoding: value, as: UTF8.self)
            }
            rest = rest.dropFirst(5 + Int(nameSize) + count)
        }
        throw ZMTPViolation("READY without a type of the socket")
    }
}
