import BusSchema
import Primitives
import Testing

@testable import HardwareDevices

@Suite struct RAPIFrameTests {
    @Test(arguments: [
        (["GS"], "$GS^30"), (["GV"], "$GV^35"), (["GC"], "$GC^20"), (["GG"], "$GG^24"), (["GF"], "$GF^25"),
        (["FE"], "$FE^27"),
        (["FS"], "$FS^31"), (["FD"], "$FD^26"), (["SC", "16", "V"], "$SC 16 V^65"), (["SY", "30", "6"], "$SY 30 6^1B"),
        (["SY"], "$SY^2E"),
    ])
    func commandsAreTheBytesThatTheFirmwareNames(words: [String], line: String) {
        #expect(RAPIFrame(words: words).bytes == Array(line.utf8) + [0x0D])
        #expect(RAPIFrame(line.utf8) == RAPIFrame(words: words))
    }

    @Test func theOlderChecksumIsASum() {
        #expect(RAPIFrame("$FD*AE".utf8)?.words == ["FD"])
        #expect(RAPIFrame("$SL 1*14".utf8)?.words == ["SL", "1"])
    }

    @Test func aQuestionAndItsAnswerHaveAnId() throws {
        let bytes = RAPIFrame(words: ["GS"], sequence: 0xA7).bytes
        #expect(String(decoding: bytes.prefix(7), as: UTF8.self) == "$GS :A7")
        #expect(RAPIFrame(bytes.dropLast())?.sequence == 0xA7)
    }

    @Test(arguments: [
        "", "$", "$^24", "GS^30", "$GS", "$GS^31", "$GS^3", "$GS^300", "$GS^+3", "$OK 1 :00^5B", "$OK :1^00",
        "$\u{01}^25",
    ])
    func whatIsNoLineIsNone(_ line: String) { #expect(RAPIFrame(line.utf8) == nil) }

    @Test func linesAreFoundBetweenNoiseHoweverTheyAreCut() {
        let stream = Array("\u{00}xx^30\r$GS^3$GV^35\r\r\n$GS^31\r$FE^27\r".utf8)
        for size in 1...stream.count {
            var decoder = RAPIDecoder()
            var words: [[String]] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                words += decoder.receive(Array(stream[start..<min(start + size, stream.count)])).map(\.words)
            }
            #expect(words == [["GV"], ["FE"]])
            #expect(decoder.damaged == 2)
        }
    }

    @Test func statesAreReadByPosition() throws {
        let charging = try #require(RAPIAnswer.status(["3", "120", "3", "340", "more", "later"]))
        #expect(charging == RAPIStatus(pilot: .c, isClosed: true, vehicleIsConnected: true, isForbidding: false))
        let asleep = try #require(RAPIAnswer.status(["fe", "0", "2", "100"]))
        #expect(asleep == RAPIStatus(pilot: .b, isClosed: false, vehicleIsConnected: true, isForbidding: true))
        #expect(try #require(RAPIAnswer.status(["ff", "0", "0", "0"])).pilot == .f)
        #expect(
            try #require(RAPIAnswer.status(["1", "0", "1", "4000"])).isForbidding,
            "It waits for leave after its start."
        )
        #expect(RAPIAnswer.status(["3", "120", "3"]) == nil)
        #expect(RAPIAnswer.status(["x", "120", "3", "0"]) == nil)
        #expect(RAPIAnswer.status(["3", "120", "3", "-40"]) == nil)
        #expect(RAPIAnswer.current(["16021", "231000"]) == .current(milliamps: 16021, millivolts: 231_000))
        #expect(RAPIAnswer.current(["-1", "99999999999999999999"]) == nil)
        #expect(RAPIAnswer.temperature(["-2560", "312", "-2560"]) == .temperature(decidegrees: 312))
        #expect(RAPIAnswer.energy(["-5", "1"]) == nil)
    }

    @Test(arguments: [
        ("5", HardwareFaultCode.evCommunicationError), ("6", .groundFailure), ("7", .groundFailure),
        ("8", .powerSwitchFailure),
        ("9", .groundFailure), ("a", .highTemperature), ("b", .overCurrentFailure), ("d", .internalError),
        ("e", .powerSwitchFailure),
    ])
    func itsFaultsHaveTheirCodes(state: String, code: HardwareFaultCode) {
        #expect(RAPIAnswer.status([state, "0", "3", "100"])?.fault == code)
    }
}

