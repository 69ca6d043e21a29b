import Primitives

/// What the journal says, folded record by record in its order. Bounded: open transactions (one per connector), those whose
/// end the disk lost, positions in the queue and ranges of numbers; never the messages themselves, however many wait.
public struct TransactionLedger: Equatable, Sendable {
    /// A transaction without its end.
    public struct Open: Codable, Equatable, Sendable {
        public var began: Began
        public var assigned: Assigned?
        /// The newest register on disk, and when it was read.
        public var registerWh: Int64
        public var registerTime: EventTime
        /// The time of the newest that was said of it; nil in files of a version that did not keep it.
        var newestTime: EventTime?
        /// Its end was decided.
        public var stopping: Stopping?
        /// The newest that was said of it is that the program was asked to end.
        var saidFarewell: Bool?
        /// The boot in which it last ran.
        public var boot: String
        /// Where it went on in that boot, on uptime, ms; nil where it began in it.
        var resumedUptime: Int64?
        /// When an EV that may be the one of before was taken for it in that boot, on uptime, ms.
        var vehicleUptime: Int64?
        /// Samples for `transactionData`.
        var stopData: StopData
        /// Records behind its newest one are lost, its end perhaps among them. Never on disk: such a transaction is ended at the start.
        var mayBeOver: Bool?

        /// When its EV was known to be there, on uptime of that boot, ms; nil where it was not seen in it.
        func vehicleSeenAt(inBoot bootId: String) -> Int64? {
            guard boot == bootId else { return nil }
            return vehicleUptime ?? (began.boot == bootId ? began.time.uptime : nil)
        }

        /// The grid of its samples begins here, on the uptime of the boot in which it last ran. Each boot counts its uptime anew, so that
        /// the begin says nothing about it after a power cut.
        func sampleAnchor(in bootId: String, at uptime: Duration) -> Duration {
            guard boot == bootId else { return uptime }
            if let resumedUptime { return Duration(outsideMilliseconds: resumedUptime) }
            return began.boot == bootId ? Duration(outsideMilliseconds: began.time.uptime) : uptime
        }
    }

    /// The newest message number ever given.
    public internal(set) var lastSequence: Int64 = 0
    /// The time of the newest message.
    var newestTime: EventTime?
    /// Everything up to here is confirmed or a dead letter.
    public internal(set) var deliveredThrough: Int64 = 0
    /// Failures of the message after `deliveredThrough`.
    public internal(set) var failures = 0
    /// When the newest failure of it was, if that is known.
    var failedAt: EventTime?
    public internal(set) var deadLetters = SequenceSet()
    /// Dead letters that were put back, all at or before `deliveredThrough`.
    public internal(set) var requeued = SequenceSet()
    /// StopTransactions that were confirmed with the id -1, because the StartTransaction is a dead letter (E §3.18). Sent again, that opens a
    /// transaction at the central system which would never end: the end is then told once more, with the id that came late.
    private(set) var endsWithoutStart = SequenceSet()
    /// By connector.
    public internal(set) var open: [Int: Open] = [:]
    /// Answers to StartTransaction of transactions whose StopTransaction still waits.
    public internal(set) var assigned: [String: Assigned] = [:]
    /// Connectors out of service, 0 being the charge point, as versions kept it that had no document for it. Carried along until there is one.
    public internal(set) var inoperative: Set<Int> = []
    /// Connectors whose last transaction ended, with the cable not seen removed since.
    public internal(set) var finishing: [Int: KeptCable] = [:]
    private(set) var bootTimes = BootTimes()
    /// Transactions that were followed by another one on the same connector without their own end: the disk lost it. Each is ended at the
    /// start, and gone from here with that record; so that none is open when a checkpoint is written.
    private(set) var orphans: [Orphan] = []
    /// Transactions without their begin and their end, by our own name: the disk lost it.
    private(set) var headless: [String: Headless] = [:]

    public init() {}

    /// When the boots of the machine began, oldest first.
    public var boots: [BootStart] { bootTimes.known }

    /// The newest time that anything is of, UTC milliseconds; 0 for none.
    var newestUTC: Int64 { max(newestTime?.utc ?? 0, boots.last?.utc ?? 0) }

    /// The same of what was told by a central system that had proved who it is. What happened since a boot counts only where nobody else
    /// ever told a time: the events do not say by which word they are dated.
    var newestProvenUTC: Int64 {
        let proven = boots.filter { $0.isProven == true }
        return proven.count == boots.count && !boots.isEmpty ? newestUTC : proven.map(\.utc).max() ?? 0
    }

    /// Transactions that have to be ended because the disk lost records, oldest first.
    var withoutEnd: [Orphan] {
        let doubtful = open.values.filter { $0.mayBeOver == true }.sorted { $0.began.sequence < $1.began.sequence }
        return orphans + doubtful.map { Orphan($0, mayRun: true) }
    }

    /// Transactions that the central system knows, and of which the disk lost the begin. Each is ended at the start, as those without an end.
    var withoutBegin: [Headless] {
        headless.values.filter { $0.isBillable && assigned[$0.transaction]?.id != nil }
            .sorted { ($0.lastSequence, $0.transaction) < ($1.lastSequence, $1.transaction) }
    }

