import BusSchema
import EventLoop
import GPIOLines
import HardwareCore
import HardwareDevices
import HardwareStorage
import Primitives
import SiteConfiguration
import Storage

/// A meter that gives pulses on a GPIO line (S0). The kernel debounces and dates them; the count is ours, and stored beside the loop.
final class PulseMeterDriver: Driver {
    /// What became of a save: why it failed, and what was written so far.
    private typealias Saved = String?

    let devices: [Device]
    var report: (DriverEvent, Duration?) -> Void = { _, _ in }

    private let connectorId: Int
    private let log: (LogRecord) -> Void
    private let file: PulseCountFile
    private var counter: PulseCounter
    private var group: GPIOLineGroup?
    private var store: WorkThread<Int64, Saved>?
    /// Of its line; nil while that is not ours.
    private var level: Bool?
    /// Readings that wait until their count is on disk, and for how many saves.
    private var waiting: [(event: DriverEvent, takenAt: Duration)] = []
    private var savesUnderWay = 0
    private var isDiskFailing = false

    /// - Parameters:
    ///   - connectorId: Whose meter; 0 for the main meter.
    ///   - settings: Where its pulses come.
    ///   - file: Where its count is kept.
    ///   - kernel: `LinuxGPIO()`, except in tests.
    ///   - loop: Outlives the driver.
    ///   - log: Takes what people want to know.
    /// - Throws: `SystemError` when the process may have no more threads.
    init(
        connectorId: Int,
        _ settings: PulseMeterSettings,
        file: PulseCountFile,
        kernel: any GPIOKernel = LinuxGPIO(),
        loop: EventLoop,
        log: @escaping (LogRecord) -> Void
    ) throws(SystemError) {
        self.connectorId = connectorId
        devices = [.meter(connectorId: connectorId)]
        self.log = log
        self.file = file
        let found = file.load()
        for problem in found.problems {
            log(LogRecord(.error, "the count of pulses of before is damaged", .init("problem", problem)))
        }
        counter = PulseCounter(
            .init(
                connectorId: connectorId,
                pulsesPerKilowattHour: settings.pulsesPerKilowattHour,
                // A pulse and the pause behind it, each longer than what the kernel takes for bouncing.
                leastInterval: .milliseconds(2 * settings.debounceMilliseconds)
            ),
            count: found.count
        )
        store = try WorkThread("the count of pulses was stored", loop: loop) {
            var document = file.document()
            return { count in
                do throws(StorageError) {
                    try document.save(PulseCountFile.body(count))
                    return nil
                } catch {
                    return "\(error)"
                }
            }
        } completion: { [unowned self] in
            saved($0)
        }
        let lines = GPIODrivers.inputs(settings.input, settings.debounceMilliseconds, "charger \(devices[0].name)")
        group = GPIOLineGroup(lines, kernel: kernel, loop: loop) { [unowned self] in
            handle($0, at: $1)
        } log: {
            log($0)
        }
        loop.addDeadlineSource(
            next: { [unowned self] in counter.nextDeadline },
            fire: { [unowned self] in emit(counter.deadlineReached(at: $0)) }
        )
    }

    func start() { group?.start() }

    func perform(_ command: DriverCommand) {
        guard case .readMeter = command else { return }
        guard level != nil else {
            return report(.meterFailed(connectorId: connectorId, reason: "its line is not ours"), nil)
        }
        emit(counter.handle(.wanted, at: EventLoop.now()))
    }

    /// What is not on disk yet is in the runtime directory; the next process of this boot finds it there.
    func stop() {
        group?.close()
        store = nil
    }

    private func handle(_ event: GPIOLineGroup.Event, at moment: Moment) {
        switch event {
        case .taken(let levels):
            level = levels & 1 == 1
            report(.deviceRecovered(devices[0]), moment.uptime)
        case .missed(_, let edges): miss(edges)
        case .changed(_, let isActive): change(to: isActive, at: moment)
        case .refreshed(let levels): change(to: levels & 1 == 1, at: moment)
        case .lost(let reason):
            level = nil
            report(.deviceLost(devices[0], reason: reason), moment.uptime)
        }
    }

    private func change(to isActive: Bool, at moment: Moment) {
        guard isActive != level else { return }
        level = isActive
        guard isActive else { return }
        emit(counter.handle(.pulsed(at: moment.uptime), at: EventLoop.now()))
        note()
    }

    /// They came one after the other, so that every second one began a pulse.
    private func miss(_ edges: Int) {
        guard let level else { return }
        self.level = edges.isMultiple(of: 2) ? level : !level
        emit(counter.handle(.missed(level ? edges / 2 : (edges + 1) / 2), at: EventLoop.now()))
        note()
    }

    private func note() {
        guard let count = counter.count else { return }
        do {
            try file.note(count)
        } catch {
            fail("the count of pulses is not noted: the next start knows it as of the last save", "\(error)")
        }
    }

    private func emit(_ effects: [PulseCounter.Effect]) {
        for effect in effects {
            switch effect {
            case .store(let count):
                savesUnderWay += 1
                store?.submit(count)
            case .read(_, let sample, let takenAt):
                waiting.append((.meterRead(connectorId: connectorId, sample), takenAt))
            case .failed(_, let reason):
                waiting.append((.meterFailed(connectorId: connectorId, reason: reason), EventLoop.uptime()))
            }
        }
        release()
    }

    private func saved(_ problem: Saved) {
        savesUnderWay -= 1
        if let problem {
            fail("the count of pulses is not stored: a power cut would make its register fall", problem)
        } else if isDiskFailing {
            isDiskFailing = false
            report(.healthReported(devices[0], DeviceHealth()), nil)
        }
        release()
    }

    private func release() {
        guard savesUnderWay == 0 else { return }
        let events = waiting
        waiting = []
        for (event, takenAt) in events { report(event, takenAt) }
    }

    private func fail(_ message: String, _ problem: String) {
        guard !isDiskFailing else { return }
        isDiskFailing = true
        log(LogRecord(.error, message, .init("problem", problem)))
        report(.healthReported(devices[0], DeviceHealth(trouble: message)), nil)
    }
}
