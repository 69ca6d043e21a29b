import HardwareDevices
import Primitives
import Testing

@Suite struct ModbusMasterTests {
    @Test func aQuestionGetsItsAnswer() {
        for framing: ModbusMaster.Framing in [.serial(baud: 9600), .network] {
            var bus = ModbusBus(framing)
            bus.ask(1, at: 0x48, tag: 7)
            bus.run(for: .seconds(1))
            #expect(bus.answers.map(\.question.tag) == [7])
            #expect(bus.answers.first?.result == .success(ModbusBus.truth(bus.answers[0].question.request)))
        }
    }

    @Test func theLineIsSilentForAWhileBeforeEachQuestion() {
        var bus = ModbusBus()
        for address: UInt16 in 0..<20 { bus.ask(1, at: address) }
        bus.run(for: .seconds(10))
        #expect(bus.answers.count == 20)
        for (one, next) in zip(bus.answers, bus.sent.dropFirst()) { #expect(next.at - one.at >= .milliseconds(60)) }
    }

    @Test func oneQuestionIsOnItsWayAtATime() {
        var bus = ModbusBus()
        bus.ask(1)
        bus.ask(2)
        bus.run(for: .milliseconds(61))
        #expect(bus.sent.count == 1)
    }

    @Test func devicesOfOneLineAreServedInTurns() {
        var bus = ModbusBus()
        for address: UInt16 in 0..<10 { bus.ask(1, at: address) }
        bus.ask(2)
        bus.run(for: .seconds(5))
        #expect(bus.answers.map(\.question.device).prefix(3) == [1, 2, 1])
    }

    @Test func aSilentDeviceIsAskedThreeTimesAndThenOnceOnly() {
        var bus = ModbusBus()
        bus.faults.dead = [1]
        for _ in 0..<3 {
            bus.ask(1)
            bus.run(for: .seconds(10))
        }
        #expect(bus.sent.count == 9)
        bus.ask(1)
        bus.run(for: .seconds(10))
        #expect(bus.sent.count == 10)
        #expect(bus.answers.map(\.result) == Array(repeating: .failure(.timeout), count: 4))
        #expect(bus.master.counters.timeouts == 10)
    }

    /// A byte now and then, that might be the end of a late answer.
    @Test func noiseKeepsNobodyFromBeingAskedAgain() {
        var bus = ModbusBus()
        bus.faults.dead = [1]
        bus.ask(1)
        bus.run(for: .seconds(1))
        for number in 0..<100 { bus.noise([0x55], after: .milliseconds(300 * number)) }
        bus.run(for: .seconds(2))
        bus.faults.dead = []
        bus.ask(1)
        bus.run(for: .seconds(8))
        #expect(bus.answers.contains { (try? $0.result.get()) != nil })
    }

    @Test func aSilentDeviceHardlyDelaysTheOthers() {
        var bus = ModbusBus()
        bus.faults.dead = [1]
        for second in 0..<60 {
            bus.ask(1, tag: second)
            bus.ask(2, tag: second)
            bus.run(for: .seconds(1))
        }
        let times = bus.answers.filter { $0.question.device == 2 }.map(\.at)
        #expect(times.count == 60)
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        // A second until it is asked again, and three attempts of the other one; later one attempt.
        #expect(gaps.max() ?? .zero <= .milliseconds(1000 + 3 * 600))
        #expect(gaps.dropFirst(20).max() ?? .zero <= .milliseconds(1000 + 700))
    }

    @Test func aLateAnswerIsNeverThatToAnotherQuestion() {
        // As late as it likes, always alike: the questions are of one length, so that nothing else tells the answers apart.
        for late in stride(from: 400, through: 2100, by: 50) {
            var bus = ModbusBus(seed: UInt64(late))
            bus.faults.latency = .milliseconds(late)...(.milliseconds(late))
            for address in 0..<20 {
                bus.ask(1, at: UInt16(address * 2))
                bus.run(for: .seconds(4))
            }
            bus.run(for: .seconds(60))
            #expect(bus.answers.count == 20)
            for answer in bus.answers {
                guard case .success(let values) = answer.result else { continue }
                #expect(values == ModbusBus.truth(answer.question.request), "\(late) ms late")
            }
        }
    }

    @Test(arguments: [ModbusMaster.Framing.serial(baud: 9600), .serial(baud: 115_200), .network])
    func noNoiseMakesAWrongValue(_ framing: ModbusMaster.Framing) {
        var successes = 0
        for seed in 1...60 as ClosedRange<UInt64> {
            var bus = ModbusBus(framing, seed: seed)
            bus.faults = ModbusBus.Faults(
                lost: 10,
                damaged: framing == .network ? 0 : 15,
                cut: framing == .network ? 0 : 10,
                noisy: framing == .network ? 0 : 15,
                refused: 3,
                latency: .milliseconds(1)...(.milliseconds(950))
            )
            for round in 0..<40 {
                for unit: UInt8 in 1...3 { bus.ask(unit, at: UInt16(round * 8), count: 2, tag: round) }
                if round.isMultiple(of: 5), framing != .network {
                    bus.noise([1, 4, 4, UInt8(round)], after: .milliseconds(70))
                }
                bus.run(for: .milliseconds(1500))
            }
            bus.run(for: .seconds(600))
            #expect(bus.answers.count == 120, "each question has one answer, seed \(seed)")
            for answer in bus.answers {
                guard case .success(let values) = answer.result else { continue }
                successes += 1
                #expect(values == ModbusBus.truth(answer.question.request), "seed \(seed)")
            }
        }
        #expect(successes > 60 * 120 / 2)
    }

    @Test func aBrokenOrCutAnswerIsAskedForAgainAtOnce() {
        for fault in [\ModbusBus.Faults.damaged, \.cut] {
            var bus = ModbusBus(seed: 3)
            bus.faults[keyPath: fault] = 100
            bus.ask(1, count: 10)
            bus.run(for: .milliseconds(120))
            bus.faults[keyPath: fault] = 0
            bus.run(for: .milliseconds(800))
            #expect(bus.answers.map(\.result) == [.success(ModbusBus.truth(bus.answers[0].question.request))])
        }
    }

    @Test func aRefusalIsFinalUnlessTheDeviceIsBusy() {
        var bus = ModbusBus()
        bus.faults.refused = 100
        bus.ask(1)
        bus.run(for: .seconds(2))
        #expect(bus.answers.map(\.result) == [.failure(.exception(4))])
        #expect(bus.sent.count == 1)
        bus.faults = ModbusBus.Faults(dead: [1])
        bus.ask(1, at: 2)
        bus.run(for: .milliseconds(100))
        bus.noise(ModbusBus.summed([1, 0x84, 6]))
        bus.faults.dead = []
        bus.run(for: .seconds(1))
        #expect(bus.answers.last?.result == .success(ModbusBus.truth(bus.answers[1].question.request)))
        #expect(bus.master.counters.exceptions == 2)
    }

    @Test func anAnswerWithNoEndIsNotWaitedForForever() {
        var bus = ModbusBus()
        bus.faults.dead = [1]
        bus.ask(1)
        for step in 0..<1000 { bus.noise([0x01], after: .milliseconds(10 * step)) }
        bus.run(for: .seconds(8))
        #expect(bus.answers.count == 1)
    }

    @Test func onALineThatIsNeverSilentNobodyIsAsked() {
        var bus = ModbusBus()
        for step in 0..<1000 { bus.noise([0x55], after: .milliseconds(10 * step)) }
        bus.ask(1)
        bus.run(for: .seconds(5))
        #expect(bus.answers.map(\.result) == [.failure(.neverSilent)])
        #expect(bus.sent.isEmpty)
    }

    @Test func everyQuestionOfAClosedLineIsAnswered() {
        var bus = ModbusBus()
        bus.faults.dead = [1]
        for address: UInt16 in 0..<3 { bus.ask(1, at: address) }
        bus.run(for: .milliseconds(100))
        bus.handle(.line(.closed(reason: "unplugged")))
        bus.ask(1)
        #expect(bus.answers.map(\.result) == Array(repeating: .failure(.closed("unplugged")), count: 4))
        #expect(bus.master.nextDeadline == nil)
        bus.faults.dead = []
        bus.handle(.line(.opened))
        bus.ask(1)
        bus.run(for: .seconds(1))
        #expect(bus.answers.count == 5)
        #expect((try? bus.answers[4].result.get()) != nil)
    }

    @Test func aLineOnWhichNobodyAnswersIsOpenedAnewFromTimeToTime() {
        var bus = ModbusBus()
        bus.faults.dead = [1, 2]
        for _ in 0..<120 {
            bus.ask(1)
            bus.ask(2)
            bus.run(for: .seconds(1))
        }
        #expect((2...5).contains(bus.reopenings))
    }

    @Test func overTCPNonsenseOpensTheConnectionAnew() {
        var bus = ModbusBus(.network)
        bus.faults.dead = [1]
        bus.ask(1)
        bus.noise(Array("SSH-2.0-server".utf8))
        bus.run(for: .milliseconds(10))
        #expect(bus.reopenings == 1)
        #expect(bus.answers.count == 1)
    }

    @Test func moreQuestionsThanAnybodyWantsAnsweredAreRefused() {
        var bus = ModbusBus()
        for address: UInt16 in 0..<40 { bus.ask(1, at: address) }
        #expect(bus.answers.filter { $0.result == .failure(.tooManyQuestions) }.count == 8)
        bus.run(for: .seconds(20))
        #expect(bus.answers.count == 40)
    }
}
