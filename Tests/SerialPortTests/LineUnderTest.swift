import EventLoop
import LoopUnderTest
import Primitives
import SerialPort
import Testing

/// A loop, a line on it, and what the line told.
final class LineUnderTest {
    let loop: EventLoop
    let line: any ByteLine
    private let told: Told

    final class Told {
        var events: [LineEvent] = []
        var log: [LogRecord] = []
        var answer: (LineEvent) -> LineOrder? = { _ in nil }
        weak var line: (any ByteLine)?
    }

    init(_ loop: EventLoop? = nil, _ make: (EventLoop, LineOwner) -> any ByteLine) throws {
        let loop = try loop ?? EventLoop()
        let told = Told()
        line = make(
            loop,
            LineOwner { event, _ in
                told.events.append(event)
                if let order = told.answer(event) { told.line?.perform(order) }
            } log: {
                told.log.append($0)
            }
        )
        self.loop = loop
        self.told = told
        told.line = line
        line.start()
    }

    convenience init(_ path: String, loop: EventLoop? = nil, _ adjust: (inout SerialPort.Settings) -> Void = { _ in })
        throws
    {
        var settings = SerialPort.Settings(path: path, line: LineSettings(baud: 9600))
        adjust(&settings)
        try self.init(loop) { SerialPort(settings, loop: $0, owner: $1) }
    }

    var events: [LineEvent] { told.events }
    var log: [LogRecord] { told.log }
    /// What the owner orders from inside its handler.
    var answer: (LineEvent) -> LineOrder? {
        get { told.answer }
        set { told.answer = newValue }
    }

    /// All bytes that came, however they were cut.
    var received: [UInt8] {
        events.flatMap { if case .received(let bytes) = $0 { bytes } else { [] as [UInt8] } }
    }

    func forget() { told.events.removeAll() }

    func run(until condition: @escaping (LineUnderTest) -> Bool) throws {
        try loop.run(until: { [unowned self] in condition(self) })
    }

    func waitUntilOpen() throws { try run { $0.events.last == .opened } }
}
