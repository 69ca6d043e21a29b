import EventLoop
import Glibc
import HardwareCore
import Primitives
import SiteConfiguration
import SystemFolder
import Testing

@testable import hardware_io

/// The pilot on a PWM and two peak detectors, over files that look like sysfs.
@Suite struct PilotDriverTests {
    private static let output = "devices/fe20c000.pwm/pwm/pwmchip0/pwm0"
    private static let pilot = Device.pilot(connectorId: 1)

    private final class Bench {
        let system: SystemFolder
        let hearing: Hearing
        let driver: PilotDriver

        init(hasOutput: Bool = true, detectors: Bool = true) throws {
            hearing = try Hearing()
            system = try SystemFolder()
            if hasOutput { try system.addChip(0, device: "fe20c000.pwm") }
            for (number, device) in ["0-0048", "0-0049"].enumerated() {
                try system.addConverter(
                    number,
                    name: "ads1015",
                    device: device,
                    ["in_voltage0_raw": "0", "in_voltage0_scale": "1.000000"]
                )
            }
            let negative =
                #", "negative": {"device": "0-0049", "channel": 0, "numerator": 13, "offsetMillivolts": -13000}"#
            let site = try SiteFile(
                bytes: Array(
                    """
                    {"allowSimulation": true, "connectors": [{"id": 1, "cable": "fixed", "maximumCurrentAmps": 16, "phases": 1,
                    "contactor": "simulated", "meter": "simulated", "pilot": {"driver": "pwm-pilot",
                    "pwm": {"chip": "fe20c000.pwm"},
                    "positive": {"device": "0-0048", "channel": 0, "numerator": 13, "offsetMillivolts": -13000}
                    \(detectors ? negative : "")}}]}
                    """.utf8
                )
            )
            let choice = try #require(try site.connectors()[0].pilot)
            let settings = try site.settings(of: choice, as: PWMPilotSettings.self)
            driver = try PilotDriver(
                connectorId: 1,
                settings,
                system: system.path,
                loop: hearing.loop,
                log: { _ in }
            )
            hearing.listen(to: driver)
        }

        func duty() throws -> String { try system.text("\(PilotDriverTests.output)/duty_cycle") }

        /// The chip wakes up as if it was never set up.
        func reset() throws {
            for name in ["enable", "duty_cycle", "period"] {
                try system.write("0", to: "\(PilotDriverTests.output)/\(name)")
            }
        }

        func measure(_ high: Int, _ low: Int) throws {
            try system.write(String((high + 13_000) / 13), to: "devices/0-0048/iio:device0/in_voltage0_raw")
            try system.write(String((low + 13_000) / 13), to: "devices/0-0049/iio:device1/in_voltage0_raw")
        }

        /// Until both half-waves were reported within a step of the converter, twice in a row.
        func waitForReading(_ high: Int, _ low: Int) throws {
            try hearing.run("\(high) and \(low) twice in a row") { events in
                let readings = events.suffix(2).filter {
                    guard case .pilotRead(1, let highRead, let lowRead) = $0 else { return false }
                    return abs(highRead - high) <= 13 && abs(lowRead - low) <= 13
                }
                return readings.count == 2
            }
        }
    }

    @Test func itBeginsSteadyWhateverWasLeftThereAndIsReadTwice() throws {
        let bench = try Bench()
        try bench.system.write("266000", to: "\(Self.output)/duty_cycle")
        try bench.system.write("1", to: "\(Self.output)/enable")
        try bench.measure(12_000, 12_000)
        bench.driver.start()
        try bench.waitForReading(12_000, 12_000)
        #expect(bench.hearing.events.first == .deviceRecovered(Self.pilot))
        #expect(try bench.duty() == "1000000")
        #expect(try bench.system.text("\(Self.output)/period") == "1000000")
        #expect(try bench.system.text("\(Self.output)/enable") == "1")
    }

