import Testing

@testable import HardwareDevices

@Suite struct ModbusFramesTests {
    private let energy = ModbusRequest(unit: 1, function: .readInputRegisters, address: 0x48, count: 2)
    private let answer: [UInt8] = [0x01, 0x04, 0x04, 0x44, 0x9A, 0x52, 0x25, 0x33, 0xE0]

    @Test func aQuestionLooksAsOtherMastersSendIt() {
        #expect(ModbusSerialFrames.frame(energy) == [0x01, 0x04, 0x00, 0x48, 0x00, 0x02, 0xF1, 0xDD])
        let voltage = ModbusRequest(unit: 1, function: .readInputRegisters, address: 0, count: 2)
        #expect(ModbusSerialFrames.frame(voltage) == [0x01, 0x04, 0x00, 0x00, 0x00, 0x02, 0x71, 0xCB])
        #expect(
            ModbusNetworkFrames.frame(energy, transaction: 0x1234)
                == [0x12, 0x34, 0, 0, 0, 6, 0x01, 0x04, 0x00, 0x48, 0x00, 0x02]
        )
    }

    @Test func moreRegistersThanAFrameHoldsAreNotAskedFor() {
        #expect(ModbusRequest(unit: 1, function: .readInputRegisters, address: 0, count: 4000).count == 125)
        #expect(ModbusRequest(unit: 1, function: .readInputRegisters, address: 0, count: -1).count == 1)
    }

    @Test func anAnswerIsUnderstoodHoweverItIsCut() {
        for cut in 0...answer.count {
            var frames = ModbusSerialFrames()
            let first = frames.received(Array(answer[..<cut]), to: energy)
            let reply = first ?? frames.received(Array(answer[cut...]), to: energy)
            #expect(reply == .registers([0x449A, 0x5225]), "cut after \(cut)")
        }
    }

    @Test func anExceptionIsUnderstood() {
        var frames = ModbusSerialFrames()
        let refused = ModbusRequest(unit: 1, function: .readInputRegisters, address: 0x1000, count: 2)
        #expect(frames.received([0x01, 0x84, 0x02, 0xC2, 0xC1], to: refused) == .exception(2))
    }

    @Test func noiseBeforeAnAnswerDoesNotHideIt() {
        // The second looks like the beginning of the answer, the third like that of an exception.
        let noises: [[UInt8]] = [
            [0x00, 0xFF, 0x01], [0x01, 0x04, 0x04], [0x01, 0x84], Array(repeating: 0x01, count: 300),
        ]
        for noise in noises {
            var frames = ModbusSerialFrames()
            let reply = frames.received(noise + answer, to: energy) ?? frames.silenceFell(energy)
            #expect(reply == .registers([0x449A, 0x5225]), "\(noise)")
        }
    }

    @Test func anAnswerOfAnotherUnitFunctionOrLengthIsNone() {
        let others: [ModbusRequest] = [
            ModbusRequest(unit: 2, function: .readInputRegisters, address: 0x48, count: 2),
            ModbusRequest(unit: 1, function: .readHoldingRegisters, address: 0x48, count: 2),
            ModbusRequest(unit: 1, function: .readInputRegisters, address: 0x48, count: 4),
        ]
        for other in others {
            var frames = ModbusSerialFrames()
            #expect(frames.received(answer, to: other) == nil)
            #expect(frames.silenceFell(other) == nil)
        }
    }

    @Test func everySingleWrongBitIsSeen() {
        for bit in 0..<answer.count * 8 {
            var wrong = answer
            wrong[bit / 8] ^= 1 << (bit % 8)
            var frames = ModbusSerialFrames()
            #expect((frames.received(wrong, to: energy) ?? frames.silenceFell(energy)) == nil, "bit \(bit)")
        }
    }

    /// The port drops echoes; one that it does not know of is no answer either.
    @Test func anEchoOfTheQuestionIsPassedOver() {
        var frames = ModbusSerialFrames()
        #expect(frames.received(ModbusSerialFrames.frame(energy) + answer, to: energy) == .registers([0x449A, 0x5225]))
    }

    @Test func overTCPTheTransactionTellsAnswersApart() {
        let late: [UInt8] = [0, 1, 0, 0, 0, 7, 1, 4, 4, 0, 1, 0, 2]
        let right: [UInt8] = [0, 2, 0, 0, 0, 7, 1, 4, 4, 0, 3, 0, 4]
        for cut in 0...(late.count + right.count) {
            var frames = ModbusNetworkFrames()
            let bytes = late + right
            let first = frames.received(Array(bytes[..<cut]), to: energy, transaction: 2)
            let finding =
                if case .reply = first {
                    first
                } else {
                    frames.received(Array(bytes[cut...]), to: energy, transaction: 2)
                }
            #expect(finding == .reply(.registers([3, 4])), "cut after \(cut)")
        }
    }

    @Test func whatIsNoModbusOverTCPIsSeen() {
        for bytes: [UInt8] in [Array("HTTP/1.1 400".utf8), [0, 1, 0, 0, 0, 1, 1], [0, 1, 0, 0, 0xFF, 0xFF, 1]] {
            var frames = ModbusNetworkFrames()
            #expect(frames.received(bytes, to: energy, transaction: 1) == .nonsense)
        }
    }
}
