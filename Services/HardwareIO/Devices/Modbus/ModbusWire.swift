import Primitives

/// The line as a master hears it: frames of its kind, when it was silent, and which answers may still be on their way.
struct ModbusWire: Equatable, Sendable {
    enum Finding: Equatable {
        case reply(ModbusReply)
        /// The answer may have begun.
        case begun
        /// Nothing of the answer.
        case nothing
        /// No Modbus at all, on a line that must not have anything else.
        case nonsense
    }

    /// Bits of a character: start, 8, parity or a second stop, stop (Modbus over Serial Line V1.02 §2.5.1).
    private static let bitsOfCharacter = 11

    private let framing: ModbusMaster.Framing
    private var serial = ModbusSerialFrames()
    private var network = ModbusNetworkFrames()
    private var transaction: UInt16 = 0
    /// When the line was used last.
    var heardAt = Duration.zero
    /// Units that may still answer what was given up, and until when.
    private var lateUntil: [UInt8: Duration] = [:]
    /// What comes later than this is noise: no repetition is answered so late.
    private var neverAfter: [UInt8: Duration] = [:]
    /// Since when a question waits for silence.
    private var waitsSince: Duration?

    init(_ framing: ModbusMaster.Framing) { self.framing = framing }

    var isNetwork: Bool { framing == .network }

    /// After so many questions without any sign of life the line is opened anew: an adapter may be stuck.
    var timeoutsThatReopen: Int { isNetwork ? 3 : 10 }

    var heardWrongChecksum: Bool { serial.isBroken }

    mutating func opened(at now: Duration) {
        network = ModbusNetworkFrames()
        serial = ModbusSerialFrames()
        heardAt = now
        lateUntil = [:]
        neverAfter = [:]
        waitsSince = nil
    }

    // MARK: - When one may ask

    /// The least silence between frames is 3.5 characters (V1.02 §2.5.1.1), and what the device needs.
    func silentAt(_ timing: ModbusTiming) -> Duration {
        guard !isNetwork else { return .zero }
        return heardAt + pause(timing)
    }

    /// That silence.
    func pause(_ timing: ModbusTiming) -> Duration {
        guard case .serial(let baud) = framing else { return .zero }
        return max(baud > 19_200 ? Duration.microseconds(1750) : characters(4), timing.pause)
    }

    /// From when on nothing late is expected of a unit.
    func settledAt(_ unit: UInt8) -> Duration { lateUntil[unit] ?? .zero }

    /// How long question and answer are on the line.
    func travelTime(of request: ModbusRequest) -> Duration { isNetwork ? .zero : characters(Self.bytes(of: request)) }

    /// Of question and answer.
    static func bytes(of request: ModbusRequest) -> Int { 8 + 5 + 2 * request.count }

    private func characters(_ count: Int) -> Duration {
        guard case .serial(let baud) = framing else { return .zero }
        return .microseconds(count * Self.bitsOfCharacter * 1_000_000 / baud.clamped(to: 300...4_000_000))
    }

    /// When a question that waits for silence is given up.
    mutating func patienceEnds(at now: Duration) -> Duration {
        let since = waitsSince ?? now
        waitsSince = since
        return since + ModbusMaster.patienceForSilence
    }

    mutating func stopWaiting() { waitsSince = nil }

    // MARK: - Frames

    /// The frame of a question, whose answer is listened for from now on.
    mutating func ask(_ request: ModbusRequest) -> [UInt8] {
        switch framing {
        case .network:
            transaction &+= 1
            return ModbusNetworkFrames.frame(request, transaction: transaction)
        case .serial:
            serial = ModbusSerialFrames()
            return ModbusSerialFrames.frame(request)
        }
    }

    mutating func received(_ bytes: [UInt8], to request: ModbusRequest, at now: Duration) -> Finding {
        heardAt = now
        guard isNetwork else {
            if let reply = serial.received(bytes, to: request) { return .reply(reply) }
            return serial.hasBegun || serial.isBroken ? .begun : .nothing
        }
        return switch network.received(bytes, to: request, transaction: transaction) {
        case .reply(let reply): .reply(reply)
        case .others: .nothing
        case .nonsense: .nonsense
        }
    }

    /// What came is over; returns the answer if it was in there.
    mutating func silenceFell(_ request: ModbusRequest) -> ModbusReply? {
        isNetwork ? nil : serial.silenceFell(request)
    }

    /// Bytes came that nobody waits for.
    /// - Returns: False when they are no Modbus on a line that must not have anything else.
    mutating func strayed(_ bytes: [UInt8], at now: Duration) -> Bool {
        heardAt = now
        // Whoever is late once is late again: so are the answers to the repetitions.
        for (unit, until) in lateUntil where until > now {
            let latest = neverAfter[unit] ?? until
            lateUntil[unit] = max(until, min(now + ModbusMaster.lateAnswersApart, latest))
        }
        return !isNetwork || network.received(bytes, to: nil, transaction: transaction) != .nonsense
    }

    // MARK: - Late answers

    /// A question was given up, or one of its repetitions answered: further answers may come.
    mutating func expectsLateAnswers(of unit: UInt8, until: Duration) {
        guard !isNetwork else { return }
        lateUntil[unit] = until
        neverAfter[unit] = until + ModbusMaster.lateAnswersApart * ModbusMaster.mostRepetitions
    }

    mutating func ended(at now: Duration) {
        heardAt = now
        lateUntil = lateUntil.filter { $0.value > now }
        neverAfter = neverAfter.filter { $0.value > now }
    }
}
