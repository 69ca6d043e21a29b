public import BusSchema
import ModemProtocol
import ModemSimulation
public import Primitives
import UplinkCore

extension MobileWorld {
    /// What the world around this one has and hears.
    public struct Outside {
        public var published: (AnyBusMessage) -> Void = { _ in }
        /// A report was taken, or refused.
        public var answered: (RequestID, BusError?) -> Void = { _, _ in }
        public var logged: (LogRecord) -> Void = { _ in }
        /// The ladder wants the host to boot; nil where this world does it by itself.
        public var rebooted: (() -> Void)?
        /// The network's name servers do not answer; all else works.
        public var areNamesDead = false

        public init() {}
    }

    /// It is now, by the charger's clocks.
    public func setClock(_ moment: Moment, bootedAt: Duration, boot: Int) {
        (now, host.bootedAt, host.boots) = (moment, bootedAt, boot)
    }

    /// When something happens next, since the world began; nil when nothing does.
    public var nextInstant: Duration? {
        let wanted = machine.nextDeadline.map { host.bootedAt + $0.at }
        return [wanted, modem.nextDeadline, pending.first?.at].compactMap { $0 }.min()
    }

    /// Whether the charger reaches its central system through the call that there is.
    public var isConnected: Bool { carries }

    public var mayReboot: Bool { settings.mayReboot }

    /// What is due now happens.
    public func catchUp() { turn() }

    /// Nothing of what the process was about to do happens. The call goes on.
    public func endProcess() {
        machine = UplinkMachine(UplinkConfiguration(uplinks: []))
        host.inputs = []
        host.isRunning = false
        line.isOpen = false
        (trouble.isUp, trouble.wellSince) = (false, nil)
        pending.removeAll { if case .event = $0.happening { true } else { false } }
    }

    /// The process says farewell.
    public func askToEnd() { feed(.terminationRequested) }

    /// Without supply, host and all; it comes back with the next process.
    public func losePower() {
        line.call = nil
        line.isStuck = false
        _ = modem.powerCycle(for: .seconds(20), at: elapsed)
        did(.hostReboot)
    }

    public func hear(_ id: RequestID, _ report: UplinkReport) { feed(.reported(id, report)) }

    public func hear(connector: Int, hasTransaction: Bool) {
        host.hasTransaction = hasTransaction
        feed(.connectorTold(id: connector, hasTransaction: hasTransaction))
    }

    public func gatewayDied() { feed(.gatewayChanged) }

    /// What the modem measures from now on, percent.
    public func setSignal(_ percent: Int) { modem.network.rsrp = 21 + (percent * 2 + 4) / 5 }

    /// Whatever ails it is mended, by whom ever.
    public func mend() {
        outside.areNamesDead = false
        guard let fault = trouble.fault, !trouble.isCured else { return }
        did(.hostReboot)
        mend(fault)
        if line.isOpen, modem.isPlugged { tell(.line(ModemCarrier.Name.line, .opened)) }
    }
}
