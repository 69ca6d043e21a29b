import BusSchema
import Primitives
import Testing

@testable import GatewayCore

@Suite struct PasswordTrialTests {
    private static let old = Secret("0a")
    private static let new = Secret("0b")

    /// A charger, the passwords that its central system accepts, and its disk.
    private final class World {
        var ordered: Secret?
        var accepted: Set<Secret>
        var trial = PasswordTrial()
        var disk = PasswordTrial.Memory()
        var attempts: [Secret?] = []
        /// Whether it says so when it refuses one, or just ends the connection.
        var saysSo = true
        /// Saves that succeed; the ones after are lost.
        var saves = Int.max
        private let siteKey: Secret?

        init(ordered: Secret?, accepted: Set<Secret>, siteKey: Secret? = nil) {
            self.ordered = ordered
            self.accepted = accepted
            self.siteKey = siteKey
            trial = PasswordTrial(siteKey: siteKey)
        }

        /// One handshake.
        func connect() -> Bool {
            let password = trial.choose(ordered: ordered)
            attempts.append(password)
            keep()
            let isAccepted = password.map(accepted.contains) ?? false
            _ = isAccepted ? trial.accepted() : saysSo ? trial.refused() : nil
            // A connection ends one day, whatever came before.
            _ = trial.ended()
            keep()
            return isAccepted
        }

        /// A new password comes from the central system.
        /// - Returns: Whether it is taken in.
        @discardableResult func set(_ password: Secret) -> Bool {
            keep()
            guard trial.isKept else { return false }
            ordered = password
            _ = trial.passwordWasSet()
            keep()
            return true
        }

        private func keep() {
            guard !trial.isKept, saves > 0 else { return }
            saves -= 1
            disk = trial.memory
            trial.wasKept()
        }

        func restart() { trial = PasswordTrial(disk, siteKey: siteKey) }

        /// - Returns: How many attempts it took; nil when it is stranded.
        func attemptsUntilAccepted() -> Int? { (1...20).first { _ in connect() } }
    }

