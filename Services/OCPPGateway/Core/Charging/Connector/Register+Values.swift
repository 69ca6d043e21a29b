import BusSchema
import OCPP
import Primitives

/// The meter values of a transaction: at its begin and end, and in between.
extension Register {
    /// For `transactionData`: every measurand of the Stop lists (E §3.14). No interval has begun, and no energy is counted in it.
    static func beginValues(
        _ reading: MeterReading,
        _ offer: MeterReading.Offer,
        _ turn: ChargingTurn
    ) -> [SampledValue] {
        var interval = MeterInterval(since: turn.now, energyWh: reading.energyWh)
        let figures = reading.figures(registerWh: reading.energyWh, offer: offer)
        interval.follow(figures, at: turn.uptime)
        return MeasurandRendering.values(
            turn.keys.core.stopSelections,
            of: figures + interval.energy,
            context: .transactionBegin
        )
    }

    /// The same at the end, where nothing is offered any more: the last interval is a partial one (OCPP 1.6 §9.1.5). Of a reading that is not
    /// of the end only the register counts.
    func endValues(_ reading: MeterReading, isFresh: Bool, _ turn: ChargingTurn) -> [SampledValue] {
        let keys = turn.keys.core
        let now = reading.figures(registerWh: energyWh, offer: .init(milliamps: 0, phases: 1))
        let isSampled = keys.stopTxnSampledData.contains { $0.measurand.intervalRegister != nil }
        let figures = now + (isSampled ? sampled : aligned).energy
        return MeasurandRendering.values(
            keys.stopSelections,
            of: isFresh ? figures : figures.filter { $0.place.measurand == .energyActiveImportRegister },
            context: .transactionEnd
        )
    }

    /// Stores the values that are due. What cannot be reported now is counted and averaged on: the next values tell of it.
    mutating func sample(
        _ due: MeteringSchedule.Due,
        _ facts: ConnectorFacts,
        of transaction: Transaction,
        _ turn: inout ChargingTurn
    ) {
        guard let reading = facts.freshReading(within: turn.configuration.meterStaleAfter, at: turn.uptime) else {
            return logMiss(transaction, &turn)
        }
        isMissLogged = false
        guard turn.book.takesRecords else { return }
        let figures = reading.figures(registerWh: energyWh, offer: facts.offer)
        let before = self
        let record =
            switch due {
            case .sampled(let at): takeSampled(at: at, figures, of: transaction, turn)
            case .aligned(let utc): takeAligned(utc: utc, figures, of: transaction, turn)
            }
        guard record.valueCount > 0 else { return }
        let stream = SampleBudget.Stream(connectorId: transaction.connectorId, isAligned: due.isAligned)
        guard turn.book.takesSample(of: record.valueCount, in: stream, at: turn.uptime) else {
            self = before
            return
        }
        store(record, &turn)
    }

    /// Values of this instant (OCPP 1.6 §3.16.1), and the energy since the last ones.
    private mutating func takeSampled(
        at: Duration,
        _ figures: [MeterFigure],
        of transaction: Transaction,
        _ turn: ChargingTurn
    ) -> Sampled {
        let keys = turn.keys.core
        let time = turn.inOrder(turn.clock.time(uptime: at, at: turn.moment), on: transaction.connectorId)
        let all = figures + sampled.energy
        sampled.beginAnew(since: time, at: turn.uptime)
        return record(
            time,
            of: transaction,
            values: MeasurandRendering.values(keys.meterValuesSampledData, of: all, context: .samplePeriodic),
            stopValues: MeasurandRendering.values(keys.stopTxnSampledData, of: all, context: .samplePeriodic)
        )
    }

    /// Registers of this instant; over the interval that ends now the energy, and everything else on the average (OCPP 1.6 §9.1.5).
    private mutating func takeAligned(
        utc: Int64,
        _ figures: [MeterFigure],
        of transaction: Transaction,
        _ turn: ChargingTurn
    ) -> Sampled {
        let keys = turn.keys.core
        // The next interval begins at the time that is told of this one's end.
        let counted = EventTime(utc: utc, boot: nil, uptime: turn.uptime.wholeMilliseconds)
        let time = turn.inOrder(counted, on: transaction.connectorId)
        let registers = figures.filter(\.place.measurand.isRegister)
        let course = aligned.energy + aligned.averages(at: turn.uptime)
        let since = aligned.since
        func over(_ selections: [MeasurandSelection]) -> StoredPeriod? {
            let values = MeasurandRendering.values(selections, of: course, context: .sampleClock)
            return StoredPeriod(since: since, values: values)
        }
        aligned.beginAnew(since: time, at: turn.uptime)
        return record(
            time,
            of: transaction,
            values: MeasurandRendering.values(keys.meterValuesAlignedData, of: registers, context: .sampleClock),
            stopValues: MeasurandRendering.values(keys.stopTxnAlignedData, of: registers, context: .sampleClock),
            period: over(keys.meterValuesAlignedData),
            stopPeriod: over(keys.stopTxnAlignedData)
        )
    }

    private func record(
        _ time: EventTime,
        of transaction: Transaction,
        values: [SampledValue],
        stopValues: [SampledValue],
        period: StoredPeriod? = nil,
        stopPeriod: StoredPeriod? = nil
    ) -> Sampled {
        Sampled(
            sequence: nil,
            messageId: nil,
            transaction: transaction.uuid,
            connectorId: transaction.connectorId,
            time: time,
            energyWh: energyWh,
            values: values,
            stopValues: stopValues.isEmpty ? nil : stopValues,
            period: period,
            stopPeriod: stopPeriod
        )
    }

    private mutating func store(_ record: Sampled, _ turn: inout ChargingTurn) {
        var record = record
        if !record.values.isEmpty || record.period != nil {
            record.sequence = turn.nextSequence
            record.messageId = turn.newUUID()
        }
        turn.persist(.sampled(record), syncNow(turn) ? .synced : .written)
    }

    private mutating func logMiss(_ transaction: Transaction, _ turn: inout ChargingTurn) {
        if !isMissLogged {
            turn.log(.error, "no meter value to report", .init("connector", transaction.connectorId))
        }
        isMissLogged = true
    }
}

extension Sampled {
    fileprivate var valueCount: Int {
        values.count + (stopValues?.count ?? 0) + (period?.values.count ?? 0) + (stopPeriod?.values.count ?? 0)
    }
}
