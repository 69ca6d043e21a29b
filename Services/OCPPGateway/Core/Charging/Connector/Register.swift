import BusSchema
import OCPP
import Primitives

/// The register of a running transaction: never falling, on disk often enough, and the source of its meter values.
struct Register: Equatable, Sendable {
    /// A register that moved is stored at least so often.
    private static let storedEvery = Duration.seconds(60)
    /// Samples at intervals below five seconds are not forced to the disk one by one: flash wears out. A sample on a grid of five seconds is
    /// taken some milliseconds after its time, and may follow the one before by that much less.
    private static let syncedEvery = Duration.milliseconds(4500)

    /// The newest, never decreasing.
    private(set) var energyWh: Int64
    /// When a register was last stored.
    private var storedAt: Duration
    /// When a sample was last forced to the disk.
    private var syncedAt: Duration?
    /// A missing sample was logged.
    var isMissLogged = false
    /// Since the last sampled value, and since the last clock-aligned one.
    // Written in this file and in `Register+Values.swift` only.
    var sampled: MeterInterval
    var aligned: MeterInterval

    private static let smallFallWh: Int64 = 100

    /// `readAt` is when the register was read: intervals begin there, also after a restart in one of them.
    init(energyWh: Int64, readAt: EventTime, storedAt: Duration) {
        self.energyWh = energyWh
        self.storedAt = storedAt
        sampled = MeterInterval(since: readAt, energyWh: energyWh)
        aligned = sampled
    }

    /// Whether what the meter says now is so far below that it counts from somewhere else. A meter that lost its last Wh with the power does
    /// not; hardware-io believes no other fall of which it can know.
    func isLeft(by reading: MeterReading) -> Bool { energyWh.subtractingClamped(reading.energyWh) > Self.smallFallWh }

    /// Follows the meter upwards.
    mutating func follow(
        _ reading: MeterReading,
        _ offer: MeterReading.Offer,
        of transaction: Transaction,
        _ turn: inout ChargingTurn
    ) {
        guard reading.energyWh >= energyWh else { return }
        let figures = reading.figures(registerWh: reading.energyWh, offer: offer)
        sampled.follow(figures, at: turn.uptime)
        aligned.follow(figures, at: turn.uptime)
        let hasMoved = reading.energyWh > energyWh
        energyWh = reading.energyWh
        guard hasMoved, transaction.isRecorded, turn.uptime - storedAt >= Self.storedEvery else { return }
        storedAt = turn.uptime
        let taken = Duration(outsideMilliseconds: reading.takenAtUptime)
        let time = turn.clock.time(uptime: taken, at: turn.moment)
        var read = RegisterRead(transaction: transaction.uuid, energyWh: energyWh, time: time)
        read.connectorId = transaction.connectorId
        turn.persist(.registerRead(read), .synced)
    }

    /// Whether a sample is to be forced to the disk; then it counts as done.
    mutating func syncNow(_ turn: ChargingTurn) -> Bool {
        guard syncedAt.map({ turn.uptime - $0 >= Self.syncedEvery }) ?? true else { return false }
        storedAt = turn.uptime
        syncedAt = turn.uptime
        return true
    }
}
