internal import Primitives

/// One question to one device: some registers that stand next to each other. Nothing is ever written, and nobody is addressed as "all"
/// (unit 0 of a serial line), because nobody would answer.
public struct ModbusRequest: Hashable, Sendable {
    /// What is read (MODBUS Application Protocol V1.1b3 §6.3 and §6.4).
    public enum Function: UInt8, Hashable, Sendable, CaseIterable {
        case readHoldingRegisters = 3
        case readInputRegisters = 4
    }

    /// Most registers in one question (V1.1b3 §6.3).
    public static let mostRegisters = 125

    /// The address of the device: 1…247 on a serial line; over TCP also 0 and 255, by which a device without a line behind it is called.
    public var unit: UInt8
    public var function: Function
    /// The first register, counted from 0 as on the wire.
    public var address: UInt16
    /// 1…125.
    public var count: Int

    public init(unit: UInt8, function: Function, address: UInt16, count: Int) {
        self.unit = unit
        self.function = function
        self.address = address
        self.count = count.clamped(to: 1...Self.mostRegisters)
    }

    /// Function and data, as they travel on every kind of line.
    var body: [UInt8] {
        [
            function.rawValue, UInt8(truncatingIfNeeded: address >> 8), UInt8(truncatingIfNeeded: address), 0,
            UInt8(truncatingIfNeeded: count),
        ]
    }
}

/// What a device answered.
enum ModbusReply: Equatable, Sendable {
    /// As many as were asked for.
    case registers([UInt16])
    /// V1.1b3 §7.
    case exception(UInt8)

    /// Sense of `bytes`, which are function and data of an answer to `request`; nil when they are an answer to something else.
    init?(_ bytes: some RandomAccessCollection<UInt8>, to request: ModbusRequest) {
        guard let function = bytes.first else { return nil }
        let data = bytes.dropFirst()
        if function == request.function.rawValue | 0x80, data.count == 1, let code = data.first {
            self = .exception(code)
        } else if function == request.function.rawValue, data.count == 1 + 2 * request.count,
            Int(data.first ?? 0) == 2 * request.count
        {
            let values = Array(data.dropFirst())
            self = .registers(
                stride(from: 0, to: values.count, by: 2).map { UInt16(values[$0]) << 8 | UInt16(values[$0 + 1]) }
            )
        } else {
            return nil
        }
    }
}

/// Why a question got no answer.
public enum ModbusFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nothing came in time, as often as it was asked.
    case timeout
    /// What came had a wrong checksum.
    case checksum
    /// What came was cut off.
    case truncated
    /// The device refuses (V1.1b3 §7).
    case exception(UInt8)
    /// The line is gone.
    case closed(String)
    /// Somebody on the line talks without pause.
    case neverSilent
    /// More questions wait for this device than anybody could want answered.
    case tooManyQuestions

    /// For people.
    public var description: String {
        switch self {
        case .timeout: "no answer"
        case .checksum: "wrong checksum"
        case .truncated: "answer cut off"
        case .exception(let code): "exception \(code): \(Self.meaning(code))"
        case .closed(let reason): "line closed: \(reason)"
        case .neverSilent: "the line is never silent"
        case .tooManyQuestions: "too many questions wait"
        }
    }

    /// Whether asking again soon can help.
    var isPassing: Bool {
        switch self {
        case .timeout, .checksum, .truncated: true
        // Acknowledge, busy, and a gateway whose device did not answer.
        case .exception(let code): [5, 6, 0x0B].contains(code)
        case .closed, .neverSilent, .tooManyQuestions: false
        }
    }

    private static func meaning(_ code: UInt8) -> String {
        switch code {
        case 1: "illegal function"
        case 2: "illegal address"
        case 3: "illegal value"
        case 4: "device failure"
        case 5: "acknowledge"
        case 6: "busy"
        case 8: "memory parity error"
        case 0x0A: "gateway path unavailable"
        case 0x0B: "device behind the gateway does not answer"
        default: "unknown"
        }
    }
}
