import OCPP
import Primitives
import Testing

@testable import GatewayCore

/// `ConnectorPhaseRotation` (OCPP 1.6 §9.1.7), the one key whose list must not contradict itself.
@Suite struct PhaseRotationTests {
    // Shows: CORE-MV-36
    /// One value per connector; without an index it is that of all. So the central system is answered, and so the site is judged.
    @Test(arguments: [
        ("0.RST,1.TSR", true), ("1.RST", true), ("RST", true), ("1.RST,1.TSR", false), ("0.RST, 0.Unknown", false),
        ("RST,TSR", false), ("RST,1.TSR", false),
    ])
    func noConnectorHasTwoPhaseRotations(text: String, fits: Bool) throws {
        var machine = ConfigurationMachine(table: try OCPPKeyTable(site: site()), snapshot: nil)
        let change = ChangeConfiguration.Request(key: "ConnectorPhaseRotation", value: CiString500(fitting: text))
        let now = Moment(uptime: .seconds(100), utc: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000))
        let effects = machine.change(change, callId: "c", at: now)
        let rejected = ConfigurationMachine.Effect.answer(
            callId: "c",
            ChangeConfiguration.Confirmation(status: .rejected)
        )
        #expect(effects.contains(rejected) == !fits)
        #expect(((try? OCPPKeyTable(site: site(["ConnectorPhaseRotation": text]))) != nil) == fits)
    }

    private func site(_ defaults: [String: String] = [:]) -> KeySite {
        KeySite(numberOfConnectors: 1, fixedCable: true, phases: 3, defaults: defaults)
    }
}
