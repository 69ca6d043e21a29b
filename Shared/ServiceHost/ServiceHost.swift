public import Bus
public import BusSchema
public import EventLoop
internal import Glibc
public import Log
internal import Primitives
public import SiteConfiguration
public import Storage

/// The shell that every daemon shares: options, log, loop, bus, readiness, watchdog, a clean end.
public final class ServiceHost {
    /// Status with which a daemon ends.
    public enum ExitStatus {
        static let success: Int32 = 0
        static let failure: Int32 = 1
        static let usage: Int32 = 2
        /// `EX_CONFIG`: a settings file that starting again will not mend.
        static let configuration: Int32 = 78
    }

    /// Longest turn of a loop that acts on the safety of a connector, and is not reported.
    public static let turnLimitOfHardware = Duration.milliseconds(5)

    /// Longest turn of any other loop that is not reported.
    public static let turnLimit = Duration.milliseconds(50)

    /// How long the reader of the log may take for the last lines, so that one who stands still does not keep a process alive.
    static let lastWordsLimit = Duration.milliseconds(100)

    /// How long a daemon may take for a clean end.
    public static let endLimit = Duration.seconds(5)

    public let service: ServiceName
    public let options: ServiceOptions
    public let log: Log
    public let loop: EventLoop
    /// Called when the service is asked to end, for what must be done before; it calls `end` when that is done. Without one the
    /// service ends at once. After `endLimit` it ends in any case.
    public var onTermination: (() -> Void)?
    /// Called once when the service ends or starts anew, however that came about: for what must not be left as it is.
    public var onEnd: (() -> Void)? {
        get { ending.before }
        set { ending.before = newValue }
    }
    /// Bytes and syncs that the service has written to flash since its start, to be published; nil when it keeps nothing there.
    public var flashWrites: (() -> (bytes: Int, syncs: Int))?

    private let systemd: UnderSystemd
    private let site: SiteUse
    /// Its place on the bus, and what it tells there of itself.
    private var place: (bus: BusEndpoint, health: HealthReport)?
    private var ending = Ending()
    private var startPatience = StartPatience()
    /// While log lines wait for room.
    private var logWatch: Watch?

    /// How the service ends.
    private struct Ending {
        /// When it ends in any case; nil while nobody has asked.
        var due: Duration?
        var before: (() -> Void)?
    }

    /// Runs a daemon until it is asked to end, and ends the process.
    /// - Parameters:
    ///   - service: Who it is.
    ///   - about: One sentence for `--help`.
    ///   - site: What it reads of the site's file.
    ///   - start: Puts the daemon together and returns it, to be kept; called once. An error it throws becomes one line in the log
    ///     and the end of the process.
    /// - Returns: Never; the exit status is 0 after SIGTERM or SIGINT.
    public static func run(
        _ service: ServiceName,
        about: String,
        site: SiteUse,
        start: (ServiceHost) throws -> AnyObject
    ) -> Never {
        let environment = readEnvironment()
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch ServiceOptions.read(arguments, environment: environment, service: service, about: about) {
        case .show(let text):
            put(text, to: STDOUT_FILENO)
            exit(ExitStatus.success)
        case .refuse(let line):
            put(line + "\n", to: STDERR_FILENO)
            exit(ExitStatus.usage)
        case .check(let options):
            exit(check(options.configurationPath, site))
        case .run(let options):
            exit(run(service, options, environment, site, start))
        }
    }

    /// Says what is wrong with the site's file, a line for each mistake.
    private static func check(_ path: String, _ site: SiteUse) -> Int32 {
        do throws(SiteFileError) {
            let file = try SiteFile(path: path)
            let mistakes = site.allMistakes(in: file)
            for mistake in mistakes { put("\(mistake)\n", to: STDERR_FILENO) }
            if mistakes.isEmpty { for line in site.describe(file) { put("\(line)\n", to: STDOUT_FILENO) } }
            return mistakes.isEmpty ? ExitStatus.success : ExitStatus.configuration
        } catch {
            put("\(error)\n", to: STDERR_FILENO)
            return ExitStatus.configuration
        }
    }

    private static func run(
        _ service: ServiceName,
        _ options: ServiceOptions,
        _ environment: [String: String],
        _ site: SiteUse,
        _ start: (ServiceHost) throws -> AnyObject
    ) -> Int32 {
        let log = Log(threshold: options.logLevel)
        defer { log.flush(within: lastWordsLimit) }
        do {
            let host = try ServiceHost(service, options: options, log: log, environment: environment, site: site)
            let daemon = try EarlyEnd.answering { try start(host) }
            return try withExtendedLifetime(daemon) { try host.runLoop() }
        } catch let error as SiteFileErrors {
            for mistake in error.mistakes { log.write(LogRecord(.error, mistake.description)) }
            return ExitStatus.configuration
        } catch {
            log.write(LogRecord(.error, "\(error)"))
            return error is SiteFileError ? ExitStatus.configuration : ExitStatus.failure
        }
    }

