internal import EventLoop
internal import Glibc
internal import Log
internal import Primitives
internal import SerialPort
internal import ServiceHost
internal import Storage
internal import UplinkCore

/// Carries out what the carrier of one uplink orders: its line, its programs and its document.
final class CarrierHands {
    /// What an uplink needs of the operating system.
    struct Needs {
        /// A serial port.
        struct Line {
            let path: String
            let baud: Int
        }

        let uplink: String
        /// Nil where it has none.
        let line: Line?
        let pins: [CarrierPins.Pin]
        /// Of the default route.
        let metric: UInt32
        /// Whether its interface is that of the device which the line belongs to.
        var findsInterface = false
        /// Whether it gives an interface an address itself.
        var givesAddresses = false
        /// `UplinkFingerprint.hash`.
        var fingerprint = ""

        init(uplink: String, line: Line?, pins: [CarrierPins.Pin], metric: UInt32) {
            (self.uplink, self.line, self.pins, self.metric) = (uplink, line, pins, metric)
        }
    }

    /// How long a program that is to end may take for it.
    static let patience = Duration.seconds(10)

    private let needs: Needs
    private let host: ServiceHost
    private let deliver: (CarrierEvent) -> Void
    private let runtimeFolder: String
    private var document: AtomicDocument
    private var port: SerialPort?
    private let pins: CarrierPins
    private var children: [String: ChildProcess] = [:]
    /// Of `children`, by the same names.
    private var logs: [String: LogTail] = [:]
    /// Why what was attempted last does not work, as it stands in the log: what is tried again and again is told once.
    private var failures: [String: String] = [:]

    init(_ needs: Needs, _ host: ServiceHost, folder: String, deliver: @escaping (CarrierEvent) -> Void) {
        self.needs = needs
        self.host = host
        runtimeFolder = host.makeRuntimeFolder()
        self.deliver = deliver
        pins = CarrierPins(needs.pins, uplink: needs.uplink, loop: host.loop, log: host.log) { pin, isDone in
            deliver(.pulsed(pin: pin, isDone))
        }
        document = CarrierDocuments.document(of: needs.uplink, folder: folder)
    }

    var written: WriteCounters { document.written }

    /// Tells the carrier what there is from the time before.
    func start(_ past: CarrierPast, programs: [String]) {
        if let interface = givenAddress.interface { deliver(.addressGiven(interface: interface)) }
        deliver(.started(past, running: programs.filter(adopt)))
    }

    func perform(_ effect: CarrierEffect) {
        switch effect {
        case .openLine(let name): open(name)
        case .closeLine:
            port?.close()
            port = nil
        case .line(_, let order): port?.perform(order)
        case .spawn(let name, let arguments): spawn(name, arguments)
        case .run(let name, let arguments, let limit): run(name, arguments, limit)
        case .endChild(let name): children[name]?.end(within: Self.patience)
        case .renew(let name): children[name]?.signal(SIGUSR1)
        case .pulse(let pin, let duration): pins.pulse(pin, duration)
        case .drive(let pin, let isActive): pins.drive(pin, isActive)
        case .addDefaultRoute(let interface):
            attempt("an uplink has no default route") { () throws(SystemError) in
                try DefaultRoute.add(through: interface, metric: needs.metric)
            }
        case .configure(let interface, let address):
            // Before it has one: whoever comes after us is to know it in any case.
            note { () throws(SmallFileError) in try givenAddress.write(interface, address.address) }
            attempt("an interface is not given its address") { () throws(SystemError) in
                try InterfaceSetting.give(address, to: interface)
            }
            attempt("an uplink has no default route") { () throws(SystemError) in
                try DefaultRoute.add(through: interface, gateway: address.gateway, metric: needs.metric)
            }
        case .clearAddresses(let interface):
            let isCleared = attempt("an interface keeps its address") { () throws(SystemError) in
                // An earlier version noted no address; no other uplink has that interface, or its carrier would not ask for it.
                try givenAddress.clear(interface, others: true)
            }
            if isCleared { note { () throws(SmallFileError) in try givenAddress.remove() } }
        case .store(let bytes): store(bytes)
        case .log(var record):
            record.fields.insert(.init("uplink", needs.uplink), at: 0)
            host.log.write(record)
        }
    }

    private func open(_ name: String) {
        guard port == nil, let line = needs.line else { return }
        let settings = SerialPort.Settings(path: line.path, line: LineSettings(baud: line.baud))
        let owner = LineOwner { [unowned self] event, _ in
            deliver(.line(name, event))
        } log: { [unowned self] record in
            host.log.write(record)
        }
        let port = SerialPort(settings, loop: host.loop, owner: owner)
        self.port = port
        port.start()
    }

