/// The checksum that ends a Modbus RTU frame (Modbus over Serial Line V1.02 §6.2.2): polynomial 0xA001, reflected, from 0xFFFF.
enum ModbusChecksum {
    /// Sent low byte first.
    static func of(_ bytes: some Sequence<UInt8>) -> UInt16 {
        var sum: UInt16 = 0xFFFF
        for byte in bytes {
            sum ^= UInt16(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xA001 : sum >> 1 }
        }
        return sum
    }
}
