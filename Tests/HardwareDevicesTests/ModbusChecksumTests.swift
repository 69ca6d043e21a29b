import Testing

@testable import HardwareDevices

@Suite struct ModbusChecksumTests {
    /// Modbus over Serial Line V1.02, the frame 02 07 of its appendix: 41 12 on the wire.
    @Test func theFrameOfTheSpecificationHasItsChecksum() {
        #expect(ModbusChecksum.of([0x02, 0x07]) == 0x1241)
    }
}