    /// - Throws: `BusStartError`, `ScarceResource`, `SystemError` or `ZeroMQError` when sockets were handed over wrongly or the process may have
    ///   too few descriptors or threads.
    init(
        _ service: ServiceName,
        options: ServiceOptions,
        log: Log,
        environment: [String: String],
        site: SiteUse = SiteUse()
    ) throws {
        self.service = service
        self.site = site
        self.options = options
        self.log = log
        systemd = try UnderSystemd(environment: environment, pid: getpid())
        loop = try EventLoop()
        loop.onTermination = { [unowned self] in terminate() }
        loop.turnLimit = service == .hardwareIO ? Self.turnLimitOfHardware : Self.turnLimit
        var longTurns = LongTurnReport()
        loop.onLongTurn = { [unowned loop] turn in
            if let record = longTurns.record(turn, limit: loop.turnLimit, at: EventLoop.uptime()) { log.write(record) }
        }
        loop.addDeadlineSource(
            next: { [unowned self] in Deadline(at: ending.due, for: "the end takes too long") },
            fire: { [unowned self] _ in
                log.write(LogRecord(.warning, "the end took too long and is forced"))
                end()
            }
        )
        startWatchdog()
        tendLog()
    }

    /// Reads the site's file, and checks what this service uses of it.
    /// - Returns: The file.
    /// - Throws: `SiteFileError` when there is no file to be read, `SiteFileErrors` with all that is wrong in it.
    public func readSite() throws -> SiteFile {
        let file = try SiteFile(path: options.configurationPath)
        let mistakes = site.mistakes(in: file)
        guard mistakes.isEmpty else { throw SiteFileErrors(mistakes) }
        return file
    }

    /// What tells this boot of the machine from others. Where simulation is allowed, a simulated power cut begins another one.
    /// - Parameter site: The site's file.
    /// - Returns: The kernel's id, and how often the power was cut.
    /// - Throws: `SiteFileError` when `allowSimulation` has a wrong value.
    public func machineBootId(_ site: SiteFile) throws(SiteFileError) -> String {
        guard try site.allowSimulation() else { return SmallFile.machineBootId }
        return SimulatedPowerCuts(runtimeFolder: options.runtimeDirectory).bootId()
    }

    /// The directory for what must survive, created when missing.
    /// - Returns: Its path.
    /// - Throws: `SystemError` naming it.
    public func makeStateDirectory() throws(SystemError) -> String {
        try makeStateDirectory { mkdir($0, 0o750) == 0 ? 0 : errno }
    }

    /// The same with the call that makes it: nothing but its error, 0 for none.
    func makeStateDirectory(_ make: (String) -> Int32) throws(SystemError) -> String {
        let path = options.stateDirectory
        while true {
            let code = make(path)
            // A read-only file system is for whoever uses the directory to cope with.
            if code == 0 || code == EEXIST || code == EROFS { return path }
            let failure = StorageError.system(FileError(code, "create", path))
            if code == EIO, waitForDevice(failure) { continue }
            throw SystemError(code: code, operation: "create the state directory \(path) (choose one with --state-dir)")
        }
    }

    /// The folder of the runtime directory for what this service alone keeps there until the machine boots again, created when missing.
    /// - Returns: Its path.
    public func makeRuntimeFolder() -> String {
        let path = "\(RuntimeDirectory(path: options.runtimeDirectory).path)/\(service)"
        if let aside = SmallFile.moveAwayUnlessFolder(path) {
            log.write(LogRecord(.warning, "something else had the place of the runtime folder", .init("now", aside)))
        }
        do throws(SmallFileError) {
            try SmallFile.makeFolder(path, access: .init(mode: 0o700))
        } catch {
            // What is kept there is of use and not a need; whoever cannot write there says so.
            log.write(LogRecord(.warning, "the runtime folder cannot be used", .init("why", error)))
        }
        return path
    }

    /// How this service asks systemd for `wish`. What an earlier process asked for and nobody did is taken back.
    public func request(_ wish: SystemRequest.Wish) -> SystemRequest {
        let request = SystemRequest(wish, folder: makeRuntimeFolder())
        request.withdraw()
        return request
    }

    /// A secret that whoever starts the service hands to it alone (`LoadCredential=` of a unit).
    /// - Parameter name: Of the credential.
    /// - Returns: Its text without the space around it; nil when there is none, or an empty one.
    public func credential(_ name: String) -> Credential? { systemd.credential(name) }

    /// Waits a moment for a device that cannot read what the start needs. A start waits ten seconds in all.
    /// - Parameter error: What cannot be read.
    /// - Returns: Whether to try again.
    public func waitForDevice(_ error: StorageError) -> Bool { startPatience.wait(for: error) { log.write($0) } }

