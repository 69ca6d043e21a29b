import BusSchema
import OCPP
import Primitives

/// The register of a running transaction: never falling, on disk often enough, and the source of its meter values.
struct Register: Equatable, Sendable {
    /// A register that moved is stored at least so often.
    private static let storedEvery = Duration.seconds(60)
    /// Samples at shorter intervals are not forced to the disk one by one: flash wears out.
    private static let syncedEvery = Duration.seconds(5)

    /// The newest, never decreasing.
    private(set) var energyWh: Int64
    /// When a register was last stored.
    private var storedAt: Duration
    /// When a sample was last forced to the disk.
    private var syncedAt: Duration?
    /// A missing sample was logged.
    private var isMissLogged = false

    private static let smallFallWh: Int64 = 100

    init(energyWh: Int64, storedAt: Duration) {
        self.energyWh = energyWh
        self.storedAt = storedAt
    }

    /// Whether what the meter says now is so far below that it counts from somewhere else. A meter that lost its last Wh with the power does
    /// not; hardware-io believes no other fall of which it can know.
    func isLeft(by reading: MeterReading) -> Bool { energyWh.subtractingClamped(reading.energyWh) > Self.smallFallWh }

    /// Follows the meter upwards.
    mutating func follow(_ reading: MeterReading, of transaction: Transaction, _ turn: inout ChargingTurn) {
        guard reading.energyWh >= energyWh else { return }
        let hasMoved = reading.energyWh > energyWh
        energyWh = reading.energyWh
        guard hasMoved, transaction.isRunning, turn.uptime - storedAt >= Self.storedEvery else { return }
        storedAt = turn.uptime
        let taken = Duration(outsideMilliseconds: reading.takenAtUptime)
        let time = turn.clock.time(uptime: taken, at: turn.moment)
        turn.persist(
            .registerRead(RegisterRead(transaction: transaction.uuid, energyWh: energyWh, time: time)),
            .synced
        )
    }

    /// Stores the values of one instant.
    mutating func sample(
        _ due: MeteringSchedule.Due,
        _ facts: ConnectorFacts,
        of transaction: Transaction,
        _ turn: inout ChargingTurn
    ) {
        guard let reading = facts.freshReading(within: turn.configuration.meterStaleAfter, at: turn.uptime) else {
            if !isMissLogged {
                turn.log(.error, "no meter value to report", .init("connector", transaction.connectorId))
            }
            isMissLogged = true
            return
        }
        isMissLogged = false
        let rendering = MeasurandRendering(
            reading: reading,
            offeredMilliamps: facts.state?.offeredMilliamps ?? 0,
            registerWh: energyWh
        )
        let keys = turn.keys
        let (time, values, stopValues) =
            switch due {
            case .sampled(let at):
                (
                    turn.clock.time(uptime: at, at: turn.moment),
                    rendering.values(keys.core.meterValuesSampledData, context: .samplePeriodic),
                    rendering.values(keys.core.stopTxnSampledData, context: .samplePeriodic)
                )
            case .aligned(let utc):
                (
                    EventTime(utc: utc, boot: nil, uptime: turn.uptime.wholeMilliseconds),
                    rendering.values(keys.core.meterValuesAlignedData, context: .sampleClock),
                    rendering.values(keys.core.stopTxnAlignedData, context: .sampleClock)
                )
            }
        guard !values.isEmpty || !stopValues.isEmpty else { return }
        let isSynced = syncedAt.map { turn.uptime - $0 >= Self.syncedEvery } ?? true
        if isSynced {
            storedAt = turn.uptime
            syncedAt = turn.uptime
        }
        let sampled = Sampled(
            sequence: values.isEmpty ? nil : turn.nextSequence,
            messageId: values.isEmpty ? nil : turn.newUUID(),
            transaction: transaction.uuid,
            connectorId: transaction.connectorId,
            time: turn.inOrder(time, on: transaction.connectorId),
            energyWh: energyWh,
            values: values,
            stopValues: stopValues.isEmpty ? nil : stopValues
        )
        turn.persist(.sampled(sampled), isSynced ? .synced : .written)
    }
}
