import EventLoop
import GPIOLines
import HardwareCore
import HardwareDevices
import Primitives

/// The driver of a device on GPIO lines: takes its groups of lines, and turns what becomes of them into events of its machine.
///
/// The device answers while all groups are taken. A lost group is a lost device, at once; the others are kept, so that what can still be
/// switched off is.
final class LinesDriver: Driver {
    let devices: [Device]
    var report: (DriverEvent, Duration?) -> Void = { _, _ in }

    private var device: any LinesDevice
    private var groups: [GPIOLineGroup] = []
    /// Of each group, its levels; nil while it is not ours.
    private var levels: [UInt64?]
    private var isTaken = false
    private var isEnded = false
    private let now: () -> Moment

    /// - Parameters:
    ///   - device: What the lines mean.
    ///   - groups: In the order that `device` wants.
    ///   - kernel: `LinuxGPIO()`, except in tests.
    ///   - loop: Outlives the driver.
    ///   - log: Takes what people want to know of the lines.
    ///   - now: The clocks.
    init(
        _ device: any LinesDevice,
        _ groups: [GPIOLineGroup.Settings],
        kernel: any GPIOKernel,
        loop: EventLoop,
        log: @escaping (LogRecord) -> Void,
        now: @escaping () -> Moment = EventLoop.now
    ) {
        devices = [device.device]
        self.device = device
        self.now = now
        levels = groups.map { _ in nil }
        self.groups = groups.enumerated().map { index, settings in
            GPIOLineGroup(
                settings,
                kernel: kernel,
                loop: loop,
                handler: { [unowned self] in handle($0, of: index, at: $1) },
                log: log
            )
        }
        loop.addDeadlineSource(
            next: { [unowned self] in self.device.nextDeadline },
            fire: { [unowned self] in emit(self.device.deadlineReached(at: $0), at: $0) }
        )
    }

    func start() { for group in groups { group.start() } }

    func perform(_ command: DriverCommand) {
        guard !isEnded else { return }
        let moment = now()
        emit(device.perform(command, at: moment), at: moment)
    }

    func stop() {
        emit(device.end(), at: now())
        isEnded = true
        for group in groups { group.close() }
    }

    private func handle(_ event: GPIOLineGroup.Event, of group: Int, at moment: Moment) {
        guard !isEnded else { return }
        switch event {
        case .taken(let all), .refreshed(let all): learn(all, of: group, at: moment)
        case .changed(let line, let isActive):
            let bit: UInt64 = 1 << UInt64(line)
            learn(isActive ? (levels[group] ?? 0) | bit : (levels[group] ?? 0) & ~bit, of: group, at: moment)
        // The levels follow.
        case .missed: break
        case .lost(let reason):
            levels[group] = nil
            // The first time, nobody has heard of the device yet; it is lost all the same.
            isTaken = false
            emit(device.handle(.lost(reason: reason), at: moment), at: moment)
        }
    }

    private func learn(_ all: UInt64, of group: Int, at moment: Moment) {
        levels[group] = all
        if isTaken { return emit(device.handle(.read(group: group, levels: all), at: moment), at: moment) }
        let known = levels.compactMap(\.self)
        guard known.count == levels.count else { return }
        isTaken = true
        emit(device.handle(.taken(levels: known), at: moment), at: moment)
    }

    private func emit(_ orders: [LinesOrder], at moment: Moment) {
        for order in orders where !isEnded {
            switch order {
            case .set(let group, let levels, let mask): groups[group].set(levels, mask: mask)
            case .read(let group):
                guard let levels = groups[group].levels() else { continue }
                learn(levels, of: group, at: now())
            case .report(let event): report(event, moment.uptime)
            }
        }
    }
}
