internal import EventLoop
internal import HardwareDevices
internal import Primitives
internal import SerialPort

/// `chargectl scan-meter`: who answers on a serial line. It works on the port itself, which hardware-io keeps for itself as long as it drives
/// something there: a charger that is in use is not disturbed.
enum ScanMeterCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.scanMeter)
        let last = try arguments.integer("--last-unit", in: 1...247)
        let port = try arguments.next("the serial port")
        try arguments.end()
        let units = last.map { (1...$0).map { UInt8(clamping: $0) } } ?? MeterScan.usualUnits
        let scan = try Scan(port, MeterScan(units: units))
        try scan.run()
        if let failure = scan.failure {
            let hint = "; a port that hardware-io drives is free when that is stopped"
            throw Failure(status: .refused, message: "\(port): \(failure)\(hint)")
        }
        if scan.found == 0 { Output.line(scan.isOver ? "nobody answers" : "interrupted: nobody has answered yet") }
        return scan.found == 0 ? .notWell : .done
    }

    /// The machine over its port.
    private final class Scan {
        private let loop: EventLoop
        private var machine: MeterScan
        private var port: SerialPort?
        var found = 0
        /// Everything was tried.
        var isOver = false
        var failure: String?

        init(_ path: String, _ machine: MeterScan) throws {
            self.machine = machine
            loop = try EventLoop()
            let owner = LineOwner(
                handler: { [unowned self] in perform(self.machine.handle($0, at: $1)) },
                log: { _ in }
            )
            let settings = SerialPort.Settings(path: path, line: LineSettings(baud: 9600))
            port = SerialPort(settings, loop: loop, owner: owner)
            loop.addDeadlineSource(
                next: { [unowned self] in self.machine.nextDeadline },
                fire: { [unowned self] in perform(self.machine.deadlineReached(at: $0)) }
            )
        }

        func run() throws {
            port?.start()
            try loop.run()
            port?.close()
        }

        private func perform(_ effects: [MeterScan.Effect]) {
            for effect in effects {
                switch effect {
                case .line(let order): port?.perform(order)
                case .trying(let line): Output.mistake("trying \(words(line)) …")
                case .found(let line, let unit):
                    found += 1
                    Output.line("unit \(unit) answers at \(words(line))")
                case .failed(let reason):
                    failure = reason
                    loop.stop()
                case .finished:
                    isOver = true
                    loop.stop()
                }
            }
        }

        /// `"baud": 9600, "parity": "none"`, as it is written into the site's file.
        private func words(_ line: LineSettings) -> String {
            "\"baud\": \(line.baud), \"parity\": \"\(line.parity.rawValue)\""
        }
    }
}
