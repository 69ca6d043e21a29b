import CLinux
import Testing

@testable import GPIOLines

/// What is handed to the kernel, against the numbers that its documentation and its headers have for 64-bit machines.
@Suite struct LinuxGPIOFormTests {
    @Test func callsHaveTheNumbersOfTheInterface() {
        #expect(LINUX_GPIO_GET_CHIPINFO == 0x8044_B401)
        #expect(LINUX_GPIO_V2_GET_LINEINFO == 0xC100_B405)
        #expect(LINUX_GPIO_V2_GET_LINE == 0xC250_B407)
        #expect(LINUX_GPIO_V2_LINE_GET_VALUES == 0xC010_B40E)
        #expect(LINUX_GPIO_V2_LINE_SET_VALUES == 0xC010_B40F)
    }

    @Test func structuresHaveTheSizesAndOffsetsOfTheInterface() {
        #expect(MemoryLayout<gpiochip_info>.size == 68)
        #expect(MemoryLayout<gpio_v2_line_info>.size == 256)
        #expect(MemoryLayout<gpio_v2_line_request>.size == 592)
        #expect(MemoryLayout<gpio_v2_line_request>.offset(of: \.consumer) == 256)
        #expect(MemoryLayout<gpio_v2_line_request>.offset(of: \.config) == 288)
        #expect(MemoryLayout<gpio_v2_line_request>.offset(of: \.num_lines) == 560)
        #expect(MemoryLayout<gpio_v2_line_request>.offset(of: \.event_buffer_size) == 564)
        #expect(MemoryLayout<gpio_v2_line_request>.offset(of: \.fd) == 588)
        #expect(MemoryLayout<gpio_v2_line_config>.size == 272)
        #expect(MemoryLayout<gpio_v2_line_config>.offset(of: \.attrs) == 32)
        #expect(MemoryLayout<gpio_v2_line_config_attribute>.stride == 24)
        #expect(MemoryLayout<gpio_v2_line_values>.size == 16)
        #expect(MemoryLayout<gpio_v2_line_event>.stride == 48)
    }

    private func bytes(of form: gpio_v2_line_request) -> [UInt8] { withUnsafeBytes(of: form) { Array($0) } }

    private func number(_ bytes: [UInt8], at offset: Int, size: Int) -> UInt64 {
        bytes[offset..<offset + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    @Test func anOutputIsAskedForWithItsInitialLevels() {
        let lines = [
            GPIORequest.Line(offset: 17, isActiveLow: false, bias: .asIs),
            GPIORequest.Line(offset: 4, isActiveLow: true, bias: .pullUp),
        ]
        let request = GPIORequest(lines: lines, direction: .output(initial: 0b10), consumer: "charger lock")
        let bytes = bytes(of: LinuxGPIO.form(of: request))
        #expect(number(bytes, at: 0, size: 4) == 17)
        #expect(number(bytes, at: 4, size: 4) == 4)
        #expect(Array(bytes[256..<268]) == Array("charger lock".utf8))
        #expect(number(bytes, at: 560, size: 4) == 2)
        #expect(number(bytes, at: 288, size: 8) == 0x08)
        #expect(number(bytes, at: 296, size: 4) == 2)
        // The initial levels (2) of both lines, and the flags (1) of the second: output, active low, pull-up.
        #expect([320, 328, 336].map { number(bytes, at: $0, size: 8) } == [2, 0b10, 0b11])
        #expect([344, 352, 360].map { number(bytes, at: $0, size: 8) } == [1, 0x10A, 0b10])
        #expect(bytes[368..<560].allSatisfy { $0 == 0 })
    }

    @Test func anInputIsAskedForWithItsEdgesAndDebounce() {
        let line = GPIORequest.Line(offset: 63, isActiveLow: true, bias: .disabled)
        let request = GPIORequest(lines: [line], direction: .input(debounce: .milliseconds(10)), consumer: "x")
        let bytes = bytes(of: LinuxGPIO.form(of: request))
        #expect(number(bytes, at: 288, size: 8) == 0x436)
        #expect(number(bytes, at: 296, size: 4) == 1)
        #expect([320, 328, 336].map { number(bytes, at: $0, size: 8) } == [3, 10_000, 1])
        #expect(number(bytes, at: 564, size: 4) == 128)
    }

    @Test func aNameThatIsTooLongIsCutAndEndsWithZero() {
        let line = GPIORequest.Line(offset: 0, isActiveLow: false, bias: .asIs)
        let name = String(repeating: "n", count: 40)
        let bytes = bytes(
            of: LinuxGPIO.form(of: GPIORequest(lines: [line], direction: .input(debounce: .zero), consumer: name))
        )
        #expect(Array(bytes[256..<288]) == [UInt8](repeating: UInt8(ascii: "n"), count: 31) + [0])
        #expect(number(bytes, at: 296, size: 4) == 0)
    }
}
