import HardwareCore
import Primitives
import SiteConfiguration

/// How much of the time of a serial line its meters take, reckoned from their descriptions: the characters of questions and answers, and the
/// pauses before questions. How long a meter thinks comes on top.
public struct LineLoad: Equatable, Sendable {
    /// A reading that is not there so long after it was asked for is a miss for the core.
    public static let longestRound = MeterLine.patience
    /// Of that time so much may be planned, per cent.
    public static let mostPercent = 80

    private let wire: ModbusWire
    public private(set) var meters = 0
    /// Of one reading of all meters.
    public private(set) var questions = 0
    public private(set) var bytes = 0
    /// How long one reading of all meters takes.
    public private(set) var round = Duration.zero

    /// - Parameter baud: Of the line, bit/s.
    public init(baud: Int) { wire = ModbusWire(.serial(baud: baud)) }

    public mutating func add(_ map: MeterMap) {
        meters += 1
        let pause = Duration(outsideMilliseconds: map.description.reading.pauseMilliseconds)
        for batch in map.batches {
            let request = ModbusRequest(
                unit: 1,
                function: batch.function,
                address: batch.address,
                count: batch.count
            )
            questions += 1
            bytes += ModbusWire.bytes(of: request)
            round += wire.pause(ModbusTiming(pause: pause)) + wire.travelTime(of: request)
        }
    }

    /// Of the longest round.
    public var percent: Int { Int(clamping: round.wholeMilliseconds * 100 / Self.longestRound.wholeMilliseconds) }

    public var isTooMuch: Bool { percent > Self.mostPercent }

    /// For people, with the figures.
    public var words: String {
        let (most, taken) = (Self.longestRound.wholeMilliseconds, round.wholeMilliseconds)
        let all = meters == 1 ? "the meter" : "the \(meters) meters"
        return "one reading of \(all) takes \(taken) ms (\(questions) questions, \(bytes) bytes and the pauses between "
            + "them), which is \(percent) % of the \(most) ms that there are, and at most \(Self.mostPercent) % may be planned: "
            + "take a higher speed, or another line for some of them"
    }
}
