import HardwareCore
import SiteConfiguration
import SystemFolder
import Testing

@testable import hardware_io

@Suite struct ProximityDriverTests {
    @Test func aPlugIsReadAndItsAbsenceToo() throws {
        let hearing = try Hearing()
        let system = try SystemFolder()
        let raw = "devices/0-004a/iio:device4/in_voltage2_raw"
        try system.addConverter(4, name: "ads1015", device: "0-004a", ["in_voltage2_raw": "5000"])
        let site = try SiteFile(
            bytes: Array(
                """
                {"allowSimulation": true, "connectors": [{"id": 1, "cable": "socket", "maximumCurrentAmps": 32, "phases": 1,
                "pilot": "simulated", "contactor": "simulated", "meter": "simulated", "lock": "simulated",
                "proximity": {"driver": "iio-proximity", "pullUpOhms": 1000, "supplyMillivolts": 5000,
                "input": {"device": "ads1015", "channel": 2}}}]}
                """.utf8
            )
        )
        let choice = try #require(try site.connectors()[0].further.proximity)
        let driver = try ProximityDriver(
            connectorId: 1,
            try site.settings(of: choice, as: ProximityInputSettings.self),
            system: system.path,
            loop: hearing.loop,
            log: { _ in }
        )
        hearing.listen(to: driver)
        driver.start()
        let none = DriverEvent.proximityRead(connectorId: 1, ohms: nil)
        try hearing.run("an empty socket") { Array($0.suffix(2)) == [none, none] }
        #expect(hearing.events.first == .deviceRecovered(.proximity(connectorId: 1)))
        try system.write("901", to: raw)
        let cable = DriverEvent.proximityRead(connectorId: 1, ohms: 219)
        try hearing.run("a cable of 32 A") { Array($0.suffix(2)) == [cable, cable] }
        try system.write("", to: raw)
        try hearing.run("it is lost") { events in
            if case .deviceLost(.proximity(connectorId: 1), _) = events.last { true } else { false }
        }
        driver.stop()
    }
}
