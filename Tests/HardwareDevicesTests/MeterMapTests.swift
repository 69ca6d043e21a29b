import BusSchema
import Foundation
import HardwareCore
import Primitives
import SiteConfiguration
import Testing

@testable import HardwareDevices

/// The descriptions that come with the charger.
enum ShippedMeters {
    static func description(_ name: String) throws -> MeterDescription {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let path = root.deletingLastPathComponent().appendingPathComponent("deploy/config/meters/\(name).json")
        return try MeterDescription.read([UInt8](Data(contentsOf: path)), name: "\(name).json")
    }

    static func float(_ value: Float) -> [UInt16] {
        [UInt16(value.bitPattern >> 16), UInt16(value.bitPattern & 0xFFFF)]
    }

    /// The registers of an Eastron meter with one phase, as the maker's sheet places them.
    static func sdm120(energy: Float = 1234.567, power: Float = 3672.5) -> [UInt16: [UInt16]] {
        [
            0: float(230.1), 6: float(15.96), 0xC: float(power), 0x46: float(49.98), 0x48: float(energy),
            0x4A: float(0.5),
        ]
    }
}

@Suite struct MeterMapTests {
    private func registers(_ map: MeterMap, _ values: [UInt16: [UInt16]], function: Int = 4) -> MeterRegisters {
        var registers = MeterRegisters()
        for batch in map.batches {
            registers.take(
                Array(repeating: 0, count: batch.count),
                from: Int(batch.function.rawValue),
                at: batch.address
            )
        }
        for (address, words) in values { registers.take(words, from: function, at: address) }
        return registers
    }

    private func sample(_ name: String, phases: Int, _ values: [UInt16: [UInt16]], function: Int = 4) throws
        -> MeterSample
    {
        let map = MeterMap(try ShippedMeters.description(name), phases: phases)
        return try map.sample(registers(map, values, function: function))
    }

    @Test func registersBecomeASampleInTheUnitsOfTheBus() throws {
        let sample = try sample("sdm120", phases: 1, ShippedMeters.sdm120())
        #expect(sample.energyWh == 1_234_567)
        #expect(sample.powerW == 3673)
        #expect(sample.voltageMillivolts == [230_100])
        #expect(sample.currentMilliamps == [15_960])
        #expect(sample.frequencyMillihertz == 49_980)
        #expect(sample.quantities.contains(MeterQuantity(.energyActiveExportRegister, thousandths: 500_000)))
    }

    @Test func aMeterWithThreePhasesIsReadAsOneWithOne() throws {
        let float = ShippedMeters.float
        let values: [UInt16: [UInt16]] = [
            0: float(230), 2: float(231), 4: float(232), 6: float(1), 8: float(2), 0xA: float(3), 0x34: float(1400),
            0x48: float(10),
        ]
        #expect(try sample("sdm630", phases: 3, values).voltageMillivolts == [230_000, 231_000, 232_000])
        #expect(try sample("sdm630", phases: 1, values).currentMilliamps == [1000])
        let one = try ShippedMeters.description("sdm120")
        #expect(MeterMap.objection(to: one, phases: 3) == "Eastron SDM120 measures 1 phase, and there are 3")
    }

    @Test func lowWordFirstAndDivisorsAreUnderstood() throws {
        let values: [UInt16: [UInt16]] = [
            0: [2301, 0], 2: [2299, 0], 4: [2300, 0], 0x0C: [0x3E80, 0], 0x28: [0xFFF6, 0xFFFF], 0x33: [499],
            0x34: [0xE240, 0x0001],
        ]
        let sample = try sample("em340", phases: 3, values)
        #expect(sample.voltageMillivolts == [230_100, 229_900, 230_000])
        #expect(sample.currentMilliamps == [16_000, 0, 0])
        #expect(sample.powerW == -1)
        #expect(sample.frequencyMillihertz == 49_900)
        #expect(sample.energyWh == 12_345_600)
    }

    @Test func holdingRegistersAreReadWithTheirFunction() throws {
        let values: [UInt16: [UInt16]] = [
            0x130: [4999], 0x131: [23_010], 0x139: [0, 16_000], 0x140: [0, 3680], 0xA000: [0x0001, 0x86A0],
        ]
        let sample = try sample("orno-we-515", phases: 1, values, function: 3)
        #expect(sample.voltageMillivolts == [230_100])
        #expect(sample.currentMilliamps == [16_000])
        #expect(sample.powerW == 3680)
        #expect(sample.energyWh == 1_000_000)
    }

