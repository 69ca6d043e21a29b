import CentralSystem
import GatewayCore
import OCPP
import Primitives

/// Hours of users and mishaps by chance, in worlds that go wrong in different ways. The same kind and seed give the same run.
public enum RandomWorld {
    public enum Kind: String, CaseIterable, Sendable {
        /// Kills, power cuts, a bad network, odd users.
        case badNetwork
        /// Messages on the bus get lost and come twice; somebody grants permits that nobody knows of.
        case lossyBus
        /// Meters, sensors and protective devices break and are repaired.
        case brokenDevices
        /// The disks have no room for a while.
        case fullDisk
        /// Calls to the disks fail.
        case brokenDisk
        /// The central system says what cannot be read, tells wrong times, throws the charger out.
        case hostileCentral
        /// Transaction messages are always answered after the charger stopped waiting, and every answer takes 8 s on its way.
        case lateAnswers
        /// The uplink is a modem that fails in all its ways, and a ladder that helps it.
        case mobile
        /// Messages are given up early, and people have them sent again.
        case deadLetters
        /// Permits leave one phase of three, and all again; contactors weld, and what shows it lies or is lost.
        case switchedPhases
    }

    /// Plays it to its quiet end; `violations` and `report` of the world tell what went wrong, with up to so many of the newest steps.
    public static func play(_ kind: Kind, seed: UInt64, hours: Int = 2, rememberedSteps: Int? = nil) -> World {
        var settings = settings(kind, seed)
        if let rememberedSteps { settings.rememberedSteps = rememberedSteps }
        let world = World(settings)
        world.run(.seconds(20))
        world.begin(chance(kind, seed))
        world.run(.seconds(3600 * hours))
        world.settle(booksMayDiffer: kind == .deadLetters)
        return world
    }

    private static func settings(_ kind: Kind, _ seed: UInt64) -> WorldSettings {
        var settings = WorldSettings(seed: seed)
        settings.connectors = seed.isMultiple(of: 3) ? 2 : 1
        settings.hasLock = seed.isMultiple(of: 4)
        settings.phases = seed.isMultiple(of: 7) ? 3 : 1
        settings.powerLoss = seed.isMultiple(of: 5) ? .resume : .stop
        settings.bus.duplication = 0.01
        // Random refusals are to be survived, not to end in dead letters.
        settings.keys = ["TransactionMessageAttempts": "20", "TransactionMessageRetryInterval": "3"]
        settings.refuse("04B10CED", .blocked)
        switch kind {
        case .badNetwork, .brokenDevices, .fullDisk, .brokenDisk, .hostileCentral: break
        case .mobile: settings.hasModem = true
        case .lossyBus:
            settings.bus.loss = 0.01
            settings.bus.requestLoss = 0.01
            if seed.isMultiple(of: 2) { settings.bus.delay = .zero...Duration.milliseconds(200) }
        case .lateAnswers:
            settings.central.answerDelays = [31, 35, 33, 39, 37].map { .seconds($0) }
            if seed.isMultiple(of: 2) { settings.answerLegDelay = .seconds(7)...Duration.seconds(8) }
        case .switchedPhases:
            settings.phases = 3
            settings.switchesPhases = true
        case .deadLetters:
            settings.keys = ["TransactionMessageAttempts": "2", "TransactionMessageRetryInterval": "3"]
        }
        if usesCache(seed) { switchOnCache(&settings, allowsUnknown: (seed / 2 &+ seed / 16).isMultiple(of: 2)) }
        return settings
    }

    /// Every other world of each kind, and not those that have something else because their seed is even.
    private static func usesCache(_ seed: UInt64) -> Bool {
        !(seed &+ seed / UInt64(Kind.allCases.count)).isMultiple(of: 2)
    }

    /// Whom the cache accepts may charge without a question, online and offline; whom it refuses nobody lets charge offline, whom it does not
    /// know half of the worlds do. One card is blocked and accepted in turn, and expires meanwhile.
    private static func switchOnCache(_ settings: inout WorldSettings, allowsUnknown: Bool) {
        settings.keys["AuthorizationCacheEnabled"] = "true"
        settings.keys["LocalPreAuthorize"] = "true"
        settings.keys["LocalAuthorizeOffline"] = "true"
        settings.keys["AllowOfflineTxForUnknownId"] = "\(allowsUnknown)"
        settings.expire("04D4E5F6", after: .seconds(3000))
        settings.waver("04D4E5F6", every: .seconds(800))
    }

    private static func chance(_ kind: Kind, _ seed: UInt64) -> Chance {
        var chance = Chance()
        switch kind {
        case .badNetwork: break
        case .lossyBus: chance.straysPermits = true
        case .brokenDevices: chance.breaksDevices = true
        case .fullDisk: chance.fillsDisk = true
        case .brokenDisk: chance.breaksDisk = true
        case .hostileCentral: chance.isCentralHostile = true
        case .lateAnswers: chance.interval = .seconds(90)
        case .mobile: chance.breaksModem = true
        case .deadLetters: chance.resends = true
        case .switchedPhases:
            chance.wishesPhases = true
            // Where something broke once, less is sure: half of the worlds stay whole.
            chance.breaksSwitches = seed.isMultiple(of: 2)
        }
        return chance
    }
}