    /// Without CAP_NET_ADMIN nothing of it works: whoever looks for the reason finds it in the log.
    @discardableResult
    private func attempt(_ failure: String, _ work: () throws(SystemError) -> Void) -> Bool {
        do throws(SystemError) {
            try work()
            failures[failure] = nil
            return true
        } catch {
            guard failures.updateValue("\(error)", forKey: failure) != "\(error)" else { return false }
            host.log.write(LogRecord(.warning, failure, .init("uplink", needs.uplink), .init("why", error)))
            return false
        }
    }

    private var givenAddress: AddressNote { AddressNote(path: "\(runtimeFolder)/\(needs.uplink)\(AddressNote.ending)") }

    private func note(_ work: () throws(SmallFileError) -> Void) {
        do throws(SmallFileError) {
            try work()
        } catch {
            host.log.write(LogRecord(.warning, "what an interface was given is not noted", .init("why", "\(error)")))
        }
    }

    /// Before the interfaces are read: tells the carrier which one is its own.
    func findInterface() {
        guard needs.findsInterface, let line = needs.line else { return }
        if let name = USBDevice.interface(besidePort: line.path) { deliver(.interfaceFound(name)) }
    }

    private func store(_ bytes: [UInt8]) {
        do {
            try document.save(bytes)
            deliver(.stored)
        } catch {
            deliver(.storeFailed(reason: "\(error)"))
        }
    }

    // MARK: - Programs

    private func options(_ name: String) -> ChildProcess.Options {
        var options = Self.lasting
        options.record = "\(runtimeFolder)/\(needs.uplink)-\(name).pid"
        return options
    }

    /// Of a program that goes on over our end.
    static var lasting: ChildProcess.Options {
        var options = ChildProcess.Options()
        options.environment = environment
        // pppd starts chat, and both are to end.
        options.leadsGroup = true
        return options
    }

    /// English words, and texts beyond ASCII all the same: `mmcli` takes no others of an access point or a password in a locale without them.
    private static let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]

    /// One that is not ended by a restart of this process: its answer is of no use then, and it ends by itself.
    private func run(_ name: String, _ arguments: [String], _ limit: Duration) {
        var options = ChildProcess.Options()
        options.environment = Self.environment
        options.timeLimit = limit
        do throws(SystemError) {
            try ChildProcess.start(arguments, options: options, loop: host.loop) { [unowned self] bytes in
                deliver(.childWrote(name, bytes))
            } onExit: { [unowned self] exit in
                deliver(.childEnded(name, ChildExit(exit)))
            }
        } catch {
            // Not within the effect that asked for it.
            host.loop.enqueue { [self] in deliver(.childEnded(name, .notStarted(reason: "\(error)"))) }
        }
    }

    private func spawn(_ name: String, _ arguments: [String]) {
        guard children[name] == nil else { return }
        follow(name, isNew: true)
        do throws(SystemError) {
            // Its output goes where ours goes, so that it is heard of also after the end of this process.
            children[name] = try ChildProcess.start(arguments, options: options(name), loop: host.loop) {
                [unowned self] exit in finish(name, exit)
            }
            if let failure = children[name]?.recordFailure {
                let words = "a program is not written down, and will not be found again should this process be killed"
                host.log.write(LogRecord(.warning, words, .init("uplink", needs.uplink), .init("why", failure)))
            }
        } catch {
            stopFollowing(name)
            deliver(.childEnded(name, .notStarted(reason: "\(error)")))
        }
    }

    /// Where a program of that name is told to write what it does.
    static func logPath(runtimeFolder: String, uplink: String, program: String) -> String {
        "\(runtimeFolder)/\(uplink)-\(program).log"
    }

    private func follow(_ name: String, isNew: Bool) {
        let path = Self.logPath(runtimeFolder: runtimeFolder, uplink: needs.uplink, program: name)
        do throws(SystemError) {
            logs[name] = try LogTail(path: path, isNew: isNew, loop: host.loop) { [unowned self] bytes in
                deliver(.childWrote(name, bytes))
            }
        } catch {
            host.log.write(LogRecord(.warning, "what a program writes is not heard", .init("why", error)))
        }
    }

    private func stopFollowing(_ name: String) { logs.removeValue(forKey: name)?.close() }

    private func adopt(_ name: String) -> Bool {
        let record = options(name).record ?? ""
        children[name] = ChildProcess.adopt(record: record, options: options(name), loop: host.loop) {
            [unowned self] exit in finish(name, exit)
        }
        guard children[name] != nil else { return false }
        follow(name, isNew: false)
        return true
    }

    private func finish(_ name: String, _ exit: ChildProcess.Exit) {
        children[name] = nil
        stopFollowing(name)
        deliver(.childEnded(name, ChildExit(exit)))
    }
}

extension ChildExit {
    fileprivate init(_ exit: ChildProcess.Exit) {
        switch exit {
        case .code(let code): self = .code(Int(code))
        case .signal(let signal): self = .signal(Int(signal))
        case .unknown: self = .unknown
        }
    }
}