    /// Records that stood here in the journal are lost. A transaction that is open may have ended in them, and others may have followed;
    /// only a later record of its own shows that it went on.
    public mutating func missRecords() {
        for connectorId in open.keys { open[connectorId]?.mayBeOver = true }
    }

    /// Folds one record in.
    public mutating func read(_ record: JournalRecord) {
        let missing = record.sequence.map { $0.subtractingClamped(lastSequence).subtractingClamped(1) } ?? 0
        if let sequence = record.sequence { lastSequence = max(lastSequence, sequence) }
        if let entry = QueueEntry(record) {
            newestTime = entry.time
            for time in record.toldTimes { bootTimes.saw(time, in: entry.sequence) }
        }
        switch record {
        case .began(let began): begin(began, missing: missing)
        case .sampled(let sampled):
            prove(sampled.transaction, ranOn: sampled.connectorId, since: nil)
            sample(sampled)
            withoutBegin(sampled.transaction, on: sampled.connectorId) { $0.read(sampled) }
            update(sampled.transaction) {
                $0.newestTime = sampled.time
                $0.saidFarewell = nil
                $0.mayBeOver = nil
            }
        case .registerRead(let read):
            if let connectorId = read.connectorId { prove(read.transaction, ranOn: connectorId, since: nil) }
            register(read.energyWh, at: read.time, of: read.transaction)
            withoutBegin(read.transaction, on: read.connectorId) { $0.read(read) }
            update(read.transaction) {
                $0.saidFarewell = read.isFarewell
                $0.mayBeOver = nil
            }
        case .stopping(let stopping):
            if let connectorId = stopping.connectorId { prove(stopping.transaction, ranOn: connectorId, since: nil) }
            withoutBegin(stopping.transaction, on: stopping.connectorId) { $0.read(stopping) }
            update(stopping.transaction) {
                $0.stopping = stopping
                $0.mayBeOver = nil
            }
        case .ended(let ended): end(ended)
        case .resumed(let resumed):
            withoutBegin(resumed.transaction, on: nil) { $0.read(resumed) }
            update(resumed.transaction) {
                $0.boot = resumed.boot
                $0.saidFarewell = nil
                $0.mayBeOver = nil
                if resumed.sawVehicle == true {
                    $0.vehicleUptime = resumed.time.uptime
                } else {
                    $0.resumedUptime = resumed.time.uptime
                    $0.vehicleUptime = nil
                }
            }
        case .assigned(let answer): assign(answer)
        case .delivered(let delivered):
            passed(delivered.sequence)
            if delivered.isStop { toldEnd(delivered) }
        case .attempted(let attempted):
            failures = attempted.failures
            failedAt = attempted.time
        case .deadLettered(let letter):
            passed(letter.sequence)
            deadLetters.insert(letter.sequence)
            if letter.isStop {
                assigned[letter.transaction] = nil
                headless[letter.transaction] = nil
            }
        case .requeued(let record): requeue(record.sequence)
        case .availabilitySet(let availability):
            if availability.operative {
                inoperative.remove(availability.connectorId)
            } else {
                inoperative.insert(availability.connectorId)
            }
        case .released(let released): finishing[released.connectorId] = nil
        case .bootStart(let start):
            bootTimes.learned(start)
            // Not each time: it goes through all that waits.
            if bootTimes.known.count >= 4 * BootTimes.newest { bootTimes.keep(neededBoots) }
        case .checkpoint(let checkpoint): restart(from: checkpoint)
        case .unknown: break
        }
    }

    /// Whether that message is an end without an id, whose StartTransaction is a dead letter.
    func mayStillStart(before entry: QueueEntry) -> Bool {
        guard entry.assigned == nil, case .stop(let ended) = entry.message, let start = ended.startSequence else {
            return false
        }
        return deadLetters.contains(start) || requeued.contains(start)
    }

    /// Whether that message is an end without an id, whose StartTransaction is not going to be sent.
    func startIsDeadLetter(of entry: QueueEntry) -> Bool {
        guard entry.assigned == nil, case .stop(let ended) = entry.message, let start = ended.startSequence else {
            return false
        }
        return deadLetters.contains(start)
    }

    /// Messages on disk that are neither confirmed nor dead letters.
    var undelivered: Int { Int(max(0, lastSequence - deliveredThrough)) + requeued.count }

    private mutating func restart(from checkpoint: Checkpoint) {
        lastSequence = checkpoint.lastSequence
        deliveredThrough = checkpoint.deliveredThrough
        failures = checkpoint.failures
        failedAt = checkpoint.failedAt
        deadLetters = checkpoint.deadLetters
        requeued = checkpoint.requeued
        endsWithoutStart = checkpoint.endsWithoutStart ?? SequenceSet()
        inoperative = Set(checkpoint.inoperative)
        finishing = checkpoint.finishingCables()
        bootTimes.restart(known: checkpoint.boots)
        assigned = assigned.filter { checkpoint.assigned.contains($0.key) }
        // What is missing before it was dropped on purpose: begin records are kept while they wait, without the ends that were delivered.
        orphans = []
        headless = [:]
        for connectorId in open.keys { open[connectorId]?.mayBeOver = nil }
        guard let kept = checkpoint.open else { return }  // Written by a version that kept the records themselves.
        open = Dictionary(kept.map { ($0.began.connectorId, $0) }, uniquingKeysWith: { $1 })
        newestTime = checkpoint.newestTime ?? newestTime
    }

