public import Primitives

/// A line of bytes on the event loop that keeps itself open: what a machine that speaks a protocol is connected to.
///
/// Events come from the loop, never from inside a call to the line. The owner keeps the line; after `close` it reports nothing any more.
public protocol ByteLine: AnyObject {
    /// Opens the line as soon as the loop runs, and keeps it open.
    func start()
    /// Carries `order` out. Legal at any time, also from the handler; a closed line forgets what it is to send.
    func perform(_ order: LineOrder)
    /// Ends the line. No event follows.
    func close()
    /// Whether bytes can be sent now.
    var isOpen: Bool { get }
    /// What happened on the line so far.
    var counters: LineCounters { get }
}

/// Counts of one line since `start`.
public struct LineCounters: Hashable, Sendable {
    public var bytesReceived = 0
    /// Handed to the kernel.
    public var bytesSent = 0
    /// How often the line was opened.
    public var openings = 0
    /// How often the line was lost after it was open, `reopen` included.
    public var losses = 0
    /// `send` orders that were dropped because too much waited already.
    public var droppedSends = 0

    public init() {}
}

/// What a line is told by: its events with their times, and what it wants logged.
public struct LineOwner {
    public let handler: (LineEvent, Moment) -> Void
    public let log: (LogRecord) -> Void

    /// - Parameters:
    ///   - handler: Takes each event with the time at which it was noticed.
    ///   - log: Takes what people want to know of the line.
    public init(handler: @escaping (LineEvent, Moment) -> Void, log: @escaping (LogRecord) -> Void) {
        self.handler = handler
        self.log = log
    }
}
