internal import Primitives

/// Whether a PIN may be tried. A SIM that has refused three PINs wants the PUK, and that a person at the charger.
///
/// - A PIN that a SIM refused is never tried on that SIM again, also after a restart: the attempt is on disk before it is made.
/// - Nothing is tried with fewer than two tries left, or without knowing how many.
/// - An attempt whose end nobody saw (power failed) may be repeated only when the SIM counts as many tries as before it: then the PIN was
///   right, or never arrived.
enum PINGate {
    static let fewestTries = 2

    enum Decision: Equatable {
        case attempt(ModemMemory)
        case withhold(ModemTrouble)
    }

    /// Decides on the PIN of the site for `sim`, which is what tells this SIM from others. With `needsCount` nothing is tried where the modem
    /// does not say how many tries are left, which is `triesLeft`.
    static func decide(
        _ pin: Secret?,
        sim: String,
        triesLeft: Int?,
        needsCount: Bool,
        memory: ModemMemory
    ) -> Decision {
        guard let pin else { return .withhold(.pinMissing) }
        // ETSI TS 102 221 §9.5.1.
        guard (4...8).contains(pin.exposed.utf8.count), pin.exposed.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            return .withhold(.pinWithheld(reason: "a PIN has four to eight digits"))
        }
        let fingerprint = fingerprint(of: pin, on: sim)
        let earlier = memory.attempts.last { $0.sim == sim && $0.fingerprint == fingerprint }
        if let earlier {
            guard let before = earlier.triesBefore, let triesLeft, triesLeft >= before else {
                return .withhold(.pinRefused(triesLeft: triesLeft))
            }
        }
        if let triesLeft {
            guard triesLeft >= fewestTries else {
                return .withhold(.pinWithheld(reason: "the SIM has \(triesLeft) tries left"))
            }
        } else if needsCount {
            return .withhold(.pinWithheld(reason: "the modem does not say how many tries are left"))
        }
        var remembered = memory
        remembered.forget(fingerprint, on: sim)
        remembered.remember(.init(sim: sim, fingerprint: fingerprint, triesBefore: triesLeft))
        return .attempt(remembered)
    }

    /// FNV-1a of both, so that the PIN itself is not on disk a second time.
    static func fingerprint(of pin: Secret, on sim: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in (sim + "/" + pin.exposed).utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }
}

extension ModemMemory {
    fileprivate mutating func remember(_ attempt: Attempt) {
        attempts.append(attempt)
        guard attempts.count > Self.limit else { return }
        attempts.remove(at: attempts.firstIndex { $0.sim != attempt.sim } ?? 0)
    }

    fileprivate mutating func forget(_ fingerprint: UInt64, on sim: String) {
        attempts.removeAll { $0.sim == sim && $0.fingerprint == fingerprint }
    }

    /// The SIM took a PIN: what was tried on it is settled. The memory without that; nil when nothing of it was there.
    func settled(_ pin: Secret?, on sim: String) -> ModemMemory? {
        guard let pin else { return nil }
        var settled = self
        settled.forget(PINGate.fingerprint(of: pin, on: sim), on: sim)
        return settled == self ? nil : settled
    }
}