    /// Takes the service's place on the bus and announces it. Once.
    /// - Parameters:
    ///   - publishes: States and events, for the announcement.
    ///   - serves: Requests, for the announcement; call `serve` on the endpoint for each.
    ///   - simulated: Whether any device behind it is simulated.
    /// - Returns: The endpoint, which the host keeps and closes at the end.
    /// - Throws: `BusStartError`, for instance when the service runs already.
    public func joinBus(
        publishes: [any BusMessage.Type],
        serves: [any BusRequest.Type],
        simulated: Bool = false
    ) throws -> BusEndpoint {
        precondition(place == nil, "A service has one place on the bus.")
        let endpoint = try BusEndpoint(
            service: service,
            version: SoftwareVersion.current,
            directory: RuntimeDirectory(path: options.runtimeDirectory),
            sockets: systemd.sockets,
            loop: loop,
            publishes: publishes + [ServiceHealth.self],
            serves: serves,
            simulated: simulated
        )
        endpoint.onLog = { [log] in log.write($0) }
        place = (
            endpoint, HealthReport(endpoint, loop: loop, log: log) { [unowned self] in flashWrites?() }
        )
        return endpoint
    }

    /// Ends the service: the loop returns, the bus is told, the process exits with 0.
    public func end() {
        callOnEnd()
        loop.stop()
    }

    private func callOnEnd() {
        let before = ending.before
        ending = Ending()
        before?()
    }

    /// Replaces this process by a new one of the same program: the process id stays, so that systemd sees no death, and it works without
    /// systemd, too.
    public func restart() -> Never {
        callOnEnd()
        place?.bus.close(lingerMilliseconds: 100)
        log.write(LogRecord(.notice, "starting anew"))
        // The newest answers on the bus get the time to leave; bounded by the linger above.
        loop.finishSending()
        log.flush(within: Self.lastWordsLimit)
        systemd.sockets?.keepForSuccessor()
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        // Only when the kernel has no memory for it; whoever watches us starts us again.
        log.write(LogRecord(.error, "the program could not be started anew"))
        log.flush(within: Self.lastWordsLimit)
        exit(ExitStatus.failure)
    }

    func runLoop() throws -> Int32 {
        log.write(LogRecord(.notice, "ready", .init("version", SoftwareVersion.current)))
        // After what a service that cannot start says last.
        let bus = place?.bus
        for case let record? in [bus?.openToStrangers, bus?.withoutLock, bus?.withoutDoor] { log.write(record) }
        notify("READY=1")
        try loop.run()
        place?.bus.close(lingerMilliseconds: 100)
        log.write(LogRecord(.notice, "ended"))
        // Gives the last words on the bus the time to leave; bounded by the linger above.
        loop.finishSending()
        return ExitStatus.success
    }

    private func terminate() {
        guard ending.due == nil else { return }
        notify("STOPPING=1")
        ending.due = EventLoop.uptime() + Self.endLimit
        if let onTermination { onTermination() } else { end() }
    }

    /// From the loop itself, so that a loop that is stuck is a service that systemd starts again.
    private func startWatchdog() {
        guard let interval = systemd.notifier.watchdogInterval else { return }
        var due = EventLoop.uptime()
        loop.addDeadlineSource(
            next: { Deadline(at: due, for: "the watchdog") },
            fire: { [unowned self] moment in
                due = moment.uptime + interval / 2
                notify("WATCHDOG=1")
            }
        )
    }

    /// What waits for a reader who is behind goes out when there is room, and what was dropped is told.
    private func tendLog() {
        log.onBacklog = { [unowned self] waits in
            if let logWatch { loop.unwatch(logWatch) }
            logWatch =
                waits
                ? loop.watch(descriptor: log.descriptor, interest: .writable, for: "the log") { [log] _ in log.drain() }
                : nil
        }
        loop.addDeadlineSource(
            next: { [log] in Deadline(at: log.nextDeadline, for: "dropped log lines are told") },
            fire: { [log] _ in log.drain() }
        )
    }

    private func notify(_ assignment: String) {
        guard let error = systemd.notifier.send(assignment) else { return }
        log.write(LogRecord(.warning, "systemd was not reached", .init("error", error)))
    }

    private static func put(_ text: String, to descriptor: Int32) {
        // A closed pipe is the reader's decision; there is nobody else to tell.
        _ = write(descriptor, text, text.utf8.count)
    }

    private static func readEnvironment() -> [String: String] {
        var variables: [String: String] = [:]
        let names = [
            "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CHARGER_CONFIG", "CHARGER_LOG_LEVEL", "NOTIFY_SOCKET",
            "WATCHDOG_USEC",
            "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "CREDENTIALS_DIRECTORY",
        ]
        for name in names {
            guard let value = getenv(name) else { continue }
            let text = String(cString: value)
            if !text.isEmpty { variables[name] = text }
        }
        return variables
    }
}