    @Test func anOfferIsADutyAndChangesAreReadTwice() throws {
        let bench = try Bench()
        try bench.measure(9000, 9000)
        bench.driver.start()
        try bench.waitForReading(9000, 9000)
        bench.driver.perform(.setPilot(connectorId: 1, PilotDuty.signal(offeringMilliamps: 16_000)))
        try bench.hearing.run("the duty") { _ in (try? bench.duty()) == "266000" }
        bench.hearing.forget()
        try bench.measure(6000, -12_000)
        try bench.waitForReading(6000, -12_000)
        try bench.measure(0, 0)
        try bench.waitForReading(0, 0)
    }

    @Test func theEndPutsItAtMinus12VoltsAndNothingIsOrderedAfterIt() throws {
        let bench = try Bench()
        try bench.measure(12_000, 12_000)
        bench.driver.start()
        try bench.waitForReading(12_000, 12_000)
        bench.driver.perform(.setPilot(connectorId: 1, .pwm(dutyPermille: 500)))
        bench.driver.stop()
        bench.driver.perform(.setPilot(connectorId: 1, .x1))
        #expect(try bench.duty() == "0")
    }

    /// A kernel that keeps a writer waiting does not hold up the end of the process.
    @Test func theEndWaitsForAStuckGeneratorNoLongerThanItMust() throws {
        let bench = try Bench()
        try bench.measure(12_000, 12_000)
        bench.driver.start()
        try bench.waitForReading(12_000, 12_000)
        try bench.system.makePipe("\(Self.output)/duty_cycle")
        let begun = EventLoop.uptime()
        bench.driver.stop()
        let took = EventLoop.uptime() - begun
        #expect(took >= PilotDriver.endLimit)
        #expect(took < PilotDriver.endLimit + .seconds(2))
    }

    @Test func aConverterThatGoesIsALostPilotThatComesBack() throws {
        let bench = try Bench()
        try bench.measure(9000, -12_000)
        bench.driver.start()
        try bench.waitForReading(9000, -12_000)
        bench.hearing.forget()
        try bench.system.write("", to: "devices/0-0049/iio:device1/in_voltage0_raw")
        try bench.hearing.run("it is lost") {
            $0.contains { if case .deviceLost(Self.pilot, _) = $0 { true } else { false } }
        }
        bench.hearing.forget()
        try bench.measure(6000, -12_000)
        try bench.waitForReading(6000, -12_000)
        #expect(bench.hearing.events.first == .deviceRecovered(Self.pilot))
    }

    @Test func aGeneratorThatComesLateIsSetUpWithWhatWasOrderedMeanwhile() throws {
        let bench = try Bench(hasOutput: false)
        try bench.measure(9000, 9000)
        bench.driver.start()
        try bench.hearing.run("it is lost") {
            $0.contains { if case .deviceLost(Self.pilot, _) = $0 { true } else { false } }
        }
        #expect(!bench.hearing.events.contains { if case .pilotRead = $0 { true } else { false } })
        bench.driver.perform(.setPilot(connectorId: 1, .f))
        try bench.system.addChip(0, device: "fe20c000.pwm")
        try bench.waitForReading(9000, 9000)
        #expect(try bench.duty() == "0")
    }

    @Test func aGeneratorThatGoesIsALostPilotThatIsSetUpAnew() throws {
        let bench = try Bench()
        try bench.measure(9000, 9000)
        bench.driver.start()
        try bench.waitForReading(9000, 9000)
        bench.hearing.forget()
        try bench.system.remove("class/pwm/pwmchip0")
        bench.driver.perform(.setPilot(connectorId: 1, .pwm(dutyPermille: 266)))
        try bench.hearing.run("it is lost") {
            $0.contains { if case .deviceLost(Self.pilot, _) = $0 { true } else { false } }
        }
        bench.hearing.forget()
        try bench.system.remove("devices/fe20c000.pwm")
        try bench.system.addChip(0, device: "fe20c000.pwm")
        try bench.waitForReading(9000, 9000)
        #expect(try bench.duty() == "266000")
        #expect(try bench.system.text("\(Self.output)/enable") == "1")
    }

