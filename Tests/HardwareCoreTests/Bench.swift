import BusSchema
import HardwareCore
import Primitives

/// A `HardwareMachine` on the bench: facts in, what it ordered and told out.
struct Bench {
    static let transaction = "11111111-1111-4111-8111-111111111111"

    var machine: HardwareMachine
    var now: Moment
    private var requests: UInt64 = 0

    static let fixedCable = ConnectorConfiguration(connectorId: 1, ratedMilliamps: 32_000, phases: 1, cable: .fixed)
    static let socket = ConnectorConfiguration(
        connectorId: 1,
        ratedMilliamps: 32_000,
        phases: 1,
        cable: .socket(lock: true)
    )

    init(_ connectors: [ConnectorConfiguration] = [fixedCable], readers: [ReaderConfiguration] = []) {
        now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_700_000_000_000))
        machine = HardwareMachine(
            configuration: HardwareConfiguration(connectors: connectors, readers: readers),
            bootId: "boot-1",
            at: now
        )
    }

    /// Started, contactor open and rested, meter answered, no EV.
    static func idle(_ connectors: [ConnectorConfiguration] = [fixedCable]) -> Bench {
        var bench = Bench(connectors)
        bench.handle(.started)
        for connector in connectors {
            let id = connector.connectorId
            bench.driver(.contactorFeedback(connectorId: id, closed: false))
            bench.driver(.meterRead(connectorId: id, sample(energyWh: 1000)))
            bench.pilot(12_000, connectorId: id)
            if connector.cable != .fixed {
                bench.driver(.lockFeedback(connectorId: id, locked: false))
                bench.driver(.proximityRead(connectorId: id, ohms: nil))
            }
        }
        bench.wait(.seconds(5))
        return bench
    }

    /// An EV that asks (state C) under a permit of 16 A for a minute; the contactor is closed.
    static func charging(_ connector: ConnectorConfiguration = fixedCable, leaseSeconds: Int64 = 60) -> Bench {
        var bench = idle([connector])
        bench.permit(16_000, leaseSeconds: leaseSeconds)
        bench.pilot(6000, low: -12_000)
        bench.driver(.contactorFeedback(connectorId: 1, closed: true))
        return bench
    }

    static func sample(energyWh: Int64, milliamps: Int = 0) -> MeterSample {
        MeterSample(
            energyWh: energyWh,
            powerW: 230 * milliamps / 1000,
            voltageMillivolts: [230_000],
            currentMilliamps: [milliamps],
            frequencyMillihertz: 50_000
        )
    }

    @discardableResult
    mutating func handle(_ event: HardwareMachine.Event) -> [HardwareEffect] { machine.handle(event, at: now) }

    @discardableResult
    mutating func driver(_ event: DriverEvent) -> [HardwareEffect] { handle(.driver(event)) }

    /// Two equal readings, as a change needs.
    @discardableResult
    mutating func pilot(_ high: Int, low: Int? = nil, connectorId: Int = 1) -> [HardwareEffect] {
        let reading = DriverEvent.pilotRead(
            connectorId: connectorId,
            highMillivolts: high,
            lowMillivolts: low ?? high
        )
        return driver(reading) + driver(reading)
    }

    @discardableResult
    mutating func permit(
        _ milliamps: Int,
        granted: Bool = true,
        leaseSeconds: Int64 = 60,
        connectorId: Int = 1,
        transaction: String = transaction
    ) -> [HardwareEffect] {
        let request = Permit(
            connectorId: connectorId,
            granted: granted,
            limitMilliamps: milliamps,
            validUntilUptime: now.uptime.wholeMilliseconds + leaseSeconds * 1000,
            transaction: transaction
        )
        return handle(.permitRequested(nextID(), request))
    }

    @discardableResult
    mutating func withdraw(connectorId: Int = 1) -> [HardwareEffect] {
        permit(0, granted: false, connectorId: connectorId)
    }

    @discardableResult
    mutating func unlock(connectorId: Int = 1) -> [HardwareEffect] {
        handle(.unlockRequested(nextID(), Unlock(connectorId: connectorId)))
    }

    @discardableResult
    mutating func clear(_ code: HardwareFaultCode) -> [HardwareEffect] {
        handle(.clearFaultRequested(nextID(), ClearFault(connectorId: 1, code: code)))
    }

    /// Lets time pass, deadline by deadline; the meter does not answer and the pilot says nothing meanwhile.
    @discardableResult
    mutating func wait(_ duration: Duration, pilotHigh: Int? = nil, answeringMeter sample: MeterSample? = nil)
        -> [HardwareEffect]
    {
        let end = now.advanced(by: duration)
        var effects: [HardwareEffect] = []
        while let deadline = machine.nextDeadline?.at, deadline <= end.uptime {
            if deadline > now.uptime { now = now.advanced(by: deadline - now.uptime) }
            if let pilotHigh { effects += pilot(pilotHigh, low: -12_000) }
            let due = machine.deadlineReached(at: now)
            effects += due
            for case .command(.readMeter(let id)) in due {
                effects += driver(.meterRead(connectorId: id, sample ?? Self.sample(energyWh: 1000)))
            }
        }
        now = end
        return effects
    }

    private mutating func nextID() -> RequestID {
        requests += 1
        return RequestID(requests)
    }
}

extension [HardwareEffect] {
    var commands: [DriverCommand] {
        compactMap { effect in
            guard case .command(let command) = effect else { return nil }
            return command
        }
    }

    /// Without the readings of meters, which come and go everywhere.
    var orders: [DriverCommand] {
        commands.filter { command in
            guard case .readMeter = command else { return true }
            return false
        }
    }

    func published<M: BusMessage>(_: M.Type = M.self) -> [M] {
        compactMap { effect in
            guard case .publish(let message) = effect else { return nil }
            return message.value as? M
        }
    }

    var connector: ConnectorState? { published(ConnectorState.self).last }

    var faults: [HardwareFault] { published() }

    var refusal: BusError? {
        for case .refuse(_, let error) in self { return error }
        return nil
    }

    var replies: [HardwareReply] {
        compactMap { effect in
            guard case .reply(_, let reply) = effect else { return nil }
            return reply
        }
    }
}
