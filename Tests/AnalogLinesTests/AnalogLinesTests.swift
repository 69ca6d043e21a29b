import EventLoop
import Glibc
import SystemFolder
import Testing

@testable import AnalogLines

@Suite struct AnalogLinesTests {
    private let system: SystemFolder

    init() throws {
        system = try SystemFolder()
        try system.addChip(0, device: "other.pwm")
        try system.addChip(3, device: "fe20c000.pwm")
        try system.addConverter(
            0,
            name: "ads1015",
            device: "0-0048",
            ["in_voltage0_raw": "17", "in_voltage0_scale": "1.000000000"]
        )
        try system.addConverter(
            1,
            name: "ads1015",
            device: "0-0049",
            ["in_voltage2_raw": "-3", "in_voltage_scale": "0.439453125", "in_voltage_offset": "-2048"]
        )
    }

    @Test func aChipIsFoundByItsDevice() throws {
        let output = try PWMOutput(chip: "fe20c000.pwm", channel: 0, system: system.path)
        try output.write("duty_cycle", "266000")
        #expect(try system.text("devices/fe20c000.pwm/pwm/pwmchip3/pwm0/duty_cycle") == "266000")
        try output.write("duty_cycle", "0")
        #expect(try system.text("devices/fe20c000.pwm/pwm/pwmchip3/pwm0/duty_cycle") == "0")
        #expect(try system.text("devices/fe20c000.pwm/pwm/pwmchip3/export").isEmpty)
        #expect(throws: SystemError(code: ENOENT, operation: "find the PWM chip none.pwm")) {
            _ = try PWMOutput(chip: "none.pwm", channel: 0, system: system.path)
        }
    }

    @Test func anOutputThatIsNotInUseIsTakenIntoUse() throws {
        let chip = system.path + "/class/pwm/pwmchip3"
        // The kernel would make its folder now; here nobody does, and the wait for it ends.
        #expect(throws: SystemError(code: ENOENT, operation: "use \(chip)/pwm1/enable")) {
            _ = try PWMOutput(chip: chip, channel: 1, patience: .milliseconds(30))
        }
        #expect(try system.text("class/pwm/pwmchip3/export") == "1")
    }

    @Test func aConverterIsFoundByItsNameAndByItsDevice() throws {
        let byName = try AnalogInput(device: "ads1015", channel: 0, system: system.path)
        #expect(try byName.read() == 17)
        #expect(byName.millivolts(raw: 17) == 17)
        let byDevice = try AnalogInput(device: "0-0049", channel: 2, system: system.path)
        #expect(try byDevice.read() == -3)
        #expect(byDevice.rawOffset == -2048)
        #expect(byDevice.nanovoltsPerStep == 439_453)
        #expect(byDevice.millivolts(raw: 4096) == 899)
        #expect(byDevice.millivolts(raw: .max) == 1_000_000)
        #expect(throws: SystemError.self) { _ = try AnalogInput(device: "0-0049", channel: 7, system: system.path) }
        #expect(throws: SystemError.self) { _ = try AnalogInput(device: "0-0050", channel: 2, system: system.path) }
    }

    @Test func aValueIsReadAnewEachTime() throws {
        let input = try AnalogInput(device: "0-0048", channel: 0, system: system.path)
        #expect(try input.read() == 17)
        try system.write("1801", to: "devices/0-0048/iio:device0/in_voltage0_raw")
        #expect(try input.read() == 1801)
    }

    @Test func aScaleThatIsNoneIsRefused() throws {
        try system.write("0\n", to: "devices/0-0048/iio:device0/in_voltage0_scale")
        #expect(throws: SystemError.self) { _ = try AnalogInput(device: "0-0048", channel: 0, system: system.path) }
        for text in ["", "-", "1.x", "99999999999", "1.2.3"] { #expect(AnalogInput.millionths(text) == nil) }
        #expect(AnalogInput.millionths("-0.5") == -500_000)
    }
}
