import HardwareDevices
import Primitives

/// A master and devices on one line in virtual time. The value of a register names device, function and address, so that an answer that is taken
/// for that to another question shows.
struct ModbusBus {
    /// What goes wrong.
    struct Faults {
        /// Of a hundred answers so many are lost, damaged, cut off, or come with noise in front.
        var lost = 0
        var damaged = 0
        var cut = 0
        var noisy = 0
        var refused = 0
        /// How late an answer comes.
        var latency: ClosedRange<Duration> = .milliseconds(5)...(.milliseconds(40))
        /// Units that never answer.
        var dead: Set<UInt8> = []
    }

    var faults = Faults()
    private(set) var master: ModbusMaster
    private(set) var now = Duration.seconds(100)
    /// Each answer, with when it came.
    private(set) var answers: [(question: ModbusQuestion, result: Result<[UInt16], ModbusFailure>, at: Duration)] = []
    /// Each question as it was sent, and when.
    private(set) var sent: [(frame: [UInt8], at: Duration)] = []
    private(set) var reopenings = 0
    private var arriving: [(bytes: [UInt8], at: Duration)] = []
    private var random: SeededRandom
    private let isNetwork: Bool

    init(_ framing: ModbusMaster.Framing = .serial(baud: 9600), seed: UInt64 = 1) {
        master = ModbusMaster(framing)
        random = SeededRandom(seed: seed)
        isNetwork = framing == .network
        handle(.line(.opened))
    }

    private var moment: Moment { Moment(uptime: now, utc: Timestamp(millisecondsSinceEpoch: 0)) }

    static func register(_ unit: UInt8, _ function: UInt8, _ address: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: Int(unit) << 12 ^ Int(function) << 9 ^ address)
    }

    /// What the device has where `request` asks.
    static func truth(_ request: ModbusRequest) -> [UInt16] {
        (0..<request.count).map { register(request.unit, request.function.rawValue, Int(request.address) + $0) }
    }

    mutating func ask(
        _ unit: UInt8,
        at address: UInt16 = 0,
        count: Int = 2,
        timing: ModbusTiming = ModbusTiming(),
        tag: Int = 0
    ) {
        let request = ModbusRequest(unit: unit, function: .readInputRegisters, address: address, count: count)
        handle(.asked(ModbusQuestion(device: Int(unit), tag: tag, request: request, timing: timing)))
    }

    mutating func handle(_ event: ModbusMaster.Event) { perform(master.handle(event, at: moment)) }

    /// Bytes that nobody sent arrive.
    mutating func noise(_ bytes: [UInt8], after delay: Duration = .zero) { arriving.append((bytes, now + delay)) }

    mutating func run(for duration: Duration) {
        let end = now + duration
        while let next = [master.nextDeadline?.at, arriving.map(\.at).min()].compactMap({ $0 }).min(), next <= end {
            now = max(now, next)
            if let index = arriving.indices.min(by: { arriving[$0].at < arriving[$1].at }), arriving[index].at <= now {
                handle(.line(.received(arriving.remove(at: index).bytes)))
            } else {
                perform(master.deadlineReached(at: moment))
            }
        }
        now = end
    }

    private mutating func perform(_ effects: [ModbusMaster.Effect]) {
        for effect in effects {
            switch effect {
            case .line(.send(let frame)):
                sent.append((frame, now))
                answer(frame)
            case .line(.reopen):
                reopenings += 1
                arriving = []
            case .line: break
            case .answered(let question, let result, _): answers.append((question, result, now))
            }
        }
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func answer(_ frame: [UInt8]) {
        let question = isNetwork ? Array(frame.dropFirst(6)) : Array(frame.dropLast(2))
        guard question.count == 6, !faults.dead.contains(question[0]), !chance(faults.lost) else { return }
        let address = Int(question[2]) << 8 | Int(question[3])
        var body = [question[0], question[1], question[5] * 2]
        for offset in 0..<Int(question[5]) {
            let value = Self.register(question[0], question[1], address + offset)
            body += [UInt8(value >> 8), UInt8(value & 0xFF)]
        }
        if chance(faults.refused) { body = [question[0], question[1] | 0x80, 4] }
        var bytes = isNetwork ? Array(frame.prefix(4)) + [0, UInt8(body.count)] + body : Self.summed(body)
        if chance(faults.damaged) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
        }
        if chance(faults.cut) { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
        if chance(faults.noisy) {
            let count = Int.random(in: 1...20, using: &random)
            // Noise likes to look like the beginning of an answer.
            let noise = (0..<count).flatMap { _ in
                let start = [question[0], question[1], body[2], UInt8.random(in: 0...255, using: &random)]
                return start.prefix(Int.random(in: 1...4, using: &random))
            }
            bytes = noise + bytes
        }
        // A connection keeps the order of its bytes; on a serial line answers may run into each other.
        let earliest = isNetwork ? arriving.map(\.at).max() ?? now : now
        let at = max(now + random.duration(in: faults.latency), earliest)
        let cut = Int.random(in: 0...bytes.count, using: &random)
        arriving.append((Array(bytes[..<cut]), at))
        arriving.append((Array(bytes[cut...]), at + random.duration(in: .zero ... .milliseconds(30))))
    }

    /// With the checksum, computed bit by bit from the last to the first power of the polynomial as the specification words it.
    static func summed(_ bytes: [UInt8]) -> [UInt8] {
        var sum = 0xFFFF
        for byte in bytes {
            sum ^= Int(byte)
            for _ in 0..<8 {
                let carry = sum % 2
                sum /= 2
                if carry == 1 { sum ^= 0xA001 }
            }
        }
        return bytes + [UInt8(sum % 256), UInt8(sum / 256)]
    }
}
