import BusSchema
import MobileWorld
import ModemProtocol
import Primitives

/// The process of the modem manager with a modem: the adapter between the whole `MobileWorld` and this one. Its call is the only way of the gateway to
/// its central system.
final class ModemProcess: UplinkService {
    var hasEnded: () -> Void = {}
    private(set) var isAlive = false

    private let around: Surroundings
    private let mobile: MobileWorld
    private var alarm: Timeline.Alarm?
    private var frozenUntil = Duration.zero
    private var breaches = 0

    init(_ around: Surroundings, reboot: @escaping () -> Void) {
        self.around = around
        var settings = MobileWorld.Settings()
        settings.isGuest = true
        settings.mayReboot = around.settings.seed.isMultiple(of: 2)
        if around.settings.seed.isMultiple(of: 3) {
            settings.modem.hasTwoSIMs = true
            settings.modem.modem.switchesSIMByLine = true
            settings.modem.modem.secondPIN = Secret("5678")
            settings.modem.returnAfter = .seconds(2400)
        }
        mobile = MobileWorld(seed: around.timeline.number(), settings: settings)
        mobile.outside.published = { [unowned self] message in
            if let state = message.value as? UplinkState { around.auditor.told(state) }
            if isAlive { around.bus.publish(message, from: .modem) }
        }
        mobile.outside.answered = { around.bus.answer($0, $1.map { .error($0) } ?? .done) }
        mobile.outside.logged = { around.log("modem", $0) }
        mobile.outside.rebooted = {
            around.auditor.machineBoots()
            around.timeline.at(around.timeline.now, reboot)
        }
        around.network.ends.namesAnswer = { [unowned mobile] in !mobile.outside.areNamesDead }
        alarm = around.timeline.addAlarm(
            next: { [unowned self] in mobile.nextInstant.map { max($0, frozenUntil) } },
            fire: { [unowned self] in act { $0.catchUp() } }
        )
    }

    /// Something happens there now.
    private func act(_ body: (MobileWorld) -> Void) {
        mobile.setClock(around.clock.moment, bootedAt: around.clock.worldTime(.zero), boot: around.clock.boot)
        body(mobile)
        for problem in mobile.books.broken.dropFirst(breaches) { around.notebook.violate("modem: \(problem)") }
        breaches = mobile.books.broken.count
        if around.network.isUp != mobile.isConnected {
            around.auditor.disturbed()
            around.network.setUplink(mobile.isConnected)
        }
        alarm?.touch()
    }

    // MARK: - Life

    func start() {
        isAlive = true
        around.auditor.modemStarted()
    }

    func begin() { act { $0.startProcess() } }

    func askToEnd() {
        act { $0.askToEnd() }
        hasEnded()
    }

    func die(hasPower: Bool) {
        isAlive = false
        frozenUntil = .zero
        act { mobile in
            mobile.endProcess()
            if !hasPower { mobile.losePower() }
        }
    }

    func freeze(until time: Duration) {
        frozenUntil = max(frozenUntil, time)
        alarm?.touch()
    }

    // MARK: - What it hears

    func hear(_ id: RequestID, _ order: BusCall.Order) {
        guard case .report(let report) = order else { return }
        around.timeline.at(frozenUntil) { [unowned self] in
            if isAlive { act { $0.hear(id, report) } }
        }
    }

    func hear(_ message: any BusMessage) {
        guard isAlive else { return }
        switch message {
        case let status as ConnectorStatus:
            act { $0.hear(connector: status.connectorId, hasTransaction: status.transaction != nil) }
        case is Announce: act { $0.gatewayDied() }
        default: break
        }
    }

    // MARK: - What happens to it

    /// Its network says itself whether it is up.
    func setUplink(_ isUp: Bool) {}
    func setSignal(_ percent: Int) { act { $0.setSignal(percent) } }
    func fail(_ fault: MobileFault, lasting: Duration) {
        act { mobile in
            mobile.mend()
            if MobileFault.all(mayReboot: mobile.mayReboot).contains(fault) { mobile.begin(fault, lasting: lasting) }
        }
    }
    func killNames(_ areDead: Bool) { act { $0.outside.areNamesDead = areDead } }
    func mend() { act { $0.mend() } }
    var isConnected: Bool { mobile.isConnected }
}
