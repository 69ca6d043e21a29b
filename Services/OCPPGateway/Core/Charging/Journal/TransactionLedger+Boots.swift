import Primitives

extension TransactionLedger {
    /// When the boots began that a message which may still be sent, or a transaction that is not over, goes by, and the newest ones. A message
    /// from before its boot knew the time has no other; it must be the same whenever it is sent, after however many boots.
    var neededBoots: [BootStart] {
        var waiting = deadLetters
        waiting.formUnion(requeued)
        waiting.formUnion(endsWithoutStart)
        let running = Set(timesOfTheRunning.compactMap(\.boot))
        return bootTimes.needed { boot, sequences in
            if running.contains(boot) { return true }
            guard let sequences else { return false }
            if sequences.upperBound > deliveredThrough { return true }
            return waiting.first(after: sequences.lowerBound.subtractingClamped(1)).map(sequences.contains) ?? false
        }
    }

    /// Whether anything that is kept goes by a boot of which nobody has told when it began.
    func awaitsTime(of boot: String) -> Bool {
        guard !boots.contains(where: { $0.boot == boot }) else { return false }
        return bootTimes.isUnknown(boot) || timesOfTheRunning.contains { $0.boot == boot }
    }

    /// When a boot began, where it is the newest that anybody told of and nobody has proved it yet.
    func unprovenStart(of boot: String) -> BootStart? {
        guard let start = boots.last, start.boot == boot, start.isProven != true else { return nil }
        return start
    }

    private var timesOfTheRunning: [EventTime] {
        open.values.flatMap(\.times) + orphans.flatMap(\.open.times) + headless.values.flatMap(\.times)
    }
}

extension TransactionLedger.Open {
    /// Every time that it may yet be told by.
    fileprivate var times: [EventTime] {
        [began.time, registerTime, newestTime, stopping?.time].compactMap(\.self) + stopData.times
    }
}

extension JournalRecord {
    /// Every time that its message tells.
    var toldTimes: [EventTime] {
        switch self {
        case .began(let began): [began.time]
        case .sampled(let sampled): [sampled.time, sampled.period?.since].compactMap(\.self)
        case .ended(let ended): [ended.time] + (ended.transactionData ?? []).flatMap(\.times)
        case .registerRead, .stopping, .resumed, .assigned, .delivered, .attempted, .deadLettered, .requeued,
            .availabilitySet, .released,
            .bootStart, .checkpoint, .unknown:
            []
        }
    }
}

extension StoredMeterValue {
    var times: [EventTime] { [time, period?.since].compactMap(\.self) }
}