    private mutating func begin(_ began: Began, missing: Int64) {
        if let over = open[began.connectorId] { orphans.append(Orphan(over, before: began, missing: missing)) }
        open[began.connectorId] = Open(
            began: began,
            assigned: assigned[began.transaction],
            registerWh: began.meterStartWh,
            registerTime: began.time,
            newestTime: began.time,
            stopping: nil,
            boot: began.boot,
            stopData: StopData(begin: began.beginValues.map { StoredMeterValue(time: began.time, values: $0) })
        )
        finishing[began.connectorId] = nil
    }

    private mutating func sample(_ sampled: Sampled) {
        register(sampled.energyWh, at: sampled.time, of: sampled.transaction)
        let value = StoredMeterValue(time: sampled.time, values: sampled.stopValues ?? [], period: sampled.stopPeriod)
        guard value.elements > 0 else { return }
        update(sampled.transaction) { $0.stopData.add(value) }
    }

    private mutating func register(_ energyWh: Int64, at time: EventTime, of transaction: String) {
        update(transaction) {
            $0.registerWh = max($0.registerWh, energyWh)
            $0.registerTime = time
        }
    }

    /// A transaction of which the disk lost the begin ran on that connector: the one that is open there was over before. `start` is the place
    /// of that begin, where it is known.
    private mutating func prove(_ transaction: String, ranOn connectorId: Int, since start: Int64?) {
        guard let over = open[connectorId], over.began.transaction != transaction else { return }
        // The end of an orphan is written late, while another transaction may run.
        if let start, start < over.began.sequence { return }
        orphans.append(Orphan(over, mayRun: false))
        open[connectorId] = nil
    }

    private mutating func end(_ ended: Ended) {
        headless[ended.transaction] = nil
        if let index = orphans.firstIndex(where: { $0.open.began.transaction == ended.transaction }) {
            orphans.remove(at: index)
            return
        }
        prove(ended.transaction, ranOn: ended.connectorId, since: ended.startSequence)
        guard let over = open[ended.connectorId], over.began.transaction == ended.transaction else { return }
        open[ended.connectorId] = nil
        finishing[ended.connectorId] = KeptCable(
            transaction: ended.transaction,
            reason: ended.reason,
            idTag: over.began.idTag,
            parentIdTag: (over.assigned?.parentIdTag).group ?? over.began.parentIdTag.group
        )
    }

    private mutating func assign(_ answer: Assigned) {
        assigned[answer.transaction] = answer
        update(answer.transaction) { $0.assigned = answer }
        for connectorId in finishing.keys { finishing[connectorId]?.learn(answer) }
    }

    private mutating func toldEnd(_ delivered: Delivered) {
        assigned[delivered.transaction] = nil
        headless[delivered.transaction] = nil
        guard delivered.lacksStart == true else { return endsWithoutStart.remove(delivered.sequence) }
        endsWithoutStart.insert(delivered.sequence)
        // It was under way when the start was put back.
        if let first = requeued.first, first < delivered.sequence { requeued.insert(delivered.sequence) }
    }

    /// Puts one dead letter, or an end that was told without a start, or all of them back, with the ends that may belong to what is put back.
    private mutating func requeue(_ sequence: Int64?) {
        if let sequence {
            guard deadLetters.contains(sequence) || endsWithoutStart.contains(sequence) else { return }
            requeued.insert(sequence)
            deadLetters.remove(sequence)
        } else {
            requeued.formUnion(deadLetters)
            deadLetters.removeAll()
        }
        requeued.formUnion(endsWithoutStart)
        failures = 0
    }

    private mutating func passed(_ sequence: Int64) {
        failures = 0
        requeued.remove(sequence)
        deliveredThrough = max(deliveredThrough, sequence)
    }

    /// Notes what is said of a transaction whose begin is not here. Nothing of the kind is ever said of one that is over.
    private mutating func withoutBegin(_ transaction: String, on connectorId: Int?, _ change: (inout Headless) -> Void)
    {
        guard !open.values.contains(where: { $0.began.transaction == transaction }),
            !orphans.contains(where: { $0.open.began.transaction == transaction })
        else { return }
        let known = headless[transaction]
        guard
            var noted = known
                ?? connectorId.map({ Headless(transaction, connectorId: $0, lastSequence: lastSequence) })
        else { return }
        change(&noted)
        headless[transaction] = noted
    }

    private mutating func update(_ transaction: String, _ change: (inout Open) -> Void) {
        for (connectorId, candidate) in open where candidate.began.transaction == transaction {
            var changed = candidate
            change(&changed)
            open[connectorId] = changed
        }
    }
}
