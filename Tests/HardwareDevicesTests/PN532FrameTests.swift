import HardwareCore
import Primitives
import Testing

@testable import HardwareDevices

@Suite struct PN532FrameTests {
    private func frames(_ text: String) -> [PN532Frame.Received] {
        var decoder = PN532Decoder()
        return decoder.receive(hex(text))
    }

    @Test func commandsAreTheBytesThatOtherDriversSend() {
        #expect(PN532Command.wake.bytes == hex("55550000000000000000000000000000") + hex("0000FF03FDD414011700"))
        #expect(PN532Command.firmware.bytes == hex("0000FF02FED4022A00"))
        #expect(PN532Command.retries(endless: false).bytes == hex("0000FF06FAD43205FF0101F400"))
        #expect(PN532Command.scan.bytes == hex("0000FF04FCD44A0100E100"))
        #expect(PN532Command.fieldOff.bytes == hex("0000FF04FCD4320100F900"))
        #expect(PN532Frame.command(hex("00006C69626E6663")) == hex("0000FF09F7D400006C69626E6663BE00"))
    }

    @Test func framesOfTheChipAreRead() {
        #expect(frames("0000FF00FF00") == [.acknowledged])
        #expect(frames("0000FFFF0000") == [.notAcknowledged])
        #expect(frames("0000FF01FF7F8100") == [.syntaxError])
        #expect(frames("0000FF06FAD50332010607E800") == [.answer(hex("0332010607"))])
        #expect(
            frames("0000FF00FF000000FF02FED51516000000FF03FDD54B00E000") == [
                .acknowledged, .answer([0x15]), .answer([0x4B, 0x00]),
            ]
        )
    }

    /// Noise that claims to be a frame with nothing in it, sums and all.
    @Test func aFrameOfNothingIsNoise() {
        #expect(frames("0000FF000000FF00FF") == [.corrupt, .acknowledged])
        #expect(frames("00FF0000") + frames("00FFFFFF00000000") == [.corrupt, .corrupt])
    }

    @Test func preambleAndPostambleMayBeMissing() {
        #expect(frames("00FF00FF00FF02FED51516") == [.acknowledged, .answer([0x15])])
        #expect(frames("000000000000FF02FED515160000000000FF00FF") == [.answer([0x15]), .acknowledged])
    }

    @Test func aLongAnswerComesInAnExtendedFrame() {
        let body = (0..<262).map { UInt8($0 & 0xFF) }
        var data: [UInt8] = [0xD5, 0x41]
        data += body
        let sum = 0 &- data.reduce(0, &+)
        let frame = hex("0000FFFFFF0108F7") + data + [sum, 0x00]
        var decoder = PN532Decoder()
        #expect(decoder.receive(frame) == [.answer([0x41] + body)])
        // Longer than the chip's longest.
        #expect(frames("0000FFFFFF7F0081") == [.corrupt])
    }

    @Test func aFrameMayBeCutAnywhere() {
        let stream = hex("0000FF00FF000000FF0CF4D54B01010004080" + "4DEADBEEF9600")
        for size in 1...stream.count {
            var decoder = PN532Decoder()
            var found: [PN532Frame.Received] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                found += decoder.receive(Array(stream[start..<min(start + size, stream.count)]))
            }
            #expect(found == [.acknowledged, .answer(hex("4B01010004080" + "4DEADBEEF"))])
        }
    }

    @Test func whatIsDamagedIsSaidAndTheNextFrameIsFound() {
        let good = "0000FF02FED5151600"
        // Data, checksum of the data, checksum of the length.
        #expect(frames("0000FF02FED5551600" + good) == [.corrupt, .answer([0x15])])
        #expect(frames("0000FF02FED5151700" + good) == [.corrupt, .answer([0x15])])
        #expect(frames("0000FF02FDD5151600" + good) == [.corrupt, .answer([0x15])])
        // A frame that lost its end takes in the beginning of the next, which is found all the same.
        #expect(frames("0000FF0CF4D54B0101" + good + good).last == .answer([0x15]))
        #expect(frames("FFFF13371100" + good) == [.answer([0x15])])
    }

    @Test func ourOwnFrameOnALineThatEchoesSaysNothing() {
        #expect(frames("0000FF02FED4022A00" + "0000FF00FF00") == [.acknowledged])
    }

    @Test func everyLengthOfUIDIsRead() {
        #expect(PN532Target(hex("0101000408" + "04DEADBEEF")) == .card(uid: hex("DEADBEEF")))
        #expect(PN532Target(hex("0101004400" + "0704A1B2C3D4E5F6")) == .card(uid: hex("04A1B2C3D4E5F6")))
        #expect(
            PN532Target(hex("0101034420" + "0704A1B2C3D4E5F6" + "0675778102" + "80"))
                == .card(uid: hex("04A1B2C3D4E5F6"))
        )
        #expect(PN532Target(hex("0101004400" + "0A0102030405060708090A")) == .card(uid: hex("0102030405060708090A")))
        #expect(PN532Target([0x00]) == .none)
    }

    @Test(arguments: [
        "", "02", "0101000408", "010100040804DEAD", "010100040805DEADBEEF00", "010100040804" + "88ADBEEF",
        "010100040800",
    ])
    func anAnswerThatContradictsItselfIsNoCard(_ body: String) { #expect(PN532Target(hex(body)) == .malformed) }
}

/// Bytes from their digits.
func hex(_ text: String) -> [UInt8] { Hexadecimal.bytes(text) ?? [] }
