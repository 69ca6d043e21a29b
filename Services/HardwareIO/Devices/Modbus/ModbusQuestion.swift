/// A request with what its asker needs to know it by.
public struct ModbusQuestion: Hashable, Sendable {
    /// Who is asked, as its owner numbers devices. Devices of one line are served in turns, however many questions one of them has.
    public var device: Int
    /// Anything; it comes back with the answer.
    public var tag: Int
    public var request: ModbusRequest
    public var timing: ModbusTiming

    public init(device: Int, tag: Int = 0, request: ModbusRequest, timing: ModbusTiming = ModbusTiming()) {
        self.device = device
        self.tag = tag
        self.request = request
        self.timing = timing
    }
}

/// How patient one is with a device.
public struct ModbusTiming: Hashable, Sendable {
    /// From the last byte of the question to the first of the answer, at most.
    public var answer: Duration
    /// Least silence before a question. Some meters do not hear one that follows at once.
    public var pause: Duration
    /// How often it is asked before it counts as silent.
    public var attempts: Int

    public init(answer: Duration = .milliseconds(500), pause: Duration = .milliseconds(60), attempts: Int = 3) {
        self.answer = answer
        self.pause = pause
        self.attempts = attempts
    }
}

/// What happened on a line, for the health of its devices. They only rise.
public struct ModbusCounters: Equatable, Sendable {
    public var requests = 0
    public var replies = 0
    public var timeouts = 0
    public var checksumErrors = 0
    /// Answers that were cut off, and nonsense instead of one.
    public var framingErrors = 0
    public var exceptions = 0
    /// Bytes that came when nobody was asked: late answers, or noise.
    public var strayBytes = 0

    public init() {}
}

/// The questions that wait, each device having its turn.
struct ModbusQueue: Equatable, Sendable {
    /// Most of one device.
    static let mostOfOneDevice = 32

    private var questions: [Int: [ModbusQuestion]] = [:]
    /// Devices that have questions, the next one first.
    private var turns: [Int] = []

    var isEmpty: Bool { turns.isEmpty }

    /// The next one of each device, that whose turn it is first.
    var candidates: some Sequence<ModbusQuestion> { turns.lazy.compactMap { questions[$0]?.first } }

    /// - Returns: False when there are too many.
    mutating func append(_ question: ModbusQuestion) -> Bool {
        let waiting = questions[question.device]?.count ?? 0
        guard waiting < Self.mostOfOneDevice else { return false }
        if waiting == 0 { turns.append(question.device) }
        questions[question.device, default: []].append(question)
        return true
    }

    /// Removes the next one of a device, whose turn comes after all others then.
    mutating func removeNext(of device: Int) {
        guard let turn = turns.firstIndex(of: device) else { return }
        turns.remove(at: turn)
        questions[device]?.removeFirst()
        if questions[device]?.isEmpty == false { turns.append(device) }
    }

    mutating func removeAll() -> [ModbusQuestion] {
        defer { self = ModbusQueue() }
        return turns.flatMap { questions[$0] ?? [] }
    }
}
