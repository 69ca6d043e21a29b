internal import EventLoop
internal import Primitives
internal import UplinkCore

/// Reads the interfaces, tells when they are to be read again, and knows whose they are.
///
/// Each report of the kernel is a reason to read, and each reading takes the longer the more routes there are, of which somebody else may make thousands
/// one after the other: so the longer the last one took, the longer the next one waits.
final class InterfaceWatch {
    /// The most of the loop's time that reports may take is one of so many parts.
    private static let share = 20
    /// A change is never noticed later than this because of others before it.
    private static let longestPause = Duration.seconds(5)

    private let loop: EventLoop
    /// By the site's file.
    private let named: Set<String>
    private let source: () throws(SystemError) -> [InterfaceReading]
    private var monitor: AddressMonitor?
    private var onChange: () -> Void = {}
    /// What uplinks had been told of theirs when the interfaces were read last.
    private var told: Set<String> = []
    private var quietUntil = Duration.zero
    private var due: Duration?
    private var deadlines: DeadlineSource?

    /// - Parameters:
    ///   - loop: Outlives it.
    ///   - named: The interfaces that the site's file gives to uplinks.
    ///   - source: Reads them all.
    init(
        _ loop: EventLoop,
        named: Set<String>,
        source: @escaping () throws(SystemError) -> [InterfaceReading] = Interfaces.read
    ) {
        self.loop = loop
        self.named = named
        self.source = source
    }

    deinit {
        if let deadlines { loop.removeDeadlineSource(deadlines) }
    }

    /// - Parameter onChange: Called from the loop when they are to be read.
    /// - Throws: `SystemError` where the kernel reports nothing to this process.
    func start(onChange: @escaping () -> Void) throws(SystemError) {
        self.onChange = onChange
        deadlines = loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: due, for: "changes of addresses have waited") },
            fire: { [unowned self] _ in
                due = nil
                self.onChange()
            }
        )
        monitor = try AddressMonitor(loop) { [unowned self] in noticed() }
    }

    /// - Parameter told: The interfaces that uplinks know at run time only.
    /// - Returns: All there are.
    /// - Throws: `SystemError`.
    func read(told: Set<String>) throws(SystemError) -> [InterfaceReading] {
        self.told = told
        due = nil
        let begun = EventLoop.uptime()
        var readings = try source()
        let now = EventLoop.uptime()
        quietUntil = now + min((now - begun) * Self.share, Self.longestPause)
        for index in readings.indices {
            let name = readings[index].name
            readings[index].isTaken = named.contains(name) || told.contains(name)
        }
        return readings
    }

    /// An uplink that takes any interface may have that of one that has just been told its own.
    func learn(_ told: Set<String>) {
        if told != self.told { noticed() }
    }

    /// Something may have changed.
    func noticed() {
        // Nobody is called from within what made it change.
        if due == nil { due = max(quietUntil, EventLoop.uptime()) }
    }
}
