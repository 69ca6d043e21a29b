import Primitives
import SiteConfiguration

/// Registers as a meter told them, by function and address.
struct MeterRegisters: Equatable, Sendable {
    private var words: [Int: UInt16] = [:]

    mutating func take(_ values: [UInt16], from function: Int, at address: UInt16) {
        for (offset, value) in values.enumerated() { words[Self.key(function, Int(address) + offset)] = value }
    }

    /// What `value` says, in thousandths of its base unit; nil for what is no number, no sense, or a code for "no value".
    func thousandths(_ value: MeterValue, of description: MeterDescription) -> Int64? {
        guard let told = told(value, of: description) else { return nil }
        let thousandths = (told.number * value.unit.thousandths / Double(value.divisor)).rounded()
        // Far beyond anything that is measured, and far within an Int64.
        guard thousandths.magnitude < 1e17 else { return nil }
        return Int64(thousandths)
    }

    /// The least by which `value` can differ from the next one as it was told, in whole base units, rounded up, 1…1 000 000: a large number that is
    /// told as a float goes on in coarse steps. Nil for what is no number.
    func step(_ value: MeterValue, of description: MeterDescription) -> Int? {
        guard let told = told(value, of: description) else { return nil }
        let step = (told.step * value.unit.thousandths / Double(value.divisor) / 1000).rounded(.up)
        return Int(min(max(step, 1), 1_000_000))
    }

    /// The number in the registers of `value`, and the step in which numbers like it follow each other.
    private func told(_ value: MeterValue, of description: MeterDescription) -> (number: Double, step: Double)? {
        guard var registers = registers(value.function, value.address, value.type.registers) else { return nil }
        if description.wordOrder == .lowFirst { registers.reverse() }
        guard !isCode(registers, description.notAvailable), let told = Self.number(registers, value.type) else {
            return nil
        }
        guard let address = value.exponentAddress else { return told }
        guard let word = self.registers(value.function, address, 1)?.first,
            let number = Self.scaled(told.number, exponent: Int(Int16(bitPattern: word))),
            let step = Self.scaled(told.step, exponent: Int(Int16(bitPattern: word)))
        else { return nil }
        return (number, step)
    }

    /// The number, or the characters, by which a meter is told from others; nil when there is nothing to see.
    func text(_ serial: MeterSerialNumber, wordOrder: MeterWordOrder) -> String? {
        guard var registers = registers(serial.function, serial.address, serial.count) else { return nil }
        guard serial.isText else {
            if wordOrder == .lowFirst { registers.reverse() }
            let digits = registers.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
            guard digits.contains(where: { $0 != 0 }), digits.contains(where: { $0 != 0xFF }) else { return nil }
            guard registers.count <= 4 else { return Self.hexadecimal(digits) }
            return String(registers.reduce(into: UInt64(0)) { $0 = $0 << 16 | UInt64($1) })
        }
        let bytes = registers.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        let printable = bytes.filter { (0x21...0x7E).contains($0) }
        return printable.isEmpty ? nil : String(decoding: printable, as: UTF8.self)
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private func registers(_ function: Int, _ address: UInt16, _ count: Int) -> [UInt16]? {
        let found = (0..<count).compactMap { words[Self.key(function, Int(address) + $0)] }
        return found.count == count ? found : nil
    }

    private static func key(_ function: Int, _ address: Int) -> Int { function << 16 | address }

    /// `registers` has the most significant one first.
    private func isCode(_ registers: [UInt16], _ codes: [UInt32]) -> Bool {
        guard let high = registers.first else { return true }
        let both = registers.count == 2 ? UInt32(high) << 16 | UInt32(registers[1]) : UInt32(high)
        return codes.contains { $0 == both || $0 <= 0xFFFF && $0 == UInt32(high) }
    }

    private static func number(_ registers: [UInt16], _ type: MeterRegisterType) -> (number: Double, step: Double)? {
        let bits = registers.reduce(into: UInt64(0)) { $0 = $0 << 16 | UInt64($1) }
        switch type {
        case .int16: return (Double(Int16(truncatingIfNeeded: bits)), 1)
        case .uint16, .uint32: return (Double(bits), 1)
        case .int32: return (Double(Int32(truncatingIfNeeded: bits)), 1)
        case .int64: return (Double(Int64(bitPattern: bits)), 1)
        case .float32:
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
            // Nothing measures so little: a subnormal number is something else, read as a number.
            return float.isNormal || float.isZero ? (Double(float), Double(float.ulp)) : nil
        case .decimal24, .unsignedDecimal24:
            let digits = Int32(truncatingIfNeeded: bits & 0xFF_FFFF)
            let isNegative = type == .decimal24 && digits & 0x80_0000 != 0
            let number = isNegative ? digits - 0x100_0000 : digits
            let exponent = Int(Int8(truncatingIfNeeded: bits >> 24))
            guard let scaled = scaled(Double(number), exponent: exponent), let step = Self.scaled(1, exponent: exponent)
            else { return nil }
            return (scaled, step)
        }
    }

    /// Times ten to the power of `exponent`; nil where no meter has such a power.
    private static func scaled(_ number: Double, exponent: Int) -> Double? {
        guard (-12...12).contains(exponent) else { return nil }
        let power = (0..<abs(exponent)).reduce(into: 1.0) { power, _ in power *= 10 }
        return exponent < 0 ? number / power : number * power
    }
}