@Suite struct RAPIMachineTests {
    @Test func theFirstLineAfterAStartForbidsEnergy() {
        var bench = ControllerBench()
        bench.model.vehicle = 3
        bench.model.pass(to: .zero)
        #expect(bench.model.isClosed, "A controller from before lets energy flow.")
        bench.tell(.line(.opened))
        #expect(bench.model.commands.first == "FS")
        #expect(!bench.model.isClosed)
        #expect(bench.model.commands == ["FS", "GV", "SY 10 0", "GS"])
        #expect(bench.reports.first == .answering)
        #expect(
            bench.lastStatus
                == RAPIStatus(pilot: .c, isClosed: false, vehicleIsConnected: true, isForbidding: true)
        )
    }

    @Test func aPermitSetsTheLimitBeforeItEnables() {
        var bench = ControllerBench()
        bench.tell(.line(.opened))
        bench.model.bootLock = true
        bench.model.authLock = true
        bench.model.vehicle = 3
        bench.order(.permit(amps: 13))
        bench.pass(.seconds(1))
        #expect(bench.model.isClosed)
        #expect(bench.model.amps == 13)
        #expect(bench.model.commands.dropFirst(4).prefix(4) == ["SC 13 V", "SB", "S4 0", "FE"])
        #expect(bench.reports.contains(.limit(amps: 13)))
        #expect(bench.lastStatus?.isClosed == true)
        bench.order(.permit(amps: 10))
        #expect(bench.model.amps == 10 && bench.model.isClosed)
        bench.order(.forbid)
        #expect(!bench.model.isClosed)
        #expect(bench.lastStatus?.isClosed == false)
    }

    @Test func aPermitBelow6AForbids() {
        var bench = ControllerBench()
        bench.charge()
        bench.order(.permit(amps: 5))
        #expect(!bench.model.isClosed && bench.model.mode == .sleeping)
        bench.order(.unavailable)
        #expect(bench.model.mode == .disabled)
    }

    @Test func aControllerThatOffersMoreThanIsPermittedIsForbidden() {
        var bench = ControllerBench()
        bench.model.lowestAmps = 10
        bench.charge(amps: 8)
        #expect(!bench.model.isClosed)
        #expect(bench.model.mode == .sleeping)
    }

    @Test func aControllerThatStaysLockedIsNotAskedWithoutPause() {
        var bench = ControllerBench()
        bench.model.unknown = ["SB"]
        bench.model.bootLock = true
        bench.charge()
        bench.pass(.seconds(10))
        #expect(!bench.model.isClosed)
        #expect(bench.model.commands.count < 100)
    }

    @Test func aSilentHostLetsTheControllerOpen() {
        var bench = ControllerBench()
        bench.charge()
        #expect(bench.model.isClosed)
        bench.pass(.seconds(60))
        #expect(bench.model.isClosed, "The heartbeat keeps it.")
        bench.livesAsHost = false
        bench.pass(.seconds(6))
        #expect(bench.model.isClosed)
        bench.pass(.seconds(5))
        #expect(!bench.model.isClosed, "The line was busy all the while; the core was not.")
    }

    @Test func aMissedHeartbeatIsAcknowledgedAndTheLimitSetAgain() {
        var bench = ControllerBench()
        bench.charge()
        bench.livesAsHost = false
        bench.pass(.seconds(11))
        #expect(!bench.model.isClosed)
        bench.livesAsHost = true
        bench.pass(.seconds(2))
        #expect(bench.model.commands.contains("SY 165"))
        #expect(bench.model.isClosed && bench.model.amps == 16)
    }

    @Test func aDeadControllerIsLostWithinThreeSecondsAndForbiddenWhenItIsBack() {
        var bench = ControllerBench()
        bench.charge()
        bench.model.isDead = true
        bench.reports = []
        bench.pass(.seconds(3))
        #expect(bench.reports == [.lost(reason: "no answer to GS")])
        bench.pass(.seconds(60))
        #expect(bench.reports.count == 1 && bench.reopens > 0)
        bench.model.isDead = false
        let before = bench.model.commands.count
        bench.tell(.line(.opened))
        #expect(bench.model.commands[before] == "FS")
        #expect(!bench.model.isClosed, "What was permitted before has to be ordered again.")
        #expect(bench.reports.contains(.answering))
        bench.order(.permit(amps: 16))
        #expect(bench.model.isClosed)
    }

    @Test func aPulledLineIsALostControllerAtOnce() {
        var bench = ControllerBench()
        bench.charge()
        bench.reports = []
        bench.tell(.line(.closed(reason: "unplugged")))
        bench.tell(.line(.closed(reason: "no such device")))
        bench.pass(.seconds(30))
        #expect(bench.reports == [.lost(reason: "unplugged")])
    }

    @Test func aControllerThatStartsAnewIsSetUpAgainAndStaysForbidden() {
        var bench = ControllerBench()
        bench.charge()
        bench.model = ControllerModel()
        bench.model.vehicle = 3
        bench.reports = []
        bench.tell(.line(.received(RAPIFrame(words: ["AB", "00", "8.2.1"]).bytes)))
        #expect(bench.model.commands.first == "FS")
        #expect(!bench.model.isClosed)
        #expect(bench.reports.contains(.answering), "so that orders are repeated to it")
    }

    /// As one whose supply breaks down when it switches: it would be set up hundreds of times a second.
    @Test func aControllerThatStartsAnewWheneverItIsForbiddenIsLeftAloneForLongerAndLonger() {
        var bench = ControllerBench()
        bench.charge()
        bench.reports = []
        bench.model.startsAnewOn = "FS"
        let before = bench.count("FS")
        bench.tell(.line(.received(ControllerModel.start)))
        #expect(bench.reports == [.lost(reason: "it starts anew again and again")])
        bench.orderAgainAndAgain(for: 20)
        #expect((5...25).contains(bench.count("FS") - before))
        let later = bench.count("FS")
        bench.orderAgainAndAgain(for: 600)
        #expect(bench.count("FS") - later < 100)
        #expect(bench.reports.count == 1)
        bench.model.startsAnewOn = nil
        bench.orderAgainAndAgain(for: 60)
        #expect(bench.model.isClosed)
    }

    /// It lets energy flow at its start, until it hears that it must not.
    @Test func aControllerThatStartsAnewWhileItIsLeftAloneIsForbiddenAtOnce() {
        var bench = ControllerBench()
        bench.charge()
        bench.model.startsAnewOn = "FS"
        bench.tell(.line(.received(ControllerModel.start)))
        bench.orderAgainAndAgain(for: 60)
        let before = bench.count("FS")
        while bench.count("FS") == before { bench.pass(.milliseconds(100)) }
        bench.pass(.milliseconds(1500))
        #expect(bench.count("FS") == before + 1)
        bench.model.startsAnewOn = nil
        bench.model.mode = .enabled
        bench.tell(.line(.received(ControllerModel.start + ControllerModel.start)))
        #expect(bench.count("FS") == before + 2)
        #expect(bench.model.mode == .sleeping)
    }

    @Test func aControllerThatStartsAnewOnceAMinuteIsSetUpAtOnceEachTime() {
        var bench = ControllerBench()
        bench.charge()
        for _ in 0..<5 {
            bench.orderAgainAndAgain(for: 62)
            bench.tell(.line(.received(ControllerModel.start)))
        }
        #expect(!bench.reports.contains { if case .lost = $0 { true } else { false } })
    }

    @Test func whatItTellsByItselfIsToldAtOnce() {
        var bench = ControllerBench()
        bench.tell(.line(.opened))
        bench.reports = []
        bench.tell(.line(.received(Array("$AT fe 02 16 0100^".utf8) + checksum("$AT fe 02 16 0100"))))
        #expect(
            bench.reports == [
                .limit(amps: 16),
                .status(RAPIStatus(pilot: .b, isClosed: false, vehicleIsConnected: true, isForbidding: true)),
            ]
        )
    }

    @Test func somebodyWhoWakesAForbiddenControllerIsOverruled() {
        var bench = ControllerBench()
        bench.tell(.line(.opened))
        bench.model.vehicle = 3
        bench.model.mode = .enabled
        bench.pass(.seconds(4))
        #expect(bench.model.mode == .sleeping)
        bench.order(.permit(amps: 16))
        bench.model.mode = .sleeping
        bench.pass(.seconds(2))
        #expect(bench.model.mode == .enabled)
    }

    @Test func aForbidDoesNotWaitForAnAnswer() {
        var bench = ControllerBench()
        bench.charge()
        bench.model.isDead = true
        bench.pass(.seconds(1))
        let orders = bench.machine.handle(.ordered(.forbid), at: bench.moment)
        let sent = orders.compactMap { effect -> String? in
            guard case .line(.send(let bytes)) = effect else { return nil }
            return RAPIFrame(bytes.dropLast())?.words.first
        }
        #expect(sent == ["FS"])
    }

    @Test func sensorsThatItHasNotAreNoFault() {
        var bench = ControllerBench()
        bench.model.unknown = ["GG", "GU", "GP", "S4", "SB"]
        bench.charge()
        bench.pass(.seconds(30))
        #expect(bench.model.isClosed)
        #expect(!bench.reports.contains { if case .lost = $0 { true } else { false } })
    }

    @Test func anIdleLineIsAlmostQuiet() {
        var bench = ControllerBench()
        bench.tell(.line(.opened))
        bench.pass(.seconds(5))
        let before = bench.model.commands.count
        bench.pass(.seconds(60))
        #expect(bench.model.commands.count - before <= 36, "a state every 3 s, and a heartbeat every 3 to 4")
    }

    @Test func theEndForbids() {
        var bench = ControllerBench()
        bench.charge()
        #expect(bench.machine.end() == [.line(.send(Array("$FS^31\r".utf8)))])
        #expect(bench.machine.nextDeadline == nil)
    }

    private func checksum(_ body: String) -> [UInt8] {
        let sum = body.utf8.reduce(0, ^)
        return Array(((sum < 16 ? "0" : "") + String(sum, radix: 16, uppercase: true) + "\r").utf8)
    }
}