    @Test func numbersWithAPowerOfTenOfTheirOwnAreUnderstood() throws {
        // 2 300 x 10^-1 V, 16 000 x 10^-3 A, -3 680 x 10^0 W, 1 234 x 10^2 Wh.
        let values: [UInt16: [UInt16]] = [
            107: [0xFF00, 2300], 109: [0xFF00, 2301], 111: [0xFF00, 2299], 126: [0xFD00, 16_000],
            140: [0x00FF, 0xF1A0],
            414: [2], 418: [0, 1234],
        ]
        let sample = try sample("wm3m4", phases: 3, values)
        #expect(sample.voltageMillivolts == [230_000, 230_100, 229_900])
        #expect(sample.currentMilliamps == [16_000, 0, 0])
        #expect(sample.powerW == -3680)
        #expect(sample.energyWh == 123_400)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity, .leastNonzeroMagnitude, 3e38])
    func whatIsNoNumberMakesNoSample(rubbish: Float) {
        for address: UInt16 in [0, 6, 0xC, 0x48] {
            var values = ShippedMeters.sdm120()
            values[address] = ShippedMeters.float(rubbish)
            #expect(throws: MeterMap.Refusal.self) { try sample("sdm120", phases: 1, values) }
        }
    }

    @Test func whatIsNotBilledMayBeMissing() throws {
        var values = ShippedMeters.sdm120()
        values[0x46] = ShippedMeters.float(.nan)
        values[0x4A] = ShippedMeters.float(.nan)
        let sample = try sample("sdm120", phases: 1, values)
        #expect(sample.frequencyMillihertz == nil)
        #expect(!sample.quantities.contains { $0.measurand == .energyActiveExportRegister })
    }

    @Test func aCodeForNoValueIsNone() {
        let values: [UInt16: [UInt16]] = [0: [0xFFFF, 0x7FFF], 0x34: [100, 0]]
        #expect(throws: MeterMap.Refusal.noNumber(.voltage, .l1)) { try sample("em340", phases: 3, values) }
    }

    @Test func aMeterThatSaysNothingButZeroHasNoMains() {
        #expect(throws: MeterMap.Refusal.allZero) { try sample("sdm630", phases: 3, [:]) }
    }

    @Test func powerThatFlowsBackIsToldAsExport() throws {
        let values: [UInt16: [UInt16]] = [0: [2300, 0], 0x12: [0xFC18, 0xFFFF], 0x14: [1000, 0]]
        let quantities = try sample("em340", phases: 3, values).quantities
        #expect(quantities.contains(MeterQuantity(.powerActiveExport, phase: .l1, thousandths: 100_000)))
        #expect(quantities.contains(MeterQuantity(.powerActiveImport, phase: .l2, thousandths: 100_000)))
    }

    @Test func questionsAreAsFewAsTheMeterAllows() throws {
        let questions = { (name: String) in
            MeterMap(try ShippedMeters.description(name), phases: 1).batches.map { [Int($0.address), $0.count] }
        }
        #expect(try questions("sdm120") == [[0x00, 0x20], [0x46, 6]])
        #expect(try questions("sdm630") == [[0x00, 0x36], [0x3C, 0x10]])
        for name in ["em24", "em340", "orno-we-515", "orno-we-517", "wm3m4", "sdm72d-m-v1"] {
            let description = try ShippedMeters.description(name)
            let covered = Set(try questions(name).flatMap { $0[0]..<$0[0] + $0[1] })
            let wanted = description.values.flatMap { Int($0.address)..<Int($0.address) + $0.type.registers }
            #expect(covered.isSuperset(of: wanted))
            #expect(try questions(name).allSatisfy { $0[1] <= description.reading.mostRegisters })
        }
    }

    /// A float has 24 bits: from 131 072 kWh on it counts in steps of 15.6 Wh, and of 31.25 Wh above 262 144 kWh.
    @Test(arguments: [(1234.5, 10), (131_071, 10), (140_000, 16), (300_000, 32), (1_000_000, 63)] as [(Float, Int)])
    func aRegisterCountsInNoFinerStepsThanItsNumberHas(kilowattHours: Float, stepWh: Int) throws {
        let sample = try sample("sdm120", phases: 1, ShippedMeters.sdm120(energy: kilowattHours))
        #expect(sample.registerStepWh == stepWh)
    }

    @Test func noRegistersMakeItStumble() throws {
        var random = SeededRandom(seed: 5)
        for name in ["sdm630", "em24", "wm3m4", "orno-we-515"] {
            let map = MeterMap(try ShippedMeters.description(name), phases: 3)
            for _ in 0..<2000 {
                var registers = MeterRegisters()
                for batch in map.batches {
                    let words = (0..<batch.count).map { _ in
                        [UInt16.random(in: 0...0xFFFF, using: &random), 0, 0x8000, 0x7FFF, 0xFFFF].randomElement(
                            using: &random
                        )
                            ?? 0
                    }
                    registers.take(words, from: Int(batch.function.rawValue), at: batch.address)
                }
                guard let sample = try? map.sample(registers) else { continue }
                #expect(sample.voltageMillivolts.count == map.phases)
            }
        }
    }
}
