import BusSchema
import Primitives
import Testing
import UplinkCore

@testable import ModemProtocol

/// What a modem of ModemManager's, its card, its interface and ModemManager itself lose, and what is known of them then.
@Suite struct MMCLILossTests {
    private static let minute = Duration.seconds(60)

    private func locked(_ pin: String, _ change: (inout MMCLICarrier.Settings) -> Void = { _ in }) -> MMCLIBench {
        var bench = MMCLIBench {
            $0.modem.pin = Secret(pin)
            change(&$0)
        }
        (bench.service.state, bench.service.lock) = ("locked", "sim-pin")
        return bench
    }

    private func up(method: String = "ppp") -> MMCLIBench {
        var bench = MMCLIBench()
        bench.service.method = method
        bench.start()
        bench.advance(by: .seconds(30))
        #expect(bench.condition.link == .up, "\(bench.condition)")
        return bench
    }

    private func connections(_ bench: MMCLIBench) -> [String] {
        bench.orders.filter { $0.hasPrefix("--simple-connect") }
    }

    /// Another card in a modem that ModemManager finds again under the same paths.
    private func swap(_ bench: inout MMCLIBench, pin: String?) {
        (bench.service.iccid, bench.service.imsi) = ("8949010000000000017", "262010000000001")
        bench.service.isConnected = false
        if let pin {
            (bench.service.pin, bench.service.retries) = (pin, ["sim-pin (3)"])
            (bench.service.state, bench.service.lock) = ("locked", "sim-pin")
        } else {
            (bench.service.state, bench.service.lock) = ("disabled", "--")
        }
    }

    // MARK: - The card

    @Test func theCardIsReadAgainOnceItIsOpenSoThatItsProfileIsFoundByIMSI() {
        var bench = locked("4711") {
            let profiles = [("26201", "first"), ("26202", "second")].map {
                AccessTable.Row(.imsi(prefix: $0), AccessProfile(apn: $1))
            }
            $0.modem.access = AccessTable(rows: profiles)
        }
        bench.start()
        bench.advance(by: .seconds(30))
        #expect(connections(bench) == [#"--simple-connect=apn="second",ip-type=ipv4,allow-roaming=yes"#])
        #expect(bench.condition.radio?.imsi == "262020000000002")
    }

    // MARK: - The address that ModemManager names

    private func configurations(_ bench: MMCLIBench) -> Int {
        bench.effects.filter { if case .configure = $0 { true } else { false } }.count
    }
}