    @Test func aPasswordThatWorksIsTheOnlyOneUsed() {
        let world = World(ordered: Self.old, accepted: [Self.old])
        for _ in 0..<5 { #expect(world.connect()) }
        #expect(world.attempts.allSatisfy { $0 == Self.old })
        #expect(world.disk == .init(proven: Self.old))
    }

    @Test func aNewPasswordThatIsAcceptedReplacesTheOld() {
        let world = World(ordered: Self.old, accepted: [Self.old, Self.new])
        _ = world.connect()
        world.set(Self.new)
        #expect(world.attemptsUntilAccepted() == 1)
        #expect(world.disk == .init(proven: Self.new))
    }

    @Test func theOldOneComesBackAfterThreeRefusalsAndStays() {
        let world = World(ordered: Self.old, accepted: [Self.old])
        _ = world.connect()
        world.set(Self.new)
        #expect(world.attemptsUntilAccepted() == PasswordTrial.mostRefusals + 1)
        #expect(world.attempts.suffix(4) == [Self.new, Self.new, Self.new, Self.old])
        #expect(world.attemptsUntilAccepted() == 1)
        world.restart()
        #expect(world.attemptsUntilAccepted() == 1)
    }

    /// Some fronts just end the connection, or answer that there is no such page.
    @Test func aCentralSystemThatDoesNotSayWhyIsTriedWithTheOldOneLater() {
        let world = World(ordered: Self.old, accepted: [Self.old])
        _ = world.connect()
        world.saysSo = false
        world.set(Self.new)
        #expect(world.attemptsUntilAccepted() == PasswordTrial.mostAttempts + 1)
        let expected: [Secret?] =
            [Self.old] + Array(repeating: Self.new, count: PasswordTrial.mostAttempts) + [Self.old]
        #expect(world.attempts == expected)
        world.saysSo = true
        world.restart()
        #expect(world.attemptsUntilAccepted() == 1)
    }

    /// The central system took its time, and now knows nothing of the old one.
    @Test func theNewOneGetsItsTurnAgain() {
        let world = World(ordered: Self.old, accepted: [Self.old])
        _ = world.connect()
        world.set(Self.new)
        _ = world.attemptsUntilAccepted()
        world.accepted = [Self.new]
        #expect(world.attemptsUntilAccepted() == PasswordTrial.mostRefusals + 1)
        #expect(world.disk == .init(proven: Self.new))
    }

    @Test func theSamePasswordSetAgainIsTriedAgain() {
        let world = World(ordered: Self.old, accepted: [Self.old])
        _ = world.connect()
        world.set(Self.new)
        _ = world.attemptsUntilAccepted()
        world.accepted = [Self.new]
        world.set(Self.new)
        #expect(world.attemptsUntilAccepted() == 1)
    }

    /// Somebody sets another one over the bus before the central system has taken in the one that it was told is accepted.
    @Test func onePasswordThatWasReplacedUnprovenHasItsTurnToo() {
        let world = World(ordered: Self.old, accepted: [Self.old])
        _ = world.connect()
        world.accepted = []
        world.set(Self.new)
        _ = world.connect()
        world.set(Secret("0c"))
        _ = world.connect()
        world.restart()
        world.accepted = [Self.new]
        #expect(world.attemptsUntilAccepted() != nil)
        #expect(world.attempts.last == Self.new)
        #expect(world.disk.replaced == nil && world.disk.proven == Self.new)
    }

    @Test func aRefusalInBetweenStartsTheCountAnew() {
        let world = World(ordered: Self.old, accepted: [Self.old])
        _ = world.connect()
        world.set(Self.new)
        _ = world.connect()
        world.set(Secret("0c"))
        world.attempts = []
        _ = world.attemptsUntilAccepted()
        let third = Secret("0c")
        #expect(world.attempts == [third, third, third, Self.new, Self.new, Self.new, Self.old])
    }

    @Test func withoutAnythingProvenThereIsNothingToGoBackTo() {
        let world = World(ordered: Self.new, accepted: [])
        for _ in 0..<10 { #expect(!world.connect()) }
        #expect(world.attempts.allSatisfy { $0 == Self.new })
        world.accepted = [Self.new]
        #expect(world.connect())
    }

    /// After the start, until the config store has handed over what it has.
    @Test func whileNoneIsOrderedTheProvenOneIsUsed() {
        let world = World(ordered: Self.old, accepted: [Self.old])
        _ = world.connect()
        world.restart()
        world.ordered = nil
        #expect(world.connect())
        let empty = World(ordered: nil, accepted: [])
        #expect(!empty.connect())
        #expect(empty.attempts == [nil])
    }

    @Test func aSaveThatFailedIsMadeUpForWhenTheDiskTakesItAgain() {
        let world = World(ordered: Self.old, accepted: [Self.old, Self.new])
        _ = world.connect()
        world.set(Self.new)
        world.saves = 0
        #expect(world.connect())
        #expect(world.disk.proven == Self.old)
        world.saves = .max
        #expect(world.connect())
        #expect(world.disk.proven == Self.new)
        // So that a later one that is not taken in has something to go back to, even after a restart.
        world.accepted = [Self.new]
        world.set(Secret("0c"))
        _ = world.connect()
        world.restart()
        #expect(world.attemptsUntilAccepted() == PasswordTrial.mostRefusals + 1)
    }

    @Test func noNewPasswordIsTakenInWhileTheWorkingOneIsNotOnDisk() {
        let world = World(ordered: Self.old, accepted: [Self.old, Self.new])
        _ = world.connect()
        world.set(Self.new)
        world.saves = 0
        _ = world.connect()
        #expect(!world.set(Secret("0c")))
        world.restart()
        world.accepted = [Self.new]
        #expect(world.attemptsUntilAccepted() == 1)
        world.saves = .max
        #expect(world.set(Secret("0c")))
        #expect(world.disk.proven == Self.new)
    }

    /// The file was damaged, or never written.
    @Test func withoutAnythingProvenTheSitesKeyIsTheLastResort() {
        let world = World(ordered: Self.new, accepted: [Self.old], siteKey: Self.old)
        #expect(world.attemptsUntilAccepted() == PasswordTrial.mostRefusals + 1)
        #expect(world.disk == .init(proven: Self.old, doubted: Self.new))
        world.restart()
        #expect(world.attemptsUntilAccepted() == 1)
    }

    @Test func everyOneGetsItsTurnAndTheSitesKeyTheLast() {
        let site = Secret("0d")
        let world = World(ordered: Self.old, accepted: [Self.old], siteKey: site)
        _ = world.connect()
        world.set(Self.new)
        world.accepted = []
        world.attempts = []
        for _ in 0..<10 {
            _ = world.connect()
            world.restart()
        }
        // A restart forgets how often it was refused, and nothing else.
        #expect(world.attempts == Array(repeating: Self.new, count: 10))
        world.attempts = []
        for _ in 0..<4 * PasswordTrial.mostRefusals { _ = world.connect() }
        let round = [Self.new, Self.old, site, Self.new].flatMap {
            Array(repeating: $0, count: PasswordTrial.mostRefusals)
        }
        #expect(world.attempts == round)
        world.accepted = [site]
        _ = world.attemptsUntilAccepted()
        #expect(world.disk == .init(proven: site, doubted: Self.new))
        world.restart()
        #expect(world.attemptsUntilAccepted() == 1)
    }

    /// A front opens the WebSocket for everybody, and nobody behind it answers.
    @Test func aConnectionOnWhichNobodyTalksProvesNothing() {
        var trial = PasswordTrial(.init(proven: Self.old))
        for _ in 0..<10 { #expect(trial.choose(ordered: Self.new) == Self.new) }
        #expect(trial.memory == .init(proven: Self.old))
        for _ in 0..<PasswordTrial.mostRefusals {
            _ = trial.choose(ordered: Self.new)
            _ = trial.refused()
        }
        #expect(trial.choose(ordered: Self.new) == Self.old)
    }

    /// The central system may close because of its policy for other reasons.
    @Test func onceAcceptedNothingOnTheSameConnectionRefusesIt() {
        var trial = PasswordTrial(.init(proven: Self.old), siteKey: Self.old)
        _ = trial.choose(ordered: Self.new)
        _ = trial.accepted()
        for _ in 0..<PasswordTrial.mostRefusals { _ = trial.refused() }
        #expect(trial.memory == .init(proven: Self.new))
        #expect(trial.choose(ordered: Self.new) == Self.new)
    }

    /// As after a power cut, when the gateway is faster than the store.
    @Test func whileNoneIsOrderedTheProvenOneComesBeforeTheSitesKey() {
        let world = World(ordered: Self.new, accepted: [Self.new, Self.old], siteKey: Self.old)
        _ = world.connect()
        world.restart()
        world.ordered = nil
        world.attempts = []
        #expect(world.connect())
        #expect(world.attempts == [Self.new])
        // Somebody has written another into the site's file, because the central system has forgotten the old one.
        world.accepted = [Self.old]
        #expect(world.attemptsUntilAccepted() == PasswordTrial.mostRefusals + 1)
        #expect(world.disk.proven == Self.old)
        #expect(World(ordered: nil, accepted: [Self.old], siteKey: Self.old).connect())
    }

    /// Every order of a change, kills, lost saves, and a central system that takes the change in at once, late or never: it never takes more
    /// attempts than both passwords together are refused, twice.
    @Test(arguments: [0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, .max])
    func noOrderOfKillsAndRefusalsStrandsTheCharger(killAfter: Int, saves: Int) throws {
        for accepts in [[Self.old], [Self.new], [Self.old, Self.new]] {
            for killsAgain in [false, true] {
                let world = World(ordered: Self.old, accepted: [Self.old])
                _ = world.connect()
                world.saves = saves
                world.set(Self.new)
                world.accepted = Set(accepts)
                for attempt in 0...killAfter {
                    if attempt == killAfter || killsAgain { world.restart() }
                    if world.connect() { break }
                }
                world.restart()
                let attempts = try #require(world.attemptsUntilAccepted())
                #expect(attempts <= 2 * PasswordTrial.mostRefusals + 1)
            }
        }
    }

    @Test func neitherDumpNorDescriptionShowsAPassword() {
        var trial = PasswordTrial(.init(proven: Secret("c0ffee"), doubted: Secret("c0ffee")))
        _ = trial.choose(ordered: Secret("c0ffee"))
        var dumped = ""
        dump(trial, to: &dumped)
        #expect(!"\(trial)\(dumped)".contains("c0ffee"))
    }

    /// Also one that is set over the bus, and one that was refused before.
    @Test func aPasswordThatSomebodySetsIsTriedOnANewConnection() throws {
        var bench = try GatewayBench()
        bench.register()
        func told(_ revision: Int64) -> GatewayEvent {
            let value = ConfigValue(key: "AuthorizationKey", owner: .ocppGateway, value: nil, revision: revision)
            return .configValues(ConfigValues(owner: .ocppGateway, revision: revision, values: [value]))
        }
        #expect(!bench.feed(told(1)).contains(.passwordWasSet))
        let news = bench.feed(told(2))
        #expect(news.contains(.passwordWasSet))
        #expect(news.contains(.closeLink(dial: 1)))
    }
}
