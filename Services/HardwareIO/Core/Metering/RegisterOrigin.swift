import BusSchema
import Primitives

/// Whose register counts, and how it follows from the one that the meter shows.
struct RegisterOrigin: Equatable {
    /// Of the meter; nil where it tells none.
    var serialNumber: String?
    /// What is added to the register that the meter shows, since it goes on for another one, Wh; 0 while nothing is.
    var offsetWh: Int64 = 0
    /// When that began, UTC milliseconds since 1970; nil while nothing is added.
    var offsetSince: Int64?
    /// When the register began anew last, UTC milliseconds since 1970; nil when it never did. Tells others what they must not count across.
    var epoch: Int64?

    /// Longer than any serial number.
    static let longestSerialNumber = 64
    /// No two registers are farther apart, Wh.
    private static let highestOffsetWh = MeterPlausibility.highestRegisterWh

    init() {}

    /// What was kept, made harmless where no charger can have written it.
    init(serialNumber: String?, offsetWh: Int64?, offsetSince: Int64?, epoch: Int64?) {
        self.serialNumber = serialNumber.map { String($0.prefix(Self.longestSerialNumber)) }
        self.offsetWh = (offsetWh ?? 0).clamped(to: -Self.highestOffsetWh...Self.highestOffsetWh)
        self.offsetSince = self.offsetWh == 0 ? nil : offsetSince
        self.epoch = epoch
    }

    /// What is kept of it, beside the epoch; nil when that is nothing.
    var memory: HardwareMemory.Meter? {
        guard serialNumber != nil || offsetWh != 0 else { return nil }
        return HardwareMemory.Meter(
            serialNumber: serialNumber,
            offsetWh: offsetWh == 0 ? nil : offsetWh,
            offsetSince: offsetSince
        )
    }

    /// Whether what was kept with it is newer than what was kept with another.
    func isNewer(than other: RegisterOrigin) -> Bool {
        (epoch ?? .min, offsetSince ?? .min) > (other.epoch ?? .min, other.offsetSince ?? .min)
    }

    /// What the meter shows counts as it is, and is something else than before.
    mutating func beginAnew(at utc: Timestamp) {
        let now = utc.millisecondsSinceEpoch
        epoch = now == epoch ? now.addingClamped(1) : now
        offsetWh = 0
        offsetSince = nil
    }

    /// Something else is added to what the meter shows.
    mutating func shift(by stepWh: Int64, at utc: Timestamp) {
        offsetWh = offsetWh.addingClamped(stepWh).clamped(to: -Self.highestOffsetWh...Self.highestOffsetWh)
        offsetSince = offsetWh == 0 ? nil : utc.millisecondsSinceEpoch
    }

    /// Whether a sample is surely from another meter.
    func isLeft(by sample: MeterSample) -> Bool {
        guard let serialNumber, let other = sample.serialNumber else { return false }
        return other != serialNumber
    }

    /// Whether a sample is surely from the same meter.
    func isOf(_ sample: MeterSample) -> Bool { serialNumber != nil && serialNumber == sample.serialNumber }
}

/// A register that went on at another place of its meter, or in another meter: what lies between is not counted.
struct RegisterStep: Equatable {
    enum Reason: Equatable {
        /// Its serial number is another.
        case anotherMeter
        /// It was away, and came back with more than can have flowed meanwhile.
        case unexplained
    }

    var reason: Reason
    /// Where the register that counts stays, Wh.
    var energyWh: Int64
    /// Of the meter before; nil where it told none.
    var serialNumber: String?

    /// For people; `sample` is what it goes on with.
    func words(with sample: MeterSample) -> String {
        switch reason {
        case .anotherMeter where serialNumber != nil && serialNumber == sample.serialNumber:
            "another meter answered for a moment: what counts goes on from the first reading of the one before"
        case .anotherMeter: "another meter was put in: what counts goes on from its first reading"
        case .unexplained:
            "the register rose by more than can have flowed while the meter was not read: what counts goes on without that"
        }
    }
}

extension MeterReading {
    /// Of its register.
    var origin: RegisterOrigin {
        RegisterOrigin(
            serialNumber: meterSerialNumber,
            offsetWh: registerOffsetWh,
            offsetSince: registerOffsetSince,
            epoch: registerEpoch
        )
    }
}

extension RegisterJudge.Before {
    /// Longest time from the last sign of life of a process until its contactor is open: the EV is remembered each 5 s, a process that hangs is killed
    /// after 5 s (`WatchdogSec`), and some is left.
    private static let longestDeath = Duration.seconds(15)
    /// The same after a reading with the contactor open: the first one after a closing comes at once.
    private static let longestDeathAfterOpening = Duration.seconds(5)

    /// The newest reading of the process before this one.
    init(_ reading: MeterReading, aliveUntil: Duration?, at start: Duration) {
        energyWh = reading.energyWh
        at = min(Duration(outsideMilliseconds: reading.takenAtUptime), start)
        let alive = max(.zero, min(aliveUntil ?? at, start) - at)
        flowed = reading.openSinceUptime == nil ? alive + Self.longestDeath : Self.longestDeathAfterOpening
    }
}
