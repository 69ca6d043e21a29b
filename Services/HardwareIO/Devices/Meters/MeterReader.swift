import HardwareCore
import Primitives
import SiteConfiguration

/// Reads one meter, question by question.
struct MeterReader: Equatable, Sendable {
    /// A tag for the question after the serial number; those for values are numbered from 0.
    private static let serialTag = -1
    /// The serial number is looked at so often: a meter may be swapped while nobody looks.
    static let serialInterval = Duration.seconds(600)
    /// The same where a meter that had told it did not answer that question.
    static let serialRepetition = Duration.seconds(10)
    /// Readings in a row without success that make it lost.
    static let missesThatLose = 3
    /// A reading that took longer comes too late: so many of them in a row are said.
    static let busyAfter = MeterLine.patience * 3 / 4
    static let lateReadingsThatShow = 3
    /// A register that falls by more may be that of another meter.
    static let roundingWh: Int64 = 2

    /// What was told last.
    private struct Newest: Equatable {
        var energyWh: Int64
        var powerW: Int
        var at: Duration
    }

    let meter: MeterLine.Meter
    private var registers = MeterRegisters()
    private var isReading = false
    private var isWantedAgain = false
    /// When the first of the present questions was asked.
    private var takenAt: Duration?
    private var misses = 0
    /// When the present reading was asked for.
    private var wantedAt: Duration?
    /// How many readings in a row came late.
    private var late = 0
    private var health: MeterLine.Health?
    private var serialNumber: String?
    private var serialDueAt = Duration.zero
    private var newest: Newest?

    init(_ meter: MeterLine.Meter) { self.meter = meter }

    /// Whoever opened the line may have changed what hangs on it.
    mutating func lineOpened() { serialDueAt = .zero }

    /// - Returns: What to ask first; nil when it is being read already.
    mutating func wanted(at now: Duration) -> ModbusQuestion? {
        guard !isReading else {
            isWantedAgain = true
            return nil
        }
        isReading = true
        isWantedAgain = false
        wantedAt = now
        takenAt = nil
        registers = MeterRegisters()
        return question(batch: 0)
    }

    /// An answer to one of its questions came, or none will.
    /// - Returns: What to tell, and what to ask next.
    mutating func answered(
        _ question: ModbusQuestion,
        _ result: Result<[UInt16], ModbusFailure>,
        askedAt: Duration,
        at now: Duration
    ) -> (effects: [MeterLine.Effect], next: ModbusQuestion?) {
        let request = question.request
        if case .success(let values) = result {
            registers.take(values, from: Int(request.function.rawValue), at: request.address)
        }
        if question.tag == Self.serialTag {
            // One that does not tell it is read all the same, and nobody knows any more whether it is the one of before.
            var wasKnown = false
            if case .failure = result {
                wasKnown = serialNumber != nil
                serialNumber = nil
            }
            serialDueAt = now + (wasKnown ? Self.serialRepetition : Self.serialInterval)
            return complete(at: now)
        }
        if case .failure(let failure) = result { return missed(failure.description, at: now) }
        takenAt = takenAt ?? askedAt
        if question.tag + 1 < meter.map.batches.count { return ([], self.question(batch: question.tag + 1)) }
        // What answers after a while may be another meter: that is known before its values are told.
        let mayBeAnother = health == .lost || serialDueAt <= now || hasStrayed(at: now)
        guard mayBeAnother, let serial = meter.map.description.serialNumber else { return complete(at: now) }
        let function: ModbusRequest.Function = serial.function == 3 ? .readHoldingRegisters : .readInputRegisters
        return ([], self.question(Self.serialTag, function, serial.address, serial.count))
    }

    /// The register fell, or rose by more than what is measured explains, a step of it and half as much again: it may be another one's.
    private func hasStrayed(at now: Duration) -> Bool {
        guard let newest, let sample = try? meter.map.sample(registers) else { return false }
        let risenWh = sample.energyWh.subtractingClamped(newest.energyWh)
        guard risenWh >= -Self.roundingWh else { return true }
        let watts = Int64(clamping: min(max(sample.powerW.magnitude, newest.powerW.magnitude), 1_000_000))
        let seconds = (now - newest.at).wholeSeconds.clamped(to: 0...1_000_000) + 1
        return risenWh > watts * seconds * 3 / 7200 + Int64(max(10, sample.registerStepWh ?? 0))
    }

    private mutating func newSerialNumber() -> [MeterLine.Effect] {
        let description = meter.map.description
        guard let serial = description.serialNumber,
            let text = registers.text(serial, wordOrder: description.wordOrder), text != serialNumber
        else { return [] }
        serialNumber = text
        return [.serialNumber(connectorId: meter.connectorId, text)]
    }

    /// All registers are there.
    private mutating func complete(at now: Duration) -> (effects: [MeterLine.Effect], next: ModbusQuestion?) {
        var sample: MeterSample
        do {
            sample = try meter.map.sample(registers)
        } catch {
            return missed(error.reason, at: now)
        }
        newest = Newest(energyWh: sample.energyWh, powerW: sample.powerW, at: now)
        misses = 0
        let news = newSerialNumber()
        sample.serialNumber = serialNumber
        let told = MeterLine.Effect.read(connectorId: meter.connectorId, sample, takenAt: takenAt ?? now)
        let isLate = wantedAt.map { now - $0 > Self.busyAfter } ?? false
        late = isLate ? min(late + 1, Self.lateReadingsThatShow) : 0
        return (news + [told] + tell(late < Self.lateReadingsThatShow ? .ok : .busy), over(at: now))
    }

    private mutating func missed(_ reason: String, at now: Duration)
        -> (effects: [MeterLine.Effect], next: ModbusQuestion?)
    {
        misses = min(misses + 1, Self.missesThatLose)
        let isLost = misses >= Self.missesThatLose
        let told = MeterLine.Effect.failed(connectorId: meter.connectorId, reason: reason)
        return ([told] + tell(isLost ? .lost : .degraded), over(at: now))
    }

    private mutating func tell(_ health: MeterLine.Health) -> [MeterLine.Effect] {
        guard health != self.health else { return [] }
        self.health = health
        return [.health(connectorId: meter.connectorId, health)]
    }

    private mutating func over(at now: Duration) -> ModbusQuestion? {
        isReading = false
        return isWantedAgain ? wanted(at: now) : nil
    }

    private func question(batch index: Int) -> ModbusQuestion {
        let batch = meter.map.batches[index]
        return question(index, batch.function, batch.address, batch.count)
    }

    private func question(_ tag: Int, _ function: ModbusRequest.Function, _ address: UInt16, _ count: Int)
        -> ModbusQuestion
    {
        let rules = meter.map.description.reading
        return ModbusQuestion(
            device: meter.connectorId,
            tag: tag,
            request: ModbusRequest(unit: meter.unit, function: function, address: address, count: count),
            timing: ModbusTiming(
                answer: Duration(outsideMilliseconds: rules.answerMilliseconds),
                pause: Duration(outsideMilliseconds: rules.pauseMilliseconds)
            )
        )
    }
}