    /// Nothing is ordered anew while nobody is there: a chip that lost its supply together with the converter would stay as it woke up.
    @Test func aConverterThatComesBackHasTheGeneratorSetUpAnew() throws {
        let bench = try Bench()
        try bench.measure(12_000, 12_000)
        bench.driver.start()
        try bench.waitForReading(12_000, 12_000)
        bench.hearing.forget()
        try bench.system.write("", to: "devices/0-0049/iio:device1/in_voltage0_raw")
        try bench.hearing.run("it is lost") { Self.isLost($0) }
        try bench.reset()
        bench.hearing.forget()
        try bench.measure(12_000, 12_000)
        try bench.waitForReading(12_000, 12_000)
        #expect(try bench.duty() == "1000000")
        #expect(try bench.system.text("\(Self.output)/enable") == "1")
    }

    @Test func aGeneratorThatForgotItsOrderIsALostPilotUntilItIsSeenToCarryItAgain() throws {
        let bench = try Bench()
        try bench.measure(12_000, 12_000)
        bench.driver.start()
        try bench.waitForReading(12_000, 12_000)
        bench.hearing.forget()
        try bench.reset()
        try bench.measure(-12_000, -12_000)
        try bench.hearing.run("it is lost") { Self.isLost($0) }
        bench.hearing.forget()
        try bench.hearing.run("it is set up") { _ in (try? bench.system.text("\(Self.output)/enable")) == "1" }
        #expect(try bench.duty() == "1000000")
        // It still reads -12 V.
        try bench.hearing.run("it is lost once more") { Self.isLost($0) }
        #expect(!bench.hearing.events.contains(.deviceRecovered(Self.pilot)))
        bench.hearing.forget()
        try bench.measure(12_000, 12_000)
        try bench.waitForReading(12_000, 12_000)
        #expect(bench.hearing.events.first == .deviceRecovered(Self.pilot))
    }

    /// An EV goes on with the offer that is on the line, whatever was ordered since.
    @Test func aWriteThatDoesNotEndIsALostPilotUntilItEnds() throws {
        let bench = try Bench()
        try bench.measure(12_000, 12_000)
        bench.driver.start()
        try bench.waitForReading(12_000, 12_000)
        bench.hearing.forget()
        try bench.system.makePipe("\(Self.output)/duty_cycle")
        bench.driver.perform(.setPilot(connectorId: 1, .pwm(dutyPermille: 100)))
        try bench.hearing.run("it is lost") { Self.isLost($0) }
        // A later order waits behind it.
        bench.driver.perform(.setPilot(connectorId: 1, .x1))
        bench.hearing.forget()
        let reader = open("\(bench.system.path)/\(Self.output)/duty_cycle", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        try bench.waitForReading(12_000, 12_000)
        #expect(bench.hearing.events.first == .deviceRecovered(Self.pilot))
        var written = [UInt8](repeating: 0, count: 100)
        let count = read(reader, &written, written.count)
        #expect(String(decoding: written.prefix(max(count, 0)), as: UTF8.self).hasSuffix("1000000"))
    }

    @Test func theEndTriesAGeneratorOnceMoreThatIsLost() throws {
        let bench = try Bench()
        try bench.measure(12_000, 12_000)
        bench.driver.start()
        try bench.waitForReading(12_000, 12_000)
        try bench.system.remove("\(Self.output)/duty_cycle")
        bench.driver.perform(.setPilot(connectorId: 1, .pwm(dutyPermille: 500)))
        try bench.hearing.run("it is lost") { Self.isLost($0) }
        try bench.system.write("266000", to: "\(Self.output)/duty_cycle")
        bench.driver.stop()
        #expect(try bench.duty() == "0")
        #expect(try bench.system.text("\(Self.output)/enable") == "1")
    }

    private static func isLost(_ events: [DriverEvent]) -> Bool {
        events.contains { if case .deviceLost(pilot, _) = $0 { true } else { false } }
    }

    @Test func aPilotWithoutDetectorsIsMeasuredInBursts() throws {
        let bench = try Bench(detectors: false)
        try bench.measure(9000, 0)
        bench.driver.start()
        try bench.waitForReading(9000, 9000)
    }
}
